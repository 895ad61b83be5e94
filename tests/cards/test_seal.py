"""A record's MAC holds for this card and this record alone."""

from __future__ import annotations

import pytest

from cards.layout import Layout
from cards.records import DIRECTORY, STATE
from cards.seal import Seal
from tests.cards.rig import KEYS, UID

SEAL = Seal(KEYS, UID)
LAYOUTS = [STATE, DIRECTORY]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name.decode())
def test_what_was_sealed_opens(layout: Layout) -> None:
    sealed = SEAL.seal(layout, layout.example)
    assert len(sealed) == layout.body_bytes + layout.mac_bytes
    assert SEAL.open(layout, sealed) == layout.example


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name.decode())
def test_one_bit_anywhere_and_it_does_not_open(layout: Layout) -> None:
    sealed = SEAL.seal(layout, layout.example)
    for bit in range(8 * len(sealed)):
        flipped = bytearray(sealed)
        flipped[bit // 8] ^= 1 << bit % 8
        assert SEAL.open(layout, bytes(flipped)) is None, f"bit {bit}"


def test_another_cards_record_does_not_open() -> None:
    sealed = Seal(KEYS, bytes.fromhex("04a1b2c4")).seal(STATE, STATE.example)
    assert SEAL.open(STATE, sealed) is None


def test_a_record_does_not_pass_for_another_kind_of_record() -> None:
    alike = Layout(
        name=b"flora other",
        body=STATE.body,
        body_bytes=STATE.body_bytes,
        mac_bytes=STATE.mac_bytes,
        example=STATE.example,
    )
    assert SEAL.open(alike, SEAL.seal(STATE, STATE.example)) is None


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name.decode())
def test_zeros_are_no_record(layout: Layout) -> None:
    assert SEAL.open(layout, bytes(layout.body_bytes + layout.mac_bytes)) is None
