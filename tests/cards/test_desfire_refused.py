"""What a DESFire handle refuses and finds out: strangers, what does not hold, what is newer, cards
that say yes and do not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from cards.desfire_layout import FileNo, KeyNo
from cards.errors import (
    AlreadyIssued,
    CardNotIssued,
    CardSpoiled,
    FileDiffers,
    KeyNotTaken,
    NewerLayout,
    WrongCard,
)
from cards.on_desfire import DesfireCard
from cards.personalise import blank, check_blank, issue, verify
from cards.records_desfire import DIRECTORY, POLICIES, STATE, pack_policies, pack_state
from cards.state import CardState
from hw_sim.desfire import runner
from hw_sim.desfire.core import Answer, Core
from hw_sim.desfire.image import DesfireImage, Key, KeyKind
from hw_sim.desfire.shadow import Transaction
from tests.cards.desfire_air import (
    ROTATED,
    after,
    application,
    bind,
    content,
    factory,
    field_of,
    issue_it,
    laid,
    prepare_it,
    put_in,
    sealed,
    taken,
    tap_on,
    unbind,
    versions,
)
from tests.cards.rig import KEYS

HANDED_OUT = (prepare_it, issue_it)
BOUND = (*HANDED_OUT, bind)


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
