"""A port without reader, ledger or thread: what it is told stays to be looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.message import Message

from terminal.card_extras import NOTHING
from terminal.counter.port import CardSeen, Done, Job, StatusNow, Unfinished
from terminal.words.said import Parts

STOCK: dict[str, Any] = {
    "kind": "flora",
    "chip": "MIFARE Classic 1K",
    "uid": "04a1b2c3",
    "mode": "record",
    "issued": False,
    "prepared": False,
    "newer": False,
    "binding": None,
    "trip": None,
    "purse_ntd": 100,
    "our_sectors": [12, 13, 14],
    **NOTHING,
}
BLANK_DESFIRE = STOCK | {"kind": "blank-desfire", "chip": "MIFARE DESFire EV2", "purse_ntd": None}
TRIP: dict[str, Any] = {
    "open": False,
    "route": "300",
    "boarded_zh": "臺中車站",
    "boarded_en": "Taichung Station",
    "boarded_at": "2026-11-25T08:00:00+08:00",
    "last_zh": "靜宜大學",
    "last_en": "Providence University",
    "last_at": "2026-11-25T08:40:00+08:00",
    "paid_ntd": 10,
}
HANDED_OUT = STOCK | {
    "issued": True,
    "binding": {"policy": "double-ten", "expires_on": None, "class": "full"},
    "trip": TRIP,
    "purse_ntd": 90,
}
QUIET = StatusNow(hub="heard", waiting=0, unfinished=())


def cut_off(*numbers: int) -> StatusNow:
    """A bottom line with issuances left open."""
    rows = tuple(Unfinished(n=n, step="writing", since="2026-11-24 17:29") for n in numbers)
    return StatusNow(hub="silent", waiting=3, unfinished=rows)


class FakePort:
    """A `Port` that a test speaks through."""

    reader = "sim:card"
    terminal = "C-01"
    district = "66000060"

    def __init__(self, *, simulation: bool = True) -> None:
        self.simulation = simulation
        self.jobs: list[Job] = []
        self.closed = False
        self.tell: Callable[[Message], object] = lambda _: None

    def start(self, tell: Callable[[Message], object]) -> None:
        self.tell = tell

    def submit(self, job: Job) -> None:
        self.jobs.append(job)

    def close(self) -> None:
        self.closed = True

    def card(self, facts: dict[str, Any] | None = None) -> None:
        """Put a card down: stock, unless told otherwise."""
        self.tell(CardSeen(STOCK if facts is None else facts))

    def done(self, kind: Any, what: str, means: str, then: str, *lines: str) -> None:
        """The last job came to this."""
        parts = Parts(what, means, then)
        self.tell(Done(job=self.jobs[-1], kind=kind, parts=parts, lines=list(lines)))
