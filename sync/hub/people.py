"""Tokens of one person: the closure over links, its locks, and who holds it.

A person is a connected component of linked tokens; `token.root` is its smallest token. Whoever
decides about a person first locks all tokens of the closure in token order, and looks again until
it no longer grows: a link that commits in between is then either seen or waits (S18).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import BindParameter, Connection, bindparam, select

from sync.hub.schema import claim_token, token
from sync.hub.store import insert_new

_inner = token.alias()
_SHOWN: BindParameter[bytes] = bindparam("shown", expanding=True)
_CLOSURE = (
    select(token.c.token, token.c.root)
    .where(token.c.root.in_(select(_inner.c.root).where(_inner.c.token.in_(_SHOWN))))
    .order_by(token.c.token)
    .with_for_update()
)
_HOLDER = (
    select(claim_token.c.claim)
    .where(claim_token.c.product == bindparam("of"), claim_token.c.token.in_(_SHOWN))
    .order_by(claim_token.c.claim)
    .limit(1)
)


def lock_person(tx: Connection, shown: Collection[bytes]) -> dict[bytes, bytes]:
    """Lock every token of the closure of `shown`; the closure, each token with its root."""
    insert_new(tx, token, [{"token": one, "root": one} for one in sorted(shown)])
    locked: dict[bytes, bytes] = {}
    while True:
        rows = tx.execute(_CLOSURE, {"shown": sorted(shown)}).all()
        found: dict[bytes, bytes] = {row.token: row.root for row in rows}
        # A row whose root changed while we waited for its lock is left out of that one answer.
        if found == locked and found.keys() >= set(shown):
            return found
        locked = found


def holder_of(tx: Connection, product: str, closure: Iterable[bytes]) -> bytes | None:
    """The live claim of one of these tokens, if any: the smallest claim id where a late link
    joined two."""
    asked = {"of": product, "shown": sorted(closure)}
    return tx.execute(_HOLDER, asked).scalar_one_or_none()


def give_tokens(tx: Connection, claim: bytes, product: str, closure: Iterable[bytes]) -> None:
    """Book every token of the closure for this claim; those of another claim stay with it."""
    rows = [{"product": product, "token": one, "claim": claim} for one in sorted(closure)]
    insert_new(tx, claim_token, rows)
