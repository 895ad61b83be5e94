"""The clock port. Instants are aware UTC; people see Asia/Taipei; claims carry the hour only."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

TAIPEI = ZoneInfo("Asia/Taipei")


class Clock(Protocol):
    """Whoever needs the time is handed one of these."""

    def now(self) -> datetime:
        """Aware UTC."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


def civil_day(at: datetime) -> date:
    """The day in Taipei."""
    return at.astimezone(TAIPEI).date()


def hour(at: datetime) -> str:
    """Date and hour in Taipei, `2026-11-25T10+08`: all that a claim may say (ledger.md 8.4)."""
    return at.astimezone(TAIPEI).strftime("%Y-%m-%dT%H+08")
