"""Bindings at one home: one a person and a card, each with an id and an end of its own."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sync.errors import Role
from sync.ledger.bindings import BindConflict, BindDone, Binding
from sync.ledger.ledger import Ledger
from tests.sync.rig import LedgerHome, binding_row, enrol, page, ref, token, tokens

A, B = 1, 2  # two cards


@pytest.fixture
def home(tmp_path: Path) -> Iterator[LedgerHome]:
    home = LedgerHome(tmp_path)
    yield home
    home.close()


@pytest.fixture
def ledger(home: LedgerHome) -> Ledger:
    return home.open()


def bind(ledger: Ledger, card: int, *numbers: int, **terms: Any) -> Binding:
    done = bind_done(ledger, card, *numbers, **terms)
    return done.binding


def bind_done(ledger: Ledger, card: int, *numbers: int, **terms: Any) -> BindDone:
    done = try_bind(ledger, card, *numbers, **terms)
    assert isinstance(done, BindDone)
    return done


def try_bind(
    ledger: Ledger, card: int, *numbers: int, expires_on: date | None = None, mode: str = "record"
) -> BindDone | BindConflict:
    return ledger.bind(
        tokens(*numbers),
        card_ref=ref(card),
        card_number="0123456789" if mode == "record" else None,
        mode=mode,
        policy=1,
        klass="full",
        expires_on=expires_on,
        rule="B1",
    )


def test_a_binding_is_journalled_as_the_protocol_says(home: LedgerHome, ledger: Ledger) -> None:
    done = bind_done(ledger, A, 7, expires_on=date(2027, 6, 30))
    assert done.moved_from is None
    assert list(home.entries()[0].items()) == [
        ("kind", "bind"),
        ("binding", done.binding.binding_id.hex()),
        ("tokens", [token(7).hex()]),
        ("card_ref", ref(A).hex()),
        ("card_number", "0123456789"),
        ("mode", "record"),
        ("policy", 1),
        ("class", "full"),
        ("expires_on", "2027-06-30"),
        ("rule", "B1"),
        ("at", "2026-11-25T02:03:04Z"),
        ("by", None),
        ("ends", []),
    ]
    assert ledger.binding_on(ref(A)) == done.binding
    assert ledger.binding_of(tokens(7)) == done.binding
    assert ledger.binding_by_id(ref(A), done.binding.binding_id) == done.binding
    assert ledger.binding_on(ref(B)) is None
    assert ledger.binding_of(tokens(8)) is None


def test_the_same_again_is_the_same_binding(home: LedgerHome, ledger: Ledger) -> None:
    first = bind(ledger, A, 7)
    assert bind_done(ledger, A, 7) == BindDone(binding=first, moved_from=None)
    assert home.kinds() == ["bind"]


def test_other_terms_are_a_new_binding(ledger: Ledger) -> None:
    first = bind(ledger, A, 7)
    second = bind_done(ledger, A, 7, expires_on=date(2027, 6, 30))
    assert second.moved_from is None
    assert ledger.ended(ref(A), first.binding_id)
    assert ledger.binding_on(ref(A)) == second.binding


def test_a_moved_binding_ends_on_the_old_card(home: LedgerHome, ledger: Ledger) -> None:
    first = bind(ledger, A, 7)
    moved = bind_done(ledger, B, 7)
    assert moved.moved_from == ref(A)
    assert ledger.ended(ref(A), first.binding_id)
    assert not ledger.ended(ref(B), moved.binding.binding_id)
    assert ledger.binding_of(tokens(7)) == moved.binding
    assert home.kinds() == ["bind", "bind"]
    assert home.entries()[1]["ends"] == [f"{ref(A).hex()}:{first.binding_id.hex()}"]


def test_there_and_back_again_rides_free_at_once(ledger: Ledger) -> None:
    first = bind(ledger, A, 7)
    bind(ledger, B, 7)
    back = bind(ledger, A, 7)
    assert back.binding_id != first.binding_id
    assert not ledger.ended(ref(A), back.binding_id)
    assert ledger.ended(ref(A), first.binding_id)


def test_a_parents_old_card_is_bound_anew_for_a_child(ledger: Ledger) -> None:
    parents = bind(ledger, A, 7)
    bind(ledger, B, 7)
    childs = bind(ledger, A, 8)
    assert not ledger.ended(ref(A), childs.binding_id)
    assert ledger.ended(ref(A), parents.binding_id)
    assert ledger.binding_of(tokens(8)) == childs


def test_a_card_is_not_bound_to_two_persons(home: LedgerHome, ledger: Ledger) -> None:
    first = bind(ledger, A, 7)
    before = home.everything()
    assert isinstance(try_bind(ledger, A, 8), BindConflict)
    assert home.everything() == before
    assert ledger.binding_on(ref(A)) == first
    assert home.kinds() == ["bind"]


def test_a_person_is_met_under_any_of_their_numbers(ledger: Ledger) -> None:
    first = bind(ledger, A, 7, 9)
    assert ledger.binding_of(tokens(9)) == first
    assert bind_done(ledger, A, 9).binding == first
    assert bind_done(ledger, B, 9).moved_from == ref(A)
    ledger.refuse("flora", rule="F12", tokens=tokens(9, 10))
    assert bind_done(ledger, A, 10).moved_from == ref(B)


def test_only_the_holder_unbinds(home: LedgerHome, ledger: Ledger) -> None:
    binding = bind(ledger, A, 7)
    assert not ledger.unbind(binding, tokens(8))
    assert not ledger.ended(ref(A), binding.binding_id)
    assert ledger.unbind(binding, tokens(7), by="C-7")
    assert ledger.ended(ref(A), binding.binding_id)
    assert ledger.binding_on(ref(A)) is None
    assert list(home.entries()[-1].items()) == [
        ("kind", "unbind"),
        ("binding", binding.binding_id.hex()),
        ("tokens", [token(7).hex()]),
        ("card_ref", ref(A).hex()),
        ("at", "2026-11-25T02:03:04Z"),
        ("by", "C-7"),
    ]
    assert ledger.unbind(binding, tokens(7)), "asked again, it stays so"
    assert home.kinds() == ["bind", "unbind"]


def test_an_unbind_touches_its_own_binding_only(ledger: Ledger) -> None:
    first = bind(ledger, A, 7)
    bind(ledger, B, 7)
    again = bind(ledger, A, 7)
    assert ledger.unbind(first, tokens(7))
    assert ledger.binding_on(ref(A)) == again


def test_an_unknown_binding_has_no_holder_here(ledger: Ledger) -> None:
    binding = bind(ledger, A, 7)
    ledger.unbind(binding, tokens(7))
    assert not ledger.ended(ref(A), b"\x00\x00\x00\x01")
    assert ledger.binding_by_id(ref(A), b"\x00\x00\x00\x01") is None


def test_the_hubs_row_ends_the_loser_of_two_offline_bindings(ledger: Ledger) -> None:
    enrol(ledger)
    ours = bind(ledger, A, 7)
    theirs = binding_row(B, 0x99, 7)
    ledger.apply_page(page(theirs))
    assert ledger.ended(ref(A), ours.binding_id)
    now = ledger.binding_of(tokens(7))
    assert now is not None
    assert now.card_ref == ref(B)


def test_ours_comes_back_when_the_hub_says_that_it_was_the_later(ledger: Ledger) -> None:
    enrol(ledger)
    ours = bind(ledger, A, 7)
    ledger.apply_page(page(binding_row(B, 0x99, 7)))
    won = binding_row(A, int.from_bytes(ours.binding_id, "big"), 7)
    ledger.apply_page(page(binding_row(B, 0x99, 7, active=False), won, after=1))
    assert not ledger.ended(ref(A), ours.binding_id)
    assert ledger.ended(ref(B), (0x99).to_bytes(4, "big"))
    assert ledger.binding_of(tokens(7)) is not None


def test_what_its_holder_ended_here_is_not_revived_by_a_hub_that_has_not_heard(
    ledger: Ledger,
) -> None:
    enrol(ledger)
    ours = bind(ledger, A, 7)
    ledger.unbind(ours, tokens(7))
    ledger.apply_page(page(binding_row(A, int.from_bytes(ours.binding_id, "big"), 7)))
    assert ledger.ended(ref(A), ours.binding_id)


@pytest.mark.parametrize("role", ["validator", "kiosk"])
def test_a_validators_home_holds_no_token_and_knows_the_ends(tmp_path: Path, role: str) -> None:
    home = LedgerHome(tmp_path, role=role)
    ledger = home.open()
    shared = {"policy": 1, "class": "half", "expires_on": "2027-06-30"}
    of_card = {"card_ref": ref(A).hex(), "binding": "00000001", **shared}
    ledger.apply_page(page(("binding", of_card | {"active": True}), era=0))
    mark = ledger.shelf.state(ref(A)).binding
    assert mark is not None
    assert (mark.half, mark.expires_on, mark.policy) == (True, date(2027, 6, 30), 1)
    assert not ledger.ended(ref(A), mark.binding_id)
    ledger.apply_page(page(("binding", of_card | {"active": False}), after=1, era=0))
    assert ledger.ended(ref(A), mark.binding_id)
    assert ledger.shelf.state(ref(A)).binding is None
    assert home.rows("SELECT count(*) FROM binding") == [(0,)]
    with pytest.raises(Role):
        try_bind(ledger, A, 7)
    home.close()
