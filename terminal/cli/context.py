"""What a command is handed: the home, and the one place that answers."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from terminal.words import speak
from terminal.words.said import Parts

if TYPE_CHECKING:
    from pathlib import Path

    from apdu.errors import Fault
    from terminal.home import Home

DONE = 0
REFUSED = 3
STDIN_BYTES_MAX = 64 * 1024
CARD_TIMEOUT_S = 10.0


class Cli:
    """One run of one command. `exit_code` is what the process will end with.

    (No dataclass: the door is imported for every `--help`, and dataclasses cost a tenth of it.)
    """

    def __init__(self, *, home_path: str | None, json: bool) -> None:
        self.home_path = home_path  # as given with --home
        self.json = json
        self.exit_code = DONE
        self.answered = False
        self.closing = ExitStack()

    def where(self) -> Path:
        """The home's folder: --home, else FLORA_HOME, else the platform's data folder."""
        from pathlib import Path

        if told := self.home_path or os.environ.get("FLORA_HOME"):
            return Path(told)
        from platformdirs import user_data_path

        return user_data_path("flora-terminal")

    def home(self, command: str, *, stdin_is_taken: bool = False) -> Home:
        """The home, opened for `command`; closed when the command is over.

        Raises `NoHome`, `HomeDamaged`, `WrongRole`. `stdin_is_taken`: the passphrase cannot come
        from there (the command reads it for something else).
        """
        from terminal.home import Home

        home = self.closing.enter_context(
            Home.open(self.where(), stdin_is_taken=stdin_is_taken),
        )
        home.allow(command)
        if home.simulation and not self.json:
            self.note(speak.say("ui.simulation"))
        return home

    def home_if_any(self, command: str) -> Home | None:
        """The home, or None where none was named and the default one is not there."""
        from terminal.errors import NoHome

        try:
            return self.home(command)
        except NoHome:
            if self.home_path is not None:
                raise
            return None

    def answer(self, document: object, *lines: str, exit_code: int = DONE) -> None:
        """The command's one answer: the document with --json, else the lines."""
        self.exit_code = exit_code
        self.answered = True
        self.line(as_json(document) if self.json else "\n".join(lines))

    def line(self, text: str) -> None:
        """One line on stdout, at once."""
        try:
            sys.stdout.write(text + "\n")
            sys.stdout.flush()
        except OSError as error:
            # Nobody reads us any more (`… | head`), or stdout's disk is full. What was done is
            # done; nothing more is written there, at the interpreter's exit neither.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            if not isinstance(error, BrokenPipeError):
                self.exit_code = 4
                self.note(speak.say("ui.stdout_lost"))

    def note(self, text: str) -> None:
        """Talk, on stderr; where nobody can hear it, the exit code still speaks."""
        with suppress(OSError):
            sys.stderr.write(text + "\n")

    def fault(
        self,
        fault: Fault,
        *,
        beside: Mapping[str, object] | None = None,
        inside: Mapping[str, object] | None = None,
    ) -> None:
        """Answer with a fault: three lines on stderr, or `error` in the one JSON document.

        `beside`: the outcome that stands next to the error; `inside`: what else the error carries.
        After an answer (the push that follows it went wrong) it is talk: a command answers once.
        """
        if self.answered:
            self.note_fault(fault)
            return
        code, parts = told(fault)
        self.exit_code = code
        self.answered = True
        if self.json:
            error = {"code": fault.code(), **parts._asdict(), **(inside or {})}
            refused = _refused_by(fault, parts) if code == REFUSED else {}
            self.line(as_json({**refused, **(beside or {}), "error": error}))
        else:
            self.note_fault(fault)

    def note_fault(self, fault: Fault) -> None:
        """The three parts on stderr, the command goes on."""
        self.note("\n".join(part for part in told(fault)[1] if part))


pass_cli = click.make_pass_decorator(Cli)


def told(fault: Fault) -> tuple[int, Parts]:
    """Exit code and the three parts of a fault. One without words is our own fault: exit 1."""
    said = speak.said_fault(fault.code())
    if said is None:
        said = speak.tables("faults_", "FAULTS")["unexpected"]
        return 1, speak.spoken(said, {"kind": type(fault).__name__, "place": "words"})
    return said.exit, speak.spoken(said, fault.facts())


def _refused_by(fault: Fault, parts: Parts) -> dict[str, object]:
    """A fault that refuses (exit 3) prints an outcome as a rule does, its code being the rule."""
    return {
        "outcome": "refused",
        "rule": fault.code(),
        "source": None,
        "missing": [],
        "next": parts.next,
    }


def as_json(document: object) -> str:
    """One document, UTF-8, keys in the order they were given."""
    import json

    return json.dumps(document, ensure_ascii=False, default=_as_plain)


def _as_plain(value: object) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple | frozenset | set):
        return list(value)
    raise TypeError(type(value).__name__)


def read_stdin(bytes_max: int = STDIN_BYTES_MAX) -> bytes:
    """All of stdin as bytes. Raises `InputTooLong`."""
    from terminal.errors import InputTooLong

    data = sys.stdin.buffer.read(bytes_max + 1)
    if len(data) > bytes_max:
        raise InputTooLong(bytes_max=bytes_max)
    return data


def read_applicant(source: str) -> bytes:
    """The application's bytes: `source` must be `-`. Raises `NotFromStdin`, `InputTooLong`."""
    from terminal.errors import NotFromStdin

    if source != "-":
        raise NotFromStdin()
    return read_stdin()
