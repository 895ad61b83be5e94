"""`readers`: which readers are there."""

from __future__ import annotations

from terminal.cli.context import Cli, pass_cli
from terminal.cli.tree import command
from terminal.words.speak import say


@command("readers", "readers")
@pass_cli
def readers(cli: Cli) -> None:
    from drivers.registry import readers as present

    found = present()
    lines = ["  ".join(reader.values()) for reader in found]
    cli.answer(found, *(lines or [say("ui.no_readers")]))
