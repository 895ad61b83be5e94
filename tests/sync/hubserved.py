"""A hub in a process of its own: `python -m tests.sync.hubserved HOME`, as `hub serve` runs it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sync.hub import admin
from tests.sync.hubrig import city_bytes

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Served:
    """A running hub."""

    process: subprocess.Popen[str]
    url: str

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        """As the power goes."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> tuple[int, str]:
        """As systemd stops it; the exit code, and all that it said after its one line."""
        self.process.send_signal(signal.SIGTERM)
        said, _ = self.process.communicate(timeout=10)
        return self.process.returncode, said


@contextmanager
def served(home: Path, *, port: int = 0, database: str | None = None) -> Iterator[Served]:
    """Make the home where there is none, serve it, and stop it at the end."""
    if not home.exists():
        admin.init(home, city_bytes())
    environment = dict(os.environ, PYTHONPATH=str(ROOT), FLORA_DB=database or "")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.sync.hubserved", str(home), str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env=environment,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline().split()
        assert line[:1] == ["listening"], line
        yield Served(process=process, url=line[1])
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


if __name__ == "__main__":
    admin.serve(
        Path(sys.argv[1]),
        listen=("127.0.0.1", int(sys.argv[2])),
        database=os.environ.get("FLORA_DB") or None,
        say=lambda url: print("listening", url, flush=True),
    )
