"""The feed: shared facts in one order, numbered after they are committed (ledger.md 10).

A row is written by the transaction of its fact without a position. One sequencer at a time numbers
what is committed and extends the head chain of each view. A position taken from a counter at the
time of the insert would let a reader skip a row that commits late (I19); a number given under a
lock that is released by the commit cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import msgspec
from sqlalchemy import Connection, bindparam, func, insert, select, text, update

from sync.hub.schema import feed
from sync.hub.store import FEED_LOCK, Store
from sync.wire.messages import FeedPage, FeedRow, b64, first_feed_head, next_feed_head

View = Literal["issue", "validate"]
VIEWS: tuple[View, ...] = ("issue", "validate")
PAGE_ROWS_MAX = 500
_NUMBERED_AT_ONCE = 1000
_INSERT = insert(feed)


def view_of(role: str | None) -> View:
    """Which rows a terminal is given: by its certificate, never by its request."""
    return "validate" if role in ("validator", "kiosk") else "issue"


def publish(
    tx: Connection,
    *,
    kind: str,
    key: str,
    issue: dict[str, Any],
    validate: dict[str, Any] | None = None,
) -> None:
    """Write one row for the feed; it gets its place after this transaction has committed."""
    tx.execute(
        _INSERT,
        {
            "kind": kind,
            "key": key,
            "issue": _text(issue),
            "validate": None if validate is None else _text(validate),
        },
    )


def number_rows(store: Store) -> None:
    """Give every committed row its position, in transactions of their own."""
    while store.read(_any_waiting):
        store.write(_number_some)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Where a page starts and how long it may be."""

    view: View
    era: int
    after: int
    limit: int


def page(tx: Connection, cut: Cut) -> FeedPage:
    """The rows after `cut.after`, as the view has them. Positions are common to both views, so
    `to` says how far the page looked, not what its last row is."""
    limit = min(cut.limit, PAGE_ROWS_MAX)
    body, head = feed.c[cut.view], feed.c[f"{cut.view}_head"]
    # First how far, then the rows up to there: the other way round, a row that is numbered between
    # the two statements would be below `to` and not on the page.
    last = tx.execute(select(func.coalesce(func.max(feed.c.pos), 0))).scalar_one()
    rows = tx.execute(
        select(feed.c.pos, feed.c.kind, feed.c.key, body.label("body"), head.label("head"))
        .where(feed.c.pos > cut.after, feed.c.pos <= last, body.is_not(None))
        .order_by(feed.c.pos)
        .limit(limit + 1)
    ).all()
    more = len(rows) > limit
    rows = rows[:limit]
    to = rows[-1].pos if more else max(last, cut.after)
    return FeedPage(
        era=cut.era,
        from_=cut.after,
        to=to,
        rows=[
            FeedRow(pos=row.pos, kind=row.kind, key=row.key, body=msgspec.Raw(row.body.encode()))
            for row in rows
        ],
        head=b64(rows[-1].head if rows else _head_at(tx, cut.view, to)),
        more=more,
    )


def _any_waiting(tx: Connection) -> bool:
    return tx.execute(select(feed.c.id).where(feed.c.pos.is_(None)).limit(1)).first() is not None


def _number_some(tx: Connection) -> None:
    if tx.dialect.name == "postgresql":
        # Held to the commit, and taken before the snapshot of the statements below (S26).
        tx.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": FEED_LOCK})
    pos = tx.execute(select(func.coalesce(func.max(feed.c.pos), 0))).scalar_one()
    heads: dict[View, bytes] = {view: _head_at(tx, view, pos) for view in VIEWS}
    waiting = tx.execute(
        select(feed.c.id, feed.c.kind, feed.c.key, feed.c.issue, feed.c.validate)
        .where(feed.c.pos.is_(None))
        .order_by(feed.c.id)
        .limit(_NUMBERED_AT_ONCE)
    ).all()
    numbered = []
    for pos, row in enumerate(waiting, pos + 1):  # noqa: B020
        for view in VIEWS:
            if (body := getattr(row, view)) is not None:
                heads[view] = next_feed_head(
                    heads[view], pos=pos, kind=row.kind, key=row.key, body=body.encode()
                )
        numbered.append({"row": row.id, "pos": pos, "a": heads["issue"], "b": heads["validate"]})
    if numbered:
        tx.execute(
            update(feed)
            .where(feed.c.id == bindparam("row"))
            .values(pos=bindparam("pos"), issue_head=bindparam("a"), validate_head=bindparam("b")),
            numbered,
        )


def _head_at(tx: Connection, view: View, pos: int) -> bytes:
    found = tx.execute(
        select(feed.c[f"{view}_head"]).where(feed.c.pos <= pos).order_by(feed.c.pos.desc()).limit(1)
    ).scalar_one_or_none()
    return found if found is not None else first_feed_head(view)


def _text(body: dict[str, Any]) -> str:
    return msgspec.json.encode(body).decode("utf-8")
