"""The gate: who may ride, what each rule says, what the journal holds."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from cards.errors import CardNotIssued, NewerLayout
from cards.state import CardState, Directory
from terminal.words.rules_validation import RULES
from tests.validation.bench import (
    BINDING,
    DAY,
    REF,
    FakeCard,
    FakeLedger,
    FakeLedgerCard,
    at,
    bound,
    gate,
    hold,
    lines,
)
from validation.errors import TapTimeUnclear, UnknownRoute, UnknownStop, VehicleNameUnfit


def _directory(expires_on: date) -> Directory:
    return Directory(
        product="flora", issuer=1, year=2026, expires_on=expires_on, card_number="0123456789"
    )


# rule: the purse, what the card is, and the presentations of which the last one reaches it
REACHED: dict[str, tuple[int, str, tuple[tuple[str, int, str], ...]]] = {
    "R1": (0, "bound", (("08:00", 0, "A"),)),
    "R2": (100, "unbound", (("08:00", 0, "A"), ("09:00", 9_000, "A"))),
    "R3": (100, "unbound", (("08:00", 0, "A"), ("08:05", 0, "A"))),
    "R4": (100, "ended", (("08:00", 0, "A"),)),
    "R5": (20, "bound", (("08:00", 0, "A"), ("09:00", 0, "B"))),
    "R6": (19, "bound", (("08:00", 0, "A"), ("09:00", 0, "B"))),
    "R7": (-1, "bound", (("08:00", 0, "A"),)),
    "R8": (10, "unbound", (("08:00", 0, "A"), ("09:00", 30_000, "A"))),
    "R9": (100, "spoiled", (("08:00", 0, "A"),)),
}


@pytest.mark.parametrize("rule", REACHED)
def test_every_rule_is_reached(rule: str) -> None:
    purse_ntd, card_is, presentations = REACHED[rule]
    ledger = FakeLedger()
    card = FakeCard(purse_ntd=purse_ntd, binding=BINDING if card_is in {"bound", "ended"} else None)
    if card_is == "ended":
        ledger.ended_bindings.add((REF, BINDING.binding_id))
    if card_is == "spoiled":
        ledger.spoiled_refs.add(REF)
    *_, got = [hold(gate(ledger), card, *presented) for presented in presentations]
    assert got.rule == rule
    assert (got.outcome == "refused") == (rule in {"R6", "R7", "R8", "R9"})


def test_nine_rules_are_reached() -> None:
    assert list(REACHED) == [f"R{n}" for n in range(1, 10)] == list(RULES)


@pytest.mark.parametrize("why", ["spoiled", "expired"])
def test_a_stopped_card_is_refused_before_anything_else(why: str) -> None:
    """R9 also for a prepared card that was booked as spoiled, and for a charge left torn."""
    ledger, card = FakeLedger(), FakeCard(purse_ntd=100)
    card.state = CardState(purse_before=100, purse_after=85, purse_mark=8)
    if why == "spoiled":
        ledger.spoiled_refs.add(REF)
    else:
        card.directory = _directory(DAY - timedelta(days=1))
    got = hold(gate(ledger), card, "08:00", 0, "A")
    assert (got.outcome, got.rule, got.charged_ntd, got.purse_ntd) == ("refused", "R9", 0, 100)
    assert (card.writes, ledger.entries) == (0, [])


def test_the_last_day_of_a_card_is_a_good_day() -> None:
    card = FakeCard(purse_ntd=100)
    card.directory = _directory(DAY)
    assert hold(gate(FakeLedger()), card, "23:59", 0, "A").outcome == "on"


@pytest.mark.parametrize("state", [None, CardState()], ids=["no record", "prepared"])
def test_a_card_that_was_not_issued_does_not_ride(state: CardState | None) -> None:
    ledger, card = FakeLedger(), FakeCard(purse_ntd=100)
    card.state = state
    with pytest.raises(CardNotIssued):
        hold(gate(ledger), card, "08:00", 0, "A")
    assert (card.writes, ledger.entries) == (0, [])


def test_a_card_with_a_newer_layout_is_never_written() -> None:
    ledger, card = FakeLedger(), FakeCard(purse_ntd=100)
    card.state, card.newer, card.layout_version = None, True, 2
    with pytest.raises(NewerLayout) as caught:
        hold(gate(ledger), card, "08:00", 0, "A")
    assert caught.value.version == 2
    assert (card.writes, ledger.entries) == (0, [])


def test_a_card_nobody_knows_rides_unbound_in_ledger_mode() -> None:
    got = hold(gate(FakeLedger()), FakeLedgerCard(), "08:00", 0, "A")
    assert (got.outcome, got.rule, got.charged_ntd, got.purse_ntd) == ("on", "R1", 15, None)


def test_an_unbind_of_another_binding_does_not_touch_this_one() -> None:
    """A card bound again rides free at once: the end of its earlier binding is not its end."""
    ledger, card = FakeLedger(), FakeCard(purse_ntd=100, binding=BINDING)
    ledger.ended_bindings.add((REF, b"\x09\x09\x09\x09"))
    got = hold(gate(ledger), card, "08:00", 0, "A")
    assert (got.rule, got.charged_ntd, got.binding) == ("R1", 0, "01020304")


def test_a_card_bound_on_the_way_rides_this_trip_as_it_boarded() -> None:
    ledger, card = FakeLedger(), FakeCard(purse_ntd=100)
    hold(gate(ledger), card, "08:00", 0, "A")
    assert card.state is not None
    card.state = CardState(
        n=card.state.n,
        issued=True,
        binding=BINDING,
        trip=card.state.trip,
        purse_before=card.state.purse_before,
        purse_after=card.state.purse_after,
        purse_mark=card.state.purse_mark,
    )
    got = hold(gate(ledger), card, "08:35", 9_000, "A")
    assert (got.charged_ntd, got.fare_ntd, got.binding) == (3, 18, None)


def test_a_binding_with_half_fare_boards_free_and_locks_at_eleven() -> None:
    ledger, card = FakeLedger(), FakeCard(purse_ntd=100, binding=bound(half=True))
    hold(gate(ledger), card, "08:00", 0, "A")
    got = hold(gate(ledger), card, "12:00", 0, "B")
    assert (got.rule, got.lines) == ("R5", lines("lock 11; charge 11"))
    assert [e["class"] for e in ledger.entries] == ["half", "half"]


def test_the_journal_holds_all_that_a_tap_was() -> None:
    ledger, card = FakeLedger(), FakeCard(purse_ntd=100, binding=BINDING)
    hold(gate(ledger), card, "08:00", 0, "A")
    hold(gate(ledger), card, "08:40", 12_000, "A")
    assert ledger.entries[1] == {
        "n": 2,
        "trip": 1,
        "card_ref": "0001020304050607",
        "at": "2026-11-25T00:40:00Z",
        "route": "300",
        "stop": "TC1006",
        "vehicle": "A",
        "outcome": "off",
        "rule": "R2",
        "class": "full",
        "binding": "01020304",
        "purse_before": 100,
        "purse_after": 95,
        "lines": list(lines("distance_fare 31; free_section -26; charge 5")),
        "distance_m": 12_000,
        "fare_ntd": 5,
        "charged_ntd": 5,
        "policy": "double_ten/2021-01-01",
        "state": "done",
    }
    assert ledger.unfinished_tap() is None


def test_again_and_refused_leave_nothing_in_the_journal() -> None:
    """An entry with an old n would replace that tap's money (of equal n the last counts)."""
    ledger, card = FakeLedger(), FakeCard(purse_ntd=10)
    hold(gate(ledger), card, "08:00", 0, "A")
    before = (list(ledger.entries), card.writes, card.state)
    hold(gate(ledger), card, "08:01", 0, "A")
    hold(gate(ledger), card, "09:00", 0, "B")
    assert (ledger.entries, card.writes, card.state) == before


def test_without_a_vehicle_the_terminal_is_the_vehicle() -> None:
    ledger, card = FakeLedger(), FakeCard(purse_ntd=100)
    _, other, same = (
        gate(ledger, terminal).tap(card, route="300", stop=stop, vehicle=None, at=at(clock))
        for terminal, stop, clock in (
            ("T-01", "TC1001", "08:00"),
            ("T-02", "TC1002", "08:30"),
            ("T-02", "TC1003", "09:00"),
        )
    )
    assert [e["vehicle"] for e in ledger.entries] == ["T-01", "T-02", "T-02"]
    assert (other.rule, same.rule) == ("R5", "R2")


def test_another_route_on_the_same_vehicle_is_another_trip() -> None:
    ledger, card = FakeLedger(), FakeCard(purse_ntd=100, binding=BINDING)
    hold(gate(ledger), card, "08:00", 0, "A")
    got = gate(ledger).tap(card, route="301", stop="TC1001", vehicle="A", at=at("08:01"))
    assert (got.outcome, got.rule, got.charged_ntd) == ("on", "R5", 20)


def test_a_clock_set_back_is_not_again_and_the_trip_is_young() -> None:
    ledger, card = FakeLedger(), FakeCard(purse_ntd=100, binding=BINDING)
    hold(gate(ledger), card, "08:00", 0, "A")
    got = hold(gate(ledger), card, "07:59:59", 0, "A")
    assert (got.outcome, got.rule, got.distance_m) == ("off", "R2", 0)


def test_seconds_are_cut_as_the_record_cuts_them() -> None:
    ledger, card = FakeLedger(), FakeCard(purse_ntd=100)
    late = at("08:00").replace(microsecond=999_999)
    gate(ledger).tap(card, route="300", stop="TC1001", vehicle="A", at=late)
    assert hold(gate(ledger), card, "08:00:00", 0, "A").outcome == "again"


@pytest.mark.parametrize(
    ("wrong", "fault"),
    [
        ({"route": "999"}, UnknownRoute),
        ({"stop": "TC1009"}, UnknownStop),  # on route 301, not on 300
        ({"vehicle": ""}, VehicleNameUnfit),
        ({"vehicle": "a\nb"}, VehicleNameUnfit),
        ({"vehicle": "\udcff"}, VehicleNameUnfit),
        ({"vehicle": "x" * 65}, VehicleNameUnfit),
        ({"at": at("08:00").replace(year=1999)}, TapTimeUnclear),
    ],
)
def test_nonsense_is_met_before_the_card_is_looked_at(
    wrong: dict[str, object], fault: type[Exception]
) -> None:
    ledger, card = FakeLedger(), FakeCard(purse_ntd=100)
    given: dict[str, object] = {"route": "300", "stop": "TC1001", "vehicle": "A", "at": at("08:00")}
    with pytest.raises(fault):
        gate(ledger).tap(card, **(given | wrong))  # type: ignore[arg-type]
    assert (card.writes, ledger.entries) == (0, [])


@pytest.mark.parametrize("called", ["TC1004", "榮總", "Veterans General Hospital"])
def test_a_stop_is_found_by_id_and_by_either_name(called: str) -> None:
    ledger = FakeLedger()
    gate(ledger).tap(FakeCard(purse_ntd=100), route="300", stop=called, vehicle="A", at=at("08:00"))
    assert ledger.entries[0]["stop"] == "TC1004"


def test_the_mark_moves_with_a_charge_only_and_comes_round() -> None:
    card = FakeCard(purse_ntd=100, binding=BINDING)
    card.state = CardState(issued=True, binding=BINDING, purse_mark=255)
    card.blocks = [(100, 255), (100, 255)]
    hold(gate(FakeLedger()), card, "08:00", 0, "A")
    assert card.state.purse_mark == 255
    hold(gate(FakeLedger()), card, "08:40", 18_000, "A")
    assert card.state.purse_mark == 0
    assert card.blocks == [(90, 0), (90, 0)]


@pytest.mark.parametrize(("purse_ntd", "outcome"), [(12, "off"), (11, "refused")])
def test_the_advance_ends_at_sixty_below_nothing(purse_ntd: int, outcome: str) -> None:
    """15 at boarding and 57 more after 30 km: 12 - 72 = -60, which is still advanced."""
    card = FakeCard(purse_ntd=purse_ntd)
    hold(gate(FakeLedger()), card, "08:00", 0, "A")
    assert hold(gate(FakeLedger()), card, "09:00", 30_000, "A").outcome == outcome


def test_an_outcome_is_ready_for_json() -> None:
    got = hold(gate(FakeLedger()), FakeCard(purse_ntd=100), "08:00", 0, "A")
    assert got.facts() == {
        "outcome": "on",
        "distance_m": 0,
        "fare_ntd": 15,
        "charged_ntd": 15,
        "purse_ntd": 85,
        "lines": list(lines("boarding 15; charge 15")),
        "rule": "R1",
        "binding": None,
        "finished": False,
    }
