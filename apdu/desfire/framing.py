"""How a command and its parameters become frames, and an answer a status: native or wrapped.

Both split what is longer than a frame and go on with `AF`, in either direction.
Source: cards.md 5.1. Native and wrapped are never mixed within one command.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Protocol

from apdu.desfire.status import DONE, MORE, Status
from apdu.errors import DesfireAnswerWrong, DesfireRefused
from apdu.iso7816 import Command, Response

ADDITIONAL_FRAME: Final = 0xAF

_CLA = 0x90
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
    """In short APDUs. 61 bytes at most: with the block's own three they fill a card's 64."""

    body_bytes_max = 55

    def command(self, code: int, body: bytes) -> bytes:
        return bytes(Command(cla=_CLA, ins=code, data=body, ne=0x100))

    def answer(self, raw: bytes) -> tuple[Status, bytes]:
        response = Response.parse(raw)
        high, low = divmod(response.sw, 0x100)
        return Status(low if high == _SW1 else response.sw), response.data


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
        *parts, last = self._parts(body)
        for part in parts:
            if self.step(name, code, part, wanted=MORE):
                raise DesfireAnswerWrong(command=name, wrong="length")
            code = ADDITIONAL_FRAME
        frames: list[bytes] = []
        status, data = self._exchange(name, code, last)
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

    def _parts(self, body: bytes) -> Iterator[bytes]:
        step = self._framing.body_bytes_max
        for at in range(0, len(body) or 1, step):
            yield body[at : at + step]
