"""A smart-card service in memory, as its library answers (drivers.scard.Scard)."""

# ruff: noqa: N802 - the stand-in has the service's own names
from __future__ import annotations

from dataclasses import dataclass, field

from drivers.pcsc import PcscReader
from drivers.scard import Code, State

CLASSIC_ATR = list(bytes.fromhex("3b8f8001804f0ca000000306030001000000006a"))
DESFIRE_ATR = list(bytes.fromhex("3b8180018080"))
UID = bytes.fromhex("04010203")
LEFT_OVER = list(b"\xde\xad\xbe\xef" * 16 + b"\x90\x00")


NOT_SUPPORTED = 0x8010001F  # to a request that the driver does not know


@dataclass
class Slot:
    """One reader of the service. `features`: what its driver answers, by control code."""

    uid: bytes | None = None
    atr: list[int] | None = None
    mute: bool = False
    events: int = 0
    features: dict[int, bytes] = field(default_factory=dict)
    control_result: int = NOT_SUPPORTED
    asked: list[int] = field(default_factory=list)


class Service:
    """A smart-card service in memory. Results are signed, as pyscard's are."""

    def __init__(self, **slots: Slot) -> None:
        self.slots = {name.replace("_", " "): slot for name, slot in slots.items()}
        self.up = True
        self.connect_result = 0
        self.reconnect_result = 0
        self.resets = 0
        self.answers: list[tuple[int, list[int]]] = []  # what the next transmits say
        self.sent: list[bytes] = []
        self.contexts: set[int] = set()
        self._serial = 0
        self._cards: dict[int, Slot] = {}

    def _new(self) -> int:
        self._serial += 1
        return self._serial

    def _down(self, context: int) -> int:
        return 0 if self.up and context in self.contexts else signed(Code.NO_SERVICE)

    def SCardEstablishContext(self, scope: int, /) -> tuple[int, int]:
        if not self.up:
            return signed(Code.NO_SERVICE), 0
        self.contexts.add(context := self._new())
        return 0, context

    def SCardReleaseContext(self, context: int, /) -> int:
        self.contexts.discard(context)
        return 0

    def SCardListReaders(self, context: int, groups: list[str], /) -> tuple[int, list[str]]:
        if down := self._down(context):
            return down, []
        return (0, list(self.slots)) if self.slots else (signed(Code.NO_READERS_AVAILABLE), [])

    def SCardGetStatusChange(
        self, context: int, timeout_ms: int, states: list[tuple[str, int]], /
    ) -> tuple[int, list[tuple[str, int, list[int]]]]:
        if down := self._down(context):
            return down, []
        if any(name not in self.slots for name, _ in states):
            return signed(Code.UNKNOWN_READER), []
        found = [(name, self._state(self.slots[name])) for name, _ in states]
        if found == states:
            return signed(Code.TIMEOUT), [(name, state, []) for name, state in states]
        return 0, [(name, state | State.CHANGED, []) for name, state in found]

    def _state(self, slot: Slot) -> int:
        there = State.PRESENT if slot.uid is not None else 0x10
        return slot.events << 16 | there | (State.MUTE if slot.mute else 0)

    def SCardConnect(
        self, context: int, reader: str, share: int, protocols: int, /
    ) -> tuple[int, int, int]:
        if self.connect_result:
            return self.connect_result, 0, 0
        self._cards[card := self._new()] = self.slots[reader]
        return 0, card, 2

    def SCardStatus(self, card: int, /) -> tuple[int, str, int, int, list[int]]:
        return 0, "", 0, 2, self._card(card).atr or CLASSIC_ATR

    def SCardReconnect(
        self, card: int, share: int, protocols: int, init: int, /
    ) -> tuple[int, int]:
        self._card(card)
        self.resets += 1
        return self.reconnect_result, 2

    def SCardDisconnect(self, card: int, disposition: int, /) -> int:
        self._card(card)
        del self._cards[card]
        return 0

    def SCardTransmit(self, card: int, protocol: int, apdu: list[int], /) -> tuple[int, list[int]]:
        slot = self._card(card)
        self.sent.append(bytes(apdu))
        if self.answers:
            return self.answers.pop(0)
        if bytes(apdu[:2]) == b"\xff\xca" and slot.uid is not None:
            return 0, [*slot.uid, 0x90, 0x00]
        return 0, [0x90, 0x00]

    def SCardControl(self, card: int, code: int, request: list[int], /) -> tuple[int, list[int]]:
        slot = self._card(card)
        slot.asked.append(code)
        assert request == []
        if code in slot.features:
            return 0, list(slot.features[code])
        return signed(slot.control_result), LEFT_OVER

    def _card(self, card: int) -> Slot:
        if card not in self._cards:
            raise SystemError("a handle of no connection")  # as pyscard does with handle 0
        return self._cards[card]


def signed(code: int) -> int:
    return code - (1 << 32) if code >> 31 else code


def lying() -> Slot:
    return Slot(uid=UID)


def reader(service: Service, name: str = "Virtual", *, must_exist: bool = False) -> PcscReader:
    return PcscReader(f"pcsc:{name}", must_exist=must_exist, api=service)
