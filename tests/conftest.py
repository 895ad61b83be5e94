"""What all tests share: hypothesis profiles and the time per room at the end of a run."""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import PurePosixPath

import pytest
from hypothesis import settings

settings.register_profile("suite", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("suite")

_seconds: dict[str, float] = defaultdict(float)
_counted: dict[str, list[tuple[str, object]]] = defaultdict(list)


def _room(nodeid: str) -> str:
    parts = PurePosixPath(nodeid.split("::")[0]).parts
    return parts[1] if len(parts) > 2 else "tests"


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _seconds[_room(report.nodeid)] += report.duration
    if report.when == "call":
        for name, value in report.user_properties:
            _counted[_room(report.nodeid)].append((name, value))


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
