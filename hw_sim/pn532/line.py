"""A card file before a PN532 that hangs on a pseudo-terminal, under a name of its own.

The file is read again whenever the chip switches its field on, and written before the answer to a
command that changed the card. We keep the terminal's other end open ourselves: without any host a
read would fail at once, over and over. A host's rate is that of the terminal, which neither slows
nor garbles by itself: the chip compares it with its own.

Source: stacks.md 4.1.
"""

from __future__ import annotations

import os
import select
import socket
import termios
import threading
import tty
from collections.abc import Callable
from contextlib import suppress
from enum import Enum
from pathlib import Path

from hw_sim.field import Field, Picc
from hw_sim.image import Image, ImageCorrupt, load, save
from hw_sim.picc import card_of
from hw_sim.pn532.chip import RATES, Pn532

READ_BYTES = 4096
IDLE_S = 0.1
"""A frame that stops in the middle for so long is given up (a choice of ours)."""
_INPUT_SPEED, _OUTPUT_SPEED = 4, 5  # their places in what tcgetattr gives
_SPEEDS = {getattr(termios, f"B{rate}"): rate for rate in RATES if hasattr(termios, f"B{rate}")}
_BOTHER = 0o10000  # the terminal's word for a rate without a code of its own
_SPEEDS[_BOTHER] = 1_288_000


class Notice(Enum):
    """What the server tells while it runs."""

    READY = "ready"  # the line is there: a host can open it
    FILE_LOST = "file_lost"  # the card file cannot be read or written; the card was lifted


class Pn532Server:
    """One card file before one chip, served by a thread of its own.

    `tell` is called in that thread with each `Notice`. `field_of` makes the field that a card lies
    in. `start`, `lift`, `put` and `stop` are for one other thread.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        link: str | os.PathLike[str],
        tell: Callable[[Notice], None],
        field_of: Callable[[Picc | None], Field] = Field,
    ) -> None:
        """Raises `ImageCorrupt`, and OSError where the file cannot be read."""
        load(path)
        self.chip = Pn532(self._field)
        self._last_path = Path(path)
        self._path: Path | None = self._last_path
        self._link = Path(link)
        self._tell = tell
        self._field_of = field_of
        self._laid: tuple[Path, Image] | None = None
        self._writes = 0
        self._changed = False
        self._over = False
        self._host = self._line = -1
        self._woken, self._wake = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name="pn532", daemon=True)

    def start(self) -> None:
        """Open the line and name it `link`. Raises OSError where that name cannot be made; the
        name of a line that is gone is taken over."""
        self._host, self._line = os.openpty()
        tty.setraw(self._line)
        # A host that sets no rate finds the chip's own.
        attributes = termios.tcgetattr(self._line)
        attributes[_INPUT_SPEED] = attributes[_OUTPUT_SPEED] = termios.B115200
        termios.tcsetattr(self._line, termios.TCSANOW, attributes)
        os.set_blocking(self._host, False)
        name = os.ttyname(self._line)
        with suppress(OSError):  # no name there, or no link: what to do about it shows below
            if str(self._link.readlink()) == name or not self._link.exists():
                self._link.unlink()
        try:
            self._link.symlink_to(name)
        except OSError:
            self._unplug()
            raise
        self._thread.start()

    def lift(self) -> None:
        """Take the card away."""
        self._wish(None)

    def put(self, path: str | os.PathLike[str] | None = None) -> None:
        """Put a card before the chip: the one in `path`, or the last one again. A card that lies
        there goes first. Raises `ImageCorrupt` or OSError, and then nothing has changed."""
        wanted = self._last_path if path is None else Path(path)
        load(wanted)
        self._last_path = wanted
        self._wish(wanted)

    def stop(self) -> None:
        """Take the line away, and its name; a host that holds it open sees it unplugged.
        Idempotent."""
        self._over = True
        with suppress(OSError):  # closed by an earlier stop
            self._wake.send(b"w")
        if self._thread.is_alive():
            self._thread.join()
        if self._line >= 0:
            with suppress(OSError):
                if str(self._link.readlink()) == os.ttyname(self._line):
                    self._link.unlink()
            self._unplug()
        self._wake.close()
        self._woken.close()

    def _unplug(self) -> None:
        for end in (self._line, self._host):
            os.close(end)
        self._line = self._host = -1

    def _wish(self, path: Path | None) -> None:
        self._path = path
        self._changed = True
        with suppress(OSError):  # stopped
            self._wake.send(b"w")

    # --- the thread

    def _run(self) -> None:
        self._tell(Notice.READY)
        while not self._over:
            waits = [self.chip.again_after_s, IDLE_S if self.chip.half_heard else None]
            wait_s = min((s for s in waits if s is not None), default=None)
            ready = select.select([self._host, self._woken.fileno()], [], [], wait_s)[0]
            if self._woken.fileno() in ready:
                self._woken.recv(READ_BYTES)
            if self._changed:
                self._changed = False
                self.chip.field_changed()
            if self._host in ready:
                self._send(self.chip.hear(os.read(self._host, READ_BYTES), rate=self._rate()))
            elif not ready:
                self.chip.idle()
                self._send(self.chip.step())

    def _rate(self) -> int:
        """What the host's side of the line is set to, bit/s; 0 if no chip knows it."""
        return _SPEEDS.get(termios.tcgetattr(self._line)[_OUTPUT_SPEED], 0)

    def _send(self, frames: list[bytes]) -> None:
        if not self._kept():
            return  # the host waits in vain, as when the chip lost its power meanwhile
        for frame in frames:
            with suppress(BlockingIOError):  # nobody reads: a serial line loses what overruns
                os.write(self._host, frame)

    def _kept(self) -> bool:
        """The card file holds what the card holds."""
        if self._laid is None:
            return True
        path, image = self._laid
        if image.writes == self._writes:
            return True
        try:
            save(path, image)
        except OSError:
            self._lose()
            return False
        self._writes = image.writes
        return True

    def _lose(self) -> None:
        self._path = None
        self._changed = True
        self._tell(Notice.FILE_LOST)

    def _field(self) -> Field:
        """The field as it is when it is switched on: with the card of the file, without power."""
        self._laid, path = None, self._path
        if path is None:
            return self._field_of(None)
        try:
            image = load(path)
        except (ImageCorrupt, OSError):
            self._lose()
            return self._field_of(None)
        self._laid, self._writes = (path, image), image.writes
        return self._field_of(card_of(image))
