"""A DESFire that answers from a script, and sessions begun from a vector's numbers."""

from __future__ import annotations

from collections.abc import Iterator

from apdu.desfire.card import Desfire, Session
from apdu.desfire.framing import NATIVE, Framing
from apdu.desfire.session import Seal


class Script:
    """Frames that must come, and what is answered to each, both in hex. `done` when all came."""

    def __init__(self, *frames: tuple[str, str]) -> None:
        self._left: Iterator[tuple[str, str]] = iter(frames)
        self.count = len(frames)

    def __call__(self, frame: bytes) -> bytes:
        out, back = next(self._left)
        assert frame.hex() == out
        self.count -= 1
        return bytes.fromhex(back)

    @property
    def done(self) -> bool:
        return self.count == 0


class Numbers:
    """Random numbers that are known beforehand."""

    def __init__(self, *numbers: bytes) -> None:
        self._left = iter(numbers)

    def __call__(self, count: int) -> bytes:
        number = next(self._left)
        assert len(number) == count
        return number


def card(*frames: tuple[str, str], random: bytes = b"", framing: Framing = NATIVE) -> Desfire:
    """A card in an application, which says these frames and no others."""
    made = Desfire(Script(*frames), random=Numbers(random), framing=framing)
    made.aid = b"APP"
    return made


def amid(seal: Seal, *frames: tuple[str, str], key_no: int = 0) -> Session:
    """A session that is open, on a card that says these frames and no others."""
    return Session(card(*frames), key_no, seal)
