"""A `Connection` over a link that moves APDUs: what the PC/SC and the simulated reader share.

States: alive → dead (a card verb raised; the same error for ever) → closed. A link says `None` or
False for "the card is gone" and raises `ReaderGone`, `ServiceGone` or `CardMute` itself.
"""

from __future__ import annotations

from typing import NoReturn, Protocol

from apdu.atr import is_classic, storage_card
from apdu.errors import Fault
from apdu.iso7816 import Command, Response
from apdu.status import StatusWord
from apdu.storage import GET_UID
from drivers.contract import ClassicPort, IsoDepPort
from drivers.errors import CardRemoved, ReaderProtocol
from drivers.reader_table import GENERIC, Model
from drivers.storage_card import StorageCardPort

_UID_BYTES = (4, 7, 10)


class Link(Protocol):
    """The lowest verbs of one card in one reader."""

    def transmit(self, apdu: bytes) -> bytes | None:
        """One APDU out, the whole answer back; None where the card is gone."""
        ...

    def reselect(self) -> bool:
        """Reset and select the card again; False where it is gone."""
        ...

    def close(self) -> None: ...


class LinkConnection:
    """One card over a `Link` (drivers.contract.Connection).

    `uid` is empty for a card that has none (a contact card). `model`: the reader's row of the
    reader table. Making one asks the card for its UID, so it raises like every verb.
    """

    def __init__(self, link: Link, *, atr: bytes, model: Model = GENERIC) -> None:
        self._link = link
        self._atr = atr
        self._answered = 0
        self._dead: Fault | None = None
        self._closed = False
        self._uid = self._ask_uid()
        self._classic = StorageCardPort(self, model) if is_classic(atr) else None

    @property
    def uid(self) -> bytes:
        return self._uid

    @property
    def atr(self) -> bytes:
        return self._atr

    @property
    def iso_dep(self) -> IsoDepPort | None:
        return self if storage_card(self._atr) is None else None

    @property
    def classic(self) -> ClassicPort | None:
        return self._classic

    @property
    def removed(self) -> bool:
        """Whether a verb found the card gone."""
        return isinstance(self._dead, CardRemoved)

    def transmit(self, apdu: bytes) -> bytes:
        """One APDU to the card, its answer of at least two bytes back."""
        self._check_alive()
        try:
            raw = self._link.transmit(apdu)
        except Fault as fault:
            self._dead = fault
            raise
        if raw is None or len(raw) < 2:  # an empty answer is a dead card: stacks.md 2
            self.lost()
        self._answered += 1
        return raw

    def exchange(self, command: Command) -> Response:
        """One pseudo-APDU to the reader, parsed."""
        return Response.parse(self.transmit(bytes(command)))

    def reselect(self) -> None:
        """Select the card again after a refusal; on return it is the same card, nothing open."""
        self._check_alive()
        try:
            there = self._link.reselect()
        except Fault as fault:
            self._dead = fault
            raise
        if not there or self._ask_uid() != self._uid:
            self.lost()

    def lost(self) -> NoReturn:
        """The card is gone: end this connection for good."""
        self._dead = CardRemoved(frames_done=self._answered)
        raise self._dead

    def close(self) -> None:
        if not self._closed:
            self._closed = True
            self._link.close()

    def _check_alive(self) -> None:
        if self._closed:
            raise ValueError("the connection is closed")
        if self._dead is not None:
            # A new exception each time: one object would grow its traceback with every raise.
            raise type(self._dead)(**self._dead.facts())

    def _ask_uid(self) -> bytes:
        answer = self.exchange(GET_UID)
        if answer.sw == 0x6400:  # no answer from the card: it left while it was asked
            self.lost()
        if not answer.ok:
            return b""
        if len(answer.data) not in _UID_BYTES:
            raise ReaderProtocol(verb="get_uid", sw=StatusWord.of(answer.sw))
        return answer.data
