"""`init`: make a terminal's home."""

from __future__ import annotations

from pathlib import Path

import click

from terminal.cli.context import Cli, pass_cli
from terminal.cli.tree import command, option
from terminal.words.speak import say

ROLES = ("counter", "kiosk", "validator", "import")


@command("init", "init")
@option("--terminal", key="init_terminal", required=True, metavar="ID")
@option("--district", key="init_district", metavar="CODE")
@option("--site", key="init_site", metavar="SITE")
@option("--role", key="init_role", type=click.Choice(ROLES))
@option("--profile", "profile_file", key="init_profile", metavar="FILE", type=Path)
@option("--without-keys", key="init_without_keys", is_flag=True)
@pass_cli
def init(
    cli: Cli,
    terminal: str,
    district: str | None,
    site: str | None,
    role: str | None,
    profile_file: Path | None,
    *,
    without_keys: bool,
) -> None:
    from fixtures.places import find_site
    from terminal.errors import ArgumentMissing, NoSuchSite
    from terminal.home import checked_name
    from terminal.making import make_home

    checked_name(terminal)
    told = site or district
    if told is None or (site and district):
        raise ArgumentMissing(argument="--district | --site", command="init")
    try:
        place = find_site(told)
    except KeyError:
        raise NoSuchSite from None
    path = cli.where()
    profile = make_home(
        path,
        terminal=terminal,
        site=place.site,
        role=role,
        profile_file=profile_file,
        without_keys=without_keys,
    )
    cli.answer(
        {
            "terminal": terminal,
            "site": place.site,
            "role": role,
            "profile": profile.fingerprint,
            "simulation": profile.simulation,
        },
        say("ui.init_done", terminal=terminal, site=place.site, path=str(path)),
        say("ui.fingerprint", fingerprint=profile.fingerprint),
    )
