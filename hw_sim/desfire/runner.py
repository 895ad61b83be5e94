"""From a command's frames to its answer's frames: levels, sessions, chains, authentication.

A command may come in several frames and an answer go in several, `AF` between them. Anything
else in between is answered CA, and the chain is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from hw_sim import air
from hw_sim.desfire import applications, files, keys
from hw_sim.desfire.core import Answer, Core, Level, Spec
from hw_sim.desfire.handshake import (
    CAPABILITY_BYTES,
    D40Handshake,
    Ev1Handshake,
    Ev2Handshake,
    Handshake,
)
from hw_sim.desfire.image import DesfireImage, Key, KeyKind
from hw_sim.desfire.session import Ev2Session, Mode, Want
from hw_sim.desfire.status import Refused, Status, refuse_unless

SPECS = {**applications.SPECS, **keys.SPECS, **files.SPECS}
CONTINUE = 0xAF
ANSWER_BYTES = 59
"""Data of one answer frame (cards.md 5.1)."""

Reply = tuple[Status, bytes]


@dataclass(slots=True)
class _Writing:
    """A command whose data have not all come."""

    code: int
    received: bytes


class Runner:
    """Carries commands out, one frame at a time. `work_us`: how long the last one took; a frame
    that only brings or fetches a part takes nothing."""

    def __init__(self, image: DesfireImage, rng: Random) -> None:
        self.work_us = 0.0
        self.core = Core(image, rng)
        self._handshake: Handshake | None = None
        self._writing: _Writing | None = None
        self._answer: list[bytes] = []  # frames that were not asked for yet

    def frame(self, code: int, data: bytes) -> Reply:
        """One frame of a command in, one frame of an answer out."""
        self.work_us = 0.0
        try:
            if code == CONTINUE:
                return self._continue(data)
            if self.is_busy():
                raise Refused(Status.ABORTED)
            if code in _AUTHENTICATIONS:
                return self._authenticate(code, data)
            return self._command(code, data)
        except Refused as refusal:
            return self.refused(refusal.status)

    def is_busy(self) -> bool:
        """True amid a command: a frame of it is still to come or to be asked for."""
        return bool(self._handshake or self._writing or self._answer)

    def refused(self, status: Status) -> Reply:
        """What any error costs, and its status."""
        self._handshake, self._writing, self._answer = None, None, []
        self.core.refused()
        self.work_us = air.PLAIN_US
        return status, b""

    def _continue(self, data: bytes) -> Reply:
        if self._handshake is not None:
            handshake, self._handshake = self._handshake, None
            answer, self.core.session = handshake.finish(data)
            ev2 = isinstance(handshake, Ev2Handshake)
            self.work_us = air.AUTHENTICATED_EV2_US if ev2 else air.AUTHENTICATED_US
            return Status.OK, answer
        if self._writing is not None:
            writing, self._writing = self._writing, None
            return self._command(writing.code, writing.received + data)
        refuse_unless(self._answer, Status.ILLEGAL_COMMAND)
        refuse_unless(not data, Status.LENGTH)
        return self._next_frame()

    def _next_frame(self) -> Reply:
        frame = self._answer.pop(0)
        return (Status.MORE if self._answer else Status.OK), frame

    # --- authentication

    def _authenticate(self, code: int, data: bytes) -> Reply:
        """The session that there was is gone, whatever comes of this."""
        before, self.core.session = self.core.session, None
        need, make = _AUTHENTICATIONS[code]
        refuse_unless(not (self.core.image.ev1 and code in _EV2_ONLY), Status.ILLEGAL_COMMAND)
        refuse_unless(len(data) >= 1, Status.LENGTH)
        key = self.core.key(data[0])
        refuse_unless(key.kind in need, Status.AUTHENTICATION)
        self._handshake = make(key, data, self.core.rng, before)
        self.work_us = air.desfire_us(code, sealed=False)
        return Status.MORE, self._handshake.challenge

    # --- commands

    def _command(self, code: int, body: bytes) -> Reply:
        spec, core = self._spec(code), self.core
        head, rest = body[: spec.head], body[spec.head :]
        refuse_unless(len(head) == spec.head, Status.LENGTH)
        mode = spec.mode if isinstance(spec.mode, Mode) else spec.mode(core, head)
        want = Want(
            size=spec.size(core, head) if spec.size else 0,
            writes=spec.writes,
            key_check=spec.key_check is not None and spec.key_check(core, head),
        )
        if spec.writes and self._is_part(spec, want, mode, rest):
            self._writing = _Writing(code, body)
            return Status.MORE, b""
        sealed = core.session is not None and mode is not Mode.PLAIN
        answer = spec.run(core, head + self._opened(code, head, rest, mode, want))
        read = sum(map(len, answer.parts)) or len(answer.data)
        self.work_us = air.desfire_us(code, sealed=sealed, written=want.size, read=read)
        return self._sealed(spec, answer, mode)

    def _spec(self, code: int) -> Spec:
        spec, core = SPECS.get(code), self.core
        if spec is None or (spec.ev2 and core.image.ev1):
            raise Refused(Status.ILLEGAL_COMMAND)
        level = Level.PICC if core.app is None else Level.APPLICATION
        refuse_unless(spec.level in (Level.ANY, level), Status.PERMISSION_DENIED)
        return spec

    def _is_part(self, spec: Spec, want: Want, mode: Mode, rest: bytes) -> bool:
        """True if more data must come. Raises `Refused` (7E) where they are too many, or too few
        in a form that has no frames of its own."""
        session, size = self.core.session, want.size
        if session is not None:
            size = session.wire_size(mode, size, writes=True)
        refuse_unless(len(rest) <= size and not (spec.whole and len(rest) < size), Status.LENGTH)
        return len(rest) < size

    def _opened(self, code: int, head: bytes, rest: bytes, mode: Mode, want: Want) -> bytes:
        session = self.core.session
        if session is not None:
            return session.open(code, head, rest, mode, want=want)
        refuse_unless(mode is not Mode.FULL, Status.AUTHENTICATION)
        return rest

    def _sealed(self, spec: Spec, answer: Answer, mode: Mode) -> Reply:
        """The first frame of the answer; the others wait to be asked for."""
        parts = answer.parts or (answer.data,)
        data, session = b"".join(parts), self.core.session
        sealed = data
        if session is not None:
            sealed = session.seal(data, mode, file=answer.file, open_end=answer.open_end)
        if spec.whole:
            self._answer = [sealed]
        elif answer.parts:
            self._answer = [*parts[:-1], parts[-1] + sealed[len(data) :]]
        else:
            starts = range(0, max(len(sealed), 1), ANSWER_BYTES)
            self._answer = [sealed[n : n + ANSWER_BYTES] for n in starts]
        return self._next_frame()


def _d40(key: Key, data: bytes, rng: Random, _before: object) -> Handshake:
    refuse_unless(len(data) == 1, Status.LENGTH)
    return D40Handshake(key, data[0], rng)


def _ev1(key: Key, data: bytes, rng: Random, _before: object) -> Handshake:
    refuse_unless(len(data) == 1, Status.LENGTH)
    return Ev1Handshake(key, data[0], rng)


def _ev2_first(key: Key, data: bytes, rng: Random, _before: object) -> Handshake:
    """`71 no n` and n bytes of the terminal's capabilities."""
    capabilities = data[2:]
    well = len(data) >= 2 and data[1] == len(capabilities) <= CAPABILITY_BYTES
    refuse_unless(well, Status.LENGTH)
    return Ev2Handshake(key, data[0], rng, capabilities=capabilities)


def _ev2_next(key: Key, data: bytes, rng: Random, before: object) -> Handshake:
    refuse_unless(len(data) == 1, Status.LENGTH)
    if not isinstance(before, Ev2Session):
        raise Refused(Status.AUTHENTICATION)
    return Ev2Handshake(key, data[0], rng, before=before)


_Make = Callable[[Key, bytes, Random, object], Handshake]
_EV2_ONLY = frozenset((0x71, 0x77))
_AUTHENTICATIONS: dict[int, tuple[tuple[KeyKind, ...], _Make]] = {
    0x0A: ((KeyKind.DES,), _d40),
    0x1A: ((KeyKind.DES, KeyKind.TDES3), _ev1),
    0xAA: ((KeyKind.AES,), _ev1),
    0x71: ((KeyKind.AES,), _ev2_first),
    0x77: ((KeyKind.AES,), _ev2_next),
}
