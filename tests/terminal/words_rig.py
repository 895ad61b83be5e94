"""What there is to say: every fault of every room, every rule, every table of words."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from apdu.errors import Fault
from terminal.words.said import Parts, Said
from terminal.words.speak import each_table

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("apdu", "drivers", "cards", "sync", "issuance", "validation", "terminal")
HOLE_COLUMNS = 4  # what a filled hole is counted with
ZH_COLUMNS_MAX, EN_COLUMNS_MAX = 72, 78


def all_faults() -> list[type[Fault]]:
    """Every subclass of `Fault` that a room's errors.py declares."""
    for path in sorted(ROOT.glob("*/**/errors.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[0] in ROOMS:
            import_module(".".join(parts))
    return sorted(_below(Fault), key=lambda fault: fault.code())


def _below(fault: type[Fault]) -> set[type[Fault]]:
    own = {one for one in fault.__subclasses__() if one.__module__.split(".")[0] in ROOMS}
    return own | {deeper for one in own for deeper in _below(one)}


def all_words() -> Iterator[tuple[str, str, str]]:
    """(where, language, text) of everything that can be said."""
    for prefix, name in (("faults_", "FAULTS"), ("rules_", "RULES")):
        for module, table in each_table(prefix, name):
            for code, said in table.items():
                yield from _of_said(f"{module}.{code}", said)
    for path in sorted((ROOT / "terminal" / "words").glob("*.py")):
        module_words = getattr(import_module(f"terminal.words.{path.stem}"), "WORDS", {})
        for key, (zh, en) in module_words.items():
            yield f"{path.stem}.{key}", "zh-TW", zh
            yield f"{path.stem}.{key}", "en", en


def _of_said(where: str, said: Said) -> Iterator[tuple[str, str, str]]:
    for language, parts in (("zh-TW", said.zh), ("en", said.en)):
        for part, text in zip(Parts._fields, parts, strict=True):
            yield f"{where}.{part}", language, text


def columns(text: str) -> int:
    """Cells on a screen; a hole counts `HOLE_COLUMNS`."""
    plain = re.sub(r"\{[a-z_0-9]+\}", "x" * HOLE_COLUMNS, text)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in plain)


def holes(text: str) -> set[str]:
    """The names of the holes in a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}
