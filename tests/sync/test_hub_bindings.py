"""Bindings at the hub: one active a person and a card, the later wins, the holder ends (I23)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.hub.schema import binding
from tests.sync.hubrig import HubRig, Terminal

CARD_A, CARD_B = 0xA, 0xB


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubRig]:
    rig = HubRig.make(tmp_path / "hub")
    yield rig
    rig.city.store.close()


@pytest.fixture
def counter(hub: HubRig) -> Terminal:
    return hub.join("T-01", role="counter")


@pytest.fixture
def other(hub: HubRig) -> Terminal:
    return hub.join("T-02", role="counter")


def active(hub: HubRig) -> set[int]:
    return {int(row["binding"].hex(), 16) for row in hub.rows(binding) if row["active"]}


def unbind(counter: Terminal, binding_id: int, token: int, card: int) -> int:
    return counter.write(
        "unbind",
        binding=f"{binding_id:08x}",
        tokens=[f"{token:032x}"],
        card_ref=f"{card:016x}",
        at="2026-11-25T02:00:00Z",
        by=None,
    )


def told(terminal: Terminal) -> dict[str, bool]:
    """What the feed says last of each binding: key to `active`."""
    rows = terminal.pull().body["rows"]
    return {row["key"]: row["body"]["active"] for row in rows if row["kind"] == "binding"}


def key(card: int, binding_id: int) -> str:
    return f"{card:016x}:{binding_id:08x}"


def test_a_second_card_of_one_person_moves_the_binding(hub: HubRig, counter: Terminal) -> None:
    counter.bind_entry(1, 5, CARD_A)
    hub.clock.move(minutes=1)
    counter.bind_entry(2, 5, CARD_B)
    counter.push()
    assert active(hub) == {2}
    assert told(counter) == {key(CARD_A, 1): False, key(CARD_B, 2): True}
    assert hub.cases() == []


def test_moved_there_and_back_rides_free_at_once(hub: HubRig, counter: Terminal) -> None:
    for at, card in enumerate((CARD_A, CARD_B, CARD_A), 1):
        counter.bind_entry(at, 5, card)
        hub.clock.move(minutes=1)
    counter.push()
    assert active(hub) == {3}
    assert told(counter)[key(CARD_A, 3)] is True
    assert told(counter)[key(CARD_A, 1)] is False


@pytest.mark.parametrize("first_pushed", ["earlier", "later"])
def test_of_two_offline_bindings_the_later_wins(
    hub: HubRig, counter: Terminal, other: Terminal, first_pushed: str
) -> None:
    counter.bind_entry(1, 5, CARD_A)
    hub.clock.move(minutes=5)
    other.bind_entry(2, 5, CARD_B)
    hub.clock.move(minutes=5)
    order = (counter, other) if first_pushed == "earlier" else (other, counter)
    for one in order:
        one.push()
    assert active(hub) == {2}
    assert told(counter)[key(CARD_A, 1)] is False  # the loser is told


def test_a_clock_set_forward_wins_nothing(hub: HubRig, counter: Terminal, other: Terminal) -> None:
    counter.bind_entry(1, 5, CARD_A, at="2027-01-01T00:00:00Z")
    counter.push()  # received now: that is its time
    hub.clock.move(minutes=5)
    other.bind_entry(2, 5, CARD_B)
    other.push()
    assert active(hub) == {2}


def test_a_tie_goes_by_terminal_and_sequence(
    hub: HubRig, counter: Terminal, other: Terminal
) -> None:
    other.bind_entry(2, 5, CARD_B)
    counter.bind_entry(1, 5, CARD_A)
    other.push()
    counter.push()
    assert active(hub) == {2}


def test_what_a_terminal_knew_and_ended_is_earlier_whatever_the_clocks_say(
    hub: HubRig, counter: Terminal, other: Terminal
) -> None:
    counter.bind_entry(1, 5, CARD_A)
    counter.push()
    other.bind_entry(2, 5, CARD_B, at="2026-11-25T01:58:00Z", ends=[key(CARD_A, 1)])
    other.push()
    assert active(hub) == {2}


def test_one_card_for_two_persons_is_a_case_and_the_first_holds(
    hub: HubRig, counter: Terminal, other: Terminal
) -> None:
    counter.bind_entry(1, 5, CARD_A)
    counter.push()
    hub.clock.move(minutes=1)
    other.bind_entry(2, 6, CARD_A)
    other.push()
    assert active(hub) == {1}
    sides = f"binding:{CARD_A:016x}/00000001", f"binding:{CARD_A:016x}/00000002"
    assert hub.cases() == [("binding_conflict", *sides)]
    assert told(other)[key(CARD_A, 2)] is False


def test_the_end_of_one_binding_touches_no_other(
    hub: HubRig, counter: Terminal, other: Terminal
) -> None:
    """A parent's old card, bound anew for a child, is not hit by the end of the old binding."""
    counter.bind_entry(1, 5, CARD_A)
    unbind(counter, 1, 5, CARD_A)
    hub.clock.move(minutes=1)
    counter.bind_entry(2, 6, CARD_A)
    unbind(counter, 1, 5, CARD_A)
    counter.push()
    assert active(hub) == {2}
    assert hub.cases() == []


def test_only_the_holder_unbinds(hub: HubRig, counter: Terminal) -> None:
    counter.bind_entry(1, 5, CARD_A)
    seq = unbind(counter, 1, 6, CARD_A)
    counter.push()
    assert active(hub) == {1}
    assert hub.cases() == [
        ("binding_conflict", f"binding:{CARD_A:016x}/00000001", f"entry:T-01/{seq}")
    ]


def test_another_number_of_the_holder_unbinds(hub: HubRig, counter: Terminal) -> None:
    counter.bind_entry(1, 5, CARD_A)
    counter.write("link", tokens=[f"{4:032x}", f"{5:032x}"], hour="2026-11-25T10+08")
    unbind(counter, 1, 4, CARD_A)
    counter.push()
    assert active(hub) == set()
    assert told(counter)[key(CARD_A, 1)] is False


def test_an_end_that_overtakes_its_binding_waits_for_it(
    hub: HubRig, counter: Terminal, other: Terminal
) -> None:
    counter.bind_entry(1, 5, CARD_A)
    unbind(other, 1, 5, CARD_A)
    other.push()
    counter.push()
    assert active(hub) == set()
    assert told(counter)[key(CARD_A, 1)] is False


def test_a_strangers_end_that_overtakes_it_does_not_count(
    hub: HubRig, counter: Terminal, other: Terminal
) -> None:
    counter.bind_entry(1, 5, CARD_A)
    unbind(other, 1, 6, CARD_A)
    other.push()
    counter.push()
    assert active(hub) == {1}


def test_two_persons_that_turn_out_to_be_one_keep_the_later(hub: HubRig, counter: Terminal) -> None:
    counter.bind_entry(1, 5, CARD_A)
    hub.clock.move(minutes=1)
    counter.bind_entry(2, 6, CARD_B)
    counter.push()
    assert active(hub) == {1, 2}
    counter.write("link", tokens=[f"{5:032x}", f"{6:032x}"], hour="2026-11-25T10+08")
    counter.push()
    assert active(hub) == {2}
    assert told(counter)[key(CARD_A, 1)] is False


def test_the_same_binding_id_for_another_content_is_a_case(
    hub: HubRig, counter: Terminal, other: Terminal
) -> None:
    counter.bind_entry(1, 5, CARD_A)
    counter.push()
    other.bind_entry(1, 6, CARD_A)
    other.push()
    assert active(hub) == {1}
    assert [case[0] for case in hub.cases()] == ["binding_conflict"]


def test_a_validator_sees_ledger_mode_and_ends_and_no_person(
    hub: HubRig, counter: Terminal
) -> None:
    validator = hub.join("V-01", role="validator")
    counter.bind_entry(1, 5, CARD_A)
    counter.bind_entry(2, 6, CARD_B, mode="ledger", card_number=None)
    counter.push()
    (row,) = validator.pull().body["rows"]
    assert row["body"] == {
        "card_ref": f"{CARD_B:016x}",
        "binding": "00000002",
        "policy": 1,
        "class": "full",
        "expires_on": None,
        "active": True,
    }
    unbind(counter, 1, 5, CARD_A)
    counter.push()
    assert told(validator) == {key(CARD_B, 2): True, key(CARD_A, 1): False}
