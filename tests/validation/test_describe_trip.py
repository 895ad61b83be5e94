"""What `card show` and the kiosk say of the last trip."""

from __future__ import annotations

from dataclasses import replace

from cards.state import CardState
from tests.validation.bench import BINDING, NETWORK, FakeCard, FakeLedger, gate, hold
from validation.describe import trip_of


def _ridden() -> CardState:
    card = FakeCard(purse_ntd=100, binding=BINDING)
    hold(gate(FakeLedger()), card, "23:50", 0, "A")
    hold(gate(FakeLedger()), card, "1 00:50", 12_000, "A")
    assert card.state is not None
    return card.state


def test_a_card_never_tapped_has_no_trip() -> None:
    assert trip_of(CardState(issued=True), NETWORK) is None


def test_a_trip_in_words() -> None:
    assert trip_of(_ridden(), NETWORK) == {
        "open": False,
        "bound": True,
        "route": "300",
        "boarded_stop": "TC1001",
        "boarded_zh": "臺中車站",
        "boarded_en": "Taichung Station",
        "boarded_at": "2026-11-25T23:50:00+08:00",
        "last_stop": "TC1006",
        "last_zh": "坪頂",
        "last_en": "Pingding",
        "last_at": "2026-11-26T00:50:00+08:00",
        "paid_ntd": 5,
    }


def test_numbers_this_home_does_not_know_are_null_not_a_fault() -> None:
    state = _ridden()
    assert state.trip is not None
    elsewhere = replace(state, trip=replace(state.trip, route=9, last_stop=9))
    said = trip_of(elsewhere, NETWORK)
    assert said is not None
    assert (said["route"], said["boarded_stop"], said["last_zh"]) == (None, None, None)
    assert said["paid_ntd"] == 5
    other_stop = replace(state, trip=replace(state.trip, last_stop=9))
    said = trip_of(other_stop, NETWORK)
    assert said is not None
    assert (said["route"], said["last_stop"], said["boarded_stop"]) == ("300", None, "TC1001")
