"""`counter` and `kiosk`: the screens."""

from __future__ import annotations

import sys
from importlib import import_module

from terminal.cli.context import Cli, pass_cli
from terminal.cli.tree import command, option


@command("counter", "counter")
@option("--reader", key="reader", required=True, metavar="URI")
@pass_cli
def counter(cli: Cli, reader: str) -> None:
    _show(cli, "counter", reader)


@command("kiosk", "kiosk")
@option("--reader", key="reader", required=True, metavar="URI")
@pass_cli
def kiosk(cli: Cli, reader: str) -> None:
    _show(cli, "kiosk", reader)


def _show(cli: Cli, screen: str, reader: str) -> None:
    from terminal.errors import NoScreen

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise NoScreen
    home = cli.home(screen)
    import_module(f"terminal.{screen}.app").run(home, reader)
