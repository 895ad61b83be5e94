"""A PN532 before our NFC driver, in memory or behind a pseudo-terminal, with cards of several
kinds. The chip is `hw_sim`'s; what a bench can do with it is here: a swallowed command, noise on
the line, an adapter pulled out, a card that says it is another.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
import tty
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from random import Random

from nfc.clf import pn532

from drivers.contract import Connection
from drivers.nfc import NfcReader
from hw_sim.air import Pace
from hw_sim.field import Field, Picc, Tear
from hw_sim.frames import crc_fits, with_crc
from hw_sim.image import Image
from hw_sim.iso_dep import RATS, Identity, IsoDepCard, State
from hw_sim.picc import card_of
from hw_sim.pn532 import Pn532 as Chip
from hw_sim.pn532.frames import ACK
from tests.drivers.contract_suite import GET_VERSION, MORE, say

_HEAD_BYTES, _TAIL_BYTES = 6, 2  # of a normal frame, around the command and its data
_SELECT = (b"\x93\x70", b"\x95\x70")


class Pn532:
    """One chip with what lies before it. `heard`: the commands, code first; `air`: every frame."""

    def __init__(self) -> None:
        self.swallow = 0  # so many commands go unheard, as after sleep
        self.heard: list[bytes] = []
        self.air: list[tuple[bytes, bytes | None]] = []
        self.field_of: Callable[[Picc | None], Field] = self._listening
        self._card: Picc | None = None
        self._chip = Chip(lambda: self.field_of(self._card))

    @property
    def rate(self) -> int:
        return self._chip.rate

    @rate.setter
    def rate(self, rate: int) -> None:
        self._chip.rate = rate

    def put(self, card: Picc | None) -> None:
        """Lay a card into the field, or take it away."""
        if self._card is not None:
            self._card.power_off()
        self._card = card
        self._chip.field_changed()

    def hear(self, written: bytes, *, rate: int) -> list[bytes]:
        start = written.rfind(b"\x00\x00\xff")
        if rate == self.rate and start >= 0 and not written.endswith(ACK):
            self.heard.append(written[start + _HEAD_BYTES : -_TAIL_BYTES])
            if self.swallow:
                self.swallow -= 1
                return []
        return self._chip.hear(written, rate=rate)

    def _listening(self, card: Picc | None) -> Field:
        return Field(card, heard=lambda frame, answer: self.air.append((frame, answer)))


class Wire:
    """The chip in memory, as nfcpy's transport class. A silent chip is a time-out at once."""

    TYPE = "TTY"

    def __init__(self, chip: Pn532) -> None:
        self.chip = chip
        self.baudrate = 115_200
        self.plugged = True
        self._waiting: deque[bytes] = deque()

    def write(self, frame: bytes) -> None:
        if not self.plugged:
            raise OSError(errno.EIO, "unplugged")
        self._waiting.clear()
        self._waiting.extend(self.chip.hear(bytes(frame), rate=self.baudrate))

    def read(self, timeout: int) -> bytearray:
        if not self.plugged:
            raise OSError(errno.EIO, "unplugged")
        if not self._waiting:
            raise OSError(errno.ETIMEDOUT, f"nothing in {timeout} ms")
        return bytearray(self._waiting.popleft())

    def close(self) -> None:
        self._waiting.clear()


class Pty:
    """The chip behind a pseudo-terminal, `path`; `noise` goes before every answer."""

    def __init__(self, chip: Pn532, *, noise: bytes = b"") -> None:
        self._chip = chip
        self._noise = noise
        self._host, self._line = os.openpty()
        tty.setraw(self._line)
        self.path = os.ttyname(self._line)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """The adapter is pulled out."""
        line, self._line = self._line, -1
        if line >= 0:
            os.close(line)
            with suppress(OSError):
                os.write(self._host, b"")
            os.close(self._host)

    def _run(self) -> None:
        with suppress(OSError):
            while piece := os.read(self._host, 4096):
                for frame in self._chip.hear(piece, rate=self._chip.rate):
                    os.write(self._host, self._noise + frame)


class Said:
    """A card that says of itself that it is another (its SAK)."""

    def __init__(self, card: Picc, sak: int) -> None:
        self._card = card
        self._sak = bytes((sak,))

    @property
    def pace(self) -> Pace:
        return self._card.pace

    @property
    def rates_kbps(self) -> tuple[int, int]:
        return self._card.rates_kbps

    def answer(self, frame: bytes) -> bytes | None:
        answer = self._card.answer(frame)
        if answer is None or frame[:2] not in _SELECT or answer == with_crc(b"\x04"):
            return answer
        return with_crc(self._sak)

    def tear(self, frame: bytes, rng: Random, *, locks: bool) -> None:
        self._card.tear(frame, rng, locks=locks)

    def power_off(self) -> None:
        self._card.power_off()


class BothKinds(Said):
    """A card with a Classic's memory and applications beside: a bank card that is a ticket too.
    Before RATS it is the Classic, after it speaks whole messages, which it says back."""

    work_us = 0.0

    def __init__(self, classic: Picc, uid: bytes, *, sak: int) -> None:
        super().__init__(classic, sak)
        self._uid = uid
        self._whole = IsoDepCard(self)

    def identity(self) -> Identity:
        return Identity(uid=self._uid, atqa=b"\x04\x00", ats=bytes.fromhex("067577810280"))

    def reset(self) -> None:
        """Nothing is kept."""

    def transmit(self, message: bytes) -> bytes:
        return message

    def answer(self, frame: bytes) -> bytes | None:
        if self._whole.state is State.PROTOCOL:
            return self._whole.answer(frame)
        answer, whole = super().answer(frame), self._whole.answer(frame)
        return whole if frame[:1] == bytes((RATS,)) and crc_fits(frame) else answer

    def power_off(self) -> None:
        super().power_off()
        self._whole.power_off()


def chipset(wire: Wire) -> pn532.Chipset:
    return pn532.Chipset(wire, logging.getLogger("nfc"))


class WireRig:
    """Two cards before a chip in memory."""

    def __init__(self, cards: tuple[Image, Image]) -> None:
        self.cards = cards
        self.uids = (cards[0].uid, cards[1].uid)
        self.chip = Pn532()
        self.wire = Wire(self.chip)
        self.reader = NfcReader("nfc:test", chipset(self.wire))

    def put(self, card: int) -> None:
        self.chip.put(card_of(self.cards[card]))

    def lift(self) -> None:
        self.chip.put(None)


class TornOnce:
    """The field of a card that is taken away at a frame and stays away until `away` is False."""

    def __init__(self, tear: Tear) -> None:
        self.away: bool | None = None
        self._field = Field(None)
        self._tear = tear

    def field_of(self, card: Picc | None) -> Field:
        if self.away is None:
            # The frames of the first field only: the antenna is switched on once for them.
            self.away = True
            self._field = Field(card, tear=self._tear)
            return self._field
        return Field(None if self.away else card)


MET_FRAMES = 8  # REQA, two levels of anticollision and selection, RATS, PPS and a look
TALK_FRAMES = MET_FRAMES + 7  # GetVersion in three messages, one of four frames


def talk(connection: Connection) -> None:
    for apdu in (GET_VERSION, MORE, MORE):
        assert say(connection, apdu)[-4:] in ("91af", "9100")
    assert say(connection, "905a0000c8" + "00" * 200 + "00") == "917e"
