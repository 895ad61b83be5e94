"""Whole frames of the air and their check bytes, as recorded."""

from __future__ import annotations

import pytest

from apdu.checks import bcc, crc_a
from tests.apdu.vectors import Vector, published


@pytest.mark.parametrize("v", published("crc_a_frames"), ids=repr)
def test_a_recorded_frame_ends_with_its_crc(v: Vector) -> None:
    for frame in map(bytes.fromhex, v.raw["frames"]):
        assert crc_a(frame[:-2]) == frame[-2:], v.source
        flipped = bytes((frame[0] ^ 1,)) + frame[1:-2]
        assert crc_a(flipped) != frame[-2:], v.source


@pytest.mark.parametrize("v", published("bcc"), ids=repr)
def test_the_check_byte_of_a_cascade_level(v: Vector) -> None:
    assert bytes((bcc(v["uid"]),)) == v["expected"], v.source
    select = bytes.fromhex(published("crc_a_frames")[0].raw["frames"][0])
    assert select[2:7] == v["uid"] + v["expected"], v.source
