"""The smart-card service's calls and codes, as far as `pcsc.py` uses them. No import of pyscard.

Source: PC/SC part 5, and what each code was seen to mean on pcsc-lite 1.9.9 (stacks.md 1.2, 2).
"""

# ruff: noqa: N802 - the service's own names
from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Protocol

from apdu.errors import Fault
from drivers.errors import (
    CardRemoved,
    ReaderBusy,
    ReaderDenied,
    ReaderGone,
    ServiceGone,
    ServiceRefused,
)
from drivers.reader_table import FEATURE_REQUEST, Features, features_of, properties_code


class Scard(Protocol):
    """`smartcard.scard`, or a stand-in that tests hand in. Codes come back; nothing raises."""

    def SCardEstablishContext(self, scope: int, /) -> tuple[int, int]: ...
    def SCardReleaseContext(self, context: int, /) -> int: ...
    def SCardListReaders(self, context: int, groups: list[str], /) -> tuple[int, list[str]]: ...
    def SCardGetStatusChange(
        self, context: int, timeout_ms: int, states: list[tuple[str, int]], /
    ) -> tuple[int, list[tuple[str, int, list[int]]]]: ...
    def SCardConnect(
        self, context: int, reader: str, share: int, protocols: int, /
    ) -> tuple[int, int, int]: ...
    def SCardReconnect(
        self, card: int, share: int, protocols: int, initialization: int, /
    ) -> tuple[int, int]: ...
    def SCardDisconnect(self, card: int, disposition: int, /) -> int: ...
    def SCardStatus(self, card: int, /) -> tuple[int, str, int, int, list[int]]: ...
    def SCardTransmit(
        self, card: int, protocol: int, apdu: list[int], /
    ) -> tuple[int, list[int]]: ...
    def SCardControl(
        self, card: int, code: int, request: list[int], /
    ) -> tuple[int, list[int]]: ...


class Code(IntEnum):
    """Results, unsigned."""

    OK = 0x00000000
    INVALID_HANDLE = 0x80100003
    UNKNOWN_READER = 0x80100009
    TIMEOUT = 0x8010000A
    SHARING_VIOLATION = 0x8010000B
    NO_SMARTCARD = 0x8010000C
    COMM_ERROR = 0x80100013
    NOT_TRANSACTED = 0x80100016
    READER_UNAVAILABLE = 0x80100017
    NO_SERVICE = 0x8010001D
    SERVICE_STOPPED = 0x8010001E
    NO_READERS_AVAILABLE = 0x8010002E
    UNRESPONSIVE_CARD = 0x80100066
    UNPOWERED_CARD = 0x80100067
    RESET_CARD = 0x80100068
    REMOVED_CARD = 0x80100069
    SECURITY_VIOLATION = 0x8010006A


class State(IntFlag):
    """What a reader's state says; its upper 16 bits count insertions and removals."""

    CHANGED = 0x0002
    UNKNOWN = 0x0004
    UNAVAILABLE = 0x0008
    PRESENT = 0x0020
    MUTE = 0x0200


# Old contexts and handles never heal once the service went away (stacks.md 2).
SERVICE_LOST = frozenset(
    {Code.NO_SERVICE, Code.SERVICE_STOPPED, Code.COMM_ERROR, Code.INVALID_HANDLE}
)
READER_LOST = frozenset({Code.READER_UNAVAILABLE, Code.UNKNOWN_READER})
# RESET_CARD is another program's reset: the session is lost, and with it whose card this is.
CARD_LOST = frozenset(
    {
        Code.NO_SMARTCARD,
        Code.NOT_TRANSACTED,
        Code.UNRESPONSIVE_CARD,
        Code.UNPOWERED_CARD,
        Code.RESET_CARD,
        Code.REMOVED_CARD,
    }
)

SCOPE_USER = 0
SHARE_EXCLUSIVE = 1
SHARE_DIRECT = 3  # the reader itself, card or none
PROTOCOL_NONE = 0
PROTOCOL_ANY = 3  # T=0 or T=1
LEAVE = 0
RESET = 1
EVENT_SHIFT = 16
_CONTROL_BASE = 0x42000000  # SCARD_CTL_CODE of pcsc-lite (cards.md 3.4)


def code_of(result: int) -> int:
    """A result as the unsigned number that documentation shows."""
    return result & 0xFFFFFFFF


def features(api: Scard, card: int, *, reader: str) -> Features:
    """What the driver of a reader tells of it; nothing where it has nothing to tell. Raises
    `CardRemoved`, `ReaderGone`, `ServiceGone` where nobody was there to ask."""
    answer = _control(api, card, _CONTROL_BASE + FEATURE_REQUEST, reader=reader)
    code = properties_code(answer)
    properties = b"" if code is None else _control(api, card, code, reader=reader)
    return features_of(answer, properties)


def _control(api: Scard, card: int, code: int, *, reader: str) -> bytes:
    result, answer = api.SCardControl(card, code, [])
    failed = code_of(result)
    if failed in CARD_LOST:
        raise CardRemoved(frames_done=0)
    if failed in SERVICE_LOST | READER_LOST:
        raise _fault(failed, reader=reader, verb="control")
    return b"" if failed else bytes(answer)


def check(result: int, *, reader: str, verb: str) -> None:
    """Raise what a result means, but for a card that is gone, which callers look at first."""
    if code := code_of(result):
        raise _fault(code, reader=reader, verb=verb)


def _fault(code: int, *, reader: str, verb: str) -> Fault:
    if code in SERVICE_LOST:
        return ServiceGone(reader=reader)
    if code in READER_LOST:
        return ReaderGone(reader=reader)
    if code == Code.SHARING_VIOLATION:
        return ReaderBusy(reader=reader)
    if code == Code.SECURITY_VIOLATION:
        return ReaderDenied(reader=reader)
    return ServiceRefused(verb=verb, result=f"{code:08X}")
