"""The demo: a whole day comes out as planned, and one that does not says so."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from terminal.demo import Day, day_plan
from terminal.demo_table import cells, table
from terminal.errors import DemoBroken
from tests.spine.rig import flora, flora_process

SECONDS_MAX = 45


@pytest.mark.slow
def test_a_day_holds_in_time_and_answers_once(tmp_path: Path) -> None:
    said = flora_process("demo", env={"TMPDIR": str(tmp_path)}, timeout_s=110)
    assert said.code == 0, said.err[-2000:]
    assert said["held"]
    assert said["seconds"] < SECONDS_MAX
    assert {one["rule"] for one in said["issued"]} == {"C1", "F1", "F2", "F4", "F6"}
    assert sorted(one["rule"] for one in said["refused"]) == ["F11", "F15", "F15", "F3"]
    assert [one["charged_ntd"] for one in said["tapped"]] == [0, 10, 0, 0, 15, 3, 0, 1]
    assert all(one["whole"] for one in said["verified"])
    assert "F15" in said.err, "progress is told on stderr"
    assert not list(tmp_path.iterdir()), "the day's folder is gone"


def test_a_step_that_does_not_hold_ends_the_day(tmp_path: Path) -> None:
    step = {"at": "C-01", "do": "verify", "expect": {"whole": False}}
    made = flora("init", "--terminal", "C-01", "--district", "66000060", home=tmp_path / "C-01")
    assert made.code == 0
    day = Day(folder=tmp_path, tell=lambda *_: None, on=date(2026, 11, 25))
    with pytest.raises(DemoBroken) as broken:
        day._track([step])
    assert broken.value.step == "C-01 verify"
    assert day.done == []


def test_a_command_that_fails_names_its_fault(tmp_path: Path) -> None:
    day = Day(folder=tmp_path, tell=lambda *_: None, on=date(2026, 11, 25))
    step = {"at": "C-01", "do": "verify", "expect": {"whole": True}}
    with pytest.raises(DemoBroken) as broken:
        day._track([step])
    assert broken.value.step == "C-01 verify: no_home"


def test_a_broken_day_is_exit_1(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise DemoBroken(step="C-01 issue citizen 1")

    monkeypatch.setattr(Day, "live", broken)
    said = flora("demo")
    assert (said.code, said["error"]["code"]) == (1, "demo_broken")
    assert "C-01 issue citizen 1" in said["error"]["what"]


def test_the_plan_moves_with_the_years() -> None:
    plan = day_plan(date(2031, 6, 1))
    text = json.dumps(plan)
    assert "2032-01-31" in text
    assert "2031-01-01" in text
    assert "2022-01-01" in text
    assert "{" not in text.replace('{"', "").replace("{}", "")


def test_columns_line_up_whatever_the_script() -> None:
    lines = table([("發卡", "C-01", "F1", "市民", "x"), ("issued", "C-02", "F15", "a", "y")])
    at = [cells(line[: line.index(mark)]) for line, mark in zip(lines[2:], "xy", strict=True)]
    assert at[0] == at[1]
