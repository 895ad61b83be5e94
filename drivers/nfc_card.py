"""One card before an NFC chip (drivers.contract.Connection), whichever chip it is.

A MIFARE Classic is spoken to in the chip's own commands, a card of ISO/IEC 14443-4 in blocks of our
own (drivers.iso_dep), since what nfcpy has of that gives up at the first lost frame and neither
waits, chains nor leaves as the standard has it (ecosystem.md 5).

After any refusal a Classic is halted and is selected again (cards.md 8, field-bugs C19); the RF
field is switched off before, so that a card in any state answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import NoReturn, Protocol

from apdu.atr import CLASSIC_1K, CLASSIC_4K, CLASSIC_MINI, iso_dep_atr, storage_atr
from apdu.ats import Ats
from apdu.errors import Fault
from apdu.secret import Secret
from drivers.contract import ClassicPort, IsoDepPort
from drivers.errors import BlockRefused, CardMute, CardRemoved, ReaderProtocol
from drivers.iso_dep import Air, Blocks, activate

_AUTH_A, _AUTH_B, _READ, _WRITE = 0x60, 0x61, 0x30, 0xA0
_BLOCK_BYTES = 16
_CASCADE_TAG = b"\x88"
_SAK_CLASSIC, _SAK_ISO_DEP = 0x08, 0x20
_NAMES = {
    0x08: CLASSIC_1K,
    0x88: CLASSIC_1K,
    0x28: CLASSIC_1K,
    0x18: CLASSIC_4K,
    0x38: CLASSIC_4K,
    0x09: CLASSIC_MINI,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A selected card by what it said: its UID, and the SAK, which tells what it speaks."""

    uid: bytes
    sak: int

    @property
    def named(self) -> bytes:
        """The UID as the chip wants it: a cascade tag before each three bytes but the last."""
        *firsts, last = (self.uid[n : n + 3] for n in range(0, len(self.uid) - 1, 3))
        return b"".join(_CASCADE_TAG + part for part in firsts) + last + self.uid[-1:]


class Chip(Air, Protocol):
    """The verbs of a chip that a card is spoken to with."""

    def select(self) -> Target | None:
        """The card in the field, whatever state it was in; None if none answers."""
        ...

    def find(self, named: bytes) -> Target | None:
        """With the field as it is: a card that has not been spoken to, or the one of this UID."""
        ...

    def exchange(self, command: bytes) -> bytes | None:
        """One of the chip's commands for a Classic; None: refused, or nobody answered."""
        ...


class NfcConnection:
    """One card in the chip's field.

    A card of both kinds (SAK 28, 38) is a Classic until its ISO-DEP port is used, and again when
    a verb of the Classic comes: it is selected anew in between.
    """

    def __init__(self, chip: Chip, target: Target) -> None:
        self._chip = chip
        self._target = target
        self._blocks: Blocks | None = None  # while the card is in the protocol of ISO-DEP
        self._ats: Ats | None = None
        self._answered = 0
        self._dead: Fault | None = None
        self._closed = False

    @property
    def uid(self) -> bytes:
        return self._target.uid

    @property
    def atr(self) -> bytes:
        if self._ats is not None and self.classic is None:
            return iso_dep_atr(self._ats.historical)
        return storage_atr(_NAMES.get(self._target.sak, 0))

    @property
    def iso_dep(self) -> IsoDepPort | None:
        return self if self._target.sak & _SAK_ISO_DEP else None

    @property
    def classic(self) -> ClassicPort | None:
        return self if self._target.sak & _SAK_CLASSIC else None

    @property
    def removed(self) -> bool:
        """Whether a verb found the card gone."""
        return isinstance(self._dead, CardRemoved)

    def meet(self) -> bool:
        """Bring a card that is no Classic to where it speaks; False: it does not come."""
        if self.classic is not None or self.iso_dep is None:
            return True
        if self._activate(self._chip.rate_index):
            return True
        found = self._chip.select()
        if found is None:
            return False
        self._target = found  # a UID that is drawn anew each time is another one now
        return self._activate(0)

    def there(self) -> bool:
        """Whether the card still answers; one in the protocol of ISO-DEP stays as it is."""
        if self._blocks is not None:
            return self._blocks.there()
        return self._chip.find(self._target.named) is not None

    def transmit(self, apdu: bytes) -> bytes:
        started = monotonic()
        with self._ending():
            blocks = self._blocks or self._enter()
            answer = blocks.transmit(apdu)
            if answer is None or len(answer) < 2:
                self._give_up(started)
        self._answered += 1
        return answer

    def authenticate(self, block: int, key: Secret, *, key_b: bool) -> bool:
        kind = _AUTH_B if key_b else _AUTH_A
        # Of a UID of 7 bytes the last four take part (cards.md 2.4).
        return self._turn(bytes((kind, block)) + key.reveal() + self.uid[-4:]) is not None

    def read(self, block: int) -> bytes:
        data = self._turn(bytes((_READ, block)))
        if data is None:
            raise BlockRefused(block=block, verb="read")
        if len(data) != _BLOCK_BYTES:
            raise ReaderProtocol(verb="read", sw="")
        return data

    def write(self, block: int, data: bytes) -> None:
        if len(data) != _BLOCK_BYTES:
            raise ValueError(f"{len(data)} bytes are no block")
        if self._turn(bytes((_WRITE, block)) + data) is None:
            raise BlockRefused(block=block, verb="write")

    def close(self) -> None:
        if not self._closed and self._dead is None and self._blocks is not None:
            with suppress(Fault):
                self._blocks.deselect()
        self._blocks = None
        self._closed = True

    def _turn(self, command: bytes) -> bytes | None:
        """One command to a Classic; None: it refused, and is selected again."""
        with self._ending():
            if self._blocks is not None:
                self._select_again()
            answer = self._chip.exchange(command)
            if answer is None:
                self._select_again()
            else:
                self._answered += 1
        return answer

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """Only while alive; a fault in here ends the connection for good."""
        if self._closed:
            raise ValueError("the connection is closed")
        if self._dead is not None:
            raise type(self._dead)(**self._dead.facts())
        try:
            yield
        except Fault as fault:
            self._dead = fault
            raise

    def _select_again(self) -> None:
        self._blocks = None
        found = self._chip.select()
        if found is None or found.uid != self.uid:
            raise CardRemoved(frames_done=self._answered)

    def _enter(self) -> Blocks:
        """A card of both kinds, into the protocol of ISO-DEP."""
        started = monotonic()
        for rate_index in (self._chip.rate_index, 0):
            self._select_again()
            if self._activate(rate_index) and self._blocks is not None:
                return self._blocks
        raise _mute(started)

    def _activate(self, rate_index: int) -> bool:
        self._blocks = activate(self._chip, rate_index=rate_index)
        if self._blocks is not None:
            self._ats = self._blocks.ats
        return self._blocks is not None

    def _give_up(self, started: float) -> NoReturn:
        """The card does not answer in its protocol. One that answers a search had lost its power
        meanwhile: it was lifted. One that answers only once the field was off has been there."""
        self._blocks = None
        if self._chip.find(b"") is not None:
            raise CardRemoved(frames_done=self._answered)
        self._select_again()
        raise _mute(started)


def _mute(started: float) -> CardMute:
    return CardMute(waited_s=round(monotonic() - started, 1))
