"""A PostgreSQL of our own for one test session: as user postgres, on a unix socket, thrown away."""

from __future__ import annotations

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
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
            **user,
        )
        atexit.register(_stop, server)
        try:
            _wait(server, sockets)
            yield f"postgresql://flora@/postgres?host={quote(str(sockets))}"
        finally:
            _stop(server)
    finally:
        shutil.rmtree(base, ignore_errors=True)


def _own(base: Path) -> dict[str, Any]:
    """initdb refuses root; then everything there belongs to `postgres`."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("postgres")
    for path in (base, *base.iterdir()):
        os.chown(path, entry.pw_uid, entry.pw_gid)
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


def _run(user: dict[str, Any], name: str, *arguments: object) -> None:
    words = [str(BIN / name), *(str(one) for one in arguments)]
    subprocess.run(words, check=True, capture_output=True, cwd="/", **user)


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
