"""Cards of ledger mode: their state lies here, in no order that could name anybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

import pytest

from cards.state import CardState, Trip
from sync.ledger.bindings import BindDone
from sync.ledger.ledger import Ledger
from tests.sync.rig import LedgerHome, asked, ref, tokens

TRIP = Trip(
    open=True,
    bound=False,
    half=False,
    route=300,
    vehicle=b"\x01\x02\x03\x04",
    boarded_stop=2,
    boarded_at=datetime(2026, 11, 25, 2, 0, tzinfo=UTC),
    paid_ntd=15,
    last_stop=2,
    last_at=datetime(2026, 11, 25, 2, 0, tzinfo=UTC),
)


@pytest.fixture
def home(tmp_path: Path) -> Iterator[LedgerHome]:
    home = LedgerHome(tmp_path)
    yield home
    home.close()


@pytest.fixture
def ledger(home: LedgerHome) -> Ledger:
    return home.open()


def hand_out(ledger: Ledger, person: int, card_ref: bytes) -> None:
    row = asked(ledger, person)
    ledger.granted(row.n, basis="alone")
    ledger.begin_writing(row.n, person.to_bytes(7, "big"))
    ledger.confirm(row.n, mode="ledger", card="issued", handed_out=card_ref)
    ledger.clear(row.n)


def bind(ledger: Ledger, card: int, *, mode: str) -> BindDone:
    done = ledger.bind(
        tokens(7),
        card_ref=ref(card),
        card_number=None,
        mode=mode,
        policy=1,
        klass="half",
        expires_on=date(2027, 6, 30),
        rule="B4",
    )
    assert isinstance(done, BindDone)
    return done


def test_a_card_never_seen_is_empty(ledger: Ledger) -> None:
    assert ledger.shelf.state(ref(1)) == CardState()
    assert not ledger.shelf.knows(ref(1))
    assert not ledger.shelf.handed_out(ref(1))


def test_a_card_handed_out_is_known_as_issued(home: LedgerHome, ledger: Ledger) -> None:
    hand_out(ledger, 1, ref(1))
    again = home.open().shelf
    assert again.handed_out(ref(1))
    assert again.knows(ref(1))
    assert again.state(ref(1)).issued
    assert not again.knows(ref(2))


def test_a_trip_comes_back_as_it_was_kept(home: LedgerHome, ledger: Ledger) -> None:
    state = CardState(n=4, trip=TRIP)
    ledger.shelf.keep(ref(1), state)
    assert home.open().shelf.state(ref(1)) == state
    assert ledger.shelf.knows(ref(1))
    later = CardState(n=5, trip=replace(TRIP, open=False, last_stop=3))
    ledger.shelf.keep(ref(1), later)
    assert ledger.shelf.state(ref(1)) == later


def test_what_is_kept_is_the_trip_and_nothing_that_the_ledger_knows_itself(ledger: Ledger) -> None:
    binding = bind(ledger, 1, mode="ledger").binding
    bound = replace(ledger.shelf.state(ref(1)), n=1, trip=TRIP, issued=True)
    ledger.shelf.keep(ref(1), bound)
    ledger.unbind(binding, tokens(7))
    kept = ledger.shelf.state(ref(1))
    assert kept.binding is None
    assert not kept.issued
    assert kept.trip == TRIP


def test_a_ledger_mode_binding_is_the_cards_mark(ledger: Ledger) -> None:
    binding = bind(ledger, 1, mode="ledger").binding
    mark = ledger.shelf.state(ref(1)).binding
    assert mark is not None
    assert (mark.binding_id, mark.policy, mark.half) == (binding.binding_id, 1, True)
    assert mark.expires_on == date(2027, 6, 30)
    assert ledger.shelf.knows(ref(1))


def test_a_card_that_carries_its_own_binding_is_not_of_this_shelf(ledger: Ledger) -> None:
    bind(ledger, 1, mode="record")
    assert not ledger.shelf.knows(ref(1))
    assert ledger.shelf.state(ref(1)).binding is None


def test_the_end_of_one_ref_and_the_beginning_of_the_next_are_no_card(ledger: Ledger) -> None:
    first, second = bytes((1, 2) * 4), bytes((1, 3, *[1, 2] * 3))
    hand_out(ledger, 1, first)
    hand_out(ledger, 2, second)
    between = (first + second)[2:10]
    hand_out(ledger, 3, bytes((9, 9)) + between[:6])
    assert all(map(ledger.shelf.handed_out, (first, second)))
    assert not ledger.shelf.handed_out(between)
    assert not ledger.shelf.knows(between)
    hand_out(ledger, 4, between)
    assert ledger.shelf.handed_out(between)
    assert ledger.shelf.knows(between)


def test_the_order_of_handing_out_is_nowhere(home: LedgerHome, ledger: Ledger) -> None:
    """One sorted blob: in a page, rows of their own would lie as they came (ledger.md 8.4)."""
    chance = Random(5)
    refs = [chance.randbytes(8) for _ in range(40)]
    for person, card_ref in enumerate(refs, 1):
        hand_out(ledger, person, card_ref)
    assert home.rows("SELECT refs FROM handed_out") == [(b"".join(sorted(refs)),)]
    disk = home.bytes_on_disk()
    assert len(refs) == 40
    for card_ref in refs:
        assert disk.count(card_ref) == 1, "an older blob, or a row of its own"
    places = [disk.index(card_ref) for card_ref in sorted(refs)]
    assert places == sorted(places)
