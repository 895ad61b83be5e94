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
    from terminal.errors import NoScreen, NotBuilt

    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise NoScreen
    home = cli.home(screen)
    try:
        app = import_module(f"terminal.{screen}.app")
    except ModuleNotFoundError as missing:
        raise NotBuilt(package=missing.name or screen) from None
    app.run(home, reader)
