"""PC/SC part 3 commands, byte for byte as cards.md 3.2 lists them."""

from __future__ import annotations

import pytest

from apdu.iso7816 import Command
from apdu.secret import Secret
from apdu.storage import (
    GET_UID,
    ValueDialect,
    authenticate,
    change_value,
    load_key,
    read_block,
    update_block,
)
from tests.apdu.vectors import Vector, published

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


@pytest.mark.parametrize("vector", published("pcsc_value"), ids=repr)
def test_value_commands_in_every_dialect(vector: Vector) -> None:
    cases = vector.raw["cases"]
    for case in cases:
        sign = 1 if case["op"] == "increment" else -1
        dialect = ValueDialect(case["dialect"])
        (command,) = change_value(dialect, case["block"], sign * case["operand"])
        assert bytes(command).hex() == case["apdu"], vector.source
    assert {case["dialect"] for case in cases} == {d.value for d in ValueDialect} - {"raw"}


@pytest.mark.parametrize(
    ("dialect", "by", "wanted"),
    [
        ("ff-c2", -2, "ffc200030ba10980010581040200000000"),
        ("ff-d4", -2, "ffd800050402000000"),
        ("ff-d7", -2, "ffd70005050200000002"),
        ("ff-f0", 2, "fff0000506c10502000000"),
    ],
)
def test_the_other_way_in_each_dialect(dialect: str, by: int, wanted: str) -> None:
    (command,) = change_value(ValueDialect(dialect), 5, by)
    assert bytes(command).hex() == wanted


def test_the_chips_own_commands_need_a_transfer() -> None:
    count, transfer = change_value(ValueDialect.RAW, 5, -10)
    assert bytes(count).hex() == "ff00000009d44001c0050a000000"
    assert bytes(transfer).hex() == "ff00000005d44001b005"
    assert bytes(change_value(ValueDialect.RAW, 5, 10)[0])[8] == 0xC1


@pytest.mark.parametrize("by", [0, 2**31, -(2**31)])
def test_amounts_that_no_value_block_takes_are_refused(by: int) -> None:
    for dialect in ValueDialect:
        with pytest.raises(ValueError, match="counted by"):
            change_value(dialect, 5, by)
