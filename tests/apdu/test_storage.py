"""PC/SC part 3 commands, byte for byte as cards.md 3.2 lists them."""

from __future__ import annotations

import pytest

from apdu.iso7816 import Command
from apdu.secret import Secret
from apdu.storage import GET_UID, authenticate, load_key, read_block, update_block

KEY = Secret(bytes.fromhex("A0A1A2A3A4A5"))
DATA = bytes(range(16))


@pytest.mark.parametrize(
    ("command", "wanted"),
    [
        (GET_UID, "FFCA000000"),
        (load_key(KEY, p1=0x00, slot=0), "FF82000006A0A1A2A3A4A5"),
        (load_key(KEY, p1=0x20, slot=1), "FF82200106A0A1A2A3A4A5"),
        (authenticate(0x39, key_b=False, slot=0), "FF860000050100396000"),
        (authenticate(0x0123, key_b=True, slot=1), "FF860000050101236101"),
        (read_block(0x39), "FFB0003910"),
        (update_block(0x39, DATA), "FFD6003910" + DATA.hex()),
    ],
)
def test_commands_are_those_of_part_3(command: Command, wanted: str) -> None:
    assert bytes(command).hex() == wanted.lower()


def test_lengths_that_no_card_has_are_refused() -> None:
    with pytest.raises(ValueError, match="no block"):
        update_block(4, bytes(15))
    with pytest.raises(ValueError, match="no Classic key"):
        load_key(Secret(bytes(5)), p1=0, slot=0)
