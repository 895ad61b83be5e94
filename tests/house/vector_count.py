"""Which vectors are owed by which side, and which tests run them.

A test runs a vector where it is parametrized over it: no list is kept by hand, so what is printed
at the end of a run is what was run and passed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

from tests.apdu.vectors import Vector
from tests.house.tree import ROOT

SIDES = {
    "terminal side": ("apdu", "drivers", "cards"),
    "card side": ("hw_sim",),
}
"""Folders of tests by the side of the air that they test."""
_OWED_BY = {"terminal side": ("terminal", "both"), "card side": ("card", "both", "chip")}


@cache
def _sides_by_id() -> dict[str, str]:
    found = json.loads((ROOT / "tests" / "vectors.json").read_text())
    return {v["id"]: v["sides"] for v in found}


def owed(side: str) -> set[str]:
    """Ids of the vectors that this side must keep."""
    return {name for name, sides in _sides_by_id().items() if sides in _OWED_BY[side]}


def computed() -> set[str]:
    """Ids of the vectors that we computed ourselves: they only guard against a change."""
    found = json.loads((ROOT / "tests" / "vectors.json").read_text())
    return {v["id"] for v in found if v["computed"]}


def tally(side: str, passed: set[str]) -> str:
    """What is printed at the end of a run: published vectors and computed ones, apart."""
    published, own = owed(side) - computed(), owed(side) & computed()
    return (
        f"vectors kept, {side}: {len(passed & published)} of {len(published)} published, "
        f"{len(passed & own)} of {len(own)} computed (regression only)"
    )


def side_of(folder: str) -> str | None:
    """The side that a folder of tests is about."""
    return next((side for side, folders in SIDES.items() if folder in folders), None)


def id_of(value: object) -> str | None:
    """The id of a vector that a test is parametrized over; None: it is none."""
    raw = value.raw if isinstance(value, Vector) else value
    name = raw.get("id") if isinstance(raw, dict) else None
    return name if isinstance(name, str) and name in _sides_by_id() else None


def run_by(side: str) -> set[str]:
    """Ids of the vectors that some test of this side is parametrized over."""
    files = [file for f in SIDES[side] for file in (ROOT / "tests" / f).glob("test_*.py")]
    return {name for file in files for name in _in_module(file)}


def _in_module(file: Path) -> Iterator[str]:
    module = import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
    for each in list(vars(module).values()):
        for mark in getattr(each, "pytestmark", ()):
            if mark.name == "parametrize":
                yield from (name for value in mark.args[1] if (name := id_of(value)))
