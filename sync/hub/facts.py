"""What journal entries change at the hub: claims, confirms, voids, links, spoiled cards as facts.

A fact is applied or it is a case, and never dropped (I13): a claim of somebody who already holds
one is written down beside it, a void that comes too late or without proof leaves its person
blocked. The functions are idempotent, because an entry may also arrive as an orphan (ledger.md 9).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from sync.hub import bindings
from sync.hub.cases import (
    claim_side,
    close_case,
    entry_side,
    open_case,
    other_sides,
)
from sync.hub.claims import LIVE, NewClaim, find, grant, split, tell, write
from sync.hub.contents import (
    Bind,
    ClaimMade,
    Confirmed,
    Content,
    Linked,
    Refused,
    Spoiled,
    Unbind,
    Voided,
)
from sync.hub.feed import publish
from sync.hub.links import join, star
from sync.hub.people import give_tokens, holder_of, lock_person
from sync.hub.schema import claim, claim_token, spoiled, token
from sync.hub.store import insert_new
from sync.wire.messages import claim_digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Which entry of whom a fact comes from; `at` is the hub's receipt."""

    terminal: str
    site: str
    epoch: int
    seq: int
    at: datetime

    @property
    def side(self) -> str:
        """How cases name it."""
        return entry_side(self.terminal, self.seq)


def apply(tx: Connection, content: Content, source: Source) -> None:
    """Apply one entry. Taps go their own way (`sync.hub.taps`), for they come by the hundred."""
    match content:
        case ClaimMade():
            _claim(tx, content, source)
        case Confirmed():
            _confirm(tx, bytes.fromhex(content.claim), source)
        case Voided():
            _void(tx, content, source)
        case Linked() | Refused():
            _link(tx, content.tokens or [], source)
        case Spoiled():
            _spoil(tx, content)
        case Bind() | Unbind():
            _binding(tx, content, source)
        case _:
            raise TypeError(type(content).__name__)


def _claim(tx: Connection, content: ClaimMade, source: Source) -> None:
    claim_id, tokens = bytes.fromhex(content.claim), _tokens(content.tokens)
    closure = lock_person(tx, tokens)
    known, digest = find(tx, claim_id), claim_digest(content.product, content.tokens)
    if known is not None and known.digest not in (None, digest):
        open_case(tx, "claim_reused", claim_side(claim_id), source.side, at=source.at)
    elif known is None or known.state == "refused":
        new = NewClaim(
            claim=claim_id,
            digest=digest,
            product=content.product,
            tokens=tokens,
            basis=content.basis,
            office=source.site,
            hour=content.hour,
            terminal=source.terminal,
            epoch=source.epoch,
        )
        _insert_fact(tx, new, closure, source.at, known=known is not None)
    join(tx, star(tokens), evidence=source.side, at=source.at)


def _insert_fact(
    tx: Connection, new: NewClaim, closure: Collection[bytes], at: datetime, *, known: bool
) -> None:
    holder = holder_of(tx, new.product, closure)
    if holder is None:
        grant(tx, new, closure, known=known)
        return
    # The first ingested keeps the token rows; this one is live all the same (ledger.md 9.3).
    write(tx, new, known=known)
    _double(tx, holder, new.claim, at)


def _double(tx: Connection, holder: bytes, other: bytes, at: datetime) -> None:
    a, b = find(tx, holder), find(tx, other)
    if a is None or b is None or b.basis == a.basis == "import":
        return  # one list of earlier collectors loaded at two places says the same twice
    sides = {
        name: {"terminal": row.terminal, "office": row.office, "hour": row.hour}
        for name, row in (("a", a), ("b", b))
    }
    open_case(tx, "double_claim", claim_side(holder), claim_side(other), at=at, **sides)


def _confirm(tx: Connection, claim_id: bytes, source: Source) -> None:
    known = _own_claim(tx, claim_id, source)
    if known is None or known == "confirmed":
        return
    if known == "open":
        tx.execute(update(claim).where(claim.c.claim == claim_id).values(state="confirmed"))
        tell(tx, claim_id)
    else:
        open_case(tx, "void_after_confirm", claim_side(claim_id), source.side, at=source.at)


def _own_claim(tx: Connection, claim_id: bytes, source: Source) -> str | None:
    """The state of this terminal's own claim; of any other it is a case, and None."""
    row = tx.execute(
        select(claim.c.state, claim.c.terminal).where(claim.c.claim == claim_id).with_for_update()
    ).one_or_none()
    if row is not None and row.terminal == source.terminal:
        return str(row.state)
    open_case(tx, "claim_unknown", claim_side(claim_id), source.side, at=source.at)
    return None


def _void(tx: Connection, content: Voided, source: Source) -> None:
    claim_id = bytes.fromhex(content.claim)
    known = find(tx, claim_id)
    if known is None:  # it overtook its claim, which must block nobody when it comes (S4)
        tombstone = {
            "claim": claim_id,
            "state": "void",
            "basis": "hub",
            "hour": content.hour,
            "terminal": source.terminal,
            "epoch": source.epoch,
        }
        tx.execute(insert(claim), tombstone)
        return
    if known.state in LIVE:
        lock_person(tx, split(known.tokens))
    state = _own_claim(tx, claim_id, source)
    if state == "confirmed":
        open_case(tx, "void_after_confirm", claim_side(claim_id), source.side, at=source.at)
    elif state == "open" and known.epoch != source.epoch and content.evidence == "unwritten":
        open_case(tx, "void_old_epoch", claim_side(claim_id), source.side, at=source.at)
    elif state == "open":
        tx.execute(update(claim).where(claim.c.claim == claim_id).values(state="void"))
        tx.execute(delete(claim_token).where(claim_token.c.claim == claim_id))
        tell(tx, claim_id)
        _settle_doubles(tx, claim_id, source.at)


def _settle_doubles(tx: Connection, ended: bytes, at: datetime) -> None:
    """One side of a double is gone: the next live side holds the person's tokens now."""
    for kind in ("double_claim", "double_by_link"):
        for side in other_sides(tx, kind, claim_side(ended)):
            close_case(tx, kind, claim_side(ended), side)
            other = find(tx, bytes.fromhex(side.removeprefix("claim:")))
            if other is None or other.state not in LIVE:
                continue
            closure = list(lock_person(tx, split(other.tokens)))
            holder = holder_of(tx, other.product, closure)
            if holder is None or holder == other.claim:
                give_tokens(tx, other.claim, other.product, closure)
            else:
                _double(tx, holder, other.claim, at)


def _link(tx: Connection, shown: list[str], source: Source) -> None:
    if len(shown) < 2:
        return
    tokens = _tokens(shown)
    lock_person(tx, tokens)
    join(tx, star(tokens), evidence=source.side, at=source.at)


def _spoil(tx: Connection, content: Spoiled) -> None:
    for ref in sorted(set(content.refs)):
        if insert_new(tx, spoiled, [{"card_ref": bytes.fromhex(ref)}]):
            body = {"card_ref": ref}
            publish(tx, kind="spoiled", key=ref, issue=body, validate=body)


def _binding(tx: Connection, content: Bind | Unbind, source: Source) -> None:
    tokens = _tokens(content.tokens)
    lock_person(tx, tokens)
    join(tx, star(tokens), evidence=source.side, at=source.at)
    entry_ms = int(content.at.timestamp() * 1000)
    bound = bindings.Bound(
        card_ref=bytes.fromhex(content.card_ref),
        binding=bytes.fromhex(content.binding),
        root=tx.execute(select(token.c.root).where(token.c.token == tokens[0])).scalar_one(),
        tokens=tokens,
        body=_binding_body(content) if isinstance(content, Bind) else {},
        effective_ms=min(entry_ms, int(source.at.timestamp() * 1000)),
        terminal=source.terminal,
        seq=source.seq,
        ends=frozenset(content.ends if isinstance(content, Bind) else ()),
    )
    if isinstance(content, Bind):
        bindings.bind(tx, bound, at=source.at)
    else:
        bindings.unbind(tx, bound, at=source.at)


def _binding_body(content: Bind) -> dict[str, object]:
    return {
        "card_ref": content.card_ref,
        "binding": content.binding,
        "tokens": sorted(content.tokens),
        "policy": content.policy,
        "class": content.class_,
        "expires_on": content.expires_on and content.expires_on.isoformat(),
        "card_number": content.card_number,
        "mode": content.mode,
    }


def _tokens(shown: list[str]) -> list[bytes]:
    return sorted({bytes.fromhex(one) for one in shown})
