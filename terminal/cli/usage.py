"""Turns click's complaints into faults with words of ours. Values are not repeated."""

from __future__ import annotations

import re

import click

from apdu.errors import Fault
from terminal.errors import (
    ArgumentBad,
    ArgumentExtra,
    ArgumentMissing,
    CommandNeeded,
    NoSuchCommand,
    NoSuchOption,
)


def fault_of(error: click.ClickException, prog: str) -> Fault:
    """The fault that `error` means. `prog` stands for the command where click names none."""
    ctx = getattr(error, "ctx", None)
    command = ctx.command_path if ctx else prog
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.message, err=True)  # click put the whole help there
        return CommandNeeded(command=command)
    if isinstance(error, click.NoSuchOption):
        return NoSuchOption(option=_option(error.option_name), command=command)
    if isinstance(error, click.MissingParameter):
        return ArgumentMissing(argument=_name(error), command=command)
    if isinstance(error, click.BadParameter):
        return ArgumentBad(argument=_name(error), command=command)
    if isinstance(error, click.BadOptionUsage):
        return ArgumentBad(argument=error.option_name, command=command)
    if ctx is not None and isinstance(ctx.command, click.Group):
        return NoSuchCommand(command=command)
    return ArgumentExtra(command=command)


def _option(name: str) -> str:
    """The option as typed if it looks like one: anything else might be a number of somebody."""
    return name if re.fullmatch(r"-{1,2}[a-z-]{1,24}", name) else "–"


def _name(error: click.BadParameter) -> str:
    """`--reader` or `KIND`: as help shows it."""
    param = error.param
    if isinstance(param, click.Argument):
        return param.metavar or (param.name or "").upper()
    return param.opts[-1] if param is not None else (str(error.param_hint or "?"))
