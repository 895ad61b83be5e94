"""A person is a component of linked tokens; a live claim holds every token of its person.

Functions over an open transaction. Whoever shows a number more only ever adds links (I17), and the
rows of `claim_token` follow them (ledger.md 3.4).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sync.ledger.store import Reads, Tx
from sync.tokens import TOKEN_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A live claim that a person has. `n`: its open row, if this home is still at it."""

    claim_id: bytes
    state: str  # open, confirmed
    basis: str | None
    office: str | None
    month: str | None
    n: int | None


def packed(tokens: Iterable[bytes]) -> bytes:
    """A token set as one value: sorted, 16 bytes each."""
    return b"".join(sorted(set(tokens)))


def unpacked(value: bytes) -> frozenset[bytes]:
    return frozenset(value[i : i + TOKEN_BYTES] for i in range(0, len(value), TOKEN_BYTES))


def closure(reads: Reads, tokens: Iterable[bytes]) -> frozenset[bytes]:
    """All known tokens of whoever has one of `tokens`, over active links."""
    person = set(tokens)
    waiting = list(person)
    while waiting:
        token = waiting.pop()
        near = reads.all(
            "SELECT b FROM link WHERE a = ?1 AND active = 1"
            " UNION SELECT a FROM link WHERE b = ?1 AND active = 1",
            token,
        )
        new = {row[0] for row in near} - person
        person |= new
        waiting.extend(new)
    return frozenset(person)


def holders(reads: Reads, product: str, person: frozenset[bytes]) -> list[Holder]:
    """The live claims of `person` (a closure) to `product`."""
    claims: set[bytes] = set()
    for token in person:
        row = reads.one(
            "SELECT claim_id FROM claim_token WHERE product = ? AND token = ?", product, token
        )
        if row is not None:
            claims.add(row[0])
    for claim_id, tokens in reads.all(
        "SELECT claim_id, tokens FROM claim WHERE doubled = 1 AND product = ? AND state <> 'void'",
        product,
    ):
        if unpacked(tokens) & person:
            claims.add(claim_id)
    return [_holder(reads, claim_id) for claim_id in sorted(claims)]


def _holder(reads: Reads, claim_id: bytes) -> Holder:
    row = reads.one(
        "SELECT c.state, c.basis, c.office, c.month, o.n FROM claim c"
        " LEFT JOIN open_row o USING (claim_id) WHERE c.claim_id = ?",
        claim_id,
    )
    assert row is not None, "claim_token references claim"  # noqa: S101 - held by the foreign key
    state, basis, office, month, n = row
    return Holder(claim_id=claim_id, state=state, basis=basis, office=office, month=month, n=n)


def missing_links(reads: Reads, tokens: frozenset[bytes]) -> list[tuple[bytes, bytes]]:
    """The edges that these numbers would add: the smallest with each other one, as the hub draws
    them. An edge that a decision undid is there, and stays undone."""
    ordered = sorted(tokens)
    return [
        (ordered[0], other)
        for other in ordered[1:]
        if reads.one("SELECT 1 FROM link WHERE a = ? AND b = ?", ordered[0], other) is None
    ]


def link(tx: Tx, tokens: frozenset[bytes], *, evidence: int) -> None:
    """Remember that these numbers were shown together; `evidence` is the entry that says so."""
    new = missing_links(tx, tokens)
    for a, b in new:
        tx.run("INSERT INTO link VALUES (?, ?, ?, 1, NULL)", a, b, evidence)
    if new:
        spread(tx, closure(tx, tokens))


def spread(tx: Tx, tokens: frozenset[bytes]) -> None:
    """Give each live claim that touches `tokens` one row a token of its person.

    `tokens` are whole components, before and after a change of links. Who had rows keeps them;
    a claim that finds a token of its person taken is marked `doubled`, and stays live (9.3).
    """
    claims = {
        row[0]
        for token in tokens
        for row in tx.all("SELECT claim_id FROM claim_token WHERE token = ?", token)
    }
    claims |= {
        claim_id
        for claim_id, made in tx.all(
            "SELECT claim_id, tokens FROM claim WHERE doubled = 1 AND state <> 'void'"
        )
        if unpacked(made) & tokens
    }
    for claim_id in claims:
        tx.run("DELETE FROM claim_token WHERE claim_id = ?", claim_id)
    for _, claim_id in sorted((_is_doubled(tx, claim_id), claim_id) for claim_id in claims):
        occupy(tx, claim_id)


def _is_doubled(reads: Reads, claim_id: bytes) -> bool:
    return bool(reads.value("SELECT doubled FROM claim WHERE claim_id = ?", claim_id))


def occupy(tx: Tx, claim_id: bytes) -> None:
    """Take the tokens of a live claim's person, as far as no other live claim has them."""
    row = tx.one("SELECT product, tokens, state FROM claim WHERE claim_id = ?", claim_id)
    if row is None or row[2] == "void":
        return
    person = closure(tx, unpacked(row[1]))
    taken = sum(
        tx.run(
            "INSERT INTO claim_token VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            row[0],
            token,
            claim_id,
        )
        for token in sorted(person)
    )
    mine = tx.value("SELECT count(*) FROM claim_token WHERE claim_id = ?", claim_id)
    doubled = int(mine < len(person))
    if taken or doubled:
        tx.run("UPDATE claim SET doubled = ? WHERE claim_id = ?", doubled, claim_id)


def vacate(tx: Tx, claim_id: bytes) -> None:
    """The claim is void: its person is free of it, and whoever it had doubled takes its place."""
    held = frozenset(
        row[0] for row in tx.all("SELECT token FROM claim_token WHERE claim_id = ?", claim_id)
    )
    tx.run("DELETE FROM claim_token WHERE claim_id = ?", claim_id)
    tx.run(
        "UPDATE claim SET state = 'void', doubled = 0, tokens = x'' WHERE claim_id = ?", claim_id
    )
    spread(tx, held)
