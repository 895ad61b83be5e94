"""Command and response APDUs against the four cases, short and extended."""

from __future__ import annotations

import pytest

from apdu.iso7816 import Command, Response
from tests.apdu.vectors import Vector, published


@pytest.mark.parametrize("v", published("apdu_cases"), ids=repr)
def test_a_command_is_encoded_as_the_standard_says(v: Vector) -> None:
    for case in v.raw["cases"]:
        wanted = bytes.fromhex(case["apdu"])
        cla, ins, p1, p2 = wanted[:4]
        data = bytes.fromhex(case.get("data", ""))
        command = Command(cla=cla, ins=ins, p1=p1, p2=p2, data=data, ne=case.get("le"))
        assert bytes(command) == wanted, v.source
        assert str(command.case) == case["case"][:1], v.source


@pytest.mark.parametrize("ne", [0, -1, 0x10001])
def test_an_impossible_length_is_our_fault(ne: int) -> None:
    with pytest.raises(ValueError, match="ne="):
        bytes(Command(ins=0xB0, ne=ne))


def test_too_much_data_is_our_fault() -> None:
    with pytest.raises(ValueError, match="lc="):
        bytes(Command(ins=0xD6, data=bytes(0x10000)))


def test_neither_command_nor_response_shows_its_data() -> None:
    planted = b"\xde\xad\xbe\xef\x12\x34"
    said = repr(Command(ins=0x82, data=planted)) + repr(Response(planted, 0x9000))
    assert "dead" not in said.lower()
    assert "\\xde" not in said


def test_a_response_is_split_at_its_status_word() -> None:
    assert Response.parse(b"\x01\x02\x90\x00") == Response(b"\x01\x02", 0x9000)
    assert Response.parse(b"\x90\x00").ok
    assert not Response.parse(b"\x63\x00").ok


@pytest.mark.parametrize("raw", [b"", b"\x90"])
def test_less_than_two_bytes_is_no_response(raw: bytes) -> None:
    with pytest.raises(ValueError, match="no response"):
        Response.parse(raw)
