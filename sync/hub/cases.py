"""Cases: what contradicts is kept with both sides named, until somebody decides (ledger.md 14).

A side is text: `claim:HEX`, `entry:TERMINAL/SEQ`, `binding:REF/ID`, `card:REF`, `terminal:NAME`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, or_, select, update

from sync.clock import hour
from sync.hub.schema import case_file
from sync.hub.store import insert_new


def claim_side(claim: bytes) -> str:
    """How a case names a claim."""
    return f"claim:{claim.hex()}"


def entry_side(terminal: str, seq: int) -> str:
    """How a case names a journal entry."""
    return f"entry:{terminal}/{seq}"


def open_case(
    tx: Connection, kind: str, side_a: str, side_b: str, *, at: datetime, **detail: Any
) -> None:
    """Open a case, once for these two sides. `at` is kept as the hour: a claim may be a side."""
    row = {
        "kind": kind,
        "side_a": side_a,
        "side_b": side_b,
        "detail": msgspec.json.encode(detail).decode("utf-8"),
        "opened": hour(at),
        "state": "open",
    }
    insert_new(tx, case_file, [row])


def other_sides(tx: Connection, kind: str, side: str) -> list[str]:
    """Those that stand against `side` in open cases of this kind."""
    rows = tx.execute(
        select(case_file.c.side_a, case_file.c.side_b).where(
            case_file.c.kind == kind,
            case_file.c.state == "open",
            or_(case_file.c.side_a == side, case_file.c.side_b == side),
        )
    )
    return sorted({b if a == side else a for a, b in rows})


def close_case(tx: Connection, kind: str, side_a: str, side_b: str) -> None:
    """A case whose cause has gone."""
    both = (side_a, side_b)
    tx.execute(
        update(case_file)
        .where(case_file.c.kind == kind, case_file.c.side_a.in_(both), case_file.c.side_b.in_(both))
        .values(state="closed")
    )


def is_disputed(tx: Connection, side: str) -> bool:
    """Whether `side` is one side of any undecided case."""
    return (
        tx.execute(
            select(case_file.c.case)
            .where(
                case_file.c.state == "open",
                or_(case_file.c.side_a == side, case_file.c.side_b == side),
            )
            .limit(1)
        ).first()
        is not None
    )
