"""What one fault or one refusal is called: three parts, two languages, one exit code."""

from __future__ import annotations

from typing import NamedTuple


class Parts(NamedTuple):
    """What happened, what it means for the card or person, what to do next. Holes: `{field}`."""

    what: str
    means: str
    next: str


class Said(NamedTuple):
    """`exit` is the process's exit code, 1 to 5 (3 for rules)."""

    exit: int
    zh: Parts
    en: Parts
