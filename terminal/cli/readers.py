"""`readers`: which readers are there, and what is known of each."""

from __future__ import annotations

from terminal.cli.context import Cli, pass_cli
from terminal.cli.tree import command
from terminal.words.speak import say


@command("readers", "readers")
@pass_cli
def readers(cli: Cli) -> None:
    from drivers.registry import readers as present

    found = present()
    lines = [line for reader in found for line in _lines(reader)]
    cli.answer(found, *(lines or [say("ui.no_readers")]))


def _lines(reader: dict[str, str]) -> list[str]:
    """A reader for people: where it is and whether a card lies there, then what it is."""
    where = reader["uri"]
    if "card" in reader:
        where += "  " + say(f"ui.reader_card_{reader['card']}")
    if "model" not in reader:
        return [where]
    which = say(f"ui.reader_by_{reader['known_by']}", **reader)
    return [where, f"  {which}", "  " + say("ui.reader_speaks", **reader)]
