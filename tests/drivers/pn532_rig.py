"""A PN532 as far as our NFC driver talks to it, in memory or behind a pseudo-terminal.

Written from the chip's manual (cards.md 8); the card in its field is `hw_sim`'s. Unlike a PC/SC
reader it does not select a card again by itself: after a refusal the card stays mute.
"""

from __future__ import annotations

import errno
import os
import threading
import tty
from collections import deque
from contextlib import suppress

from hw_sim import CardImage, ClassicCard, Field, ReaderChip

ACK = bytes.fromhex("0000ff00ff00")
RATES = (9600, 19200, 38400, 57600, 115200, 230400, 460800, 921600)
SILENT, REFUSED = 0x01, 0x14


def framed(data: bytes) -> bytes:
    """A normal frame around TFI and data."""
    return (
        b"\x00\x00\xff"
        + bytes((len(data), -len(data) & 0xFF))
        + data
        + bytes((-sum(data) & 0xFF, 0))
    )


class Pn532:
    """The chip. `hear` takes what the host wrote and returns what the chip sends, in frames."""

    def __init__(self) -> None:
        self.rate = 115_200
        self.swallow = 0  # so many commands go unheard, as after sleep
        self.heard: list[bytes] = []
        self._reader = ReaderChip(Field(None))
        self._image: CardImage | None = None
        self._sak: int | None = None
        self._selected = False
        self._rested = True  # the card was without power since it was last selected
        self._next_rate: int | None = None

    def put(self, image: CardImage | None, *, sak: int | None = None) -> None:
        """Lay a card into the field, or take it away; `sak`: what it is said to be instead."""
        self._image, self._sak = image, sak
        self._reader = ReaderChip(Field(None if image is None else ClassicCard(image)))
        self._selected, self._rested = False, True

    def hear(self, written: bytes) -> list[bytes]:
        start = written.find(b"\x00\x00\xff", written.find(ACK) + len(ACK) if ACK in written else 0)
        if ACK in written and self._next_rate is not None:
            self.rate, self._next_rate = self._next_rate, None
        if start < 0:
            return []
        length = written[start + 3]
        data = written[start + 5 : start + 5 + length]
        assert framed(data) == written[start : start + length + 7], "a frame that is none"
        self.heard.append(data)
        if self.swallow:
            self.swallow -= 1
            return []
        return [ACK, framed(b"\xd5" + bytes((data[1] + 1,)) + self._answer(data[1], data[2:]))]

    def _answer(self, command: int, data: bytes) -> bytes:
        if command == 0x02:
            return bytes.fromhex("32010607")
        if command == 0x10:
            self._next_rate = RATES[data[0]]
        elif command == 0x32 and data == b"\x01\x00":
            self._selected, self._rested = False, True
            self._reader.power_off()
        elif command == 0x4A:
            return self._list_targets()
        elif command == 0x40:
            return self._exchange(data[1:])
        return b""

    def _list_targets(self) -> bytes:
        # A card that is active or halted does not answer REQA.
        self._selected = self._rested and bool(self._reader.power_on())
        self._rested = False
        if not self._selected or self._image is None:
            return b"\x00"
        uid = self._image.uid
        sak = self._image.sak if self._sak is None else self._sak
        return b"\x01\x01" + self._image.atqa[::-1] + bytes((sak, len(uid))) + uid

    def _exchange(self, frame: bytes) -> bytes:
        if not self._selected:
            return bytes((SILENT,))
        command, block, rest = frame[0], frame[1], frame[2:]
        send = self._reader.transmit
        if command in (0x60, 0x61):
            assert self._image is not None
            assert rest[6:] == self._image.uid[-4:], "another card's UID"
            send(b"\xff\x82\x00\x00\x06" + rest[:6])
            answer = send(bytes((0xFF, 0x86, 0, 0, 5, 1, 0, block, command, 0)))
        elif command == 0x30:
            answer = send(bytes((0xFF, 0xB0, 0, block, 16)))
        else:
            answer = send(bytes((0xFF, 0xD6, 0, block, 16)) + rest)
        if answer[-2:] == b"\x90\x00":
            return b"\x00" + answer[:-2]
        self._selected = False
        return bytes((REFUSED if command in (0x60, 0x61) else SILENT,))


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
        if self.baudrate == self.chip.rate:
            self._waiting.extend(self.chip.hear(bytes(frame)))

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
        seen = b""
        with suppress(OSError):
            while piece := os.read(self._host, 4096):
                seen += piece
                if not _whole(seen):
                    continue
                for frame in self._chip.hear(seen):
                    os.write(self._host, self._noise + frame)
                seen = b""


def _whole(seen: bytes) -> bool:
    """Whether `seen` ends with a whole frame."""
    start = seen.rfind(b"\x00\x00\xff")
    if start < 0 or len(seen) < start + 6:
        return False
    length = seen[start + 3]
    return seen.endswith(ACK) or len(seen) >= start + length + 7
