"""The PN532's commands for the antenna: searches, the list of cards, exchanges, registers.

A command gives its answer's data; None where it is not in this form; or a `Search`, which goes on
until a card answers.

Source: PN532 user manual UM0701-02, 7.2 and 7.3; cards.md 8; stacks.md 4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hw_sim.classic import AUTH_A, AUTH_B
from hw_sim.field import Field
from hw_sim.frames import CASCADE_TAG, REQA
from hw_sim.pn532.bits import Shape
from hw_sim.pn532.radio import SAK_ISO_DEP, Radio, Status, Target

DATA_MAX = 262
"""Bytes of a card's answer that go into one frame; the rest is asked for (bit 6 of the status)."""
MORE = 0x40
TARGETS_MAX = 2
FOREVER = 0xFF
SEARCH_EVERY_S = 0.05
POLL_UNIT_S = 0.15
LIST_TARGETS, AUTO_POLL = 0x4A, 0x60
POLL_ANY_A, POLL_CLASSIC, POLL_ISO_DEP = 0x00, 0x10, 0x20
AUTO_RATS = 0x10
POWER_ON_PARAMETERS = 0x14
RF_FIELD, RF_RETRIES = 0x01, 0x05
RF_ANALOG = frozenset((0x02, 0x04, 0x0A, 0x0B, 0x0C, 0x0D))

TX_MODE, RX_MODE, FIFO_DATA, CONTROL, BIT_FRAMING = 0x6302, 0x6303, 0x6339, 0x633C, 0x633D
MANUAL_RCV, STATUS_2 = 0x630D, 0x6338
PARITY_OFF, CRYPTO_ON = 0x10, 0x08
TYPE_A_106, CRC_ON, NOT_TYPE_A = 0x80, 0x80, 0x03
"""Of the two mode registers: type A at 106 kbit/s with CRC; its CRC bit; its framing bits."""
LAST_BITS, ACK_BITS = 0x07, 4
AUTHENTICATIONS = (bytes((AUTH_A,)), bytes((AUTH_B,)))


@dataclass(slots=True, kw_only=True)
class Search:
    """A command that goes on until a card answers: `look` gives its answer, or None.

    `left` rounds, `every_s` apart (None: until it is aborted), then `empty` is the answer.
    """

    code: int
    look: Callable[[], bytes | None]
    every_s: float
    left: int | None
    empty: bytes = b"\x00"


Answer = bytes | Search | None


class Initiator:
    """The chip's half towards the cards. `turn_on` gives the field whenever it is switched on."""

    def __init__(self, turn_on: Callable[[], Field]) -> None:
        self.radio = Radio(turn_on)
        self._parameters = POWER_ON_PARAMETERS
        self._retries = FOREVER
        self._registers: dict[int, int] = {}
        self._targets: dict[int, Target] = {}
        self._current = 0
        self._to_card = b""  # of a message that comes in parts
        self._to_host = b""

    # --- searching

    def list_targets(self, data: bytes) -> Answer:
        """InListPassiveTarget: how many cards at most, their modulation, the UID if one is meant.
        Nothing but type A at 106 kbit/s ever answers."""
        if len(data) < 2 or not 1 <= data[0] <= TARGETS_MAX:
            return None
        most, modulation, *given = data
        uid = _uid(bytes(given))
        if modulation == 0 and uid is None:
            return None
        self._begin_search()

        def look() -> bytes | None:
            self._registers[FIFO_DATA] = REQA[0]  # stays there where no card answers
            if modulation or not self._find(uid or b""):
                return None
            self._registers[FIFO_DATA] = 0
            if most > 1 and not uid:
                self.radio.deselect(self._targets[1])
                self._find(b"")
            return self._listed()

        if self._retries == FOREVER:
            return Search(code=LIST_TARGETS, look=look, every_s=SEARCH_EVERY_S, left=None)
        looks = (look() for _ in range(self._retries + 1))
        return next((found for found in looks if found is not None), b"\x00")

    def auto_poll(self, data: bytes) -> Answer:
        """InAutoPoll: how many rounds, how long each, then the kinds of cards to look for."""
        if len(data) < 3 or not data[0] or not data[1]:
            return None
        rounds, period, *kinds = data
        self._begin_search()

        def look() -> bytes | None:
            # An active card misses the first REQA and falls back to where it hears the second.
            if not (self._find(b"") or self._find(b"")):
                return None
            target = self._targets[1]
            kind = POLL_ISO_DEP if target.sak & SAK_ISO_DEP else POLL_CLASSIC
            if not {kind, POLL_ANY_A} & set(kinds):
                self._targets.clear()
                return None
            described = target.described(1)
            return bytes((1, kind, len(described))) + described

        every_s = period * POLL_UNIT_S * len(kinds)
        left = None if rounds == FOREVER else rounds
        return Search(code=AUTO_POLL, look=look, every_s=every_s, left=left)

    def _begin_search(self) -> None:
        self._targets.clear()
        self._current, self._to_card, self._to_host = 0, b"", b""
        self.radio.switch(on=True)
        self._registers[TX_MODE] = self._registers[RX_MODE] = TYPE_A_106
        self._crypto(on=False)

    def _find(self, uid: bytes) -> bool:
        """One more card into the list."""
        found = self.radio.find(uid, rats=bool(self._parameters & AUTO_RATS))
        if found is None:
            return False
        self._current = len(self._targets) + 1
        self._targets[self._current] = found
        return True

    def _listed(self) -> bytes:
        described = [target.described(number) for number, target in self._targets.items()]
        return bytes((len(described),)) + b"".join(described)

    # --- talking to a card

    def exchange(self, data: bytes) -> Answer:
        """InDataExchange: the card's number (bit 6: more of the message comes), the message."""
        if not data:
            return None
        number, message = data[0] & ~MORE, data[1:]
        if number not in self._targets:
            return bytes((Status.CONTEXT,))
        if self._to_host and not message:
            return self._next_part()
        self._to_card += message
        if data[0] & MORE:
            return bytes((Status.OK,))
        message, self._to_card = self._to_card, b""
        target = self._use(number)
        if target is None:
            return bytes((Status.TIMEOUT,))
        status, self._to_host = self.radio.talk(target, message)
        if status or message[:1] in AUTHENTICATIONS:
            self._crypto(on=not status and target.blocks is None)
        return bytes((status,)) if status else self._next_part()

    def _next_part(self) -> bytes:
        part, self._to_host = self._to_host[:DATA_MAX], self._to_host[DATA_MAX:]
        return bytes((MORE if self._to_host else Status.OK,)) + part

    def communicate_thru(self, data: bytes) -> Answer:
        """InCommunicateThru: a frame as it is; the registers say what is added and taken off. While
        the chip's own Crypto1 is on, whole bytes go through it; all else the host enciphers."""
        tx, rx = self._register(TX_MODE), self._register(RX_MODE)
        shape = Shape(
            crc_out=bool(tx & CRC_ON),
            crc_back=bool(rx & CRC_ON),
            parity=not self._register(MANUAL_RCV) & PARITY_OFF,
            last_bits=self._register(BIT_FRAMING) & LAST_BITS,
        )
        self._registers[CONTROL] = self._register(CONTROL) & ~LAST_BITS
        # No card here hears another modulation.
        if (tx | rx) & NOT_TYPE_A or not data:
            return bytes((Status.TIMEOUT,))
        if self._register(STATUS_2) & CRYPTO_ON and shape.parity and not shape.last_bits:
            return self._through_cipher(data, shape)
        answer = self.radio.exchange_bits(shape.out(data))
        if answer is None:
            return bytes((Status.TIMEOUT,))
        status, frame, last_bits = shape.back(answer)
        self._registers[CONTROL] |= last_bits
        return bytes((status,)) + frame

    def _through_cipher(self, data: bytes, shape: Shape) -> bytes:
        status, answer = self.radio.raw(data, crc_out=shape.crc_out, crc_back=shape.crc_back)
        if len(answer) == 1:
            self._registers[CONTROL] |= ACK_BITS
        return bytes((status,)) + answer

    def _crypto(self, *, on: bool) -> None:
        """What the chip's own authentication leaves in its register."""
        rest = self._register(STATUS_2) & ~CRYPTO_ON
        self._registers[STATUS_2] = rest | (CRYPTO_ON if on else 0)

    def _use(self, number: int) -> Target | None:
        """The card of this number, selected if it was not; None where it does not come."""
        target = self._targets[number]
        if number == self._current and target.selected:
            return target
        other = self._targets.get(self._current)
        if other is not None and other is not target:
            self.radio.deselect(other)
        self._current = number
        rats = bool(self._parameters & AUTO_RATS)
        return target if self.radio.select_again(target, rats=rats) else None

    def set_rates(self, data: bytes) -> Answer:
        """InPSL: the card's number, the rate to it, the rate from it."""
        if len(data) != 3:
            return None
        number, out, back = data
        if number not in self._targets:
            return bytes((Status.CONTEXT,))
        target = self._use(number)
        if target is None:
            return bytes((Status.TIMEOUT,))
        return bytes((self.radio.set_rates(target, (out, back)),))

    def deselect(self, data: bytes) -> Answer:
        """InDeselect: a card's number, 0 for all; it stays in the list."""
        if len(data) != 1:
            return None
        if data[0] and data[0] not in self._targets:
            return bytes((Status.CONTEXT,))
        for number in self._meant(data[0]):
            self.radio.deselect(self._targets[number])
        return bytes((Status.OK,))

    def release(self, data: bytes) -> Answer:
        """InRelease: as InDeselect, and out of the list."""
        answer = self.deselect(data)
        if answer == bytes((Status.OK,)):
            for number in self._meant(data[0]):
                del self._targets[number]
        return answer

    def _meant(self, number: int) -> list[int]:
        return [number] if number else list(self._targets)

    def select(self, data: bytes) -> Answer:
        """InSelect: a card's number."""
        if len(data) != 1:
            return None
        if data[0] not in self._targets:
            return bytes((Status.CONTEXT,))
        return bytes((Status.TIMEOUT if self._use(data[0]) is None else Status.OK,))

    def nobody(self, _data: bytes) -> Answer:
        """InATR and the InJump family look for another phone; there is none."""
        return bytes((Status.TIMEOUT,))

    def attention(self) -> bytes:
        """Diagnose 06: whether the card in its protocol is still there."""
        target = self._targets.get(self._current)
        there = target is not None and self.radio.is_there(target)
        return bytes((Status.OK if there else Status.TIMEOUT,))

    # --- settings

    def status(self, _data: bytes) -> Answer:
        """GetGeneralStatus: no error, the field, the cards with their rates, the SAM's status."""
        cards = [bytes((n, *target.rates, 0)) for n, target in self._targets.items()]
        return bytes((0, self.radio.on, len(cards))) + b"".join(cards) + b"\x00"

    def set_parameters(self, data: bytes) -> Answer:
        if len(data) != 1:
            return None
        self._parameters = data[0]
        return b""

    def configure(self, data: bytes) -> Answer:
        """RFConfiguration: the field (01), how often a search is repeated (05); the rest is analog
        or time-outs, and changes nothing here."""
        if len(data) < 2:
            return None
        item, *values = data
        if item == RF_FIELD and len(values) == 1:
            self.radio.switch(on=bool(values[0] & 1))
        elif item == RF_RETRIES and len(values) == 3:
            self._retries = values[2]
        elif item not in RF_ANALOG:
            return None
        return b""

    def read_registers(self, data: bytes) -> Answer:
        if not data or len(data) % 2:
            return None
        pairs = zip(data[::2], data[1::2], strict=True)
        return bytes(self._register(high << 8 | low) for high, low in pairs)

    def write_registers(self, data: bytes) -> Answer:
        if not data or len(data) % 3:
            return None
        for high, low, written in zip(data[::3], data[1::3], data[2::3], strict=True):
            self._registers[high << 8 | low] = written
        return b""

    def _register(self, address: int) -> int:
        return self._registers.get(address, TYPE_A_106 if address in (TX_MODE, RX_MODE) else 0)


def _uid(given: bytes) -> bytes | None:
    """The UID that a search names: none, 4 bytes, or 7 with the cascade tag before the first three
    (so libnfc and nfcpy); None if it is none of these."""
    if len(given) == 8 and given[0] == CASCADE_TAG:
        return given[1:]
    return given if len(given) in (0, 4) else None
