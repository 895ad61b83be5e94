"""The handle on a DESFire: what it finds, what it writes under which key, what it refuses."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from apdu.errors import DesfireRefused
from cards.desfire_layout import APPLICATION, CLOSED, FILES, FileNo, KeyNo
from cards.personalise import blank, check_blank, is_begun, prepare
from cards.records_desfire import POLICIES, pack_policies
from cards.state import BindingMark, Purse, School
from drivers.errors import NoCardKey
from hw_sim.desfire.image import Key, KeyKind, Records, Value
from tests.cards.air import BINDING
from tests.cards.desfire_air import (
    CHILD,
    LIBRARY,
    PURSE_NTD,
    ROTATED,
    SCHOOL,
    UID,
    Start,
    Verb,
    after,
    after_tap,
    application,
    bind,
    content,
    factory,
    field_of,
    free_tap,
    issue_it,
    laid,
    prepare_it,
    put_in,
    sealed,
    taken,
    tap,
    tap_off,
    tap_on,
    top_up,
    unbind,
    versions,
)
from tests.cards.rig import KEYS

HANDED_OUT = (prepare_it, issue_it)
BOUND = (*HANDED_OUT, bind)
both = pytest.mark.parametrize("chip", ["ev2", "ev1"])


# --- what is found


@both
def test_a_card_from_the_box_is_stock(chip: str) -> None:
    image = factory(ev1=chip == "ev1")
    card = laid(image)
    assert (card.kind, card.mode, card.uid) == ("blank-desfire", "record", UID)
    assert (card.state, card.directory, card.purse, card.issued) == (None, None, None, False)
    assert not is_begun(card)
    check_blank(card)
    assert image == factory(ev1=chip == "ev1")


@both
def test_a_child_card_says_everything(chip: str) -> None:
    image = after(*BOUND, tap_on, tap_off, ev1=chip == "ev1")()
    card = laid(image)
    assert (card.kind, card.directory, card.school(), card.library()) == (
        "child",
        CHILD,
        SCHOOL,
        LIBRARY,
    )
    assert card.state is not None
    assert (card.state.n, card.state.issued, card.state.binding) == (2, True, BINDING)
    assert card.purse == Purse(ntd=PURSE_NTD - 13, settled=True)
    assert card.policies == (BINDING,)
    assert [(e.n, e.open, e.charged_ntd, e.purse_after) for e in card.events()] == [
        (1, True, 7, 93),
        (2, False, 6, 87),
    ]


def test_ten_events_are_kept_and_the_oldest_goes() -> None:
    image = after(*HANDED_OUT)()
    for n in range(1, 13):
        tap(laid(image), n, charged_ntd=n % 3)
    assert [event.n for event in laid(image).events()] == list(range(3, 13))


def test_a_card_without_school_and_library_has_none() -> None:
    image = factory()
    prepare(laid(image), directory=replace(CHILD, product="student"))
    card = laid(image)
    assert (card.kind, card.school(), card.library(), card.events()) == ("student", None, None, ())


@both
def test_a_random_uid_is_seen_through(chip: str) -> None:
    stock = factory(ev1=chip == "ev1", random_uid=True)
    first, second = laid(stock), laid(stock)
    assert first.uid == second.uid == UID
    assert first.card_ref == KEYS.card_ref(UID)
    image = after(*BOUND, tap_on, ev1=chip == "ev1", random_uid=True)()
    assert (laid(image).uid, laid(image).kind) == (UID, "child")
    blank_me = after(prepare_it, ev1=chip == "ev1", random_uid=True)()
    blank(laid(blank_me))
    assert blank_me == factory(ev1=chip == "ev1", random_uid=True)


# --- what is on the card, from its own side


def test_the_application_is_closed_and_its_files_are_the_declared_ones() -> None:
    image = after(prepare_it)()
    app = application(image)
    assert (app.aid, app.ks1, app.ks2, image.ks1) == (APPLICATION, 0x09, 0x85, int(CLOSED))
    assert set(versions(image)) == {1}
    assert app.files.keys() == set(FILES)
    for no, file in FILES.items():
        on_card = app.files[no]
        assert (on_card.comm, on_card.rights) == (file.mode, file.rights.word), no
    sizes = {no: len(content(image, no)) for no in (1, 2, 5, 6)}  # type: ignore[arg-type]
    assert sizes == {1: 51, 2: 40, 5: 17, 6: 14}
    purse, events = app.files[FileNo.PURSE].content, app.files[FileNo.EVENTS].content
    assert purse == Value(lower=-60, upper=32_767, amount=0, limited=0, enabled=0)
    assert isinstance(events, Records)
    assert (events.size, events.maximum) == (32, 11)


def test_all_keys_differ_and_only_the_identity_key_is_on_two_cards() -> None:
    one, other = factory(), factory()
    other.uid = bytes.fromhex("04665544332211")
    for image in (one, other):
        prepare_it(laid(image))
    values = [
        {no: application(image).keys[no].value for no in KeyNo} | {-1: image.master.value}
        for image in (one, other)
    ]
    assert len(set(values[0].values())) == len(KeyNo) + 1
    assert {no for no, key in values[0].items() if values[1][no] == key} == {KeyNo.IDENTITY}


def test_a_tap_never_uses_the_issue_key() -> None:
    image = after(*BOUND)()
    application(image).keys[KeyNo.ISSUE] = Key(KeyKind.AES, bytes(16), 9)
    tap_on(laid(image))
    assert laid(image).events()
    with pytest.raises(NoCardKey):
        unbind(laid(image))


# --- the air, as docs/air.md plans it


@pytest.mark.parametrize(
    ("start", "verb", "frames"),
    [
        (after(*BOUND), tap_on, 17),
        (after(*BOUND), free_tap, 16),
        (after(*HANDED_OUT), bind, 19),
        (after(*BOUND, ev1=True), tap_on, 18),
        (after(*BOUND, random_uid=True), tap_on, 19),
        (after(prepare_it), issue_it, 16),
    ],
)
def test_frames_are_the_planned_ones(start: Start, verb: Verb, frames: int) -> None:
    field = field_of(start())
    verb(taken(field))
    assert field.frames == frames


# --- put


def test_what_is_the_same_is_not_written() -> None:
    image = after(*BOUND)()
    field = field_of(image)
    card = taken(field)
    frames = field.frames
    assert card.state is not None
    card.put(card.state)
    assert field.frames == frames


def test_a_tap_binds_nothing() -> None:
    card = laid(after(*HANDED_OUT)())
    assert card.state is not None
    tapped = after_tap(card.state, purse_ntd=100, charged_ntd=5)
    with pytest.raises(ValueError, match="binds nothing"):
        card.put(replace(tapped, binding=BINDING))


def test_a_binding_takes_the_first_place_and_leaves_the_second() -> None:
    image = after(*HANDED_OUT)()
    second = BindingMark(binding_id=b"abcd", policy=7, expires_on=date(2027, 1, 1), half=True)
    standing = content(image, FileNo.STANDING)
    two = sealed(POLICIES, pack_policies((BINDING, second)))
    put_in(image, FileNo.STANDING, standing[:26] + two)
    card = laid(image)
    assert card.policies == (BINDING, second)
    moved = replace(BINDING, binding_id=b"efgh")
    assert card.state is not None
    card.put(replace(card.state, binding=moved))
    assert laid(image).policies == card.policies == (moved, second)


def test_the_debit_and_the_state_come_true_together_or_not_at_all() -> None:
    image = after(*BOUND)()
    top_up(image, -PURSE_NTD - 55)
    card = laid(image)
    assert card.state is not None
    with pytest.raises(DesfireRefused):  # below the purse's floor
        card.put(after_tap(card.state, purse_ntd=-55, charged_ntd=6))
    again = laid(image)
    assert (again.state, again.purse, again.events()) == (
        card.state,
        Purse(ntd=-55, settled=True),
        (),
    )


# --- prepare, again and on other cards


def test_a_second_time_changes_nothing() -> None:
    image = after(prepare_it)()
    before = image.copied()
    prepare(laid(image), directory=replace(CHILD, card_number="1111111111"))
    assert image == before


def test_a_blanked_card_is_stock_and_can_be_prepared_anew() -> None:
    image = after(prepare_it)()
    blank(laid(image))
    assert image == factory()
    blank(laid(image))
    other = replace(CHILD, card_number="2222222222")
    prepare(laid(image), directory=other, school=School(code="A1", grade=0, year=2026))
    assert (laid(image).directory, laid(image).library()) == (other, None)


def test_a_half_written_card_gets_the_newest_keys() -> None:
    image = after(prepare_it)()
    for no in (FileNo.STANDING, FileNo.STATE):  # as a torn blank leaves it
        put_in(image, no, bytes(len(content(image, no))))
    card = laid(image, keys=ROTATED)
    assert is_begun(card)
    prepare_it(card)
    assert set(versions(image)) == {2}
    with pytest.raises(NoCardKey):
        laid(image)
