"""A simulated card in memory on the simulated reader chip: what tests count and tear there.

`lay` of `tests.cards.air` goes by card files and reader URIs, as commands do; this is the same air
without the files, and the field can be asked what went over it.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from random import Random

from cards.card import Card
from cards.on_classic import RecordCard
from cards.open import open_card
from drivers.errors import CardRemoved
from drivers.keys.contract import KeyStore
from drivers.link import LinkConnection
from hw_sim.field import Field, Tear
from hw_sim.image import CardImage
from hw_sim.picc import card_of
from hw_sim.reader_chip import ReaderChip
from hw_sim.stock import new_flora
from tests.cards.rig import KEYS, MOMENTS, OURS, UID, FakeShelf


class AirLink:
    """The reader chip as a link (drivers.link.Link)."""

    def __init__(self, field: Field) -> None:
        self._chip = ReaderChip(field)

    def connect(self) -> LinkConnection:
        if not (atr := self._chip.power_on()):
            raise CardRemoved(frames_done=0)
        return LinkConnection(self, atr=atr)

    def transmit(self, apdu: bytes) -> bytes | None:
        return self._chip.transmit(apdu)

    def reselect(self) -> bool:
        return bool(self._chip.power_on())

    def close(self) -> None:
        self._chip.power_off()


def flora(*, purse_ntd: int = 100) -> CardImage:
    """A card of the stock."""
    return new_flora(
        Random(7),
        uid=UID,
        purse_ntd=purse_ntd,
        sectors=OURS.sectors,
        transport_key_b=KEYS.transport_key().reveal(),
        free_sector=True,
    )


def field_of(image: CardImage, tear: Tear | None = None) -> Field:
    """The image in a field, changed in place; a tear falls by the card's own seed."""
    return Field(card_of(image), tear=tear, rng=Random(image.seed))


def opened(field: Field, *, keys: KeyStore = KEYS) -> Card:
    return open_card(AirLink(field).connect(), keys=keys, shelf=FakeShelf(), ours=OURS)


def laid(image: CardImage, *, keys: KeyStore = KEYS) -> RecordCard:
    """The image on a reader, opened as a card that carries its own record."""
    card = opened(field_of(image), keys=keys)
    assert isinstance(card, RecordCard)
    return card


def torn_fields(start: CardImage, *, locks: bool = False) -> Iterator[tuple[str, CardImage, Field]]:
    """Frame 1, 2, … and each moment: where, a copy of `start`, and a field that tears there.
    Never ends: whoever asks stops when a field is not torn any more."""
    frame = 0
    while frame := frame + 1:
        for moment in MOMENTS:
            image = deepcopy(start)
            tear = Tear(frame=frame, moment=moment, locks=locks)  # type: ignore[arg-type]
            yield f"{moment} frame {frame}", image, field_of(image, tear)
