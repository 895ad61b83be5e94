"""The host's own time of a job, without what passes inside `hw_sim` (the field counts that).

Floor and product run in turn, in this process, on the same disk (limits.md). A tap is a real
one: reader, card, gate and ledger; issuing and binding are the card's part of it.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import gettempdir
from time import perf_counter_ns
from typing import Any
from unittest import mock

from cards.open import open_card
from drivers.link import LinkConnection
from hw_sim.field import Field
from hw_sim.image import CardImage, Image
from hw_sim.picc import card_of
from tests.benchmarks.jobs import JOBS, Job
from tests.benchmarks.parts import NEEDED, Commit, Sync, ns_of, ns_of_call
from tests.cards import desfire_air, over_air
from tests.cards.over_air import AirLink, opened
from tests.cards.rig import KEYS, OURS, FakeShelf
from tests.sync.rig import LedgerHome
from validation.gate import Gate
from validation.network import Network
from validation.policy import FarePolicy

STOPS_M = (0, 18_000)
DISTURBED_SPREAD, DISTURBED_DAY = 20, 3
"""Disturbed: the floor's p99 over 20 times its p50; or its p50 in a round, or the disk's, over 3
times the day's lowest."""


class TimedDb(sqlite3.Connection):
    """Counts what its commits take."""

    commit_ns = 0

    def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
        if sql != "COMMIT":
            return super().execute(sql, *rest)
        started = perf_counter_ns()
        try:
            return super().execute(sql, *rest)
        finally:
            TimedDb.commit_ns += perf_counter_ns() - started


class Driver:
    """A connection whose time is counted: what the driver takes is row 11's, not row 10's."""

    def __init__(self, connection: LinkConnection) -> None:
        self._connection = connection
        self.ns = 0  # with what passes inside the simulator
        self.uid, self.atr = connection.uid, connection.atr
        self.classic = None if connection.classic is None else _Timed(self, connection.classic)
        self.iso_dep = None if connection.iso_dep is None else _Timed(self, connection.iso_dep)

    def close(self) -> None:
        self._connection.close()


class _Timed:
    """A port; every verb of it counts for the driver."""

    def __init__(self, driver: Driver, port: object) -> None:
        for name in ("authenticate", "read", "write", "transmit"):
            if hasattr(port, name):
                setattr(self, name, self._timed(driver, getattr(port, name)))

    @staticmethod
    def _timed(driver: Driver, verb: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*given: Any, **named: Any) -> Any:
            started = perf_counter_ns()
            try:
                return verb(*given, **named)
            finally:
                driver.ns += perf_counter_ns() - started

        return timed


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """Nanoseconds of one job: the host's own, without the simulator; and how much of that was the
    driver, and the commit."""

    own: int
    driver: int
    commit: int = 0


@contextmanager
def _held(field: Field) -> Iterator[tuple[Any, Callable[[], Took]]]:
    """The card of the field in a counted connection, and what it took until asked."""
    TimedDb.commit_ns = 0
    started = perf_counter_ns()
    driver = Driver(AirLink(field).connect())  # our wrapping of it counts for the driver as well
    selected, inside = perf_counter_ns() - started, field.inside.ns

    def took() -> Took:
        own = perf_counter_ns() - started - field.inside.ns
        in_driver = selected - inside + driver.ns - (field.inside.ns - inside)
        return Took(own=own, driver=in_driver, commit=TimedDb.commit_ns)

    yield driver, took
    driver.close()


class Validator:
    """One terminal with a ledger on disk, and one card that is held to it again and again: on,
    off, on, … each of them charged (an unbound card that rides 18 km)."""

    def __init__(self, folder: Path, image: Image) -> None:
        self._image = image
        with mock.patch.object(sqlite3, "connect", partial(sqlite3.connect, factory=TimedDb)):
            self._home = LedgerHome(folder)
            self._ledger = self._home.open()
        self._network = Network.load()
        self._gate = Gate(self._ledger, network=self._network, policy=FarePolicy(), terminal="T-01")
        stops = {stop.distance_m: stop.stop for stop in self._network.route("300").stops}
        self._stops = [stops[metres] for metres in STOPS_M]
        self._at = datetime(2026, 11, 25, tzinfo=UTC)
        self._n = 0

    def tap(self) -> Took:
        """The next tap."""
        self._at += timedelta(minutes=30)
        field = Field(card_of(self._image))
        stop = self._stops[self._n % 2]
        with _held(field) as (held, took):
            card = open_card(held, keys=KEYS, shelf=self._ledger.shelf, ours=OURS)
            outcome = self._gate.tap(card, route="300", stop=stop, vehicle="A", at=self._at)
            found = took()
        self._n += 1
        assert outcome.outcome == ("on" if self._n % 2 else "off")
        assert outcome.charged_ntd > 0
        return found

    def close(self) -> None:
        self._home.close()


def card_part(job: Job) -> Callable[[], Took]:
    """Issuing or binding, the card's part."""

    def once() -> Took:
        with _held(Field(card_of(deepcopy(job.start())))) as (held, took):
            job.verb(open_card(held, keys=KEYS, shelf=FakeShelf(), ours=OURS))
            return took()

    return once


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One job, floor and product in turn. Microseconds; ratios of medians. `own_us` is without the
    driver, which has a row of its own."""

    title: str
    floor_us: float
    own_us: float
    driver_us: float
    ratio: float
    p99_us: float
    p99_ratio: float
    bare_ratio: float | None  # without the commit on both sides; None: there is none
    sync_us: float
    load: float
    disturbed: bool


def _p(sorted_ns: list[int], part: float) -> int:
    return sorted_ns[min(len(sorted_ns) - 1, int(len(sorted_ns) * part))]


def _turn(
    needed: Mapping[str, int], commit: Commit | None, once: Callable[[], Took]
) -> tuple[int, int, Took]:
    """One floor (its parts, its commit), then the job once: both find the machine alike."""
    return ns_of(needed), ns_of_call(commit) if commit else 0, once()


def report(job: Job, folder: Path, *, rounds: int, each: int) -> Report:
    """`rounds` rounds (and one to warm up) of `each` floors and as many of the job, in turn."""
    taps = "tap" in job.name
    needed = NEEDED[job.chip, job.name]
    commit, sync = Commit(folder / "floor.db"), Sync(folder / "sync")
    validator = Validator(folder / "home", _rich(job)) if taps else None
    once = validator.tap if validator else card_part(job)
    floors: list[list[int]] = []
    commits: list[int] = []
    took: list[Took] = []
    syncs: list[int] = []
    for number in range(rounds + 1):
        turns = [_turn(needed, commit if taps else None, once) for _ in range(each)]
        if number:
            floors.append([parts + durable for parts, durable, _ in turns])
            commits += [durable for _, durable, _ in turns]
            took += [mine for *_, mine in turns]
            syncs += [ns_of_call(sync) for _ in range(20)]
    commit.close()
    sync.close()
    if validator:
        validator.close()
    return _reported(job, floors, commits, took, syncs)


def _reported(
    job: Job, floors: list[list[int]], commits: list[int], took: list[Took], syncs: list[int]
) -> Report:
    floor = sorted(ns for each in floors for ns in each)
    own = sorted(each.own - each.driver for each in took)
    middles = [median(each) for each in floors]
    floor_us, own_us = _p(floor, 0.5) / 1000, _p(own, 0.5) / 1000
    bare_floor = median(
        f - c for f, c in zip((ns for e in floors for ns in e), commits, strict=True)
    )
    bare_own = median(each.own - each.driver - each.commit for each in took)
    tail = sorted(commits) if any(commits) else floor
    return Report(
        title=job.title,
        floor_us=floor_us,
        own_us=own_us,
        driver_us=median(each.driver for each in took) / 1000,
        ratio=own_us / floor_us,
        p99_us=_p(own, 0.99) / 1000,
        p99_ratio=_p(own, 0.99) / _p(tail, 0.99),
        bare_ratio=bare_own / bare_floor if any(commits) else None,
        sync_us=median(syncs) / 1000,
        load=os.getloadavg()[0],
        disturbed=_p(floor, 0.99) > DISTURBED_SPREAD * _p(floor, 0.5)
        or max(middles) > DISTURBED_DAY * lowest_today(job.title, min(middles))
        or median(syncs) > DISTURBED_DAY * lowest_today("fdatasync", median(syncs)),
    )


def lowest_today(title: str, ns: float) -> float:
    """The lowest floor of this job that any run of today has seen, this one included."""
    today = datetime.now(UTC).date().isoformat()
    path = Path(gettempdir()) / f"flora-bench-{os.getuid()}-{today}.json"
    try:
        seen = dict(json.loads(path.read_text()))
    except (OSError, ValueError):
        seen = {}
    seen[title] = min(ns, seen.get(title, ns))
    path.write_text(json.dumps(seen))
    return float(seen[title])


def _rich(job: Job) -> Image:
    """The card of a tap, with money for thousands of them and unbound."""
    if job.chip == "Classic":
        image: Image = over_air.flora(purse_ntd=30_000)
        next(j for j in JOBS if j.title == "Classic: issue").verb(opened(Field(card_of(image))))
        assert isinstance(image, CardImage)
        return image
    image = desfire_air.after(desfire_air.prepare_it, desfire_air.issue_it)()
    desfire_air.top_up(image, 30_000)
    return image


@contextmanager
def in_folder(folder: Path, name: str) -> Iterator[Path]:
    """A folder of one report's own."""
    mine = folder / name
    (mine / "home").mkdir(parents=True)
    yield mine
