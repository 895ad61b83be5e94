"""The product as its users meet it: commands in, exit code and one JSON document out.

`flora` runs a command in this process (a hundred tears would take minutes otherwise),
`flora_process` the same command line in a process of its own.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import main

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command came to. `json`: its one document (None where stdout held none)."""

    code: int
    json: Any
    out: str
    err: str

    def __getitem__(self, key: str) -> Any:
        return self.json[key]


def _document(out: str) -> Any:
    try:
        return json.loads(out)
    except ValueError:
        return None


def flora(*argv: str, home: Path | None = None, given: object = None, lang: str = "en") -> Answer:
    """Run one command here. `given` goes to stdin: bytes as they are, else as JSON."""
    line = [*argv, "--json", "--lang", lang, *(["--home", str(home)] if home else [])]
    stdin = io.TextIOWrapper(io.BytesIO(_bytes(given)), encoding="utf-8")
    out, err = io.StringIO(), io.StringIO()
    with (
        redirect_stdout(out),
        redirect_stderr(err),
        mock.patch.object(sys, "stdin", stdin),
    ):
        try:
            code = main.run(line)
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0
    said = out.getvalue()
    return Answer(code=code or 0, json=_document(said), out=said, err=err.getvalue())


def flora_process(
    *argv: str,
    home: Path | None = None,
    given: object = None,
    lang: str = "en",
    env: Mapping[str, str] | None = None,
    timeout_s: float = 60,
) -> Answer:
    """Run one command in a process of its own."""
    done = subprocess.run(
        command(*argv, home=home, lang=lang),
        input=_bytes(given),
        capture_output=True,
        env={**os.environ, **(env or {})},
        timeout=timeout_s,
        check=False,
    )
    said = done.stdout.decode()
    return Answer(code=done.returncode, json=_document(said), out=said, err=done.stderr.decode())


def command(*argv: str, home: Path | None = None, lang: str = "en") -> Sequence[str]:
    """The command line of `flora_process`."""
    where = ["--home", str(home)] if home else []
    return [sys.executable, str(ROOT / "main.py"), *argv, "--json", "--lang", lang, *where]


def _bytes(given: object) -> bytes:
    if given is None:
        return b""
    return given if isinstance(given, bytes) else json.dumps(given).encode()


def citizen(number: str = "B100000002", **more: object) -> dict[str, object]:
    """A citizen of Xitun with a good national ID card: F1 and B1."""
    paper = {"kind": "national_id", "district": "66000060", "issued_on": "2020-01-01"}
    return {"kind": "citizen", "number": number, "documents": [paper], **more}


def tomorrow() -> str:
    """A day not before any card of this run was issued or bound."""
    return (date.today() + timedelta(days=1)).isoformat()  # noqa: DTZ011 - only later than today


def person(index: int) -> str:
    """A valid national ID number, one a person: letter B, then by the checksum (domain.md 6)."""
    body = f"1{index:07d}"
    weights = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1)
    digits = [1, 1, *map(int, body)]  # B = 11
    total = sum(d * w for d, w in zip(digits, weights, strict=True))
    return f"B{body}{-total % 10}"


def make_home(folder: Path, name: str, district: str = "66000060", role: str | None = None) -> Path:
    """A simulation home."""
    home = folder / name
    line = ["init", "--terminal", name, "--district", district]
    made = flora(*line, *(["--role", role] if role else []), home=home)
    assert made.code == 0, made.out + made.err
    return home


def make_card(folder: Path, name: str, *options: str, kind: str = "flora") -> Path:
    """A card of the stock in a file."""
    card = folder / f"{name}.card"
    made = flora("card", "new", kind, str(card), *options)
    assert made.code == 0, made.out + made.err
    return card


def on(card: Path, tear: str = "") -> str:
    """The reader URI of a card in a file, torn at a frame if asked."""
    return f"sim:{card}" + (f"?tear={tear}" if tear else "")
