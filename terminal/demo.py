"""A working day: one hub, two counters, one validator, each command a process of its own.

The day is data (`fixtures/demo_day.json`): people, and scenes of tracks that run side by side.
Every step says what it must come to; the first that does not ends the day with its name. Nothing
but the loopback interface and a temporary folder is used.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

import fixtures
from sync.clock import TAIPEI
from terminal.errors import DemoBroken
from terminal.words.speak import language

MAIN: Final = Path(__file__).resolve().parents[1] / "main.py"
TERMINALS: Final = {
    "C-01": ("西屯區", "counter"),
    "C-02": ("豐原區", "counter"),
    "V-01": ("中區", "validator"),
}
PURSE_NTD: Final = 100
CARDS: Final = {
    **{str(n): ("flora", "--purse", str(PURSE_NTD)) for n in range(1, 6)},
    "6": ("child",),  # a DESFire as its maker delivers it; its purse is topped up during the day
}
ROUTE: Final = "300"
STEP_TIMEOUT_S: Final = 40.0

Step = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """One step and the document it printed."""

    step: Step
    said: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Day:
    """The day under way. `tell` is called with a word key and facts when something has happened,
    from whichever thread it happened in."""

    folder: Path
    tell: Tell
    on: date
    done: list[Done] = field(default_factory=list)
    people: Mapping[str, Any] = field(default_factory=dict)
    stops: Mapping[int, str] = field(default_factory=dict)

    def live(self) -> None:
        """From opening to closing. Raises `DemoBroken`."""
        plan = day_plan(self.on)
        self.people = plan["people"]
        with ExitStack() as closing, ThreadPoolExecutor(2) as pool:
            self._tell("demo.opening")
            self._tell("demo.preparing")
            url = self._open_hub(closing)
            self._tell("demo.hub", url=url)
            list(pool.map(lambda terminal: self._join(terminal, url), TERMINALS))
            stops = self._run("network", "stops", "--route", ROUTE, name="network stops")
            self.stops = {stop["distance_m"]: stop["stop"] for stop in stops}
            for scene in plan["scenes"]:
                self._tell(f"demo.{scene['name']}")
                list(pool.map(self._track, scene["tracks"]))

    def _tell(self, key: str, **facts: Any) -> None:
        self.tell(self, key, None, facts)

    def _track(self, steps: list[Step]) -> None:
        for step in steps:
            said = self._step(step)
            wrong = {k: said.get(k) for k, v in step["expect"].items() if said.get(k) != v}
            if wrong:
                raise DemoBroken(step=_named(step))
            self.done.append(Done(step=step, said=said))
            self.tell(self, "", self.done[-1], {})

    def _step(self, step: Step) -> dict[str, Any]:
        home, name = self.folder / step["at"], _named(step)
        given = self.people[step["who"]]["application"] if "who" in step else None
        file = self._card(str(step.get("card")))
        reader = ("--reader", f"sim:{file}")
        argv = {
            "issue": ("issue", step.get("product", "flora"), *reader, "--applicant", "-"),
            "bind": ("bind", *reader, "--applicant", "-"),
            "topup": ("card", "topup", file, str(step.get("ntd"))),
            "tap": ("tap", *reader, *self._ride(step)),
            "sync": ("sync", "run", "--max-seconds", "20"),
            "verify": ("ledger", "verify"),
        }[step["do"]]
        said: dict[str, Any] = self._run(*argv, home=home, given=given, name=name)
        return said

    def _card(self, card: str) -> str:
        return f"{self.folder / 'card'}{card}"

    def _ride(self, step: Step) -> tuple[str, ...]:
        if step["do"] != "tap":
            return ()
        return (
            "--route",
            ROUTE,
            "--stop",
            self.stops[step["stop_m"]],
            "--vehicle",
            step["vehicle"],
            "--at",
            f"{self.on.isoformat()}T{step['time']}",
        )

    def _open_hub(self, closing: ExitStack) -> str:
        """Make and serve the hub; its URL. The cards are made meanwhile."""
        home = self.folder / "hub"
        self._run("hub", "init", home=home, name="hub init")
        process = subprocess.Popen(  # noqa: S603  our own program
            _line("hub", "serve", "--listen", "127.0.0.1:0", home=home),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            env=_environment(self.folder),
        )
        closing.callback(_end, process)
        for card, (kind, *options) in CARDS.items():
            self._run("card", "new", kind, self._card(card), *options, name="card new")
        said = _first_line(process)
        if not said.startswith("listening "):
            raise DemoBroken(step="hub serve")
        return said.split()[1]

    def _join(self, terminal: str, url: str) -> None:
        home, (district, role) = self.folder / terminal, TERMINALS[terminal]
        made = ("init", "--terminal", terminal, "--district", district, "--role", role)
        self._run(*made, home=home, name=f"{terminal} init")
        invited = self._run("hub", "invite", terminal, home=self.folder / "hub", name="hub invite")
        joining = ("sync", "enrol", "--hub", url, "--code", "-")
        self._run(*joining, home=home, given=invited["code"], name=f"{terminal} sync enrol")
        self._run("sync", "run", home=home, name=f"{terminal} sync run")
        self._tell("demo.terminal", terminal=terminal)

    def _run(self, *argv: str, name: str, home: Path | None = None, given: object = None) -> Any:
        """One command in its own process: what it printed. Raises `DemoBroken` unless it ended
        with an outcome."""
        text = given if isinstance(given, str) else json.dumps(given)
        try:
            ended = subprocess.run(  # noqa: S603  our own program
                _line(*argv, home=home or self.folder / "none"),
                input=text.encode(),
                capture_output=True,
                env=_environment(self.folder),
                timeout=STEP_TIMEOUT_S,
                check=False,
            )
            said = json.loads(ended.stdout)
        except (subprocess.TimeoutExpired, ValueError):
            raise DemoBroken(step=name) from None
        if ended.returncode not in (0, 3):
            raise DemoBroken(step=f"{name}: {said['error']['code']}")
        return said


Tell = Callable[[Day, str, Done | None, dict[str, Any]], None]


def run_day(tell: Tell) -> tuple[Day, float]:
    """The whole day in a temporary folder; the day and its seconds. Raises `DemoBroken`."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="flora-demo-") as folder:
        day = Day(folder=Path(folder), tell=tell, on=datetime.now(TAIPEI).date())
        day.live()
        return day, time.monotonic() - started


def day_plan(today: date) -> dict[str, Any]:
    """The day as data, its moving years filled in."""
    text = Path(fixtures.__file__).with_name("demo_day.json").read_text(encoding="utf-8")
    years = {
        "{this_year}": today.year,
        "{next_year}": today.year + 1,
        "{nine_years_ago}": today.year - 9,
    }
    for hole, year in years.items():
        text = text.replace(hole, str(year))
    plan: dict[str, Any] = json.loads(text)
    return plan


def _named(step: Step) -> str:
    return " ".join(str(step[k]) for k in ("at", "do", "who", "card", "time") if k in step)


def _line(*argv: str, home: Path) -> list[str]:
    return [sys.executable, str(MAIN), *argv, "--json", "--lang", language(), "--home", str(home)]


def _environment(folder: Path) -> dict[str, str]:
    """The children's: no home of the caller's, and byte code kept between them, beside the day."""
    ours = {k: v for k, v in os.environ.items() if not k.startswith("FLORA_")}
    if ours.pop("PYTHONDONTWRITEBYTECODE", None):
        ours["PYTHONPYCACHEPREFIX"] = str(folder / "pycache")
    return ours


def _first_line(process: subprocess.Popen[bytes]) -> str:
    """What the hub says first, if it says it in time."""
    assert process.stdout is not None  # noqa: S101  asked for above
    ready, _, _ = select.select([process.stdout], [], [], STEP_TIMEOUT_S)
    return process.stdout.readline().decode() if ready else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    if process.stdout is not None:
        process.stdout.close()
