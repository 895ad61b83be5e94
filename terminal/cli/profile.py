"""`profile new`: make another city's profile."""

from __future__ import annotations

from pathlib import Path

import click

from terminal.cli.context import Cli, pass_cli
from terminal.cli.tree import command, group
from terminal.words.speak import say

profile = group("profile")


@command("new", "profile_new", parent=profile)
@click.argument("file", metavar="FILE", type=Path)
@pass_cli
def new(cli: Cli, file: Path) -> None:
    from terminal.making import key_file, make_profile

    made = make_profile(file)
    keys = [str(key_file(file, purpose)) for purpose in ("issue", "validate")]
    cli.answer(
        {"file": str(file), "keys": keys, "profile": made.fingerprint},
        say("ui.profile_made", file=str(file)),
        say("ui.fingerprint", fingerprint=made.fingerprint),
    )
