"""What docs/air.md plans: frames, bytes and milliseconds of each job, read from its tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).resolve().parents[2] / "docs" / "air.md"
KBPS = (106, 212, 424)
_HEADINGS = {"MIFARE Classic": "Classic", "DESFire": "DESFire"}
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One job. `ms` by rate in kbit/s; a Classic knows but one."""

    frames: int
    bytes: int
    ms: dict[int, float]


def planned(chip: str, job: str, *, older: str = "B") -> Planned:
    """The plan of `job` (a column's name, or `issue`) on `chip` (Classic, DESFire).

    `older`: which slot of a Classic is written next; the page gives B's figure, then A's.
    """
    return (_issue(chip) if job == "issue" else _columns(chip, job))["BA".index(older)]


def _columns(chip: str, job: str) -> tuple[Planned, Planned]:
    rows = _table(chip, "| step | tap")
    at = rows[0].index(job)
    frames, octets, ms = (next(r[at] for r in rows if r[0].startswith(s)) for s in ROWS)
    return _both(chip, frames, octets, ms)


ROWS = ("**frames**", "bytes", "ms")


def _issue(chip: str) -> tuple[Planned, Planned]:
    rows = _table(chip, "| step | frames |")
    frames, octets, ms = _numbers(rows[-1][1])
    one = Planned(frames=int(frames), bytes=int(octets), ms={106: ms})
    return one, one


def _both(chip: str, frames: str, octets: str, ms: str) -> tuple[Planned, Planned]:
    """Where the page gives one figure it holds for both slots, or there are no slots."""
    two = [_numbers(text) for text in (frames, octets)]
    times = _numbers(ms)
    by_rate = chip == "DESFire"
    first, second = (
        Planned(
            frames=int(two[0][min(which, len(two[0]) - 1)]),
            bytes=int(two[1][min(which, len(two[1]) - 1)]),
            ms=dict(zip(KBPS, times, strict=True)) if by_rate else {106: times[which]},
        )
        for which in (0, 1)
    )
    return first, second


def _numbers(text: str) -> list[float]:
    return [float(found.replace(",", "")) for found in _NUMBER.findall(text)]


def _table(chip: str, first: str) -> list[list[str]]:
    """The rows of the chip's table that begins so, cells stripped."""
    page = PAGE.read_text(encoding="utf-8")
    (section,) = (s for s in page.split("\n## ")[1:] if s.startswith(_heading(chip)))
    lines = section[section.index(first) :].split("\n\n")[0].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _heading(chip: str) -> str:
    return next(start for start, name in _HEADINGS.items() if name == chip)
