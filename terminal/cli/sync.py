"""`sync …`: join the hub, push and pull, say where this terminal stands."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

import click

from terminal.cli.context import Cli, pass_cli
from terminal.cli.tree import command, group, option
from terminal.words.speak import say

if TYPE_CHECKING:
    from sync.run import RunResult

sync = group("sync")
CODE_CHARS_MAX: Final = 256
SECONDS_DEFAULT: Final = 300


@command("enrol", "sync_enrol", parent=sync)
@option("--hub", key="sync_hub", required=True, metavar="URL")
@option("--code", key="sync_code", required=True, metavar="CODE|-")
@pass_cli
def enrol(cli: Cli, hub: str, code: str) -> None:
    from sync.run import join

    home = cli.home("sync", stdin_is_taken=code == "-")
    joined = join(
        home.ledger,
        hub,
        sys.stdin.readline(CODE_CHARS_MAX).strip() if code == "-" else code,
        home_id=home.config.home_id,
        keys=home.keys,
        profile=home.profile,
        clock=home.clock,
    )
    cli.answer(
        {"outcome": "enrolled", "terminal": home.config.terminal, "hub": joined.hub_url},
        say("ui.enrolled", hub=joined.hub_url),
    )


@command("run", "sync_run", parent=sync)
@option(
    "--max-seconds",
    "seconds",
    key="sync_seconds",
    metavar="N",
    type=click.FloatRange(min=0),
    default=SECONDS_DEFAULT,
)
@pass_cli
def run(cli: Cli, seconds: float) -> None:
    from sync.errors import NotEnrolled
    from sync.run import AlreadyRunning
    from sync.run import run as one_pass

    home = cli.home("sync")
    if (client := home.client) is None:
        raise NotEnrolled
    try:
        result = one_pass(home.ledger, client, run_dir=home.run_dir, seconds=seconds)
    except AlreadyRunning:
        waiting = home.ledger.waiting()
        running = {"outcome": "running", "waiting": waiting}
        cli.answer(running, say("ui.sync_running", waiting=waiting))
        return
    _tell(cli, result)


def _tell(cli: Cli, result: RunResult) -> None:
    numbers = {"pushed": result.pushed, "pulled": result.pulled, "waiting": result.waiting}
    said = {**numbers, "done": result.done}
    line = say("ui.synced", **numbers)
    if result.fault is None:
        cli.answer(said, line)
        return
    if not cli.json:
        cli.note(line)
    cli.fault(result.fault, beside=said, inside=numbers)


@command("status", "sync_status", parent=sync)
@pass_cli
def status(cli: Cli) -> None:
    home = cli.home("sync")
    standing, waiting, age_s = home.ledger.standing(), home.ledger.waiting(), home.ledger.age_s()
    heard = standing.last_heard
    cli.answer(
        {
            "waiting": waiting,
            "ledger_age_s": None if age_s is None else int(age_s),
            "hub": standing.hub_url,
            "mode": "enrolled" if standing.enrolled else "stand-alone",
            "settled": standing.settled,
            "last_heard": None if heard is None else heard.isoformat(timespec="seconds"),
        },
        say("ui.sync_hub", hub=standing.hub_url) if standing.enrolled else say("ui.standalone"),
        say("ui.sync_waiting", waiting=waiting),
        say("ui.sync_never") if age_s is None else say("ui.sync_age", age_s=int(age_s)),
    )
