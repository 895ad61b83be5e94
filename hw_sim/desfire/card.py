"""The card: native and wrapped commands, the few of ISO/IEC 7816-4, and what a tear leaves.

Native: `cmd params` → `status data`. Wrapped: `90 cmd 00 00 [Lc params] [00]` → `data 91 status`.
CLA 00 is ISO: SELECT, READ BINARY and UPDATE BINARY of what is free to read and write.
Source: cards.md 5.1, 5.8, 5.9; ISO/IEC 7816-4.
"""

from __future__ import annotations

from random import Random, SystemRandom

from hw_sim import air, apdu
from hw_sim.apdu import Apdu
from hw_sim.desfire.image import DesfireImage
from hw_sim.desfire.iso import iso_command
from hw_sim.desfire.runner import CONTINUE, Runner
from hw_sim.desfire.status import Status
from hw_sim.iso_dep import Identity, IsoDepCard

ATQA_7, ATQA_4 = b"\x44\x03", b"\x04\x03"
RANDOM_UID_FIRST = 0x08
WRAPPED, ISO = 0x90, 0x00
NATIVE_BYTES_MAX = 60
"""Of one frame on an EV1; on an EV2 the blocks chain and there is no such end."""
WRONG_LENGTH, WRONG_P1P2 = b"\x67\x00", b"\x6a\x86"


class Desfire:
    """What lives behind the blocks (hw_sim.iso_dep.Applet)."""

    def __init__(self, image: DesfireImage, rng: Random) -> None:
        self.image = image
        self.runner = Runner(image, rng)
        self._rng = rng
        self._framing = WRAPPED

    def identity(self) -> Identity:
        """A random UID is 4 bytes, new whenever the field comes on."""
        if not self.image.random_uid:
            return Identity(uid=self.image.uid, atqa=ATQA_7, ats=self.image.ats)
        uid = bytes((RANDOM_UID_FIRST,)) + self._rng.randbytes(3)
        return Identity(uid=uid, atqa=ATQA_4, ats=self.image.ats)

    @property
    def work_us(self) -> float:
        return self.runner.work_us

    def reset(self) -> None:
        self.runner = Runner(self.image, self._rng)

    def transmit(self, message: bytes) -> bytes:
        """One command or one frame of it; any bytes at all get an answer."""
        if not message:
            return bytes((self.runner.refused(Status.LENGTH)[0],))
        if message[0] == ISO:
            return self._iso(message)
        if message[0] == WRAPPED and len(message) >= 4:
            return self._wrapped(message)
        status, data = self._run(message[0], message[1:], framing=ISO, size=len(message))
        return bytes((status,)) + data

    def _run(self, code: int, data: bytes, *, framing: int, size: int) -> tuple[Status, bytes]:
        """Native and wrapped are not mixed within one command."""
        if self.image.ev1 and size > NATIVE_BYTES_MAX:
            return self.runner.refused(Status.LENGTH)
        if code == CONTINUE and framing != self._framing and self.runner.is_busy():
            return self.runner.refused(Status.ABORTED)
        self._framing = framing
        return self.runner.frame(code, data)

    def _wrapped(self, message: bytes) -> bytes:
        found = apdu.parse(message)
        if found is None:
            self.runner.refused(Status.LENGTH)
            return WRONG_LENGTH
        if (found.p1, found.p2) != (0, 0):
            self.runner.refused(Status.PARAMETER)
            return WRONG_P1P2
        size = 1 + len(found.data)
        status, data = self._run(found.ins, found.data, framing=WRAPPED, size=size)
        return data + bytes((0x91, status))

    def _iso(self, message: bytes) -> bytes:
        found: Apdu | None = apdu.parse(message)
        if found is None or self.runner.is_busy():
            self.runner.refused(Status.LENGTH)
            return WRONG_LENGTH
        answer = iso_command(self.runner.core, found)
        self.runner.work_us = air.ISO_US.get(found.ins, air.PLAIN_US)
        if not answer.endswith(b"\x90\x00"):
            self.runner.refused(Status.PARAMETER)
        return answer


class DesfireCard(IsoDepCard):
    """A DESFire in the field (hw_sim.field.Picc). `image` is changed in place; `image.writes`
    tells that it was. Chance (RndB, TI, random UIDs) comes from `rng`."""

    def __init__(self, image: DesfireImage, *, rng: Random | None = None) -> None:
        self.image = image
        self.desfire = Desfire(image, SystemRandom() if rng is None else rng)
        super().__init__(self.desfire)

    def tear(self, frame: bytes, rng: Random, *, locks: bool) -> None:
        """The power goes while the card works on this frame: what it was changing is old or new,
        never mixed. Nothing here can be locked by it."""
        before = self.image.copied()
        self.answer(frame)
        if self.image != before and rng.choice((True, False)):
            self.image.go_back(before)
        self.power_off()
