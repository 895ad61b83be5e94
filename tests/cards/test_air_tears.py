"""Every frame of every write torn, over the air: the simulated card of the other side.

From each start, at each frame and moment: the old state or the new one with the money that goes
with it, never a third; every block outside our sectors as it was; and the same verb again, on the
card as it lies there, completes it (cards.md 2.10; field-bugs C9, C11, C24).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from random import Random

import pytest

from cards.errors import WrongCard
from cards.personalise import blank, check_blank
from cards.state import CardState
from hw_sim.image import CardImage
from hw_sim.stock import new_blank_classic, topup
from tests.cards.air import (
    CASES,
    PURSE_NTD,
    STARTS,
    Verb,
    foreign_blocks,
    money,
    prepare_it,
    tap_on,
)
from tests.cards.over_air import every_tear, field_of, flora, laid, opened
from tests.cards.rig import OURS

LONG = (prepare_it, blank)  # a hundred frames and more


def seen(image: CardImage) -> tuple[CardState | None, int]:
    """What a reader sees now, and the money."""
    card = laid(image)
    return card.state, money(card)


@pytest.mark.parametrize(
    ("verb", "start"),
    [
        pytest.param(
            verb,
            start,
            id=f"{verb.__name__}, {start}",
            marks=[pytest.mark.slow] if verb in LONG else [],
        )
        for verb, start in CASES
    ],
)
def test_torn_at_every_frame(
    verb: Verb, start: str, record_property: Callable[[str, object], None]
) -> None:
    begin = STARTS[start].make()
    old, foreign = seen(begin), foreign_blocks(begin)
    verb(laid(done := deepcopy(begin)))
    new = seen(done)
    survived = 0
    for where, image in every_tear(begin, lambda field: verb(opened(field))):
        assert seen(image) in (old, new), f"third state after a tear {where}"
        assert foreign_blocks(image) == foreign, where
        verb(laid(image))
        assert seen(image) == new, f"not finished after a tear {where}"
        assert foreign_blocks(image) == foreign, where
        survived += 1
    record_property("tears_survived", survived)
    assert survived > 50


def test_the_starts_are_what_they_are_called() -> None:
    for name, n, is_issued, is_bound, settled in (
        ("prepared", 0, False, False, True),
        ("issued", 0, True, False, True),
        ("bound", 0, True, True, True),
        ("expired binding", 0, True, True, True),
        ("trip open", 1, True, True, True),
        ("charge torn", 1, True, True, False),
    ):
        card = laid(STARTS[name].make())
        assert card.state is not None
        assert card.purse is not None
        found = (card.state.n, card.state.issued, card.state.binding is not None)
        assert (*found, card.purse.settled) == (n, is_issued, is_bound, settled), name
    half = laid(STARTS["half written"].make())
    assert (half.state, half.directory is not None, half.issued) == (None, True, False)


def test_each_block_that_a_tap_programs_falls_old_new_and_broken() -> None:
    """What these tests rest on: 3 blocks of the record and 2 of the purse, each in three ways."""
    begin = STARTS["bound"].make()
    ways = Counter(
        where.rsplit(" seed")[0]
        for where, _ in every_tear(begin, lambda field: tap_on(opened(field)))
        if where.startswith("during")
    )
    assert Counter(ways.values()) == {1: 25, 3: 5}


def test_a_top_up_between_tear_and_second_presentation_changes_nothing_of_the_charge(
    record_property: Callable[[str, object], None],
) -> None:
    begin = STARTS["bound"].make()
    topped_up = 0
    for where, image in every_tear(begin, lambda field: tap_on(opened(field))):
        topup(image, 200, blocks=OURS.purse_blocks)
        for _ in range(2):
            tap_on(laid(image))
            assert money(laid(image)) == PURSE_NTD + 200 - 15, where
        topped_up += 1
    record_property("tears_topped_up", topped_up)
    assert topped_up > 90


def test_stock_without_a_free_sector_and_a_blank_chip() -> None:
    full = flora(free_sector=False)
    card = opened(field_of(full))
    assert (card.mode, card.state, card.purse) == ("ledger", CardState(), None)
    check_blank(card)
    prepare_it(card)
    assert full.blocks == flora(free_sector=False).blocks
    with pytest.raises(WrongCard) as wrong:
        opened(field_of(new_blank_classic(Random(4), uid=bytes.fromhex("04112233445566"))))
    assert wrong.value.kind == "blank-classic"
