"""What all tests share: hypothesis profiles and the time per room at the end of a run."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import PurePosixPath

import pytest
from hypothesis import settings

from tests.house.vector_count import id_of, side_of, tally

settings.register_profile("suite", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("suite")

_seconds: dict[str, float] = defaultdict(float)
_counted: dict[str, list[tuple[str, object]]] = defaultdict(list)
_vectors: dict[str, set[str]] = defaultdict(set)  # passed, by side


def _room(nodeid: str) -> str:
    parts = PurePosixPath(nodeid.split("::")[0]).parts
    return parts[1] if len(parts) > 2 else "tests"


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A vector that the test is parametrized over travels with its report."""
    callspec = getattr(item, "callspec", None)
    params = callspec.params.values() if callspec else ()
    item.user_properties += [("vector", name) for value in params if (name := id_of(value))]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    room = _room(report.nodeid)
    _seconds[room] += report.duration
    if report.when != "call":
        return
    for name, value in report.user_properties:
        if name != "vector":
            _counted[room].append((name, value))
        elif report.passed and (side := side_of(room)):
            _vectors[side].add(str(value))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Time per room, and what tests counted (tears survived, kills met, vectors run)."""
    terminalreporter.section("rooms")
    for room in sorted(_seconds):
        terminalreporter.write_line(f"{room:12} {_seconds[room]:7.1f} s")
    for room in sorted(_counted):
        sums: dict[str, int] = defaultdict(int)
        for name, value in _counted[room]:
            if isinstance(value, int):
                sums[name] += value
            else:
                terminalreporter.write_line(f"{room:12} {name}: {value}")
        for name, total in sums.items():
            terminalreporter.write_line(f"{room:12} {name}: {total}")
    for side, passed in sorted(_vectors.items()):
        terminalreporter.write_line(tally(side, passed))
