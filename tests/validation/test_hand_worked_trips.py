"""T1-T14 and X1-X11 of domain.md 2.7: on the pure rules, and through the gate in both modes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256

import pytest

from cards.state import BindingMark, CardState
from tests.validation.bench import (
    BINDING,
    DAY,
    POLICY,
    ROUTE,
    STOP_AT,
    FakeCard,
    FakeLedger,
    FakeLedgerCard,
    at,
    gate,
    lines,
)
from tests.validation.stories import Story, T, Tap, X
from validation.tap import TapContext, TapDecision, decide, recorded

STORIES = (*T, *X)
NAMED = pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)


def _decide(
    state: CardState,
    purse_ntd: int | None,
    tap: Tap,
    *,
    day: date = DAY,
    half_until: date | None = None,
) -> TapDecision:
    ctx = TapContext(
        at=at(tap.clock, day),
        route=ROUTE,
        stop=STOP_AT[tap.stop_m],
        vehicle=sha256(tap.vehicle.encode()).digest()[:4],
        policy=POLICY,
        half_until=half_until,
    )
    return decide(state, purse_ntd, ctx)


def test_the_page_has_fourteen_trips_and_none_is_left_out() -> None:
    assert [story.name for story in T] == [f"T{n}" for n in range(1, 15)]
    assert {story.name.split()[0] for story in X} == {f"X{n}" for n in range(1, 10)}


@NAMED
def test_the_rules_alone_come_to_the_amounts_worked_by_hand(story: Story) -> None:
    state = CardState(issued=True, binding=story.binding)
    purse = story.purse_ntd
    day = date.fromisoformat(story.day)
    half_until = day if story.half else None
    for tap in story.taps:
        purse += tap.topup_ntd
        got = _decide(state, purse, tap, day=day, half_until=half_until)
        purse -= got.charged_ntd
        if got.new_state is not None:
            state = got.new_state
            # What the record alone says of a torn tap is what was decided.
            assert recorded(state, ROUTE, POLICY) == got
        assert (
            *(got.outcome, got.distance_m, got.fare_ntd, got.charged_ntd, purse, got.rule),
        ) == tap[3:9], f"{story.name} at {tap.clock}"
        said = tuple({"name": s.name, "amount_ntd": s.amount_ntd} for s in got.lines)
        if tap.lines is not None:
            assert said == lines(tap.lines), f"{story.name} at {tap.clock}"


@pytest.mark.parametrize("story", [s for s in STORIES if not s.half], ids=lambda story: story.name)
def test_the_gate_says_writes_and_journals_the_same(story: Story) -> None:
    ledger = FakeLedger()
    card = FakeCard(purse_ntd=story.purse_ntd, binding=story.binding)
    day = date.fromisoformat(story.day)
    for tap in story.taps:
        card.top_up(tap.topup_ntd)
        got = gate(ledger).tap(
            card,
            route="300",
            stop=STOP_AT[tap.stop_m].name_zh,
            vehicle=tap.vehicle,
            at=at(tap.clock, day),
        )
        assert (
            *(got.outcome, got.distance_m, got.fare_ntd, got.charged_ntd, got.purse_ntd, got.rule),
        ) == tap[3:9], f"{story.name} at {tap.clock}"
        assert card.blocks[0] == card.blocks[1]
        assert card.blocks[0] is not None
        assert card.blocks[0][0] == tap.purse_ntd
    accepted = [tap for tap in story.taps if tap.outcome in {"on", "off"}]
    assert [e["charged_ntd"] for e in ledger.entries] == [tap.charged_ntd for tap in accepted]
    assert [e["n"] for e in ledger.entries] == list(range(1, len(accepted) + 1))
    for entry in ledger.entries:
        assert entry["purse_before"] - entry["purse_after"] == entry["charged_ntd"]
        *steps, charge = [line["amount_ntd"] for line in entry["lines"]]
        assert sum(steps) == charge == entry["charged_ntd"]


@pytest.mark.parametrize(
    "story",
    [s for s in STORIES if s.in_ledger_mode and not s.half],
    ids=lambda story: story.name,
)
def test_in_ledger_mode_the_same_without_a_purse(story: Story) -> None:
    ledger, card = FakeLedger(), FakeLedgerCard(binding=story.binding)
    day = date.fromisoformat(story.day)
    for tap in story.taps:
        got = gate(ledger).tap(
            card,
            route="300",
            stop=STOP_AT[tap.stop_m].stop,
            vehicle=tap.vehicle,
            at=at(tap.clock, day),
        )
        assert (got.outcome, got.distance_m, got.fare_ntd, got.charged_ntd) == tap[3:7]
        assert got.purse_ntd is None
    assert {(e["purse_before"], e["purse_after"]) for e in ledger.entries} == {(None, None)}


def test_t14_in_ledger_mode_boards_with_the_lock_charge_journalled() -> None:
    ledger, card = FakeLedger(), FakeLedgerCard(binding=BINDING)
    for clock, vehicle in (("07:00", "A"), ("12:00", "B")):
        got = gate(ledger).tap(
            card, route="300", stop=STOP_AT[0].stop, vehicle=vehicle, at=at(clock)
        )
    assert (got.outcome, got.rule, got.charged_ntd) == ("on", "R5", 20)
    assert ledger.entries[-1]["lines"] == list(lines("lock 20; charge 20"))


def _board(binding: BindingMark | None, clock: str, half_until: date | None = None) -> CardState:
    boarding = Tap(clock, 0, "A", "on", 0, 0, 0, 0, "")
    state = CardState(issued=True, binding=binding)
    new = _decide(state, 100, boarding, half_until=half_until).new_state
    assert new is not None
    return new


def test_x10_the_last_day_is_bound_and_the_next_is_not() -> None:
    last_day = replace(BINDING, expires_on=DAY)
    state = _board(last_day, "23:59")
    assert state.trip is not None
    assert (state.trip.bound, state.trip.paid_ntd) == (True, 0)
    ends_on_the_next_day = _decide(state, 100, Tap("1 00:40", 18_000, "A", "off", 0, 0, 0, 0, ""))
    assert (ends_on_the_next_day.outcome, ends_on_the_next_day.charged_ntd) == ("off", 10)
    state = _board(last_day, "1 00:00")
    assert state.trip is not None
    assert (state.trip.bound, state.trip.paid_ntd) == (False, 15)


@pytest.mark.parametrize(
    ("clock", "half", "paid_ntd"), [("23:59", True, 11), ("1 00:00", False, 15)]
)
def test_x11_half_fare_to_the_day_before_the_twelfth_birthday(
    *, clock: str, half: bool, paid_ntd: int
) -> None:
    birthday = DAY + timedelta(days=1)
    state = _board(None, clock, half_until=birthday - timedelta(days=1))
    assert state.trip is not None
    assert (state.trip.half, state.trip.paid_ntd) == (half, paid_ntd)


def test_a_card_that_ends_its_half_fare_ends_it_whatever_its_binding_says() -> None:
    half = replace(BINDING, half=True)
    for half_until, is_half in ((DAY, True), (DAY - timedelta(days=1), False), (None, True)):
        state = _board(half, "08:00", half_until=half_until)
        assert state.trip is not None
        assert (state.trip.bound, state.trip.half) == (True, is_half)
