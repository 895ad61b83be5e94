"""Taps at the hub: kept by (card, counter, terminal), and two that contradict are a case.

One counter value seen at two terminals with different money or place is a clone of the card or a
replayed image. A torn tap that another home finished as it was recorded is none, nor is ledger
mode, where each home counts for itself (ledger.md 14, `card_fork`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from sync.hub.cases import entry_side, open_case
from sync.hub.contents import Tap
from sync.hub.schema import tap


class Seen(NamedTuple):
    """One tap and the number of its entry."""

    tap: Tap
    seq: int


def apply(tx: Connection, terminal: str, seen: Sequence[Seen], *, at: datetime) -> None:
    """Keep one terminal's taps; of its entries with one (card, counter) the last counts."""
    last = {(bytes.fromhex(one.tap.card_ref), one.tap.n): one for one in seen}
    if not last:
        return
    _compare(tx, terminal, last, at)
    make = sqlite_insert if tx.dialect.name == "sqlite" else postgresql_insert
    statement = make(tap)
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=[tap.c.card_ref, tap.c.n, tap.c.terminal],
            set_={"seq": statement.excluded.seq, "facts": statement.excluded.facts},
        ),
        [
            {
                "card_ref": ref,
                "n": n,
                "terminal": terminal,
                "seq": one.seq,
                "facts": _facts(one.tap),
            }
            for (ref, n), one in sorted(last.items())
        ],
    )


def _compare(
    tx: Connection, terminal: str, mine: dict[tuple[bytes, int], Seen], at: datetime
) -> None:
    others = tx.execute(
        select(tap).where(
            tap.c.card_ref.in_(bindparam("refs", expanding=True)), tap.c.terminal != terminal
        ),
        {"refs": sorted({ref for ref, _ in mine})},
    )
    for other in others:
        one = mine.get((other.card_ref, other.n))
        facts = _facts(one.tap) if one is not None else None
        if one is not None and None not in (facts, other.facts) and facts != other.facts:
            sides = entry_side(other.terminal, other.seq), entry_side(terminal, one.seq)
            open_case(tx, "card_fork", *sides, at=at, card_ref=other.card_ref.hex(), n=other.n)


def _facts(one: Tap) -> bytes | None:
    """Money and place as 32 bytes to compare, or None where two homes may honestly differ."""
    if one.state == "torn" or one.purse_after is None:
        return None
    said = (one.route, one.stop, one.purse_before, one.purse_after, one.charged_ntd)
    return hashlib.sha256(repr(said).encode()).digest()
