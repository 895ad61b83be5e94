"""Directories of a MIFARE Classic: CRCs as published, and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu.classic.mad import NDEF, Directory, crc8, read, version_of
from tests.apdu.vectors import Vector, published

AIDS = st.binary(min_size=2, max_size=2)


def trailer(gpb: int) -> bytes:
    """The trailer of sector 0 as it reads: key A as zeros, access 78 77 88."""
    return bytes(6) + bytes((0x78, 0x77, 0x88, gpb)) + bytes(6)


def made(info: int, aids: list[bytes]) -> bytes:
    """A directory's blocks, written out field by field."""
    body = bytes((info,)) + b"".join(aids)
    return bytes((crc8(body),)) + body


@pytest.mark.parametrize("v", published("mad_crc"), ids=repr)
def test_the_crc_as_published(v: Vector) -> None:
    assert bytes((crc8(v["data"]),)) == v["expected"], v.source
    assert bytes((crc8(v["data"][::-1]),)) != v["expected"], v.source


@pytest.mark.parametrize("v", [v for v in published("mad_crc") if len(v["data"]) == 31], ids=repr)
def test_a_published_directory_is_read(v: Vector) -> None:
    found = read(trailer(0xC1), v["expected"] + v["data"])
    assert found is not None, v.source
    assert (found.version, sorted(found.aids)) == (1, list(range(1, 16)))


@pytest.mark.parametrize("v", published("mad_absent"), ids=repr)
def test_an_easycard_has_none(v: Vector) -> None:
    blocks = v["block1"] + v["block2"]
    assert read(trailer(v["gpb"][0]), blocks) is None, v.source
    assert version_of(trailer(v["gpb"][0])) is None, v.source
    assert read(trailer(0xC1), blocks) is None, "its CRC does not fit either"
    assert (blocks[:1], bytes((crc8(blocks[1:]),))) == (v["crc_found"], v["crc_right"])


@pytest.mark.parametrize("gpb", [0x00, 0x01, 0x41, 0x80, 0x83, 0xFF])
def test_without_presence_and_a_version_there_is_none(gpb: int) -> None:
    assert read(trailer(gpb), made(0, [NDEF] * 15)) is None


@given(st.integers(0, 0xFF), st.lists(AIDS, min_size=15, max_size=15))
def test_a_first_directory_says_whose_each_sector_is(info: int, aids: list[bytes]) -> None:
    found = read(trailer(0xC1), made(info, aids))
    assert found is not None
    assert list(found.aids.items()) == list(zip(range(1, 16), aids, strict=True))
    publisher = info & 0x3F
    assert found.publisher == (publisher if 1 <= publisher <= 15 else None)


@given(
    st.integers(0, 0xFF),
    st.integers(0, 0xFF),
    st.lists(AIDS, min_size=38, max_size=38),
)
def test_a_second_directory_goes_on_behind_its_own_sector(
    info: int, more_info: int, aids: list[bytes]
) -> None:
    found = read(trailer(0xC2), made(info, aids[:15]), made(more_info, aids[15:]))
    assert found is not None
    assert list(found.aids) == [*range(1, 16), *range(17, 40)]
    assert list(found.aids.values()) == aids
    assert found.publisher not in (0, 16)
    assert (found.publisher or 1) < 40


@given(st.integers(0, 255), st.lists(AIDS, min_size=15, max_size=15))
def test_one_wrong_bit_and_there_is_none(bit: int, aids: list[bytes]) -> None:
    blocks = int.from_bytes(made(1, aids), "big") ^ 1 << bit
    assert read(trailer(0xC1), blocks.to_bytes(32, "big")) is None


def test_a_torn_second_half_is_no_directory() -> None:
    first, second = made(0, [NDEF] * 15), made(0, [NDEF] * 23)
    assert read(trailer(0xC2), first, second) is not None
    assert read(trailer(0xC2), first, second[:-1] + b"\x00") is None
    assert read(trailer(0xC2), first) is None


def test_an_application_is_found_in_its_sectors() -> None:
    free, defect = b"\x00\x00", b"\x01\x00"
    aids = {1: NDEF, 2: free, 3: NDEF, 4: b"\x10\x48", 5: defect}
    directory = Directory(version=1, publisher=None, aids=aids)
    assert directory.applications() == {NDEF: [1, 3], b"\x10\x48": [4]}
