"""What a new link between two numbers does: two people turn out to be one (ledger.md 3.4)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import Connection, select, update

from sync.hub.bindings import follow
from sync.hub.cases import claim_side, open_case
from sync.hub.feed import publish
from sync.hub.people import give_tokens
from sync.hub.schema import claim_token, link, token
from sync.hub.store import insert_new


def join(
    tx: Connection,
    pairs: Iterable[tuple[bytes, bytes]],
    *,
    evidence: str,
    at: datetime,
) -> None:
    """Record links and make their ends one person. Both closures must be locked; a link that is
    known changes nothing."""
    for a, b in sorted({(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]}):
        row = {"a": a, "b": b, "active": True, "evidence": evidence}
        if not insert_new(tx, link, [row]):
            continue
        publish(
            tx,
            kind="link",
            key=f"{a.hex()}:{b.hex()}",
            issue={"a": a.hex(), "b": b.hex(), "active": True},
        )
        _merge(tx, a, b, at)


def star(shown: Collection[bytes]) -> list[tuple[bytes, bytes]]:
    """The links of numbers shown together: each with the smallest."""
    first, *others = sorted(shown)
    return [(first, other) for other in others]


def _merge(tx: Connection, a: bytes, b: bytes, at: datetime) -> None:
    found = tx.execute(select(token.c.root).where(token.c.token.in_([a, b])).distinct())
    roots = sorted(found.scalars())
    if len(roots) < 2:
        return
    smaller, larger = roots
    tx.execute(update(token).where(token.c.root == larger).values(root=smaller))
    _spread_claims(tx, smaller, at)
    follow(tx, larger, smaller)


def _spread_claims(tx: Connection, root: bytes, at: datetime) -> None:
    """After a link: a claim covers all tokens of its person; two claims of one product are a
    case, and both stay."""
    closure = set(tx.execute(select(token.c.token).where(token.c.root == root)).scalars())
    rows = tx.execute(
        select(claim_token.c.product, claim_token.c.claim)
        .where(claim_token.c.token.in_(sorted(closure)))
        .distinct()
        .order_by(claim_token.c.product, claim_token.c.claim)
    ).all()
    first: dict[str, bytes] = {}
    for product, claim in rows:
        if product in first:
            sides = claim_side(first[product]), claim_side(claim)
            open_case(tx, "double_by_link", *sides, at=at, product=product)
        else:
            first[product] = claim
            give_tokens(tx, claim, product, closure)
