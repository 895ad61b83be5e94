"""`demo`: a working day."""

from __future__ import annotations

import threading
from typing import Any

from terminal.cli.context import Cli, pass_cli
from terminal.cli.tree import command
from terminal.words.speak import say


@command("demo", "demo")
@pass_cli
def demo(cli: Cli) -> None:
    from terminal.demo import Day, Done, run_day
    from terminal.demo_table import ORDER, in_order, kind_of, row, table

    one_at_a_time = threading.Lock()
    show = cli.note if cli.json else cli.line

    def tell(day: Day, key: str, done: Done | None, facts: dict[str, Any]) -> None:
        text = say(key, **facts) if done is None else "  " + " ".join(filter(None, row(done, day)))
        with one_at_a_time:
            show(text)

    day, seconds = run_day(tell)
    found = sorted(day.done, key=in_order)
    cli.answer(
        {"held": True, "seconds": round(seconds, 1)}
        | {kind: [_facts(done) for done in found if kind_of(done) == kind] for kind in ORDER},
        "",
        say("demo.table"),
        *table([row(done, day) for done in found]),
        "",
        say("demo.held", seconds=f"{seconds:.1f}"),
    )


def _facts(done: Any) -> dict[str, Any]:
    said = {key: value for key, value in done.said.items() if key != "next"}
    return {"terminal": done.step["at"], **said}
