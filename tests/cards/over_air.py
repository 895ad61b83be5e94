"""A simulated card in memory on the simulated reader chip: what tests count and tear there.

`lay` of `tests.cards.air` goes by card files and reader URIs, as commands do; this is the same air
without the files, and the field can be asked what went over it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from itertools import count
from random import Random
from typing import Final, Literal

from cards.card import Card
from cards.on_classic import RecordCard
from cards.open import open_card
from drivers.errors import CardRemoved
from drivers.keys.contract import KeyStore
from drivers.link import LinkConnection
from hw_sim.field import Field, Tear
from hw_sim.image import CardImage, Image
from hw_sim.picc import card_of
from hw_sim.reader_chip import ReaderChip
from hw_sim.stock import new_flora
from tests.cards.rig import KEYS, OURS, UID, FakeShelf

ENDS: Final = ("before", "after")
FALLS = 3  # a block torn while it is programmed: old, new, each bit of either (cards.md 2.7)
TRIES = 24  # to see a block fall in all three ways


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


def flora(*, purse_ntd: int = 100, free_sector: bool = True) -> CardImage:
    """A card of the stock."""
    return new_flora(
        Random(7),
        uid=UID,
        purse_ntd=purse_ntd if free_sector else 0,
        sectors=OURS.sectors,
        transport_key_b=KEYS.transport_key().reveal(),
        free_sector=free_sector,
    )


def field_of(image: Image, tear: Tear | None = None, *, seed: int = 0) -> Field:
    """The image in a field, changed in place. `seed`: how a torn block falls."""
    return Field(card_of(image), tear=tear, rng=Random(seed))


def opened(field: Field, *, keys: KeyStore = KEYS) -> Card:
    return open_card(AirLink(field).connect(), keys=keys, shelf=FakeShelf(), ours=OURS)


def laid(image: CardImage, *, keys: KeyStore = KEYS) -> RecordCard:
    """The image on a reader, opened as a card that carries its own record."""
    card = opened(field_of(image), keys=keys)
    assert isinstance(card, RecordCard)
    return card


def every_tear(
    start: CardImage, work: Callable[[Field], None], *, locks: bool = False
) -> Iterator[tuple[str, CardImage]]:
    """`work` on a copy of `start`, torn at frame 1, 2, … and each moment until it gets through:
    where, and the card as the tear left it. During a frame that programs a block, each way in
    which it can fall. `locks`: during each frame only, and a torn trailer is lost for good."""

    def torn(moment: Literal["before", "during", "after"], seed: int = 0) -> CardImage | None:
        image = deepcopy(start)
        try:
            work(field_of(image, Tear(frame=frame, moment=moment, locks=locks), seed=seed))
        except CardRemoved:
            return image
        return None

    for frame in count(1):
        ends: list[list[bytes]] = []
        for moment in () if locks else ENDS:
            if (image := torn(moment)) is None:
                return  # it got through
            ends.append(list(image.blocks))
            yield f"{moment} frame {frame}", image
        programs = not locks and ends[0] != ends[1]
        fallen: list[list[bytes]] = []
        for seed in range(TRIES if programs else 1):
            if (image := torn("during", seed)) is None:
                return
            if image.blocks not in fallen:
                fallen.append(list(image.blocks))
                yield f"during frame {frame} seed {seed}", image
            if len(fallen) == FALLS:
                break
