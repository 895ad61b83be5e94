"""`keys …`: what the custodians of a home's keys do (docs/keys.md). No key is ever an argument."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from terminal.cli.context import Cli, pass_cli
from terminal.cli.tree import command, group, option
from terminal.words.speak import say

if TYPE_CHECKING:
    from drivers.keys.custody import Custody
    from drivers.keys.names import KeyName
    from terminal.home import Home

keys = group("keys")


@command("init", "keys_init", parent=keys)
@option("--library", key="keys_library", metavar="FILE", type=Path)
@option("--token", key="keys_token", metavar="LABEL")
@pass_cli
def init(cli: Cli, library: Path | None, token: str | None) -> None:
    from drivers.keys.contract import TokenAt
    from terminal.custody import ceremony, into_token, new_file
    from terminal.errors import ArgumentMissing
    from terminal.passphrase import new_passphrase

    if (library is None) != (token is None):
        missing = "--library" if library is None else "--token"
        raise ArgumentMissing(argument=missing, command="keys init")
    home = cli.home("keys init")
    with ceremony(home):
        if library is None or token is None:
            _nothing_there(home)
            new_file(home, _simulated(home) or new_passphrase())
            cli.answer({"store": "file"}, say("ui.keys_file_made"))
            return
        at = TokenAt(str(library.absolute()), token)
        passphrase, pin = _passphrase_and_pin(home)
        custody = into_token(home, at, pin=pin, passphrase=passphrase)
        cli.answer(
            {**_where(at.library, at.label), "keys": _rows(custody)},
            say("ui.keys_in_token", token=token),
            *_lines(custody),
        )


@command("list", "keys_list", parent=keys)
@pass_cli
def list_(cli: Cli) -> None:
    from terminal.custody import open_custody, secret_of

    home = cli.home("keys list")
    custody = open_custody(home, secret_of(home))
    config = home.config
    cli.answer(
        {**_where(config.library, config.token), "keys": _rows(custody)},
        say("ui.keys_in_token", token=config.token) if config.token else say("ui.keys_in_file"),
        *_lines(custody),
    )


@command("import", "keys_import", parent=keys)
@option("--components", key="keys_components", is_flag=True)
@option("--key", "name", key="keys_key", metavar="NAME", default="card")
@option("--from", "file", key="keys_from", metavar="FILE", type=Path)
@pass_cli
def import_(cli: Cli, name: str, file: Path | None, *, components: bool) -> None:
    from terminal.custody import ceremony
    from terminal.errors import ArgumentMissing

    if components == (file is not None):
        raise ArgumentMissing(argument="--components | --from", command="keys import")
    home = cli.home("keys import")
    with ceremony(home):
        if file is None:
            _import_components(cli, home, name)
        else:
            _import_file(cli, home, file)


@command("rotate", "keys_rotate", parent=keys)
@pass_cli
def rotate(cli: Cli) -> None:
    from terminal.custody import ceremony, open_custody, roll_over, secret_of

    home = cli.home("keys rotate")
    with ceremony(home):
        custody = open_custody(home, secret_of(home))
        name = roll_over(custody)
        row = next(row for row in _rows(custody) if row["key"] == str(name))
        cli.answer(row, say("ui.key_rotated", name=str(name), check=row["check"]))
        if name.number > 2:  # only the current and the previous one are tried on a Classic
            cli.note(say("ui.key_left_behind", name=str(name._replace(number=name.number - 2))))


@command("backup", "keys_backup", parent=keys)
@click.argument("file", metavar="FILE", type=Path)
@pass_cli
def backup(cli: Cli, file: Path) -> None:
    from terminal.custody import back_up, ceremony, open_custody, secret_of
    from terminal.passphrase import chosen_line

    home = cli.home("keys backup")
    with ceremony(home):
        custody = open_custody(home, secret_of(home))
        passphrase = chosen_line(ask="ui.backup_passphrase", again="ui.passphrase_again")
        saved = set(map(str, back_up(home, custody, file, passphrase)))
        left = [row["key"] for row in _rows(custody) if row["key"] not in saved]
        cli.answer(
            {"file": str(file), "keys": sorted(saved), "left_in_token": left},
            say("ui.keys_backed_up", file=str(file), keys=", ".join(sorted(saved)) or "–"),
            *([say("ui.keys_left", keys=", ".join(map(str, left)))] if left else []),
        )


def _import_components(cli: Cli, home: Home, text: str) -> None:
    from drivers.errors import CheckRefused
    from drivers.keys.components import CUSTODIANS, combined, component
    from drivers.keys.names import check_value, fingerprint
    from terminal.custody import bring, key_named, open_custody, secret_of
    from terminal.passphrase import accepted, next_line

    custody = open_custody(home, secret_of(home))
    name = key_named(text, custody)
    parts: list[bytes] = []
    checks: list[str] = []
    for custodian in range(1, CUSTODIANS + 1):
        typed = next_line(ask="ui.component", name=str(name), custodian=custodian)
        parts.append(component(name, typed, custodian=custodian))
        checks.append(check_value(name, fingerprint(name, parts[-1])))
        cli.note(say("ui.component_check", custodian=custodian, check=checks[-1]))
    key = combined(parts)
    check = check_value(name, fingerprint(name, key))
    if not accepted(ask="ui.key_accept", name=str(name), check=check):
        raise CheckRefused(key=str(name))
    new = bring(home, custody, name, key)
    cli.answer(
        {"key": str(name), "check": check, "components": checks, "new": new},
        say("ui.key_brought" if new else "ui.key_was_here", name=str(name), check=check),
    )


def _import_file(cli: Cli, home: Home, file: Path) -> None:
    from terminal.custody import has_store, open_custody, restore, secret_of
    from terminal.files import read_file
    from terminal.passphrase import next_line

    blob = read_file(file)
    secret = secret_of(home)
    lost = not has_store(home)
    brought = restore(home, blob, passphrase=next_line(ask="ui.file_passphrase"), secret=secret)
    fresh = {str(name) for name, new in brought.items() if new}
    rows = [{**row, "new": row["key"] in fresh} for row in _rows(open_custody(home, secret))]
    cli.answer(
        {"file": str(file), "restored": lost, "keys": rows},
        *([say("ui.keys_restored")] if lost else []),
        *(
            say(
                "ui.key_brought" if row["new"] else "ui.key_was_here",
                name=row["key"],
                check=row["check"],
            )
            for row in rows
            if row["key"] in set(map(str, brought))
        ),
    )


def _passphrase_and_pin(home: Home) -> tuple[str | None, str]:
    """(what opens the home's sealed file, if it has one; the token's PIN)."""
    from terminal.custody import has_store, secret_of
    from terminal.passphrase import first_line, next_line

    if home.key_token is not None or not has_store(home):
        return None, first_line(ask="ui.pin")
    return secret_of(home), next_line(ask="ui.pin")


def _nothing_there(home: Home) -> None:
    """Before anybody is asked for a new passphrase. Raises `KeyStoreHere`."""
    from drivers.errors import KeyStoreHere
    from terminal.custody import has_store

    if home.key_token is not None or has_store(home):
        raise KeyStoreHere


def _simulated(home: Home) -> str | None:
    from terminal.home import SIMULATION_PASSPHRASE

    return SIMULATION_PASSPHRASE if home.simulation else None


def _where(library: str | None, token: str | None) -> dict[str, object]:
    if token is None:
        return {"store": "file"}
    return {"store": "pkcs11", "library": library, "token": token}


def _rows(custody: Custody) -> list[dict[str, object]]:
    """Each key by name, with its check value and, for a card master, what it is to new cards."""
    from drivers.keys.names import check_value

    held = custody.fingerprints()
    return [
        {"key": str(name), "check": check_value(name, mac), "state": _state(name, held)}
        for name, mac in held.items()
    ]


def _state(name: KeyName, held: Mapping[KeyName, bytes]) -> str | None:
    if name.kind != "card":
        return None
    newer = sum(other.kind == "card" and other.number > name.number for other in held)
    return ("current", "previous")[newer] if newer < 2 else "older"


def _lines(custody: Custody) -> list[str]:
    return [
        f"  {row['key']:<12} {row['check']:<6}  {_said(row['state'])}".rstrip()
        for row in _rows(custody)
    ]


def _said(state: object) -> str:
    return say(f"ui.key_{state}") if state else ""
