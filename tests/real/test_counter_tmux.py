"""As a clerk at 80x24, in a real terminal: one card issued and one refused, in Chinese."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.spine.rig import ROOT, flora, make_card, make_home

pytestmark = pytest.mark.real
DEADLINE_S = 30.0


class Terminal:
    """One tmux server of our own with one 80x24 window."""

    def __init__(self, folder: Path) -> None:
        self._base = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]

    def open(self, line: list[str], rc: Path) -> None:
        """Run a command; its exit code goes to `rc`."""
        told = f"LANG=C.UTF-8 {shlex.join(line)}; echo $? > {shlex.quote(str(rc))}"
        env = {k: v for k, v in os.environ.items() if k not in ("TMUX", "TERM")}
        subprocess.run(
            [*self._base, "new-session", "-d", "-x", "80", "-y", "24", "-s", "c", told],
            check=True,
            cwd=ROOT,
            env={**env, "TERM": "xterm-256color"},
        )

    def keys(self, *keys: str) -> None:
        subprocess.run([*self._base, "send-keys", "-t", "c", *keys], check=True)

    def text(self) -> str:
        shown = [*self._base, "capture-pane", "-p", "-t", "c"]
        return subprocess.run(shown, capture_output=True, text=True, check=False).stdout

    def await_text(self, wanted: str) -> str:
        """The screen, once it says this."""
        until = time.monotonic() + DEADLINE_S
        while wanted not in (text := self.text()):
            assert time.monotonic() < until, f"never said {wanted!r}:\n{text}"
            time.sleep(0.05)
        return text

    def close(self) -> None:
        subprocess.run([*self._base, "kill-server"], check=False, capture_output=True)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    opened = Terminal(tmp_path)
    yield opened
    opened.close()


def test_a_clerk_issues_one_card_and_is_refused_a_second(
    terminal: Terminal, tmp_path: Path
) -> None:
    home, card = make_home(tmp_path, "C-01"), make_card(tmp_path, "card")
    rc = tmp_path / "rc"
    command = ["counter", "--reader", f"sim:{card}", "--home", str(home), "--lang", "zh-TW"]
    terminal.open([sys.executable, "main.py", *command], rc)
    terminal.await_text("空白的花博卡")
    terminal.keys("F2")
    terminal.await_text("申請人資料")
    terminal.keys("-l", "B100000002")
    terminal.await_text("B100 000 002")
    terminal.keys("Enter", "Enter")
    text = terminal.await_text("規則 F1")
    assert "B100000002" not in text
    terminal.keys("Enter")
    terminal.await_text("已發出")

    card.unlink()
    terminal.await_text("請把卡片放在讀卡機上")
    make_card(tmp_path, "card")
    terminal.await_text("空白的花博卡")
    terminal.keys("F2")
    terminal.await_text("申請人資料")
    terminal.keys("-l", "B100000002")
    terminal.keys("Enter", "Enter")
    text = terminal.await_text("規則 F15")
    assert "不能辦理" in text
    assert max(len(line) for line in text.splitlines()) <= 80
    card.unlink()  # nobody on the reader: leaving must not wait for a card
    began = time.monotonic()
    terminal.keys("C-q")
    until = began + DEADLINE_S
    while not rc.exists() or not rc.read_text():
        assert time.monotonic() < until
        time.sleep(0.02)
    assert rc.read_text().strip() == "0"
    assert flora("open", "list", home=home).json == []
