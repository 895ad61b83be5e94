"""When a tap happens: ISO 8601 in, aware UTC in whole seconds out, and the civil day in Taipei."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from validation.errors import TapTimeUnclear

TAIPEI = ZoneInfo("Asia/Taipei")
# The record counts seconds since 2000-01-01 UTC in 4 bytes (cards.md 2.10).
EARLIEST_AT = datetime(2000, 1, 1, tzinfo=UTC)
LATEST_AT = EARLIEST_AT + timedelta(seconds=2**32 - 1)

# `fromisoformat` alone also takes dates without a clock, week dates and any letter as separator.
_SHAPE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)?"
)


def parse(text: str) -> datetime:
    """`2026-11-25T08:00`, seconds and an offset if wanted; without offset Asia/Taipei.

    Raises `TapTimeUnclear`, also outside 2000-01-01 to 2136-02-07 (what a card can hold).
    """
    try:
        if not _SHAPE.fullmatch(text):
            raise ValueError(text)
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise TapTimeUnclear(text=text[:40]) from error
    return whole_second(at if at.tzinfo else at.replace(tzinfo=TAIPEI))


def whole_second(at: datetime) -> datetime:
    """An aware time as the record can hold it: UTC, cut to the second.

    Raises `TapTimeUnclear` outside what a card can hold (a machine whose clock was reset, too).
    """
    if at.tzinfo is None:
        raise ValueError("a tap needs an aware time")
    if not EARLIEST_AT <= at <= LATEST_AT:
        raise TapTimeUnclear(text=at.isoformat())
    return at.astimezone(UTC).replace(microsecond=0)


def taipei_day(at: datetime) -> date:
    """The civil day that decides policy, binding and fare class."""
    return at.astimezone(TAIPEI).date()


def utc_text(at: datetime) -> str:
    """As journals and messages write it: `2026-11-25T00:00:00Z` (ledger.md A.1)."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
