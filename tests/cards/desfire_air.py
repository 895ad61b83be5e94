"""DESFire cards on the simulated reader, in memory: where they start, what is done to them, every
tear of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import date
from random import Random

from cards.card import Card
from cards.desfire_layout import APPLICATION, FileNo, KeyNo
from cards.layout import Layout
from cards.on_desfire import DesfireCard
from cards.personalise import issue, prepare
from cards.seal import Seal
from cards.state import CardState, Directory, School
from drivers.errors import CardRemoved
from drivers.keys.contract import KeyStore
from drivers.keys.memory import MemoryKeyStore
from hw_sim.desfire.image import Application, Bytes, DesfireImage, Value
from hw_sim.field import Field, Tear
from hw_sim.picc import card_of
from hw_sim.stock import new_desfire
from tests.cards.air import BINDING, BOARDED
from tests.cards.over_air import opened
from tests.cards.rig import KEYS, MATERIAL, MOMENTS

UID = bytes.fromhex("04112233445566")
CHILD = Directory(
    product="child",
    issuer=1,
    year=2026,
    expires_on=None,
    card_number="0123456789",
    half_until=date(2031, 2, 28),
    student_until=date(2031, 7, 31),
    library_until=date(2031, 7, 31),
)
SCHOOL = School(code="193601", grade=1, year=2026)
LIBRARY = "0000000017"
PURSE_NTD = 100
CHARGES_NTD = (7, 6)  # of the first tap and of the second
ROTATED = MemoryKeyStore(replace(MATERIAL, card_masters={1: b"\x44" * 16, 2: b"\x48" * 16}))

Verb = Callable[[DesfireCard], None]
Start = Callable[[], DesfireImage]


def factory(*, ev1: bool = False, random_uid: bool = False) -> DesfireImage:
    """A card as its maker delivers it."""
    return new_desfire(Random(7), uid=UID, ev1=ev1, random_uid=random_uid)


def field_of(image: DesfireImage, tear: Tear | None = None) -> Field:
    """The image in a field, changed in place."""
    return Field(card_of(image), tear=tear, rng=Random(image.seed))


def taken(field: Field, *, keys: KeyStore = KEYS) -> DesfireCard:
    """The card of that field, opened."""
    card: Card = opened(field, keys=keys)
    assert isinstance(card, DesfireCard)
    return card


def laid(image: DesfireImage, *, keys: KeyStore = KEYS) -> DesfireCard:
    return taken(field_of(image), keys=keys)


def prepare_it(card: DesfireCard) -> None:
    prepare(card, directory=CHILD, school=SCHOOL, library=LIBRARY)


def issue_it(card: DesfireCard) -> None:
    issue(card)


def bind(card: DesfireCard) -> None:
    assert card.state is not None
    card.put(replace(card.state, binding=BINDING))


def unbind(card: DesfireCard) -> None:
    assert card.state is not None
    card.put(replace(card.state, binding=None))


def after_tap(state: CardState, *, purse_ntd: int, charged_ntd: int) -> CardState:
    """The state after the next accepted tap."""
    n = state.n + 1
    return replace(
        state,
        n=n,
        trip=replace(BOARDED, open=n % 2 == 1, half=True, last_stop=n, paid_ntd=charged_ntd),
        purse_before=purse_ntd,
        purse_after=purse_ntd - charged_ntd,
        purse_mark=state.purse_mark + bool(charged_ntd),
    )


def tap(card: DesfireCard, n: int, *, charged_ntd: int) -> None:
    """The card's tap number `n`, unless it has it already."""
    assert card.state is not None
    assert card.purse is not None
    if card.state.n < n:
        card.put(after_tap(card.state, purse_ntd=card.purse.ntd, charged_ntd=charged_ntd))


def tap_on(card: DesfireCard) -> None:
    tap(card, 1, charged_ntd=CHARGES_NTD[0])


def tap_off(card: DesfireCard) -> None:
    tap(card, 2, charged_ntd=CHARGES_NTD[1])


def free_tap(card: DesfireCard) -> None:
    tap(card, 1, charged_ntd=0)


def application(image: DesfireImage) -> Application:
    """Our application in the image."""
    found = image.application(APPLICATION)
    assert found is not None
    return found


def top_up(image: DesfireImage, ntd: int) -> None:
    """As the card company's machine: more in the purse."""
    purse = application(image).files[FileNo.PURSE]
    assert isinstance(purse.content, Value)
    purse.content = replace(purse.content, amount=purse.content.amount + ntd)


def versions(image: DesfireImage) -> list[int]:
    """Of the application's keys in order, then of the card's master."""
    keys = application(image).keys
    return [*(keys[no].version for no in KeyNo), image.master.version]


def after(*verbs: Verb, ev1: bool = False, random_uid: bool = False) -> Start:
    """A card from the box that went through `verbs`; NT$100 are paid in once it is issued."""

    def make() -> DesfireImage:
        image = factory(ev1=ev1, random_uid=random_uid)
        for verb in verbs:
            verb(laid(image))
            if verb is issue_it:
                top_up(image, PURSE_NTD)
        return image

    return make


def every_tear(
    start: DesfireImage, verb: Verb, *, keys: KeyStore = KEYS, moments: tuple[str, ...] = MOMENTS
) -> Iterator[tuple[str, DesfireImage]]:
    """`verb` on a copy of `start`, torn at frame 1, 2, … and each moment until it gets through:
    where, and the card as the tear left it. Opening belongs to it."""
    frame, hit = 0, True
    while hit:
        frame, hit = frame + 1, False
        for moment in moments:
            image = deepcopy(start)
            image.seed += frame
            try:
                verb(taken(field_of(image, Tear(frame=frame, moment=moment)), keys=keys))  # type: ignore[arg-type]
            except CardRemoved:
                hit = True
                yield f"{moment} frame {frame}", image


def content(image: DesfireImage, no: FileNo) -> bytes:
    """What a data file of ours holds."""
    found = application(image).files[no].content
    assert isinstance(found, Bytes)
    return found.data


def put_in(image: DesfireImage, no: FileNo, data: bytes) -> None:
    """Behind the card's back."""
    application(image).files[no].content = Bytes(data)


def sealed(layout: Layout, body: bytes) -> bytes:
    """As our own software seals it on this card."""
    return Seal(KEYS, UID).seal(layout, body)
