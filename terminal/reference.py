"""Prints the reference page of commands from the commands themselves (`make docs`).

python -m terminal.reference > docs/reference/commands.md
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from terminal.cli.tree import COMMANDS, root
from terminal.words import help as words

HEAD = """# Commands · 指令

Printed by `python -m terminal.reference`; `python main.py COMMAND --help` says the same in one
language. `--home DIR`, `--json` and `--lang zh-TW|en` may stand before or after any command.

Exit codes: 0 done · 1 our own fault · 2 usage or input · 3 refused by a rule · 4 card, reader or
disk · 5 hub silent.
"""


def commands_page() -> str:
    """The whole page, Markdown."""
    return HEAD + "".join(_sections()) + "\n"


def _sections() -> Iterator[str]:
    ctx = click.Context(root(), info_name="main.py")
    for name in COMMANDS:
        found = root().get_command(ctx, name)
        if isinstance(found, click.Group):
            inner = click.Context(found, info_name=name, parent=ctx)
            yield f"\n## `{name}`\n\n{_said(found.help)}\n"
            for one in found.commands.values():
                yield _command(one, inner, "###")
        elif found is not None:
            yield _command(found, ctx, "##")


def _command(command: click.Command, parent: click.Context, level: str) -> str:
    ctx = click.Context(command, info_name=command.name, parent=parent)
    usage = " ".join([ctx.command_path, *command.collect_usage_pieces(ctx)])
    title = ctx.command_path.removeprefix("main.py ")
    text = f"\n{level} `{title}`\n\n{_said(command.help)}\n\n    python {usage}\n"
    options = [param for param in command.params if isinstance(param, click.Option)]
    rows = [f"- `{_names(option, ctx)}`: {_said(option.help)}" for option in options]
    return text + ("\n" + "\n".join(rows) + "\n" if rows else "")


def _names(option: click.Option, ctx: click.Context) -> str:
    return (option.get_help_record(ctx) or ("",))[0]


def _said(key: str | None) -> str:
    return " · ".join(reversed(words.WORDS[key or "root"]))


if __name__ == "__main__":
    sys.stdout.write(commands_page())
