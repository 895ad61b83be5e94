"""Claims at the hub: who may have a card, decided once for ever by claim id (ledger.md 4.3, 4.4).

Order in the transaction: the claim id known? then its answer; lock the person's tokens; look for a
live claim; then write. Two for one person meet at the locks, and the unique key (product, token)
stands behind them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.engine import Row

from sync.clock import hour
from sync.hub.answers import Reply, no, ok
from sync.hub.cases import claim_side, is_disputed, open_case
from sync.hub.feed import publish
from sync.hub.links import join, star
from sync.hub.people import holder_of, lock_person
from sync.hub.schema import claim, claim_token
from sync.wire.messages import ClaimAnswer, ClaimRequest, claim_digest

LIVE = ("open", "confirmed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """The terminal behind a request."""

    terminal: str
    site: str
    epoch: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClaim:
    """One claim to be written down."""

    claim: bytes
    digest: bytes
    product: str
    tokens: Collection[bytes]
    basis: str
    office: str
    hour: str
    terminal: str
    epoch: int


def answer_known(tx: Connection, request: ClaimRequest, asker: Asker) -> Reply | None:
    """The stored answer of a claim id that was seen before, whatever has happened since."""
    known = find(tx, bytes.fromhex(request.claim))
    if known is None:
        return None
    digest = claim_digest(request.product, request.tokens)
    if known.digest is None:  # its void came first (S4): it blocks nobody
        tx.execute(
            update(claim)
            .where(claim.c.claim == known.claim)
            .values(digest=digest, product=request.product)
        )
    elif known.digest != digest:
        sides = claim_side(known.claim), f"terminal:{asker.terminal}"
        open_case(tx, "claim_reused", *sides, at=asker.at)
        return no(409, "claim_reused", "this claim id stands for another request")
    return ok(_answer(request.claim, known))


def decide(tx: Connection, request: ClaimRequest, asker: Asker) -> Reply:
    """Yes or no to a claim id that is new."""
    tokens = sorted({bytes.fromhex(token) for token in request.tokens})
    pairs = star(tokens) + [(bytes.fromhex(a), bytes.fromhex(b)) for a, b in request.links]
    closure = set(lock_person(tx, {*tokens, *(token for pair in pairs for token in pair)}))
    # A second sending of the same request may have waited at the locks.
    if (known := answer_known(tx, request, asker)) is not None:
        return known
    holder = holder_of(tx, request.product, closure)
    new = NewClaim(
        claim=bytes.fromhex(request.claim),
        digest=claim_digest(request.product, request.tokens),
        product=request.product,
        tokens=tokens,
        basis="hub",
        office=asker.site,
        hour=hour(asker.at),
        terminal=asker.terminal,
        epoch=asker.epoch,
    )
    if holder is None:
        grant(tx, new, closure)
    else:
        _refuse(tx, new, holder)
    # Numbers shown together belong together, also when the answer is no (I17).
    join(tx, pairs, evidence=claim_side(new.claim), at=asker.at)
    written = find(tx, new.claim)
    assert written is not None  # noqa: S101
    return ok(_answer(request.claim, written))


def grant(tx: Connection, new: NewClaim, closure: Collection[bytes]) -> None:
    """Write a live claim that holds every token of the person. The key (product, token) is the
    belt (S17): had somebody got past the locks, this fails, and the next run sees who."""
    write(tx, new, state="confirmed" if new.basis == "import" else "open")
    tx.execute(
        insert(claim_token),
        [{"product": new.product, "token": one, "claim": new.claim} for one in sorted(closure)],
    )


def write(tx: Connection, new: NewClaim, *, state: str) -> None:
    """Write a claim and say so in the feed; the tokens it holds are the caller's to give."""
    row = {
        "claim": new.claim,
        "digest": new.digest,
        "product": new.product,
        "tokens": b"".join(new.tokens),
        "state": state,
        "basis": new.basis,
        "office": new.office,
        "hour": new.hour,
        "terminal": new.terminal,
        "epoch": new.epoch,
    }
    if find(tx, new.claim) is None:
        tx.execute(insert(claim), row)
    else:
        tx.execute(update(claim).where(claim.c.claim == new.claim).values(row))
    tell(tx, new.claim)


def tell(tx: Connection, claim_id: bytes) -> None:
    """Put the claim as it is now into the feed."""
    row = find(tx, claim_id)
    assert row is not None  # noqa: S101
    publish(
        tx,
        kind="claim",
        key=claim_id.hex(),
        issue={
            "claim": claim_id.hex(),
            "product": row.product,
            "tokens": [token.hex() for token in split(row.tokens)],
            "state": row.state,
            "office": row.office,
            "month": row.hour[:7],
            "basis": row.basis,
        },
    )


def find(tx: Connection, claim_id: bytes) -> Row[Any] | None:
    """The claim's row, or None."""
    return tx.execute(select(claim).where(claim.c.claim == claim_id)).one_or_none()


def split(tokens: bytes | None) -> list[bytes]:
    """Tokens that are stored in a row, 16 bytes each."""
    whole = tokens or b""
    return [whole[at : at + 16] for at in range(0, len(whole), 16)]


def refusal_rule(tx: Connection, holder: Row[Any]) -> str:
    """By which rule a live claim refuses its person (domain.md 3, F14 to F16)."""
    if holder.basis == "import":
        return "F14"
    if holder.state == "open" or is_disputed(tx, claim_side(holder.claim)):
        return "F16"
    return "F15"


def _refuse(tx: Connection, new: NewClaim, holder_id: bytes) -> None:
    holder = find(tx, holder_id)
    assert holder is not None  # noqa: S101
    tx.execute(
        insert(claim),
        {
            "claim": new.claim,
            "digest": new.digest,
            "product": new.product,
            "tokens": None,
            "state": "refused",
            "basis": new.basis,
            "office": new.office,
            "hour": new.hour,
            "terminal": new.terminal,
            "epoch": new.epoch,
            "rule": refusal_rule(tx, holder),
            "shown_office": holder.office,
            "shown_month": holder.hour[:7],
        },
    )


def _answer(claim_id: str, row: Row[Any]) -> ClaimAnswer:
    if row.state in LIVE:
        return ClaimAnswer(claim=claim_id, result="granted", state=row.state)
    if row.state == "void":
        return ClaimAnswer(claim=claim_id, result="void", state="void")
    return ClaimAnswer(
        claim=claim_id,
        result="refused",
        state="refused",
        reason="already",
        rule=row.rule,
        office=row.shown_office,
        month=row.shown_month,
    )
