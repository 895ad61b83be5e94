"""A MIFARE Classic behind PC/SC part 3 pseudo-APDUs (drivers.contract.ClassicPort).

What the reader wants to hear is a row of the reader table. After every refusal the card is selected
again, since a Classic leaves its session at any refusal (cards.md 2.6) and many readers say 6300
for everything, a card that left included: only a card that answers again has refused.
"""

from __future__ import annotations

from typing import NoReturn, Protocol

from apdu.iso7816 import Command, Response
from apdu.secret import Secret
from apdu.status import StatusWord
from apdu.storage import authenticate, load_key, read_block, update_block
from drivers.errors import BlockRefused, ReaderProtocol
from drivers.reader_table import KeyPlace, Model

_CARD_SILENT = 0x6400


class Host(Protocol):
    """What the port needs of its connection."""

    def exchange(self, command: Command) -> Response: ...
    def reselect(self) -> None: ...
    def lost(self) -> NoReturn: ...


class StorageCardPort:
    """The card's memory through `host`. One thread, as its connection."""

    def __init__(self, host: Host, model: Model) -> None:
        self._host = host
        self._model = model
        self._place: KeyPlace | None = None  # the one that this reader took
        self._kept: tuple[Secret, bool] | None = None  # what a non-volatile place holds of ours

    def authenticate(self, block: int, key: Secret, *, key_b: bool) -> bool:
        slot = self._load(key, key_b=key_b)
        answer = self._host.exchange(authenticate(block, key_b=key_b, slot=slot))
        if answer.ok:
            return True
        self._host.reselect()  # raises CardRemoved where the refusal was a card that left
        # A Classic is silent to a wrong key (cards.md 2.4).
        if answer.sw in self._model.wrong_key or answer.sw == _CARD_SILENT:
            return False
        raise ReaderProtocol(verb="authenticate", sw=StatusWord.of(answer.sw))

    def read(self, block: int) -> bytes:
        answer = self._host.exchange(read_block(block))
        if not answer.ok:
            self._host.reselect()
            raise BlockRefused(block=block, verb="read")
        if len(answer.data) != 16:
            raise ReaderProtocol(verb="read", sw=StatusWord.of(answer.sw))
        return answer.data

    def write(self, block: int, data: bytes) -> None:
        answer = self._host.exchange(update_block(block, data))
        if answer.ok:
            return
        if answer.sw == _CARD_SILENT:
            self._host.lost()  # written or not is unknown: never to be taken for a refusal
        self._host.reselect()
        raise BlockRefused(block=block, verb="write")

    def _load(self, key: Secret, *, key_b: bool) -> int:
        """Hand the key to the reader; the slot it is in."""
        if self._place is not None and self._kept == (key, key_b):
            return self._place.slot
        places = self._model.key_places if self._place is None else (self._place,)
        sw = 0
        for place in places:
            p2 = place.p2_key_b if key_b else place.p2_key_a
            answer = self._host.exchange(load_key(key, p1=place.p1, slot=p2))
            if answer.ok:
                self._place = place
                self._kept = (key, key_b) if place.non_volatile else None
                return place.slot
            sw = answer.sw
        self._host.reselect()  # some readers refuse every key while no card is there
        raise ReaderProtocol(verb="load_key", sw=StatusWord.of(sw))
