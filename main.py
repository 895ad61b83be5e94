"""The door: settles the language, runs one command, turns what went wrong into words and a code.

Exit codes: 0 done, 1 our own fault, 2 usage or input, 3 refused by a rule, 4 card, reader or disk,
5 hub silent; 130 for Ctrl+C. No command is imported before the language is settled.
"""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from terminal.cli import everywhere
from terminal.words import speak

if TYPE_CHECKING:
    from apdu.errors import Fault
    from terminal.cli.context import Cli

_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EFBIG)


def run(argv: Sequence[str] | None = None) -> int:
    """One command line (default: the process's own). Returns the exit code; never raises."""
    _streams_are_there_and_speak_utf8()
    told = everywhere.read(sys.argv[1:] if argv is None else argv, os.environ)
    speak.settle(told.language)

    import click

    from terminal.cli.context import Cli

    cli = Cli(home_path=told.home, json=told.json)
    try:
        with cli.closing:
            _command(told, cli)
    except SystemExit:
        pass  # click's, where nobody reads the help any more
    except (KeyboardInterrupt, click.Abort):
        from terminal.errors import Interrupted

        cli.fault(Interrupted())
        cli.exit_code = 130
    except Exception as error:  # noqa: BLE001  the last line of defence: words, no traceback
        cli.fault(_fault_of(error))
    return cli.exit_code


def _command(told: everywhere.Everywhere, cli: Cli) -> None:
    import click

    from terminal.cli.tree import root

    prog = os.path.basename(sys.argv[0]) or "main.py"  # noqa: PTH119  pathlib is not cheap
    if told.bad is not None:
        from terminal.errors import ArgumentBad

        raise ArgumentBad(argument=told.bad, command=prog)
    try:
        root().main(list(told.rest), prog_name=prog, standalone_mode=False, obj=cli)
    except click.ClickException as error:
        from terminal.cli.usage import fault_of

        raise fault_of(error, prog) from None


def _fault_of(error: Exception) -> Fault:
    """The error itself if it is a fault, else one for what nobody foresaw: its text may hold
    anything, so only kind and place go out."""
    from apdu.errors import Fault
    from sync.errors import Disk
    from terminal.errors import NoAccess, NotBuilt, Unexpected

    if isinstance(error, Fault):
        return error
    if isinstance(error, OSError) and error.errno in _DISK:
        return Disk(why=errno.errorcode[error.errno or 0])
    if isinstance(error, ModuleNotFoundError) and error.name and not _is_ours(error.name):
        return NotBuilt(package=error.name.partition(".")[0])
    if isinstance(error, PermissionError):
        return NoAccess()
    return Unexpected(kind=type(error).__name__, place=_place(error))


def _is_ours(module: str) -> bool:
    """Whether a module that is missing should have been in our own tree."""
    from pathlib import Path

    return Path(__file__).with_name(module.partition(".")[0]).exists()


def _place(error: Exception) -> str:
    """The innermost line of ours: `issuance/desk.py:88`."""
    from pathlib import Path
    from traceback import extract_tb

    ours = Path(__file__).resolve().parent
    for frame in reversed(extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(ours) and "site-packages" not in path.parts:
            return f"{path.relative_to(ours)}:{frame.lineno}"
    return "?"


def _streams_are_there_and_speak_utf8() -> None:
    """Chinese must not die of a C locale, nor a broken file name of UTF-8; a stream that was
    closed before we came is an empty one."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115
        elif mode == "w" and isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def door() -> NoReturn:
    sys.exit(run())


if __name__ == "__main__":
    door()
