"""How a command and its parameters become frames, and an answer a status: native or wrapped.

Both split what is longer than a frame and go on with `AF`, in either direction.
Source: cards.md 5.1. Native and wrapped are never mixed within one command.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from apdu.desfire.status import DONE, MORE, Status
from apdu.errors import DesfireAnswerWrong, DesfireRefused

ADDITIONAL_FRAME: Final = 0xAF

_CLA = 0x90
_LE = b"\x00"
_SW_BYTES = 2
_SW1 = 0x91
_FRAMES_MAX = 1024  # more than any card's memory fills


class Framing(Protocol):
    """One of the two forms. `body_bytes_max`: parameters in one frame."""

    body_bytes_max: int

    def command(self, code: int, body: bytes) -> bytes: ...
    def answer(self, raw: bytes) -> tuple[Status, bytes]:
        """Status and data. Raises ValueError where `raw` is no answer at all."""
        ...


class _Wrapped:
    """In short APDUs. 61 bytes at most: with the block's own three they fill a card's 64.

    Always case 2 or 4 with Le 00, so put together here: a tap sends eleven, and `Command` with its
    checks would cost a tenth of the host's time (limits.md row 10)."""

    body_bytes_max = 55

    def command(self, code: int, body: bytes) -> bytes:
        header = bytes((_CLA, code, 0, 0))
        return header + bytes((len(body),)) + body + _LE if body else header + _LE

    def answer(self, raw: bytes) -> tuple[Status, bytes]:
        high, low = raw[-_SW_BYTES:]  # raises ValueError below two bytes
        return Status(low if high == _SW1 else high << 8 | low), raw[:-_SW_BYTES]


class _Native:
    """Command code and parameters alone, 60 bytes at most."""

    body_bytes_max = 59

    def command(self, code: int, body: bytes) -> bytes:
        return bytes((code,)) + body

    def answer(self, raw: bytes) -> tuple[Status, bytes]:
        if not raw:
            raise ValueError("an empty answer")
        return Status(raw[0]), raw[1:]


WRAPPED: Final[Framing] = _Wrapped()
NATIVE: Final[Framing] = _Native()


class Channel:
    """Commands of any length over frames that one `transmit` carries."""

    __slots__ = ("_framing", "_transmit")

    def __init__(self, transmit: Callable[[bytes], bytes], framing: Framing) -> None:
        self._transmit, self._framing = transmit, framing

    def ask(self, name: str, code: int, body: bytes) -> list[bytes]:
        """The data of each frame of the answer. Raises `DesfireRefused`, `DesfireAnswerWrong`."""
        room = self._framing.body_bytes_max
        while len(body) > room:
            part, body = body[:room], body[room:]
            if self.step(name, code, part, wanted=MORE):
                raise DesfireAnswerWrong(command=name, wrong="length")
            code = ADDITIONAL_FRAME
        frames: list[bytes] = []
        status, data = self._exchange(name, code, body)
        while status == MORE and len(frames) < _FRAMES_MAX:
            frames.append(data)
            status, data = self._exchange(name, ADDITIONAL_FRAME, b"")
        if status == MORE:
            raise DesfireAnswerWrong(command=name, wrong="chain")
        if status != DONE:
            raise DesfireRefused(command=name, status=status)
        return [*frames, data]

    def step(self, name: str, code: int, body: bytes, *, wanted: Status) -> bytes:
        """One frame out whose answer must have the status `wanted`; its data."""
        status, data = self._exchange(name, code, body)
        if status == wanted:
            return data
        if status in (DONE, MORE):
            raise DesfireAnswerWrong(command=name, wrong="length")
        raise DesfireRefused(command=name, status=status)

    def _exchange(self, name: str, code: int, body: bytes) -> tuple[Status, bytes]:
        raw = self._transmit(self._framing.command(code, body))
        try:
            return self._framing.answer(raw)
        except ValueError:
            raise DesfireAnswerWrong(command=name, wrong="length") from None
