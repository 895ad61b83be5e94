"""Any history of taps, bindings, top-ups and tears: old state or new, and the money that goes
with it (cards.md 2.10, field-bugs C11)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from apdu.classic.value import ValueBlock
from cards.errors import CardSpoiled
from cards.on_classic import RecordCard
from cards.personalise import issue, prepare
from cards.records import STATE, pack_state
from cards.seal import Seal
from cards.state import BindingMark, CardState, Trip
from drivers.errors import CardRemoved
from tests.cards.rig import (
    DIRECTORY,
    KEYS,
    MOMENTS,
    PURSE,
    SLOT_A,
    SLOT_B,
    Chip,
    Presentation,
    opened,
    present,
    stock,
)

BINDING = BindingMark(binding_id=b"bind", policy=1, expires_on=None, half=False)
tears = st.none() | st.tuples(st.integers(1, 32), st.sampled_from(MOMENTS))


def tapped(state: CardState, purse_ntd: int, charge_ntd: int) -> CardState:
    """The state after one more tap that takes `charge_ntd`."""
    at = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
    trip = Trip(
        open=state.trip is None or not state.trip.open,
        bound=False,
        half=False,
        route=300,
        vehicle=b"bus1",
        boarded_stop=1,
        boarded_at=at,
        paid_ntd=charge_ntd,
        last_stop=1,
        last_at=at,
    )
    mark = (state.purse_mark + bool(charge_ntd)) % 256
    return replace(
        state,
        n=state.n + 1,
        trip=trip,
        purse_before=purse_ntd,
        purse_after=purse_ntd - charge_ntd,
        purse_mark=mark,
    )


def issued_chip(*, purse_ntd: int = 500, mark: int = 0) -> Chip:
    chip = stock(purse_ntd=purse_ntd, mark=mark)
    card = present(chip)
    prepare(card, directory=DIRECTORY)
    issue(card)
    return chip


def money(card: RecordCard) -> int:
    """What the holder has: the purse, less a charge that is still to be taken from it."""
    assert card.purse is not None
    assert card.state is not None
    owed = 0 if card.purse.settled else card.state.purse_before - card.state.purse_after
    return card.purse.ntd - owed


class Card(RuleBasedStateMachine):
    """The whole model: which states a reader may see now, and the money with each."""

    def __init__(self) -> None:
        super().__init__()
        self.chip = issued_chip(mark=250)
        state = present(self.chip).state
        assert state is not None
        self.allowed = [(state, 500)]

    def _work(self, new: CardState, money_ntd: int, tear: tuple[int, str] | None) -> None:
        before = self.allowed
        try:
            present(self.chip, tear=tear).put(new)
            self.allowed = [(new, money_ntd)]
        except CardRemoved:
            self.allowed = [*before, (new, money_ntd)]

    @rule(charge_ntd=st.integers(0, 60), seed=st.integers(0, 2**32), tear=tears)
    def tap(self, charge_ntd: int, seed: int, tear: tuple[int, str] | None) -> None:
        self.chip.chance = Random(seed)
        [(state, money_ntd)] = self.allowed
        charge_ntd = min(charge_ntd, max(0, money_ntd))
        new = tapped(state, money_ntd, charge_ntd)
        self._work(new, money_ntd - charge_ntd, tear)

    @rule(binding_id=st.binary(min_size=4, max_size=4), seed=st.integers(0, 2**32), tear=tears)
    def bind(self, binding_id: bytes, seed: int, tear: tuple[int, str] | None) -> None:
        self.chip.chance = Random(seed)
        [(state, money_ntd)] = self.allowed
        self._work(replace(state, binding=replace(BINDING, binding_id=binding_id)), money_ntd, tear)

    @rule(seed=st.integers(0, 2**32), tear=tears)
    def settle(self, seed: int, tear: tuple[int, str] | None) -> None:
        self.chip.chance = Random(seed)
        with suppress(CardRemoved):
            present(self.chip, tear=tear).settle()

    @precondition(lambda self: not self._good_by_chance())
    @rule(ntd=st.integers(1, 300))
    def top_up(self, ntd: int) -> None:
        self.chip.top_up(ntd)
        self.allowed = [(state, money_ntd + ntd) for state, money_ntd in self.allowed]

    def _good_by_chance(self) -> bool:
        """A block torn to a wrong number: topped up, it may cost a charge (test_purse.py)."""
        [(state, _)] = self.allowed
        for block in PURSE:
            value = ValueBlock.parse(self.chip.blocks[block])
            whole = present(self.chip).purse
            assert whole is not None
            owed = state.purse_before - state.purse_after
            if value is not None and value.value not in (
                whole.ntd,
                whole.ntd - owed,
                whole.ntd + owed,
            ):
                return True
        return False

    @invariant()
    def old_or_new_never_a_third(self) -> None:
        card = present(self.chip)
        assert card.state is not None
        seen = (card.state, money(card))
        assert seen in self.allowed, f"saw {seen}"
        self.allowed = [seen]  # what was seen once stays


Card.TestCase.settings = settings(max_examples=60, stateful_step_count=15, deadline=None)
TestCard = Card.TestCase


def slots_chip(sequence_a: int, sequence_b: int) -> Chip:
    """A card whose two slots hold these sequences; slot A says n = 1, slot B n = 2."""
    chip = issued_chip()
    for sector, n, sequence in ((SLOT_A, 1, sequence_a), (SLOT_B, 2, sequence_b)):
        state = replace(tapped(CardState(issued=True), 500, 0), n=n)
        sealed = Seal(KEYS, chip.uid).seal(STATE, pack_state(state, sequence=sequence))
        for i in range(3):
            chip.blocks[4 * sector + i] = sealed[16 * i : 16 * i + 16]
    return chip


@pytest.mark.parametrize(("a", "b", "n"), [(1, 0, 1), (0, 1, 2), (0, 255, 1), (255, 0, 2)])
def test_of_two_good_slots_the_one_ahead_by_one_counts(a: int, b: int, n: int) -> None:
    state = present(slots_chip(a, b)).state
    assert state is not None
    assert state.n == n


@pytest.mark.parametrize(("a", "b"), [(0, 0), (2, 0), (0, 2), (0, 128), (254, 0)])
def test_two_good_slots_that_are_not_neighbours_are_spoiled(a: int, b: int) -> None:
    with pytest.raises(CardSpoiled) as spoiled:
        present(slots_chip(a, b))
    assert spoiled.value.why == "slots"


def test_the_slot_sequence_comes_round_and_the_newer_slot_still_counts() -> None:
    chip = issued_chip()
    for n in range(1, 300):
        card = present(chip)
        assert card.state is not None
        card.put(tapped(card.state, 500, 0))
        assert card.state.n == n
    assert present(chip).state == card.state


def test_the_block_with_the_mac_is_written_last() -> None:
    connection = Presentation(issued_chip())
    card = opened(connection)
    assert card.state is not None
    for sector in (SLOT_A, SLOT_B):
        connection.written.clear()
        card.put(replace(card.state, binding=BINDING))
        assert connection.written == [4 * sector, 4 * sector + 1, 4 * sector + 2]


def test_the_mark_comes_round_and_the_purse_stays_right() -> None:
    chip = issued_chip(purse_ntd=1000, mark=200)
    card = present(chip)
    for _ in range(300):
        assert card.state is not None
        assert card.purse is not None
        card.put(tapped(card.state, card.purse.ntd, 3))
    again = present(chip)
    assert again.purse is not None
    assert again.state is not None
    assert (again.purse.ntd, again.purse.settled, again.state.purse_mark) == (100, True, 244)


def test_a_charge_still_owed_is_taken_before_a_new_state_hides_it() -> None:
    chip = issued_chip(purse_ntd=100)
    card = present(chip, tear=(18, "before"))  # 12 to open, 4 for the record, the purse opened
    assert card.state is not None
    with pytest.raises(CardRemoved):
        card.put(tapped(card.state, 100, 30))
    torn = present(chip)
    assert torn.state is not None
    assert torn.purse is not None
    assert (torn.state.n, torn.purse.ntd, torn.purse.settled) == (1, 100, False)
    torn.put(replace(torn.state, binding=None, issued=True, purse_mark=torn.state.purse_mark))
    torn.put(tapped(torn.state, 70, 5))
    again = present(chip)
    assert again.purse is not None
    assert (again.purse.ntd, again.purse.settled) == (65, True)


def test_a_slot_put_back_from_an_older_image_is_spoiled_not_believed() -> None:
    chip = issued_chip()
    old = {b: chip.blocks[b] for b in range(4 * SLOT_A, 4 * SLOT_A + 3)}
    for _ in range(4):
        card = present(chip)
        assert card.state is not None
        card.put(tapped(card.state, 500, 0))
    for block, data in old.items():
        chip.blocks[block] = data
    with pytest.raises(CardSpoiled) as spoiled:
        present(chip)
    assert spoiled.value.why == "slots"
    assert SLOT_B != SLOT_A
