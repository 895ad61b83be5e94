"""`kill -9` at a random moment of an issuance, again and again: afterwards every home opens, nobody
has two cards, no card is unreadable, and each issuance that was left open can be ended."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.spine.hub import HubProcess
from tests.spine.rig import ROOT, citizen, flora, make_card, make_home, on, person

KILLS = 50
KILLS_MAX = 200  # where a step was not met often enough in the first fifty
STEPS = ("asked", "claimed", "writing", "confirmed", "final write")
EACH_AT_LEAST = 3
PAUSE_MS = 12


class Issuing:
    """A process that issues one card and waits to be killed."""

    def __init__(self, home: Path, card: Path, number: str, seed: int) -> None:
        told = [str(home), str(card), number, str(seed), str(PAUSE_MS)]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.spine.issue_child", *told],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        self._out = self._process.stdout

    def ready(self) -> None:
        """Returns when the issuance begins."""
        assert self._out.readline().strip() == b"go"

    def finish(self) -> float:
        """Let it come to its end; how many seconds that took."""
        self.ready()
        began = time.monotonic()
        assert b"done" in self._out.readline()
        took_s = time.monotonic() - began
        assert self._process.wait(10) == 0
        self._out.close()
        return took_s

    def kill(self) -> bool:
        """SIGKILL; whether it had come to its end before."""
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait(10)
        with self._out:
            return b"done" in self._out.read()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    with HubProcess(tmp_path / "hub") as served:
        yield served


def step_met(home: Path, card: Path, *, done: bool) -> str:
    """Which step the kill met, from what it left."""
    rows = flora("open", "list", home=home)
    assert rows.code == 0, rows.out
    shown = flora("card", "show", "--reader", on(card), home=home)
    assert shown.code == 0, f"unreadable: {shown.out}"
    if not rows.json:
        return "done" if done or shown["issued"] else "before"
    step = rows.json[0]["step"]
    return "final write" if step == "confirmed" and shown["issued"] else str(step)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_at_any_moment(
    hub: HubProcess, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    seed = int(os.environ.get("FLORA_SEED", "0")) or random.SystemRandom().randrange(1, 10**9)
    print(f"seed {seed}")
    chance = random.Random(seed)
    home = make_home(tmp_path, "T-01")
    hub.enrol("T-01", home)
    assert flora("sync", "run", home=home).code == 0
    met: Counter[str] = Counter()
    cards = tmp_path / "cards"
    cards.mkdir()

    def enough(kills: int) -> bool:
        return kills >= KILLS and min(met[step] for step in STEPS) >= EACH_AT_LEAST

    whole_s = Issuing(home, make_card(cards, "whole"), person(10**6), 1).finish()
    kills = 0
    nexts = Issuing(home, make_card(cards, "k0"), person(0), chance.randrange(10**6))
    while not enough(kills) and kills < KILLS_MAX:
        card, issuing = cards / f"k{kills}.card", nexts
        issuing.ready()
        time.sleep(chance.random() * whole_s)
        done = issuing.kill()
        step = step_met(home, card, done=done)
        met[step] += 1
        print(f"kill {kills}: {step}")
        settle(home, card, cards, kills, step, chance)
        kills += 1
        nexts = Issuing(home, make_card(cards, f"k{kills}"), person(kills), chance.randrange(10**6))
    nexts.kill()
    for step in (*STEPS, "before", "done"):
        record_property(f"kills that met {step}", met[step])
    assert enough(kills), f"seed {seed}: {met}"
    for row in flora("open", "list", home=home).json:  # the one that was on its way
        assert flora("open", "void", str(row["n"]), "--reader", on(card), home=home).code in (0, 3)
    assert flora("ledger", "verify", home=home)["whole"] is True
    assert flora("sync", "run", home=home)["waiting"] == 0


def settle(
    home: Path, card: Path, cards: Path, kill: int, step: str, chance: random.Random
) -> None:
    """End what was left open, in a way that fits the step; one card is all there is then."""
    who, number = citizen(person(kill)), person(kill)
    issue = ("issue", "flora", "--applicant", "-", "--reader")
    rows = flora("open", "list", home=home).json
    if rows:
        way = chance.choice(["finish", "issue again", "void"])
        n = str(rows[0]["n"])
        if way == "finish":
            got = flora("open", "finish", n, "--reader", on(card), home=home)
        elif way == "issue again":
            got = flora(*issue, on(card), home=home, given=who)
        else:
            got = flora("open", "void", n, "--reader", on(card), home=home)
            if step in ("confirmed", "final write"):
                assert got.code == 3, got.out  # a card that left is a card issued
                got = flora("open", "finish", n, "--reader", on(card), home=home)
                way = "finish"
        assert got.code == 0, f"{way} after {step}: {got.out}"
        if way == "void":
            assert flora("card", "show", "--reader", on(card), home=home)["issued"] is False
            assert flora(*issue, on(card), home=home, given=who).code == 0
    elif step == "before":
        assert flora(*issue, on(card), home=home, given=who).code == 0
    assert flora("open", "list", home=home).json == []
    assert flora("card", "show", "--reader", on(card), home=home)["issued"] is True
    other = make_card(cards, f"other{kill}")
    again = flora(*issue, on(other), home=home, given=citizen(number))
    assert (again.code, again["rule"]) == (3, "F15"), again.out
