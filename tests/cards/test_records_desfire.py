"""The layouts of a DESFire card: sizes that fit a frame, and the way to values and back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from cards import records_desfire as r
from cards.errors import NewerLayout
from cards.layout import Layout
from cards.state import BindingMark, School

FRAME_DATA_BYTES = 55  # of a wrapped command (cards.md 5.1)
HEADER_AND_MAC_BYTES = 7 + 8
Way = tuple[Layout, Callable[[bytes], Any], Callable[[Any], bytes]]
WAYS: list[Way] = [
    (r.DIRECTORY, r.unpack_directory, r.pack_directory),
    (r.POLICIES, r.unpack_policies, r.pack_policies),
    (r.STATE, r.unpack_state, r.pack_state),
    (r.EVENT, r.unpack_event, r.pack_event),
    (r.SCHOOL, r.unpack_school, r.pack_school),
    (r.LIBRARY, r.unpack_library, r.pack_library),
]
each = pytest.mark.parametrize("way", WAYS, ids=lambda way: way[0].name.decode())


@each
def test_the_example_has_its_size_and_comes_back_bit_by_bit(way: Way) -> None:
    layout, unpack, pack = way
    assert len(layout.example) == layout.body_bytes == layout.body.sizeof()
    assert pack(unpack(layout.example)) == layout.example


@each
def test_a_record_goes_in_one_frame(way: Way) -> None:
    assert way[0].sealed_bytes + HEADER_AND_MAC_BYTES <= FRAME_DATA_BYTES


@each
def test_another_version_is_newer(way: Way) -> None:
    layout, unpack, _ = way
    with pytest.raises(NewerLayout) as newer:
        unpack(b"\x02" + layout.example[1:])
    assert newer.value.version == 2


@each
def test_a_bit_that_this_version_cannot_say_is_newer_or_another_value(way: Way) -> None:
    layout, unpack, pack = way
    for bit in range(8, 8 * layout.body_bytes):
        body = bytearray(layout.example)
        body[bit // 8] ^= 0x80 >> bit % 8
        try:
            value = unpack(bytes(body))
        except NewerLayout:
            continue
        assert pack(value) == body


def test_names_differ_so_that_no_record_stands_in_for_another() -> None:
    assert len({layout.name for layout, _, _ in WAYS}) == len(WAYS)


def test_a_policy_behind_a_free_place_is_newer() -> None:
    body = r.POLICIES.example
    gap = body[:1] + body[9:17] + body[1:9]
    with pytest.raises(NewerLayout):
        r.unpack_policies(gap)


def test_values_without_a_place_are_refused() -> None:
    mark = BindingMark(binding_id=bytes(4), policy=1, expires_on=date(2027, 1, 1), half=False)
    with pytest.raises(ValueError):  # noqa: PT011 - construct says it its own way
        r.pack_policies((mark,) * 3)
    for code in ("", "1234567", "19-601", "校"):
        with pytest.raises(ValueError, match="school code"):
            r.pack_school(School(code=code, grade=1, year=2026))
    with pytest.raises(ValueError, match="ten decimal digits"):
        r.pack_library("123")
