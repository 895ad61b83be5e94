"""Claims at the hub: who may have a card, decided once for ever by claim id (ledger.md 4.3, 4.4).

Order in the transaction: the claim id known? then its answer; lock the person's tokens; look for a
live claim; then write. Two for one person meet at the locks, and the unique key (product, token)
stands behind them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update
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
_FIND = select(claim).where(claim.c.claim == bindparam("id"))
_INSERT = insert(claim)
_INSERT_TOKENS = insert(claim_token)


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
    """Yes or no to a claim id that is new. Had another sending of the same request been faster,
    the claim's own key fails this one, and the next run finds the stored answer."""
    tokens = sorted({bytes.fromhex(token) for token in request.tokens})
    pairs = star(tokens) + [(bytes.fromhex(a), bytes.fromhex(b)) for a, b in request.links]
    closure = lock_person(tx, {*tokens, *(token for pair in pairs for token in pair)})
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
    if (holder := holder_of(tx, request.product, closure)) is None:
        grant(tx, new, closure)
        answer = ClaimAnswer(claim=request.claim, result="granted", state="open")
    else:
        answer = _refuse(tx, new, holder)
    # Numbers shown together belong together, also when the answer is no (I17).
    join(tx, pairs, evidence=claim_side(new.claim), at=asker.at)
    return ok(answer)


def grant(
    tx: Connection, new: NewClaim, closure: Collection[bytes], *, known: bool = False
) -> None:
    """Write a live claim that holds every token of the person. The key (product, token) is the
    belt (S17): had somebody got past the locks, this fails, and the next run sees who."""
    write(tx, new, known=known)
    tx.execute(
        _INSERT_TOKENS,
        [{"product": new.product, "token": one, "claim": new.claim} for one in sorted(closure)],
    )


def write(tx: Connection, new: NewClaim, *, known: bool = False) -> None:
    """Write a live claim and say so in the feed; the tokens it holds are the caller's to give.
    `known`: its id stands here already, as a refused one."""
    state = "confirmed" if new.basis == "import" else "open"
    row = _row(new) | {"tokens": b"".join(new.tokens), "state": state}
    if known:
        tx.execute(update(claim).where(claim.c.claim == new.claim).values(row))
    else:
        tx.execute(_INSERT, row)
    _publish(tx, row)


def tell(tx: Connection, claim_id: bytes) -> None:
    """Put the claim as it is now into the feed."""
    _publish(tx, tx.execute(_FIND, {"id": claim_id}).one()._asdict())


def find(tx: Connection, claim_id: bytes) -> Row[Any] | None:
    """The claim's row, or None."""
    return tx.execute(_FIND, {"id": claim_id}).one_or_none()


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


def _refuse(tx: Connection, new: NewClaim, holder_id: bytes) -> ClaimAnswer:
    holder = tx.execute(_FIND, {"id": holder_id}).one()
    shown = {
        "rule": refusal_rule(tx, holder),
        "shown_office": holder.office,
        "shown_month": holder.hour[:7],
    }
    # No token: a refusal over one number keeps its rule and nothing more.
    tx.execute(_INSERT, _row(new) | {"tokens": None, "state": "refused"} | shown)
    return _refused(new.claim.hex(), **shown)


def _row(new: NewClaim) -> dict[str, Any]:
    return {
        "claim": new.claim,
        "digest": new.digest,
        "product": new.product,
        "basis": new.basis,
        "office": new.office,
        "hour": new.hour,
        "terminal": new.terminal,
        "epoch": new.epoch,
    }


def _publish(tx: Connection, row: Mapping[str, Any]) -> None:
    publish(
        tx,
        kind="claim",
        key=row["claim"].hex(),
        issue={
            "claim": row["claim"].hex(),
            "product": row["product"],
            "tokens": [token.hex() for token in split(row["tokens"])],
            "state": row["state"],
            "office": row["office"],
            "month": row["hour"][:7],
            "basis": row["basis"],
        },
    )


def _answer(claim_id: str, row: Row[Any]) -> ClaimAnswer:
    if row.state in LIVE:
        return ClaimAnswer(claim=claim_id, result="granted", state=row.state)
    if row.state == "void":
        return ClaimAnswer(claim=claim_id, result="void", state="void")
    return _refused(
        claim_id,
        rule=row.rule,
        shown_office=row.shown_office,
        shown_month=row.shown_month,
    )


def _refused(claim_id: str, *, rule: Any, shown_office: str, shown_month: str) -> ClaimAnswer:
    return ClaimAnswer(
        claim=claim_id,
        result="refused",
        state="refused",
        reason="already",
        rule=rule,
        office=shown_office,
        month=shown_month,
    )
