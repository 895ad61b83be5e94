"""`hub …`: the city's side."""

from __future__ import annotations

from pathlib import Path

import click

from terminal.cli.context import Cli, pass_cli
from terminal.cli.tree import command, group, option
from terminal.words.speak import say

hub = group("hub")
# A password in a database URL never needs to stand in argv.
database_option = option("--db", "database", key="hub_db", metavar="URL", envvar="FLORA_DB")


@command("init", "hub_init", parent=hub)
@option("--profile", "profile_file", key="hub_profile", metavar="FILE", type=Path)
@pass_cli
def init(cli: Cli, profile_file: Path | None) -> None:
    from sync.hub import admin
    from terminal.development import development_profile
    from terminal.files import read_file

    public = development_profile()[0] if profile_file is None else read_file(profile_file)
    path = str(cli.where())
    fingerprint = admin.init(cli.where(), public)
    cli.answer(
        {"hub": path, "profile": fingerprint},
        say("ui.hub_made", path=path),
        say("ui.fingerprint", fingerprint=fingerprint),
    )


@command("invite", "hub_invite", parent=hub)
@click.argument("terminal", metavar="TERMINAL")
@database_option
@pass_cli
def invite(cli: Cli, terminal: str, database: str | None) -> None:
    from sync.clock import TAIPEI
    from sync.hub import admin
    from terminal.home import checked_name

    code, expires_at = admin.invite(cli.where(), checked_name(terminal), database=database)
    until = expires_at.astimezone(TAIPEI).isoformat(timespec="seconds")
    cli.answer(
        {"terminal": terminal, "code": code, "expires_at": until},
        say("ui.invited", code=code, expires_at=until),
    )


@command("serve", "hub_serve", parent=hub)
@option("--listen", key="hub_listen", required=True, metavar="HOST:PORT")
@database_option
@pass_cli
def serve(cli: Cli, listen: str, database: str | None) -> None:
    from errno import errorcode

    from sync.hub import admin
    from terminal.errors import AddressTrouble

    host, colon, port = listen.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 0xFFFF:
        raise AddressTrouble(why="HOST:PORT")
    try:
        admin.serve(
            cli.where(),
            listen=(host.strip("[]") or "127.0.0.1", int(port)),
            database=database,
            say=lambda url: cli.line(f"listening {url}"),
        )
    except OSError as error:
        if error.filename is not None:
            raise
        raise AddressTrouble(why=errorcode.get(error.errno or 0, str(error.errno))) from None
