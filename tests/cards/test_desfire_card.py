"""The handle on a DESFire: what it finds, what it writes under which key, what it refuses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest

from apdu.errors import DesfireRefused
from cards.desfire_layout import APPLICATION, CLOSED, FILES, FileNo, KeyNo
from cards.errors import (
    AlreadyIssued,
    CardNotIssued,
    CardSpoiled,
    FileDiffers,
    KeyNotTaken,
    NewerLayout,
    WrongCard,
)
from cards.layout import Layout
from cards.on_desfire import DesfireCard
from cards.personalise import blank, check_blank, is_begun, issue, prepare, verify
from cards.records_desfire import DIRECTORY, POLICIES, STATE, pack_policies, pack_state
from cards.seal import Seal
from cards.state import BindingMark, CardState, Purse, School
from drivers.errors import NoCardKey
from hw_sim.desfire import runner
from hw_sim.desfire.core import Answer, Core
from hw_sim.desfire.image import Bytes, DesfireImage, Key, KeyKind, Records, Value
from hw_sim.desfire.shadow import Transaction
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
    factory,
    field_of,
    free_tap,
    issue_it,
    laid,
    prepare_it,
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


def content(image: DesfireImage, no: FileNo) -> bytes:
    found = application(image).files[no].content
    assert isinstance(found, Bytes)
    return found.data


def put_in(image: DesfireImage, no: FileNo, data: bytes) -> None:
    application(image).files[no].content = Bytes(data)


def sealed(layout: Layout, body: bytes) -> bytes:
    return Seal(KEYS, UID).seal(layout, body)


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


# --- what is refused


def test_a_stranger_s_card_is_refused_before_a_key_is_tried() -> None:
    strange = factory()
    strange.master = Key(KeyKind.AES, bytes(range(16)), 3)
    listed = factory()
    prepare_it(laid(listed))
    listed.applications[0].aid = bytes.fromhex("F48121")
    listed.ks1 = 0x0F
    closed = factory()
    closed.ks1 = 0x08
    for image in (strange, listed, closed):
        before = image.copied()
        with pytest.raises(WrongCard) as wrong:
            laid(image)
        assert wrong.value.kind == "desfire"
        assert image == before


def test_one_that_only_looks_like_stock_is_found_out_before_anything_is_claimed() -> None:
    image = factory()
    image.master = Key(KeyKind.DES, bytes.fromhex("10203040506070802030405060708090"))
    card = laid(image)
    for verb in (check_blank, prepare_it):
        with pytest.raises(WrongCard):
            verb(card)
    assert not image.applications


def test_one_refused_key_ends_the_flow() -> None:
    image = after(*BOUND)()
    key = application(image).keys[KeyNo.ISSUE]
    application(image).keys[KeyNo.ISSUE] = replace(key, value=bytes(16))
    field = field_of(image)
    card = taken(field)
    with pytest.raises(WrongCard):
        unbind(card)
    frames = field.frames
    with pytest.raises(WrongCard):
        tap_on(card)
    assert field.frames == frames
    with pytest.raises(WrongCard):
        laid(image_with_another_tap_key())


def image_with_another_tap_key() -> DesfireImage:
    image = after(*HANDED_OUT)()
    key = application(image).keys[KeyNo.TAP]
    application(image).keys[KeyNo.TAP] = replace(key, value=bytes(range(16)))
    return image


def test_an_issued_card_is_nobody_elses_and_is_not_blanked() -> None:
    image = after(*HANDED_OUT)()
    before = image.copied()
    for verb in (check_blank, prepare_it, blank):
        with pytest.raises(AlreadyIssued):
            verb(laid(image))
    issue(laid(image))
    assert image == before
    with pytest.raises(AlreadyIssued):
        check_blank(laid(after(prepare_it)()))


def test_a_card_without_a_record_is_not_issued() -> None:
    for verb in (issue, lambda card: card.put(CardState())):
        with pytest.raises(CardNotIssued):
            verb(laid(factory()))


@pytest.mark.parametrize("no", [FileNo.STANDING, FileNo.STATE])
def test_a_record_that_does_not_hold_is_no_tear(no: FileNo) -> None:
    image = after(*BOUND)()
    data = content(image, no)
    put_in(image, no, data[:5] + bytes((data[5] ^ 1,)) + data[6:])
    with pytest.raises(CardSpoiled) as spoiled:
        laid(image)
    assert spoiled.value.why == "records"
    put_in(image, no, bytes(len(data)))  # one of two that are written together
    with pytest.raises(CardSpoiled):
        laid(image)
    for each in FileNo.STANDING, FileNo.STATE, FileNo.SCHOOL:
        put_in(image, each, b"\x01" * len(content(image, each)))
    with pytest.raises(CardSpoiled):
        laid(image)


def test_a_school_record_that_does_not_hold_is_not_taken_for_none() -> None:
    image = after(*BOUND)()
    put_in(image, FileNo.SCHOOL, b"\x01" * len(content(image, FileNo.SCHOOL)))
    with pytest.raises(CardSpoiled):
        laid(image).school()


def test_a_record_of_another_card_is_none_of_this_one() -> None:
    one, other = after(*BOUND)(), factory()
    other.uid = bytes.fromhex("04665544332211")
    for verb in BOUND:
        verb(laid(other))
    put_in(one, FileNo.STATE, content(other, FileNo.STATE))
    with pytest.raises(CardSpoiled):
        laid(one)


@pytest.mark.parametrize("which", ["state", "directory", "policies"])
def test_what_is_newer_is_read_only(which: str) -> None:
    image = after(*BOUND)()
    standing = content(image, FileNo.STANDING)
    if which == "state":
        body = b"\x02" + pack_state(CardState(issued=True))[1:]
        put_in(image, FileNo.STATE, sealed(STATE, body))
    elif which == "directory":
        body = b"\x02" + DIRECTORY.example[1:]
        put_in(image, FileNo.STANDING, sealed(DIRECTORY, body) + standing[26:])
    else:
        body = b"\x02" + pack_policies(())[1:]
        put_in(image, FileNo.STANDING, standing[:26] + sealed(POLICIES, body))
    before = image.copied()
    card = laid(image)
    assert (card.newer, card.layout_version, card.state, card.issued) == (True, 2, None, None)
    assert card.purse is None
    verbs: tuple[Callable[..., None], ...] = (check_blank, prepare_it, issue, blank, tap_settles)
    for verb in verbs:
        with pytest.raises(NewerLayout):
            verb(laid(image))
    with pytest.raises(NewerLayout):
        card.put(CardState(n=1))
    assert image == before


def tap_settles(card: object) -> None:
    card.settle()  # type: ignore[attr-defined]


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


# --- a card that lies about what it wrote


def test_a_commit_that_was_dropped_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for start, verb in ((HANDED_OUT, bind), ((prepare_it,), issue_it)):
        image = after(*start)()
        card = laid(image)
        with monkeypatch.context() as lies:
            lies.setattr(Transaction, "commit", lambda _self, _app: True)
            with pytest.raises(FileDiffers):
                verb(card)


@pytest.mark.parametrize("lost", list(KeyNo), ids=lambda no: no.name)
def test_a_key_that_was_not_taken_is_found_out(
    lost: KeyNo, monkeypatch: pytest.MonkeyPatch
) -> None:
    change = runner.SPECS[0xC4]

    def forgets(core: Core, params: bytes) -> Answer:
        """ChangeKey that says yes; an application's key `lost` stays what it was."""
        if core.app is None or params[0] != lost:
            return change.run(core, params)
        if core.session is not None and params[0] == core.session.key_no:
            core.session = None
        return Answer()

    for start, verb in ((factory, prepare_it), (after(*BOUND), roll)):
        image = start()
        card = laid(image, keys=ROTATED if verb is roll else KEYS)
        with monkeypatch.context() as lies:
            lies.setitem(runner.SPECS, 0xC4, replace(change, run=forgets))
            with pytest.raises(KeyNotTaken) as refused:
                verb(card)
        assert refused.value.key == lost
        verb(laid(image, keys=ROTATED if verb is roll else KEYS))
        assert len(set(versions(image))) == 1


def roll(card: DesfireCard) -> None:
    card.change_keys(2)


def test_verify_sees_what_changed_under_it() -> None:
    image = after(*HANDED_OUT)()
    card = laid(image)
    put_in(image, FileNo.STATE, sealed(STATE, pack_state(CardState())))
    with pytest.raises(FileDiffers) as differs:
        verify(card)
    assert differs.value.file == FileNo.STATE


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
