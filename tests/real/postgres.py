"""A PostgreSQL of our own for one test session: as user postgres, on a unix socket, thrown away."""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

BIN = Path("/usr/lib/postgresql/15/bin")
READY_SECONDS_MAX = 20.0


@contextmanager
def postgres() -> Iterator[str]:
    """A server with defaults (fsync on); the URL of its first database."""
    # Not under pytest's folder: that is 0700, and a socket's path holds 107 bytes.
    base = Path(tempfile.mkdtemp(prefix="flora-pg-"))
    base.chmod(0o755)
    try:
        data, sockets = base / "d", base / "s"
        sockets.mkdir()
        user = _own(base)
        _run(
            user,
            "initdb",
            "-D",
            data,
            "-A",
            "trust",
            "-U",
            "flora",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        )
        server: subprocess.Popen[bytes] = subprocess.Popen(
            [
                *user,
                BIN / "postgres",
                "-D",
                data,
                "-k",
                sockets,
                "-c",
                "listen_addresses=",
                "-c",
                "unix_socket_permissions=0777",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
        atexit.register(_stop, server)
        try:
            _wait(server, sockets)
            yield f"postgresql://flora@/postgres?host={quote(str(sockets))}"
        finally:
            _stop(server)
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _own(base: Path) -> list[str]:
    """What stands before a command so that it runs as `postgres`, who owns `base` from now on:
    initdb refuses root. `setpriv` becomes the command, so the pid is the server's own."""
    if os.geteuid() != 0:
        return []
    entry = pwd.getpwnam("postgres")
    for path in (base, *base.iterdir()):
        os.chown(path, entry.pw_uid, entry.pw_gid)
    words = ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"]
    if not Path("/").stat().st_mode & stat.S_IXOTH:  # a chroot whose root is its maker's alone
        words += ["--inh-caps", "+dac_override", "--ambient-caps", "+dac_override"]
        words += ["--securebits", "+no_setuid_fixup"]  # else access(2) overlooks the capability
    return words


def _run(user: list[str], name: str, *arguments: object) -> None:
    words = [*user, str(BIN / name), *(str(one) for one in arguments)]
    subprocess.run(words, check=True, capture_output=True, cwd="/")


def _wait(server: subprocess.Popen[bytes], sockets: Path) -> None:
    until = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < until and server.poll() is None:
        ready = subprocess.run(
            [BIN / "pg_isready", "-h", sockets, "-U", "flora"], capture_output=True, check=False
        )
        if ready.returncode == 0:
            return
        time.sleep(0.01)
    raise AssertionError("PostgreSQL did not start")


def _stop(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is None:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
