"""Who is alive: locks on small files in HOME/run, never synced and never trusted after a restart.

`open-N` is held by the process that carries issuance N on; `tap-…` names the journal entry of the
tap that a process is carrying out. The kernel lets go of a lock when its process dies, so a killed
one is free at once and a living one is never ended from another window (ledger.md 4.2).
"""

from __future__ import annotations

import fcntl
import os
import threading
from contextlib import suppress
from pathlib import Path

_MARK_BYTES = 128  # a sequence, a leaf in hex, and room


class RunMarks:
    """The marks of one opened ledger. Two ledgers of one process are as two processes."""

    def __init__(self, run_dir: Path, *, name: str) -> None:
        """`name` makes this ledger's own tap mark unlike every other's."""
        run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._dir = run_dir
        self._open: dict[int, int] = {}
        self._tap_path = run_dir / f"tap-{name}"
        self._tap: int | None = None
        self._orphan: tuple[Path, int] | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Let go of everything."""
        with self._lock:
            for descriptor in self._open.values():
                os.close(descriptor)
            self._open.clear()
            if self._tap is not None:
                if _named(self._tap) is None:
                    self._tap_path.unlink(missing_ok=True)
                os.close(self._tap)
                self._tap = None
            if self._orphan is not None:
                os.close(self._orphan[1])
                self._orphan = None

    def take(self, n: int) -> bool:
        """Hold issuance `n`; False while another process or ledger does. Holding it is enough."""
        with self._lock:
            if n in self._open:
                return True
            descriptor = _locked(self._dir / f"open-{n}")
            if descriptor is None:
                return False
            self._open[n] = descriptor
            return True

    def release(self, n: int, *, ended: bool = False) -> None:
        """Let go of issuance `n`; `ended`: its number will not come again, so the file goes too."""
        with self._lock:
            descriptor = self._open.pop(n, None)
            if descriptor is None:
                return
            if ended:
                (self._dir / f"open-{n}").unlink(missing_ok=True)
            os.close(descriptor)

    def tap_started(self, seq: int, leaf: bytes) -> None:
        """From here to `tap_done` a death of this process leaves its tap in doubt. The leaf tells
        this entry from another one at its place, should this one's commit never happen."""
        with self._lock:
            if self._tap is None:
                self._tap = _locked(self._tap_path)
                if self._tap is None:
                    raise ValueError(f"{self._tap_path.name} is somebody else's")
            os.pwrite(self._tap, (b"%d %s\n" % (seq, leaf.hex().encode())).ljust(_MARK_BYTES), 0)

    def tap_done(self) -> None:
        """This ledger's tap is settled, and the one that it took over."""
        with self._lock:
            if self._tap is not None:
                # Written over, not cut or closed: ext4 sends such a file to the disk at its close.
                os.pwrite(self._tap, bytes(_MARK_BYTES), 0)
        self.settle_orphan()

    def settle_orphan(self) -> None:
        """The tap that was taken over is settled."""
        with self._lock:
            if self._orphan is not None:
                path, descriptor = self._orphan
                path.unlink(missing_ok=True)
                os.close(descriptor)
                self._orphan = None

    def unfinished_tap(self) -> tuple[int, bytes] | None:
        """Sequence and leaf of this ledger's own unfinished tap, else of one whose process has
        gone; that one is taken over, and stays the same until it is settled."""
        with self._lock:
            if self._tap is not None and (mine := _named(self._tap)) is not None:
                return mine
            if self._orphan is None:
                self._orphan = self._first_orphan()
            return None if self._orphan is None else _named(self._orphan[1])

    def _first_orphan(self) -> tuple[Path, int] | None:
        # Asked before every tap, so the folder is listed plainly: a glob takes ten times as long.
        names = sorted(os.listdir(self._dir))  # noqa: PTH208
        others = (name for name in names if name.startswith("tap-"))
        for path in (self._dir / name for name in others if name != self._tap_path.name):
            if (descriptor := _locked(path)) is None:
                continue
            if _named(descriptor) is not None:
                return path, descriptor
            path.unlink(missing_ok=True)  # its process died between making it and writing it
            os.close(descriptor)
        return None


def _locked(path: Path) -> int | None:
    """A descriptor that holds the lock of `path`; None while somebody else does."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        # The last holder may have removed the file between our two calls: then this is no lock.
        with suppress(FileNotFoundError):
            if os.fstat(descriptor).st_ino == path.stat().st_ino:
                return descriptor
        os.close(descriptor)


def _named(descriptor: int) -> tuple[int, bytes] | None:
    line, end, _ = os.pread(descriptor, _MARK_BYTES, 0).partition(b"\n")
    if not end:
        return None
    seq, leaf = line.split()
    return int(seq), bytes.fromhex(leaf.decode())
