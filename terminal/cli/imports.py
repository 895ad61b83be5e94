"""`import claims`: people who collected before this software came (F14)."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

import click

from terminal.cli.context import Cli, pass_cli, told
from terminal.cli.tree import command, group
from terminal.words.speak import say

if TYPE_CHECKING:
    from terminal.home import Home

imports = group("import")
LINE_BYTES_MAX: Final = 1024
UTF8_MARK: Final = b"\xef\xbb\xbf"


@command("claims", "import_claims", parent=imports)
@click.argument("file", metavar="FILE|-")
@pass_cli
def claims(cli: Cli, file: str) -> None:
    from issuance.desk import FLORA
    from terminal.files import trouble

    home = cli.home("import claims", stdin_is_taken=file == "-")
    reading = _Reading(home=home)
    with ExitStack() as closing:
        try:
            lines = (
                sys.stdin.buffer if file == "-" else closing.enter_context(Path(file).open("rb"))
            )
        except OSError as error:
            raise trouble(Path(file), error) from None
        accepted, duplicates = home.ledger.import_claims(FLORA.name, reading.token_sets(lines))
    said = {"rows": reading.rows, "accepted": accepted, "duplicates": duplicates}
    cli.answer(
        {**said, "bad": reading.bad},
        say("ui.import_done", **said, bad=len(reading.bad)),
        *(say("ui.import_bad", **row) for row in reading.bad),
    )
    home.push()


@dataclass(slots=True, kw_only=True)
class _Reading:
    """One pass over the list. Numbers become tokens here and are forgotten; `bad` says line and
    why, never what stood there."""

    home: Home
    rows: int = 0
    bad: list[dict[str, Any]] = field(default_factory=list)

    def token_sets(self, lines: BinaryIO) -> Iterator[frozenset[bytes]]:
        """The tokens of each good line."""
        line = 0
        while raw := lines.readline(LINE_BYTES_MAX):
            line += 1
            text = raw.removeprefix(UTF8_MARK) if line == 1 else raw
            if text.strip():
                self.rows += 1
                yield from self._tokens(line, text)

    def _tokens(self, line: int, raw: bytes) -> Iterator[frozenset[bytes]]:
        from apdu.errors import Fault
        from issuance.identity import check_number
        from sync.tokens import tokens_of

        try:
            number = check_number(raw.decode("utf-8").split(",")[0].strip(' \t\r\n"')).value
        except UnicodeDecodeError:
            self.bad.append({"line": line, "code": "not_utf8", "why": say("ui.bad_encoding")})
        except Fault as fault:
            why = told(fault)[1].what
            self.bad.append({"line": line, "code": fault.code(), "why": why})
        else:
            yield tokens_of((number,), profile=self.home.profile, keys=self.home.keys)
