"""A MIFARE Classic behind PC/SC part 3 pseudo-APDUs (drivers.contract.ClassicPort).

Generic dialect: what no reader table says, works on every reader that follows part 3. After every
refusal the card is selected again, since a Classic leaves its session at any refusal (cards.md
2.6) and many readers say 6300 for everything, a card that left included: only a card that answers
again has refused.
"""

from __future__ import annotations

from typing import NoReturn, Protocol

from apdu.iso7816 import Command, Response
from apdu.secret import Secret
from apdu.storage import authenticate, load_key, read_block, update_block
from drivers.errors import BlockRefused, ReaderProtocol

# Where a reader keeps a key: (P1, slot). Volatile first; some have the other only (cards.md 3.4).
_KEY_PLACES = ((0x00, 0x00), (0x20, 0x00))
_CARD_SILENT = 0x6400
# Second bytes that blame the reader, not the key (cards.md 3.3): 83 to 89.
_READER_BLAMED = range(0x83, 0x8A)


class Host(Protocol):
    """What the port needs of its connection."""

    def exchange(self, command: Command) -> Response: ...
    def reselect(self) -> None: ...
    def lost(self) -> NoReturn: ...


class StorageCardPort:
    """The card's memory through `host`. One thread, as its connection."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._place: tuple[int, int] | None = None  # the key place that this reader took

    def authenticate(self, block: int, key: Secret, *, key_b: bool) -> bool:
        slot = self._load(key)
        answer = self._host.exchange(authenticate(block, key_b=key_b, slot=slot))
        if answer.ok:
            return True
        self._host.reselect()  # raises CardRemoved where the refusal was a card that left
        if answer.sw >> 8 in (0x63, 0x69) and answer.sw & 0xFF not in _READER_BLAMED:
            return False
        if answer.sw == _CARD_SILENT:  # a Classic is silent to a wrong key (cards.md 2.4)
            return False
        raise ReaderProtocol(verb="authenticate", sw=f"{answer.sw:04X}")

    def read(self, block: int) -> bytes:
        answer = self._host.exchange(read_block(block))
        if not answer.ok:
            self._host.reselect()
            raise BlockRefused(block=block, verb="read")
        if len(answer.data) != 16:
            raise ReaderProtocol(verb="read", sw=f"{answer.sw:04X}")
        return answer.data

    def write(self, block: int, data: bytes) -> None:
        answer = self._host.exchange(update_block(block, data))
        if answer.ok:
            return
        if answer.sw == _CARD_SILENT:
            self._host.lost()  # written or not is unknown: never to be taken for a refusal
        self._host.reselect()
        raise BlockRefused(block=block, verb="write")

    def _load(self, key: Secret) -> int:
        """Hand the key to the reader; the slot it is in."""
        places = _KEY_PLACES if self._place is None else (self._place,)
        sw = 0
        for p1, slot in places:
            answer = self._host.exchange(load_key(key, p1=p1, slot=slot))
            if answer.ok:
                self._place = (p1, slot)
                return slot
            sw = answer.sw
        self._host.reselect()  # some readers refuse every key while no card is there
        raise ReaderProtocol(verb="load_key", sw=f"{sw:04X}")
