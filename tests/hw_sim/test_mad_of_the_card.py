"""The directory of a MIFARE Classic as a dump shows it."""

from __future__ import annotations

from typing import Any

import pytest

from hw_sim import mad
from tests.hw_sim.rig import name, vectors

INFO_AND_AIDS = bytes.fromhex("0103e103e103e103e103e10000000000000000000000000000000000000000")


def trailer(gpb: int) -> bytes:
    return bytes(6) + bytes.fromhex("787788") + bytes((gpb,)) + bytes(6)


@pytest.mark.parametrize("v", vectors("mad_crc"), ids=name)
def test_the_crc_is_as_published(v: Any) -> None:
    data = bytes.fromhex(v["data"])
    assert f"{mad.crc8(data):02x}" == v["expected"], v["source"]
    if len(data) == 31:
        block = bytes.fromhex(v["expected"]) + data
        assert mad.read(block, trailer(0xC1)) is not None


@pytest.mark.parametrize("v", vectors("mad_absent"), ids=name)
def test_what_looks_like_a_directory_is_none(v: Any) -> None:
    blocks = bytes.fromhex(v["block1"] + v["block2"])
    assert f"{mad.crc8(blocks[1:]):02x}" == v["crc_right"] != v["crc_found"], v["source"]
    assert mad.read(blocks, trailer(int(v["gpb"], 16))) is None
    assert mad.read(bytes.fromhex(v["crc_right"]) + blocks[1:], trailer(int(v["gpb"], 16))) is None


@pytest.mark.parametrize("gpb", [0x00, 0x01, 0x41, 0x80, 0x83, 0xFF])
def test_without_the_bit_or_a_known_version_there_is_none(gpb: int) -> None:
    first = bytes((mad.crc8(INFO_AND_AIDS),)) + INFO_AND_AIDS
    assert mad.read(first, trailer(gpb)) is None
    assert mad.read(first[:-1] + b"\x01", trailer(0x81)) is None, "its CRC is wrong"
    found = mad.read(first, trailer(0x81))
    assert found is not None
    assert (found.version, found.publisher) == (1, 1)
    assert found.applications == dict.fromkeys(range(1, 6), mad.NDEF)


def test_the_second_directory_counts_from_sector_17_and_only_with_its_crc() -> None:
    first = bytes((mad.crc8(INFO_AND_AIDS),)) + INFO_AND_AIDS
    body = b"\x00" + b"\x12\x34" + bytes(42) + b"\x56\x78"
    second = bytes((mad.crc8(body),)) + body
    found = mad.read(first, trailer(0xC2), second)
    assert found is not None
    assert {sector: aid.hex() for sector, aid in found.applications.items() if sector > 16} == {
        17: "1234",
        39: "5678",
    }
    torn = mad.read(first, trailer(0xC2), second[:-1] + b"\x00")
    assert torn is not None
    assert max(torn.applications) < 16


@pytest.mark.parametrize(
    ("info", "gpb", "said"),
    [
        (0x10, 0x81, None),
        (0x10, 0x82, None),
        (0x27, 0x82, 0x27),
        (0x28, 0x82, None),
        (0x11, 0x81, None),
        (0x00, 0x81, None),
    ],
)
def test_a_publisher_beyond_the_card_is_none(info: int, gpb: int, said: int | None) -> None:
    data = bytes((info,)) + INFO_AND_AIDS[1:]
    found = mad.read(bytes((mad.crc8(data),)) + data, trailer(gpb))
    assert found is not None
    assert found.publisher == said
