"""InCommunicateThru as a bit-level port: hosts that do Crypto1 themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from hw_sim.frames import with_crc
from hw_sim.pn532.bits import Shape
from hw_sim.pn532.radio import Status
from hw_sim.raw import bits_of
from tests.hw_sim.raw_reader import RawReader
from tests.hw_sim.rig import KEY_A, KEY_B, UID, card_image
from tests.hw_sim.test_pn532_chip import FOUND, Host


@pytest.fixture
def classic() -> Host:
    host = Host(card_image())
    host.once()
    return host


def packed(bits: Sequence[int]) -> bytes:
    """Bits as a host hands them to the chip, lowest first."""
    whole = sum(bit << n for n, bit in enumerate(bits))
    return whole.to_bytes(-(-len(bits) // 8), "little")


class RawHost:
    """A host that switches the chip's parity and CRC off: a port of bits."""

    def __init__(self, host: Host) -> None:
        self.host = host
        host.ask("320101")
        assert host.ask("086302006303" + "00" + "630d10" + "633800") == "09"

    def exchange(self, bits: Sequence[int]) -> tuple[int, ...] | None:
        self.host.ask(f"08633d{len(bits) % 8:02x}")
        answer = bytes.fromhex(self.host.ask("42" + packed(bits).hex()))[1:]
        if answer[0]:
            return None
        last = int(self.host.ask("06633c")[2:], 16) & 7
        came = [byte >> n & 1 for byte in answer[1:] for n in range(8)]
        return tuple(came[: len(came) - (8 - last if last else 0)])


def test_a_host_can_do_crypto1_itself(classic: Host) -> None:
    reader = RawReader(RawHost(classic), UID)
    reader.select()
    assert reader.open(4, KEY_A)
    assert reader.ask(b"\xa0\x04") == b"\x0a"
    assert reader.ask(b"sixteen bytes...") == b"\x0a"
    assert reader.open(8, KEY_B, b=True), "nested"
    assert reader.open(4, KEY_A)
    assert reader.ask(b"\x30\x04") == with_crc(b"sixteen bytes...")
    # The chip's own commands know nothing of that session, and end it.
    assert classic.ask("4a0100") == "4b00"
    assert classic.ask("4a0100") == FOUND


def test_the_chips_own_cipher_carries_raw_frames_until_it_is_switched_off(classic: Host) -> None:
    assert classic.ask("4a0100") == FOUND
    assert classic.ask("40016004" + KEY_A.hex() + UID.hex()) == "4100"
    assert classic.ask("066338") == "0708"  # MFCrypto1On
    assert classic.ask("423004") == "4300" + "00" * 16
    assert classic.ask("08633800") == "09"
    assert classic.ask("423004") == "4301"  # in the clear it is noise to the card
    assert classic.ask("4a0100") == FOUND
    assert classic.ask("40016004" + "00" * 6 + UID.hex()) == "4114"
    assert classic.ask("066338") == "0700"


@pytest.mark.parametrize("shown", [KEY_A + bytes(2), bytes(8)])
def test_a_raw_proof_in_the_clear_opens_nothing(classic: Host, shown: bytes) -> None:
    assert classic.ask("4a0100") == FOUND
    assert classic.ask("426004")[:4] == "4302"  # nT has no CRC
    assert classic.ask("4a0100") == "4b00"
    assert classic.ask("4a0100") == FOUND
    assert classic.ask("08630300") == "09"
    assert len(classic.ask("426004")) == 4 + 8
    assert classic.ask("08630200") == "09"
    assert classic.ask("42" + shown.hex()) == "4301"
    assert classic.ask("08630280630380") == "09"
    assert classic.ask("423004") == "4301"


def test_an_answer_with_wrong_parity_is_told_where_the_chip_looks_at_it() -> None:
    looks = Shape(crc_out=False, crc_back=False, parity=True, last_bits=0)
    right = bits_of(b"\x01\x20\x01\x45")
    assert looks.back(right) == (Status.OK, b"\x01\x20\x01\x45", 0)
    wrong = (*right[:8], right[8] ^ 1, *right[9:])
    assert looks.back(wrong) == (Status.PARITY, b"", 0)
    assert replace(looks, parity=False).back(wrong) == (Status.OK, packed(wrong), 4)
    assert looks.back((1, 0, 1, 0)) == (Status.OK, b"\x05", 4)
    with_its_crc = bits_of(with_crc(b"\x08"))
    assert replace(looks, crc_back=True).back(with_its_crc) == (Status.OK, b"\x08", 0)
    assert replace(looks, crc_back=True).back(right) == (Status.CRC, b"", 0)


def test_the_chips_own_commands_do_not_reach_into_a_hosts_session(classic: Host) -> None:
    assert classic.ask("4a0100") == FOUND
    reader = RawReader(RawHost(classic), UID)
    reader.select()
    assert reader.open(4, KEY_A)
    assert classic.ask("40013004") == "4101", "its READ goes out in the clear"
    assert classic.ask("4a0100") == FOUND, "noise ended the session"
