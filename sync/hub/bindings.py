"""Bindings at the hub: one active a person and a card, the later one wins (ledger.md 4.6, I23).

Each binding has an id of its own, and the end of one touches no other. Time is the earlier of the
entry's own clock and the hub's receipt, so that a clock set forward wins nothing; and a binding
whose terminal knew the other one and ended it is the later, whatever the clocks say.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, insert, select, update
from sqlalchemy.engine import Row

from sync.hub.cases import open_case
from sync.hub.feed import publish
from sync.hub.schema import binding

ENDED = "{}"  # the body of a binding whose end came before its beginning


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """One `bind` entry. `root` is the person's smallest token; `body` what the feed says of it."""

    card_ref: bytes
    binding: bytes
    root: bytes
    tokens: Iterable[bytes]
    body: dict[str, Any]
    effective_ms: int
    terminal: str
    seq: int
    ends: frozenset[str] = frozenset()  # feed keys of bindings that this one knowingly ended


def bind(tx: Connection, new: Bound, *, at: datetime) -> None:
    """Apply one `bind`: it becomes the active one, or an ended one, and the feed says so."""
    known = _find(tx, new.card_ref, new.binding)
    if known is not None and known.body != ENDED:
        if (known.terminal, known.seq) != (new.terminal, new.seq):
            open_case(
                tx, "binding_conflict", _side(known), f"entry:{new.terminal}/{new.seq}", at=at
            )
        return
    ended = known is not None and known.root == new.root  # its own person ended it already
    if known is not None:
        tx.execute(binding.delete().where(_is(new.card_ref, new.binding)))
    active = not ended and _wins_card(tx, new, at) and _wins_person(tx, new)
    tx.execute(
        insert(binding),
        {
            "card_ref": new.card_ref,
            "binding": new.binding,
            "root": new.root,
            "tokens": b"".join(sorted(new.tokens)),
            "body": msgspec.json.encode(new.body).decode("utf-8"),
            "effective_ms": new.effective_ms,
            "terminal": new.terminal,
            "seq": new.seq,
            "active": active,
        },
    )
    _tell(tx, new.body, active=active)


def unbind(tx: Connection, end: Bound, *, at: datetime) -> None:
    """Apply one `unbind`: by the holder it ends that binding; by anybody else it is a case. One
    that comes before its `bind` waits for it."""
    known = _find(tx, end.card_ref, end.binding)
    if known is None:
        row = {
            "card_ref": end.card_ref,
            "binding": end.binding,
            "root": end.root,
            "tokens": b"".join(sorted(end.tokens)),
            "body": ENDED,
            "effective_ms": end.effective_ms,
            "terminal": end.terminal,
            "seq": end.seq,
            "active": False,
        }
        tx.execute(insert(binding), row)
    elif known.root != end.root:
        open_case(tx, "binding_conflict", _side(known), f"entry:{end.terminal}/{end.seq}", at=at)
    elif known.active:
        _end(tx, known)


def follow(tx: Connection, old_root: bytes, new_root: bytes) -> None:
    """Two people turned out to be one: of their two active bindings the later stays."""
    active = tx.execute(
        select(binding).where(binding.c.active, binding.c.root.in_([old_root, new_root]))
    ).all()
    for row in sorted(active, key=_order)[:-1]:
        _end(tx, row)
    tx.execute(update(binding).where(binding.c.root == old_root).values(root=new_root))


def _wins_card(tx: Connection, new: Bound, at: datetime) -> bool:
    """One card for two persons: the first holds, and somebody must decide."""
    holder = tx.execute(
        select(binding).where(binding.c.active, binding.c.card_ref == new.card_ref)
    ).one_or_none()
    if holder is None or holder.root == new.root:
        return True
    side = f"binding:{new.card_ref.hex()}/{new.binding.hex()}"
    open_case(tx, "binding_conflict", _side(holder), side, at=at, terminal=new.terminal)
    return False


def _wins_person(tx: Connection, new: Bound) -> bool:
    """Of two of one person the later wins; the loser's end goes into the feed."""
    for row in tx.execute(
        select(binding).where(binding.c.active, binding.c.root == new.root)
    ).all():
        known = f"{row.card_ref.hex()}:{row.binding.hex()}" in new.ends
        if not known and _order(row) > (new.effective_ms, new.terminal, new.seq):
            return False
        _end(tx, row)
    return True


def _end(tx: Connection, row: Row[Any]) -> None:
    tx.execute(update(binding).where(_is(row.card_ref, row.binding)).values(active=False))
    _tell(tx, msgspec.json.decode(row.body), active=False)


def _tell(tx: Connection, body: dict[str, Any], *, active: bool) -> None:
    shared = ("card_ref", "binding", "policy", "class", "expires_on")
    # A card in record mode carries its own binding; a validator must know it only once it ended.
    seen = not active or body["mode"] == "ledger"
    publish(
        tx,
        kind="binding",
        key=f"{body['card_ref']}:{body['binding']}",
        issue=body | {"active": active},
        validate={name: body[name] for name in shared} | {"active": active} if seen else None,
    )


def _find(tx: Connection, card_ref: bytes, binding_id: bytes) -> Row[Any] | None:
    return tx.execute(
        select(binding).where(_is(card_ref, binding_id)).with_for_update()
    ).one_or_none()


def _is(card_ref: bytes, binding_id: bytes) -> Any:
    return (binding.c.card_ref == card_ref) & (binding.c.binding == binding_id)


def _order(row: Row[Any]) -> tuple[int, str, int]:
    return (row.effective_ms, row.terminal, row.seq)


def _side(row: Row[Any]) -> str:
    return f"binding:{row.card_ref.hex()}/{row.binding.hex()}"
