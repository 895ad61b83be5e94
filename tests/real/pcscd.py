"""A private pcscd with two virtual slots, for tests and for whoever runs a program over it.

pcscd's socket is compiled in, but it takes one that is handed over in systemd's manner; so any
number of them run side by side, root or not (stacks.md 1). A client must be a process that finds
`PCSCLITE_CSOCK_NAME` in its environment before its first PC/SC call.

    pcscd = Pcscd.start(tmp_path)
    subprocess.run([...], env=pcscd.env)     # the card process connects to pcscd.port0 or port1
    pcscd.stop()
"""

from __future__ import annotations

import atexit
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

PCSCD = "/usr/sbin/pcscd"
VPCD = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
READER = "Virtual PCD"
DEADLINE_S = 10.0

# Binds the socket, hands it on as descriptor 3 and becomes pcscd.
_LAUNCHER = """
import os, socket, sys
path, conf, pcscd = sys.argv[1:]
if os.path.exists(path):
    os.unlink(path)
s = socket.socket(socket.AF_UNIX)
s.bind(path)
s.listen(16)
if s.fileno() != 3:
    os.dup2(s.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(pcscd, ["pcscd", "--foreground", "--info", "--config", conf])
"""
# One client call: exits 0 once both slots are listed.
_PROBE = """
import sys
from smartcard import scard
result, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
sys.exit(bool(result) or len(scard.SCardListReaders(context, [])[1]) != 2)
"""


class Pcscd:
    """One pcscd. `env`: the environment for its clients; `port0`, `port1`: where cards connect."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._socket = folder / "pcscd.sock"
        self.port0, self.port1 = _free_neighbours()
        self.env = os.environ | {"PCSCLITE_CSOCK_NAME": str(self._socket)}
        self._process: subprocess.Popen[bytes] | None = None
        conf = folder / "reader.conf.d"
        conf.mkdir()
        (conf / "virtual").write_text(
            f'FRIENDLYNAME "{READER}"\nDEVICENAME /dev/null:0x{self.port0:X}\n'
            f"LIBPATH {VPCD}\nCHANNELID 0x{self.port0:X}\n"
        )
        atexit.register(self.stop)

    @classmethod
    def start(cls, folder: Path) -> Pcscd:
        """A pcscd of its own in a new folder below `folder`; on return both slots are listed."""
        for attempt in range(3):
            # A socket's path holds 107 bytes, which pytest's folders come near to.
            own = folder / f"pcscd{len(list(folder.glob('pcscd*')))}"
            own.mkdir()
            pcscd = cls(own)
            try:
                pcscd.restart()
            except RuntimeError:  # somebody took a port meanwhile: pcscd then lists no reader
                pcscd.stop()
                if attempt == 2:
                    raise
            else:
                return pcscd
        raise AssertionError("not reached")

    def restart(self) -> None:
        """Start it again after `stop`, or anew; on return both slots are listed."""
        self.stop()
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    _LAUNCHER,
                    self._socket,
                    self._folder / "reader.conf.d",
                    PCSCD,
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        self._await_slots()

    def stop(self, *, how: signal.Signals = signal.SIGTERM) -> None:
        """End it. Idempotent."""
        process, self._process = self._process, None
        if process is None:
            return
        for number in (how, signal.SIGKILL):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, number)
            with suppress(subprocess.TimeoutExpired):
                process.wait(5)
                return

    def log(self) -> str:
        """What it said so far."""
        return (self._folder / "log").read_text(errors="replace")

    def _await_slots(self) -> None:
        deadline = time.monotonic() + DEADLINE_S
        probe = [sys.executable, "-c", _PROBE]
        while subprocess.run(probe, env=self.env, capture_output=True, check=False).returncode:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"pcscd ended:\n{self.log()}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"pcscd lists no reader:\n{self.log()}")


def _free_neighbours() -> tuple[int, int]:
    """Two neighbouring free ports: vpcd opens the second slot on the next one."""
    for _ in range(100):
        with socket.socket() as first, socket.socket() as second:
            first.bind(("", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("", port + 1))
            except (OSError, OverflowError):
                continue
            return port, port + 1
    raise RuntimeError("no two neighbouring free ports")
