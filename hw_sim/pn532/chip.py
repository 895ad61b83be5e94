"""A PN532 as its host sees it: commands in, answers out, rate and sleep.

`hear` takes what came over the line, `step` goes on with a command that waits for a card; both
return the frames that the chip sends. Any bytes at all get frames or nothing, never an exception.

* Only the initiator is here: the chip is nobody's target, and meets no other phone.
* In sleep the first bytes wake the chip and are lost: a command without a preamble is swallowed.
* Bytes at another rate than the chip's are noise to it and are dropped. SetSerialBaudRate takes
  effect with the host's ACK, or with the first bytes at the new rate: a pseudo-terminal forgets
  what a host wrote just before it changed the rate or closed, which no wire does.

Source: PN532 user manual UM0701-02, 7.2; cards.md 8; stacks.md 4.
"""

from __future__ import annotations

from collections.abc import Callable

from hw_sim.field import Field
from hw_sim.pn532.frames import ACK, ERROR, TO_CHIP, TO_HOST, Inbox, Mark, framed
from hw_sim.pn532.initiator import AUTO_POLL, LIST_TARGETS, Answer, Initiator, Search

RATES = (9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600, 1_288_000)
RATE_AT_POWER_ON = 115_200
BITS_A_BYTE = 10
FIRMWARE = bytes.fromhex("32010607")
PINS = bytes.fromhex("3f0600")
"""P3, P7, I0 and I1 as a board for the serial line leaves them."""
WAKE_BYTES = 5
"""Bytes that are lost while the chip wakes up (a choice of ours; hosts send 10 to 16)."""
SAM_MODES = range(1, 5)


class Pn532:
    """One chip with one antenna. `turn_on` gives the field whenever the antenna is switched on.

    `rate`: of the chip's serial side, bit/s. `wire_bytes`, `wire_us`: what came to the chip and
    went from it so far, and the microseconds that this took on the line.
    """

    def __init__(self, turn_on: Callable[[], Field]) -> None:
        self.rate = RATE_AT_POWER_ON
        self.wire_bytes = 0
        self.wire_us = 0.0
        self._initiator = Initiator(turn_on)
        self._inbox = Inbox()
        self._deaf_to = 0  # so many bytes are still lost: the chip is asleep
        self._next_rate: int | None = None
        self._last = b""
        self._search: Search | None = None

    def hear(self, piece: bytes, *, rate: int) -> list[bytes]:
        """What came from the host at `rate` bit/s; the frames that the chip sends for it."""
        if rate == self._next_rate:
            self.rate, self._next_rate = rate, None
        if rate != self.rate:
            return []
        self._count(piece)
        heard, self._deaf_to = piece[self._deaf_to :], max(0, self._deaf_to - len(piece))
        sent = []
        for one in self._inbox.feed(heard):
            sent += self._mark(one) if isinstance(one, Mark) else self._command(one)
        return sent

    @property
    def half_heard(self) -> bool:
        """A frame has begun to come in and is not whole."""
        return self._inbox.waiting

    def idle(self) -> None:
        """The line has been silent for a while: what is not whole never will be."""
        self._inbox.clear()

    @property
    def again_after_s(self) -> float | None:
        """When `step` is to be called; None: nothing waits for a card."""
        return None if self._search is None else self._search.every_s

    def step(self) -> list[bytes]:
        """Look once more for the card that a command waits for."""
        search = self._search
        if search is None:
            return []
        answer = search.look()
        if answer is None and search.left is not None:
            search.left -= 1
            answer = search.empty if search.left <= 0 else None
        if answer is None:
            return []
        self._search = None
        return self._sent(self._answered(search.code, answer))

    def field_changed(self) -> None:
        """Another card, or none, lies there now."""
        self._initiator.radio.changed()

    # --- frames

    def _count(self, piece: bytes) -> None:
        self.wire_bytes += len(piece)
        self.wire_us += len(piece) * BITS_A_BYTE * 1e6 / self.rate

    def _sent(self, *frames: bytes) -> list[bytes]:
        for frame in frames:
            self._count(frame)
        return list(frames)

    def _mark(self, mark: Mark) -> list[bytes]:
        """NACK: the last answer again. ACK: an end to what runs, and the new rate."""
        if mark is Mark.NACK:
            return self._sent(self._last) if self._last else []
        self._search = None
        if self._next_rate is not None:
            self.rate, self._next_rate = self._next_rate, None
        return []

    def _command(self, data: bytes) -> list[bytes]:
        self._search = self._next_rate = None
        answer = self._run(data)
        if isinstance(answer, Search):
            self._search = answer
            return self._sent(ACK) + self.step()
        if answer is None:
            self._last = ERROR
            return self._sent(ACK, ERROR)
        return self._sent(ACK, self._answered(data[1], answer))

    def _run(self, data: bytes) -> Answer:
        if len(data) < 2 or data[0] != TO_CHIP:
            return None
        code, parameters = data[1], data[2:]
        if (run := COMMANDS.get(code)) is not None:
            return run(self, parameters)
        if (of_radio := RADIO_COMMANDS.get(code)) is not None:
            return of_radio(self._initiator, parameters)
        return None

    def _answered(self, code: int, answer: bytes) -> bytes:
        self._last = framed(bytes((TO_HOST, code + 1)) + answer)
        return self._last

    # --- commands of the chip itself

    def _diagnose(self, data: bytes) -> Answer:
        test = data[:1]
        if test == b"\x00":
            return data  # the line: the same again
        if data in (b"\x01", b"\x02"):
            return b"\x00"  # ROM and RAM are well
        return self._initiator.attention() if data == b"\x06" else None

    def _firmware(self, _data: bytes) -> Answer:
        return FIRMWARE

    def _read_pins(self, _data: bytes) -> Answer:
        return PINS

    def _write_pins(self, data: bytes) -> Answer:
        return b"" if len(data) == 2 else None

    def _set_rate(self, data: bytes) -> Answer:
        if len(data) != 1 or data[0] >= len(RATES):
            return None
        self._next_rate = RATES[data[0]]
        return b""

    def _sam(self, data: bytes) -> Answer:
        return b"" if 1 <= len(data) <= 3 and data[0] in SAM_MODES else None

    def _power_down(self, data: bytes) -> Answer:
        if not 1 <= len(data) <= 2:
            return None
        self._initiator.radio.switch(on=False)
        self._deaf_to = WAKE_BYTES
        return b"\x00"


COMMANDS: dict[int, Callable[[Pn532, bytes], Answer]] = {
    0x00: Pn532._diagnose,
    0x02: Pn532._firmware,
    0x0C: Pn532._read_pins,
    0x0E: Pn532._write_pins,
    0x10: Pn532._set_rate,
    0x14: Pn532._sam,
    0x16: Pn532._power_down,
}

RADIO_COMMANDS: dict[int, Callable[[Initiator, bytes], Answer]] = {
    0x04: Initiator.status,
    0x06: Initiator.read_registers,
    0x08: Initiator.write_registers,
    0x12: Initiator.set_parameters,
    0x32: Initiator.configure,
    0x40: Initiator.exchange,
    0x42: Initiator.communicate_thru,
    0x44: Initiator.deselect,
    0x46: Initiator.nobody,
    LIST_TARGETS: Initiator.list_targets,
    0x4E: Initiator.set_rates,
    0x50: Initiator.nobody,
    0x52: Initiator.release,
    0x54: Initiator.select,
    0x56: Initiator.nobody,
    AUTO_POLL: Initiator.auto_poll,
}
