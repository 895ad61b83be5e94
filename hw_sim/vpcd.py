"""A card file in pcscd's virtual reader (vpcd), kept there while pcscd comes and goes.

We are vpcd's TCP client: connecting puts the card on the reader, closing lifts it. A message is
2 bytes of length (high byte first) and so many bytes; one byte 00, 01, 02 or 04 is a control
code, all else an APDU. The card file is read again whenever the card gets power, and written
before the answer to a command that changed it.

Two things that are not plain to see, both in stacks.md 1:
* vpcd sends length and body apart with Nagle on: unless TCP_QUICKACK is set anew before each
  wait, every command takes 44 ms.
* A card swapped without a gap goes unnoticed when an APDU comes at once: the old handle would
  talk to the new card. So a card that is sent an APDU before it has power leaves for 0.6 s.

Source: the wire of frankmorgner/vsmartcard, `virtualsmartcard/src/vpcd`; stacks.md 1.1, 1.2.
"""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from pathlib import Path

from hw_sim.field import Field
from hw_sim.image import Image, ImageCorrupt, load, save
from hw_sim.picc import card_of
from hw_sim.reader_chip import ReaderChip

HOST = "127.0.0.1"
PORT = 35963
"""Debian's vpcd, slot 0; slot 1 is the next port."""
RETRY_S = 0.1
SILENCE_S = 1.0
UNNOTICED_S = 0.6

OFF, ON, RESET, ATR = b"\x00", b"\x01", b"\x02", b"\x04"


class Notice(Enum):
    """What the server tells while it runs."""

    READY = "ready"  # pcscd has asked for the ATR: the card lies on the reader
    NO_SERVICE = "no_service"  # nobody listens on the port (any more); it goes on trying
    PORT_HELD = "port_held"  # connected and not asked for 1 s: another card process is there
    FILE_LOST = "file_lost"  # the card file cannot be read or written; the card was lifted


class VpcdServer:
    """One card file on one virtual reader, served by a thread of its own.

    `tell` is called in that thread with each `Notice`, READY at every insertion. `start`, `lift`,
    `put` and `stop` are for one other thread.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        host: str = HOST,
        port: int = PORT,
        tell: Callable[[Notice], None],
    ) -> None:
        """Raises `ImageCorrupt`, and OSError where the file cannot be read."""
        load(path)
        self._last_path = Path(path)
        self._path: Path | None = self._last_path
        self._address = (host, port)
        self._tell = tell
        self._turn = 0  # grows whenever the wish changes: what is served for an older one ends
        self._stopping = False
        self._woken, self._wake = socket.socketpair()
        self._chip = ReaderChip(Field(None))  # the reader outlives its cards, and so do its keys
        self._silent = False  # told that nobody listens, and nobody has asked since
        self._thread = threading.Thread(target=self._run, name="vpcd", daemon=True)

    def start(self) -> None:
        """Put the card on the reader, as soon as there is one."""
        self._thread.start()

    def lift(self) -> None:
        """Take the card away."""
        self._wish(None)

    def put(self, path: str | os.PathLike[str] | None = None) -> None:
        """Put a card on the reader: the one in `path`, or the last one again. A card that lies
        there goes first. Raises `ImageCorrupt` or OSError, and then nothing has changed."""
        wanted = self._last_path if path is None else Path(path)
        load(wanted)
        self._last_path = wanted
        self._wish(wanted)

    def stop(self) -> None:
        """Take the card away and end the thread. Idempotent."""
        self._stopping = True
        self._wish(None)
        if self._thread.is_alive():
            self._thread.join()
        self._wake.close()
        self._woken.close()

    def _wish(self, path: Path | None) -> None:
        self._path = path
        self._turn += 1
        with suppress(OSError):  # closed by an earlier stop
            self._wake.send(b"w")

    # --- the thread

    def _run(self) -> None:
        while not self._stopping:
            turn = self._turn
            path = self._path
            if path is None:
                self._pause(None)
                continue
            try:
                with socket.create_connection(self._address, timeout=SILENCE_S) as vpcd:
                    vpcd.settimeout(None)
                    self._lie(vpcd, path, turn)
            except _Lifted:
                continue
            except _FileLost:
                self._lose(turn)
            except _Unnoticed:
                self._pause(UNNOTICED_S)
            except OSError:
                self._miss()

    def _lose(self, turn: int) -> None:
        if self._turn == turn:
            self._path = None
        self._tell(Notice.FILE_LOST)

    def _miss(self) -> None:
        if not self._silent:
            self._silent = True
            self._tell(Notice.NO_SERVICE)
        self._pause(RETRY_S)

    def _pause(self, seconds: float | None) -> None:
        """Wait so long, or until the wish changes."""
        if select.select([self._woken], [], [], seconds)[0]:
            self._woken.recv(4096)

    def _lie(self, vpcd: socket.socket, path: Path, turn: int) -> None:
        """Be the card until the connection ends; always leaves by an exception."""
        vpcd.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        image, atr = self._insert(path)
        asked = powered = False
        while True:
            size = self._receive(vpcd, 2, turn, patient=asked)
            message = self._receive(vpcd, int.from_bytes(size, "big"), turn, patient=True)
            if message == ATR:
                _send(vpcd, atr)
                if not asked:
                    asked, self._silent = True, False
                    self._tell(Notice.READY)
            elif message == OFF:
                self._chip.power_off()
                powered = False
            elif message in (ON, RESET):
                image, atr = self._insert(path)
                self._chip.power_on()
                powered = True
            elif not powered:
                raise _Unnoticed
            else:
                _send(vpcd, self._transmit(path, image, message))

    def _receive(self, vpcd: socket.socket, count: int, turn: int, *, patient: bool) -> bytes:
        data = b""
        while len(data) < count:
            vpcd.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            wait_s = None if patient else SILENCE_S
            ready = select.select([vpcd, self._woken], [], [], wait_s)[0]
            if self._woken in ready:
                self._woken.recv(4096)
            if self._turn != turn:
                raise _Lifted
            if not ready:
                patient = True
                self._tell(Notice.PORT_HELD)
            if vpcd in ready:
                piece = vpcd.recv(count - len(data))
                if not piece:
                    raise ConnectionResetError
                data += piece
        return data

    def _insert(self, path: Path) -> tuple[Image, bytes]:
        """The card of the file, without power, and its ATR."""
        try:
            image = load(path)
        except (ImageCorrupt, OSError):
            raise _FileLost from None
        self._chip.field = Field(card_of(image))
        atr = self._chip.power_on()
        self._chip.power_off()
        return image, atr

    def _transmit(self, path: Path, image: Image, apdu: bytes) -> bytes:
        writes = image.writes
        answer = self._chip.transmit(apdu)
        if image.writes != writes:
            try:
                save(path, image)
            except OSError:
                raise _FileLost from None
        return answer


class _Lifted(Exception):
    """The wish has changed."""


class _Unnoticed(Exception):
    """An APDU came before power: pcscd takes us for the card that lay here before."""


class _FileLost(Exception):
    """The card file cannot be read or written."""


def _send(vpcd: socket.socket, message: bytes) -> None:
    vpcd.sendall(len(message).to_bytes(2, "big") + message)
