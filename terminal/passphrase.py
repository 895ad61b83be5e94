"""Where the passphrase of a key store comes from: a credential, the terminal, or stdin.

Order: `$CREDENTIALS_DIRECTORY/flora-keys` (systemd), else a terminal, else, for commands that read
nothing else, two lines on stdin. Never an argument, never an environment variable.
"""

from __future__ import annotations

import os
import sys
from getpass import getpass
from pathlib import Path

from terminal.errors import NoPassphrase, PassphraseDiffers
from terminal.words.speak import say

_LINE_MAX = 1024


def known_passphrase(*, stdin_is_taken: bool, ask: str = "ui.passphrase") -> str:
    """The passphrase that opens an existing key store. On stdin a second line may repeat it.
    `ask`: the word key of the prompt.

    Raises `NoPassphrase`, `PassphraseDiffers`.
    """
    if (credential := _credential()) is not None:
        return credential
    if _asks_a_person(stdin_is_taken=stdin_is_taken):
        return getpass(say(ask))
    return _from_stdin(stdin_is_taken=stdin_is_taken, twice=False)


def first_line(*, ask: str) -> str:
    """The passphrase or PIN of a key store, for the ceremonies: on stdin one line, since more
    lines follow. Raises `NoPassphrase`."""
    return credential if (credential := _credential()) is not None else next_line(ask=ask)


def next_line(*, ask: str, **facts: object) -> str:
    """One secret that no credential holds: asked on a terminal without an echo, else the next line
    on stdin. Raises `NoPassphrase` where that has ended."""
    if sys.stdin.isatty():
        return getpass(say(ask, **facts))
    if not (line := sys.stdin.readline(_LINE_MAX)):
        raise NoPassphrase
    return line.rstrip("\r\n")


def chosen_line(*, ask: str, again: str) -> str:
    """A new passphrase that no credential holds, given twice. Raises as `next_line` and
    `PassphraseDiffers`."""
    return _same(next_line(ask=ask), next_line(ask=again))


def new_passphrase() -> str:
    """A passphrase for new key files, given twice. Raises `NoPassphrase`, `PassphraseDiffers`."""
    if (credential := _credential()) is not None:
        return credential
    if _asks_a_person(stdin_is_taken=False):
        return _same(getpass(say("ui.passphrase")), getpass(say("ui.passphrase_again")))
    return _from_stdin(stdin_is_taken=False, twice=True)


def accepted(*, ask: str, **facts: object) -> bool:
    """Whether the person at the terminal pressed Enter alone; where there is none, nobody is
    asked."""
    if not sys.stdin.isatty():
        return True
    sys.stderr.write(say(ask, **facts))
    sys.stderr.flush()
    return sys.stdin.readline(_LINE_MAX) == "\n"


def _credential() -> str | None:
    folder = os.environ.get("CREDENTIALS_DIRECTORY")
    path = Path(folder, "flora-keys") if folder else None
    if path is None or not path.is_file():
        return None
    return _same(said := path.read_text(encoding="utf-8").rstrip("\r\n"), said)


def _asks_a_person(*, stdin_is_taken: bool) -> bool:
    """A terminal on stdin; or, where stdin carries the application, the terminal behind it."""
    if sys.stdin.isatty():
        return True
    if not stdin_is_taken:
        return False
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True


def _from_stdin(*, stdin_is_taken: bool, twice: bool) -> str:
    if stdin_is_taken:
        raise NoPassphrase
    first = sys.stdin.readline(_LINE_MAX).rstrip("\r\n")
    second = sys.stdin.readline(_LINE_MAX).rstrip("\r\n")
    if not first and not second:
        raise NoPassphrase
    return _same(first, second if twice or second else first)


def _same(first: str, second: str) -> str:
    if not first or first != second:
        raise PassphraseDiffers
    return first
