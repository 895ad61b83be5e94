"""Locks of living processes: what a file that comes and goes between two calls must not break."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from sync.ledger.marks import RunMarks


def test_one_holds_and_the_other_does_not(tmp_path: Path) -> None:
    one, other = RunMarks(tmp_path, name="a"), RunMarks(tmp_path, name="b")
    assert one.take(1)
    assert one.take(1), "holding it is enough"
    assert not other.take(1)
    assert other.take(2)
    one.release(1)
    assert other.take(1)
    one.close()
    other.close()


def test_closing_lets_go_of_everything(tmp_path: Path) -> None:
    one, other = RunMarks(tmp_path, name="a"), RunMarks(tmp_path, name="b")
    assert one.take(1)
    assert one.take(2)
    one.close()
    assert other.take(1)
    assert other.take(2)
    other.close()


def test_letting_go_of_what_is_not_held_does_nothing(tmp_path: Path) -> None:
    one, other = RunMarks(tmp_path, name="a"), RunMarks(tmp_path, name="b")
    assert one.take(1)
    other.release(1, ended=True)
    assert not other.take(1)
    assert (tmp_path / "open-1").exists()
    one.release(1, ended=True)
    assert not (tmp_path / "open-1").exists()
    one.close()
    other.close()


def test_a_file_removed_between_opening_and_locking_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last holder ended it just then: two would else hold two files of one name."""
    real, path = fcntl.flock, tmp_path / "open-1"
    removed: list[Path] = []

    def flock(descriptor: int, how: int) -> None:
        if not removed:
            removed.append(path)
            path.unlink()
        real(descriptor, how)

    one, other = RunMarks(tmp_path, name="a"), RunMarks(tmp_path, name="b")
    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", flock)
        assert one.take(1)
    assert removed
    assert not other.take(1)
    one.close()
    other.close()


def test_the_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    RunMarks(tmp_path / "run", name="a").close()
    assert (tmp_path / "run").stat().st_mode & 0o777 == 0o700
