"""Every frame of every write torn, over the air: the simulated card of the other side.

From each start, at each frame and moment: the old state or the new one with the money that goes
with it, never a third; every block outside our sectors as it was; and the same verb again, on the
card as it lies there, completes it (cards.md 2.10; field-bugs C9, C11, C24).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from cards.errors import WrongCard
from cards.personalise import blank, check_blank
from cards.state import CardState
from hw_sim.image import load_classic, save
from hw_sim.stock import new_blank_classic, new_flora, topup
from tests.cards.air import (
    CASES,
    PURSE_NTD,
    STARTS,
    Verb,
    foreign_blocks,
    lay,
    money,
    prepare_it,
    seen,
    tap_on,
    tears,
)
from tests.cards.rig import KEYS, OURS, UID

LONG = (prepare_it, blank)  # a hundred frames and more


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
    verb: Verb, start: str, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    file = tmp_path / "card"
    begin = STARTS[start].make(file)
    old, foreign = seen(file), foreign_blocks(file)
    verb(lay(file))
    new = seen(file)
    survived = 0
    for where in tears(file, begin, verb):
        assert seen(file) in (old, new), f"third state after a tear {where}"
        assert foreign_blocks(file) == foreign, where
        verb(lay(file))
        assert seen(file) == new, f"not finished after a tear {where}"
        survived += 1
    record_property("tears_survived", survived)
    assert survived > 50
    assert foreign_blocks(file) == foreign


def test_the_starts_are_what_they_are_called(tmp_path: Path) -> None:
    file = tmp_path / "card"
    for name, n, is_issued, is_bound, settled in (
        ("prepared", 0, False, False, True),
        ("issued", 0, True, False, True),
        ("bound", 0, True, True, True),
        ("trip open", 1, True, True, True),
        ("charge torn", 1, True, True, False),
    ):
        STARTS[name].make(file)
        card = lay(file)
        assert card.state is not None
        assert card.purse is not None
        found = (card.state.n, card.state.issued, card.state.binding is not None)
        assert (*found, card.purse.settled) == (n, is_issued, is_bound, settled), name
    STARTS["half written"].make(file)
    half = lay(file)
    assert (half.state, half.directory is not None, half.issued) == (None, True, False)


def test_a_top_up_between_tear_and_second_presentation_changes_nothing_of_the_charge(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    file = tmp_path / "card"
    begin = STARTS["bound"].make(file)
    topped_up = 0
    for where in tears(file, begin, tap_on):
        image = load_classic(file)
        topup(image, 200, blocks=OURS.purse_blocks)
        save(file, image)
        tap_on(lay(file))
        after = lay(file)
        assert money(after) == PURSE_NTD + 200 - 15, where
        tap_on(after)
        assert money(lay(file)) == PURSE_NTD + 200 - 15, where
        topped_up += 1
    record_property("tears_topped_up", topped_up)
    assert topped_up > 50


def test_stock_without_a_free_sector_and_a_blank_chip(tmp_path: Path) -> None:
    file = tmp_path / "card"
    full = new_flora(
        Random(3),
        uid=UID,
        purse_ntd=0,
        sectors=OURS.sectors,
        transport_key_b=KEYS.transport_key().reveal(),
        free_sector=False,
    )
    save(file, full)
    card = lay(file)
    assert (card.mode, card.state, card.purse) == ("ledger", CardState(), None)
    check_blank(card)
    prepare_it(card)
    assert load_classic(file).blocks == full.blocks
    save(file, new_blank_classic(Random(4), uid=bytes.fromhex("04112233445566")))
    with pytest.raises(WrongCard) as wrong:
        lay(file)
    assert wrong.value.kind == "blank-classic"
