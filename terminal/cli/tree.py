"""The tree of commands: which module holds which, and how help is said.

The root knows its commands by this table alone, so that `--help` imports click and words and no
command's module (ecosystem.md 3). Commands are `SpokenCommand`s: click's own English stays out.

Help is a word key until it is painted: one process may run commands in both languages.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

import click

from terminal.words.speak import say

# name: (module in terminal.cli, its attribute); the short help is the word help.NAME.
COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "init": ("init", "init"),
    "profile": ("profile", "profile"),
    "card": ("card", "card"),
    "readers": ("readers", "readers"),
    "issue": ("issue", "issue"),
    "bind": ("bind", "bind"),
    "unbind": ("bind", "unbind"),
    "tap": ("tap", "tap"),
    "network": ("network", "network"),
    "sync": ("sync", "sync"),
    "hub": ("hub", "hub"),
    "counter": ("screens", "counter"),
    "kiosk": ("screens", "kiosk"),
    "open": ("open", "open_group"),
    "import": ("imports", "imports"),
    "ledger": ("ledger", "ledger"),
    "keys": ("keys", "keys"),
    "demo": ("demo", "demo"),
}


class _Spoken:
    """Help in the settled language. `help` holds a word key."""

    help: str | None

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(say(f"help.{self.help}"))

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        pieces: list[str] = self.collect_usage_pieces(ctx)  # type: ignore[attr-defined]
        formatter.write_usage(ctx.command_path, " ".join(pieces), prefix=say("help.usage"))

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        option: click.Option | None = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help = "help"
        return option

    def _options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        params: list[click.Parameter] = self.get_params(ctx)  # type: ignore[attr-defined]
        rows = [_row(param, ctx) for param in params if isinstance(param, click.Option)]
        with formatter.section(say("help.options")):
            formatter.write_dl(rows)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        formatter.write_paragraph()
        formatter.write_text(say("help.everywhere"))


def _row(option: click.Option, ctx: click.Context) -> tuple[str, str]:
    """(`--reader URI`, its help)."""
    names, _ = option.get_help_record(ctx) or ("", "")
    return names, say(f"help.{option.help}")


class SpokenCommand(_Spoken, click.Command):
    """One command."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self._options(ctx, formatter)


class SpokenGroup(_Spoken, click.Group):
    """A group whose commands stand in its own module."""

    command_class = SpokenCommand

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        self._options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(say("help.commands")):
            formatter.write_dl(self.rows(ctx))

    def rows(self, ctx: click.Context) -> list[tuple[str, str]]:
        """(name, short help) of each command, in the order they were declared."""
        return [(name, say(f"help.{one.help}")) for name, one in self.commands.items()]


class Root(SpokenGroup):
    """The door's own group: commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name]
        found: click.Command = getattr(import_module(f"terminal.cli.{module}"), attribute)
        return found

    def rows(self, ctx: click.Context) -> list[tuple[str, str]]:
        return [(name, say(f"help.{name}")) for name in COMMANDS]


def command(
    name: str, key: str, *, parent: click.Group | None = None
) -> Callable[[Callable[..., Any]], click.Command]:
    """A command called `name` whose help is the word `help.KEY`, put into `parent` if given."""
    if parent is not None:
        return parent.command(name, cls=SpokenCommand, help=key)
    return click.command(name, cls=SpokenCommand, help=key)


def group(name: str) -> SpokenGroup:
    """An empty group whose help is the word `help.NAME`."""
    return SpokenGroup(name, help=name)


def option(*names: str, key: str, **settings: Any) -> Callable[[Any], Any]:
    """An option whose help is the word `help.KEY`."""
    return click.option(*names, help=key, **settings)


def root() -> Root:
    """The root group, with the three options that stand anywhere. The door has read them already
    (`terminal.cli.everywhere`); here they are only shown."""
    return Root(
        "main.py",
        help="root",
        params=[
            click.Option(["--home"], metavar="DIR", expose_value=False, help="home"),
            click.Option(["--json"], is_flag=True, expose_value=False, help="json"),
            click.Option(["--lang"], metavar="zh-TW|en", expose_value=False, help="lang"),
        ],
        no_args_is_help=True,
    )
