"""A hub in its own process, as the city would run it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.spine.rig import command, flora


class HubProcess:
    """`hub serve` on a free port of the loopback interface; ended on leaving."""

    def __init__(self, home: Path) -> None:
        self.home = home
        if not (home / "hub.db").exists():
            made = flora("hub", "init", home=home)
            assert made.code == 0, made.out + made.err
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""
        self._listen = "127.0.0.1:0"

    def start(self) -> str:
        """Serve; returns the URL once it listens. Started again it keeps its port."""
        line = command("hub", "serve", "--listen", self._listen, home=self.home)
        self._process = subprocess.Popen(line, stdout=subprocess.PIPE, start_new_session=True)
        assert self._process.stdout is not None
        said = self._process.stdout.readline().decode().split()
        assert said[:1] == ["listening"], said
        self.url = said[1]
        self._listen = self.url.rpartition("/")[2]
        return self.url

    def stop(self) -> None:
        """SIGTERM ends it in order, with 0."""
        if self._process is not None:
            self._process.terminate()
            assert self._process.wait(10) == 0
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def kill(self) -> None:
        """SIGKILL, as a power cut of the process would."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process = None

    def enrol(self, terminal: str, home: Path) -> None:
        """Invite a terminal and let it join."""
        code = flora("hub", "invite", terminal, home=self.home)["code"]
        joined = flora("sync", "enrol", "--hub", self.url, "--code", code, home=home)
        assert joined.code == 0, joined.out + joined.err

    def __enter__(self) -> HubProcess:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            assert self._process.stdout is not None
            self._process.stdout.close()
