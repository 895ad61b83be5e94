"""Issues one card in a process that its parent kills: `HOME CARD NUMBER SEED PAUSE_MS`.

The product's own desk, ledger and card; only, after each step it rests for a moment of random
length, so that every step is about as likely to be the one that is cut. Says `go` before it begins
and `done` at the end.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import issuance.desk
from issuance.application import parse
from terminal.home import Home
from terminal.laying import Laying
from tests.spine.rig import citizen


def paced(verb: Callable[..., Any], rest: Callable[[], None]) -> Callable[..., Any]:
    """The same verb, with a rest before and after it."""

    def run(*args: Any, **named: Any) -> Any:
        rest()
        answer = verb(*args, **named)
        rest()
        return answer

    return run


def main(home_path: str, card: str, number: str, seed: str, pause_ms: str) -> None:
    """Issue, slowly enough to be killed anywhere."""
    chance = random.Random(int(seed))

    def rest() -> None:
        time.sleep(chance.random() * int(pause_ms) / 1000)

    with Home.open(Path(home_path)) as home, Laying(f"sim:{card}", timeout_s=10) as lay:
        for name in ("ask", "granted", "begin_writing", "confirm", "clear"):
            setattr(home.ledger, name, paced(getattr(home.ledger, name), rest))
        for name in ("prepare", "issue"):
            setattr(issuance.desk, name, paced(getattr(issuance.desk, name), rest))
        desk, app = home.desk, parse(json.dumps(citizen(number)).encode())
        print("go", flush=True)
        print(desk.issue(app, lambda: lay.card(home)).outcome, "done", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
