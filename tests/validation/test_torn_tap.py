"""A card lifted while a tap is written: the same money in the end, whatever comes in between."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest

from drivers.errors import CardRemoved
from tests.validation.bench import (
    BINDING,
    FakeCard,
    FakeLedger,
    FakeLedgerCard,
    Killed,
    gate,
    hold,
    lines,
)
from validation.gate import TapOutcome

MOMENTS = ("before", "during", "after", "killed")
Start = Callable[[FakeLedger], FakeCard]


def _fresh_unbound(_: FakeLedger) -> FakeCard:
    return FakeCard(purse_ntd=100)


def _on_board(ledger: FakeLedger) -> FakeCard:
    card = FakeCard(purse_ntd=100, binding=BINDING)
    hold(gate(ledger), card, "08:00", 0, "A")
    return card


# start, the tap that is torn (clock, metres, vehicle), its answer, lines
TAPS: dict[str, tuple[Start, tuple[str, int, str], tuple[str, str, int, int], str]] = {
    "boarding": (
        *(_fresh_unbound, ("08:40", 0, "A"), ("on", "R1", 15, 85)),
        "boarding 15; charge 15",
    ),
    "alighting": (
        *(_on_board, ("08:40", 18_000, "A"), ("off", "R2", 10, 90)),
        "distance_fare 46; free_section -26; cap -10; charge 10",
    ),
    "free alighting": (
        *(_on_board, ("08:40", 7_200, "A"), ("off", "R2", 0, 100)),
        "distance_fare 20; free_section -20; charge 0",
    ),
    "lock": (*(_on_board, ("08:40", 0, "B"), ("on", "R5", 20, 80)), "lock 20; charge 20"),
}


def _present(
    ledger: FakeLedger, card: FakeCard, place: tuple[str, int, str], tear: tuple[int, str] | None
) -> TapOutcome:
    """One presentation to a gate that may have been started anew; `tear` counts from now."""
    card.writes, card.tear = 0, tear
    return hold(gate(ledger), card, *place)


@pytest.mark.parametrize("topup_ntd", [0, 10, 15], ids=lambda ntd: f"top-up {ntd}")
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", TAPS)
def test_torn_at_every_write_the_same_tap_is_finished(
    name: str, moment: str, topup_ntd: int, record_property: Callable[[str, object], None]
) -> None:
    """15 back after a charge of 15: by the amount alone it would look as if nothing had been
    taken."""
    start, place, (outcome, rule, charged_ntd, after_ntd), said = TAPS[name]
    torn = 0
    for write in range(1, 20):
        ledger = FakeLedger()
        card = start(ledger)
        n = card.state.n if card.state else 0
        try:
            _present(ledger, card, place, (write, moment))
            break
        except (CardRemoved, Killed):
            torn += 1
        card.top_up(topup_ntd)
        got = _present(ledger, card, place, None)
        where = f"{name}: {moment} write {write}"
        assert (got.outcome, got.rule, got.charged_ntd) == (outcome, rule, charged_ntd), where
        assert got.lines == lines(said), where
        assert got.purse_ntd == after_ntd + topup_ntd, where
        assert card.state is not None
        assert card.state.n == n + 1, where
        counted = ledger.counted()[n + 1]
        assert (counted["state"], counted["charged_ntd"]) == ("done", charged_ntd), where
        again = _present(ledger, card, place, None)
        assert (again.outcome, again.charged_ntd) == ("again", 0), where
        assert again.purse_ntd == after_ntd + topup_ntd, where
    record_property("torn taps finished", torn)
    assert torn == (1 if charged_ntd == 0 else 3)  # a slot, and two purse blocks


def test_a_torn_tap_is_journalled_a_second_time_as_torn() -> None:
    ledger, card = FakeLedger(), FakeCard(purse_ntd=100)
    with pytest.raises(CardRemoved):
        _present(ledger, card, ("08:00", 0, "A"), (2, "before"))
    first, second = ledger.entries
    assert (first["state"], second["state"]) == ("done", "torn")
    assert first | {"state": "torn"} == second


def test_after_a_kill_the_next_start_journals_torn_once() -> None:
    ledger, card = FakeLedger(), FakeCard(purse_ntd=100)
    with pytest.raises(Killed):
        _present(ledger, card, ("08:00", 0, "A"), (1, "killed"))
    assert [entry["state"] for entry in ledger.entries] == ["done"]
    gate(ledger)
    gate(ledger)
    assert [entry["state"] for entry in ledger.entries] == ["done", "torn"]


def test_held_elsewhere_the_torn_tap_is_finished_and_the_new_one_answers() -> None:
    ledger, card = FakeLedger(), _fresh_unbound(FakeLedger())
    with pytest.raises(CardRemoved):
        _present(ledger, card, ("08:00", 0, "A"), (2, "during"))
    got = _present(ledger, card, ("08:35", 9_000, "A"), None)
    assert (got.outcome, got.charged_ntd, got.purse_ntd, got.finished) == ("off", 3, 82, False)
    counted = ledger.counted()
    assert {n: (e["state"], e["charged_ntd"]) for n, e in counted.items()} == {
        1: ("done", 15),
        2: ("done", 3),
    }


def test_held_here_after_five_minutes_it_is_a_new_tap() -> None:
    ledger, card = FakeLedger(), _fresh_unbound(FakeLedger())
    with pytest.raises(CardRemoved):
        _present(ledger, card, ("08:00:00", 0, "A"), (2, "during"))
    assert _present(ledger, card, ("08:05:01", 0, "A"), None).outcome == "off"


def test_another_home_finishes_it_as_recorded_without_the_vehicles_name() -> None:
    """The card holds a hash of the name; the rest of the entry is the same, so it is no fork."""
    here, there, card = FakeLedger(), FakeLedger(), FakeCard(purse_ntd=100)
    with pytest.raises(CardRemoved):
        _present(here, card, ("08:00", 0, "A"), (2, "before"))
    _present(there, card, ("12:00", 0, "B"), None)
    assert there.entries[0] == here.entries[0] | {"vehicle": None}
    assert [e["charged_ntd"] for e in there.entries] == [15, 35]


def test_a_torn_tap_that_the_card_does_not_carry_is_forgotten() -> None:
    """Lifted before the record, then used at another home: this home's torn entry stays torn."""
    here, there, card = FakeLedger(), FakeLedger(), FakeCard(purse_ntd=100)
    with pytest.raises(CardRemoved):
        _present(here, card, ("08:00", 0, "A"), (1, "during"))
    _present(there, card, ("08:10", 9_000, "B"), None)
    got = _present(here, card, ("08:30", 18_000, "B"), None)
    assert (got.outcome, got.rule) == ("off", "R2")
    assert {n: e["state"] for n, e in here.counted().items()} == {1: "torn", 2: "done"}


def test_torn_again_while_it_is_finished() -> None:
    ledger, card = FakeLedger(), FakeCard(purse_ntd=100)
    for tear in ((2, "during"), (1, "before"), (1, "during"), (2, "before")):
        with pytest.raises(CardRemoved):
            _present(ledger, card, ("08:00", 0, "A"), tear)
    got = _present(ledger, card, ("08:00", 0, "A"), None)
    assert (got.outcome, got.charged_ntd, got.purse_ntd, got.finished) == ("on", 15, 85, True)
    assert ledger.counted() == {1: ledger.entries[0]}


def test_a_free_tap_leaves_the_purse_alone() -> None:
    card = FakeCard(purse_ntd=100, binding=BINDING)
    _present(FakeLedger(), card, ("08:00", 0, "A"), None)
    assert card.writes == 1  # the record's slot


def test_in_ledger_mode_a_kill_after_the_state_was_kept_is_answered_as_that_tap() -> None:
    class DiesAfterKeeping(FakeLedger):
        def tap_done(self) -> None:
            raise Killed

    ledger, card = FakeLedger(), FakeLedgerCard()
    ledger.__class__ = DiesAfterKeeping
    with suppress(Killed):
        hold(gate(ledger), card, "08:00", 0, "A")
    ledger.__class__ = FakeLedger
    got = hold(gate(ledger), card, "08:01", 0, "A")
    assert (got.outcome, got.charged_ntd, got.finished) == ("on", 15, True)
    assert [e["state"] for e in ledger.entries] == ["done", "torn", "done"]
