"""Claims and the issuances they belong to.

A row's steps: `asked` -> `claimed` -> `writing` -> `confirmed` -> gone; `void` and `denied` end it
earlier. Order (ledger.md 4.2): L1 `ask` holds the person here, L2 `granted` is the claim in the
journal, L3 `begin_writing` says which card may be half written, L4 `confirm` makes it final, L5
`clear` puts away what joined claim and card. Each verb is one transaction and durable on return;
asked again on a row that is further, it does nothing. Claims, refusals and voids say the hour.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sync.errors import AlreadyConfirmed, Busy, NoOpenRow, Settling
from sync.ledger import contents
from sync.ledger.part import ISSUING, Part, parsed
from sync.ledger.people import (
    Holder,
    closure,
    holders,
    link,
    missing_links,
    occupy,
    packed,
    unpacked,
    vacate,
)
from sync.ledger.shelf import hand_out
from sync.ledger.standing import is_enrolled, settling
from sync.ledger.store import Reads, Tx

CLAIM_ID_BYTES = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRow:
    """An issuance that has not ended. `uid` is the card's, from `writing` on. `begun`: its card
    may have been written, also because nobody can know (ledger.md 4.5). `wanted`: what its card
    is to say of the holder, opaque here; asked for again before writing, the last word counts."""

    n: int
    claim_id: bytes
    product: str
    step: str  # asked, claimed, writing, confirmed
    since: datetime
    tokens: frozenset[bytes]
    uid: bytes | None
    rule: str
    proxy: str  # none, parent, other
    by: str | None
    mode: str | None  # record, ledger; from the confirm on
    begun: bool
    wanted: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The person has a live claim. `office`: site id; `month`: "2026-11"; None where unknown."""

    rule: str  # F14, F15, F16
    office: str | None
    month: str | None


class Claims(Part):
    """The verbs of one issuance."""

    def ask(
        self,
        product: str,
        tokens: frozenset[bytes],
        *,
        rule: str,
        proxy: str,
        by: str | None = None,
        wanted: bytes | None = None,
    ) -> OpenRow | Taken:
        """L1: hold this person here, or say who holds them; a refusal is journalled.

        The person's own unfinished issuance at this home comes back as its row. The row is held
        (`hold`) by this ledger on return; one that another process carries on is F16. Raises
        `Settling` where this terminal may claim nothing new yet.
        """
        self._only(ISSUING)
        if not tokens:
            raise ValueError("a claim needs a token")
        taken_n: int | None = None
        try:
            with self._store.immediate() as tx:
                found = holders(tx, product, closure(tx, tokens))
                mine = next((holder.n for holder in found if holder.n is not None), None)
                others = [holder for holder in found if mine is None or holder.n != mine]
                if others or (mine is not None and not self._marks.take(mine)):
                    return self._refused(tx, product, tokens, _why(others or found))
                taken_n = mine
                waiting = settling(tx)
                if mine is not None and (waiting is None or _row(tx, mine).step != "asked"):
                    self._show_together(tx, tokens)
                    _want(tx, mine, wanted)
                    return _row(tx, mine)
                if waiting is None:
                    taken_n = self._hold_person(tx, product, tokens, rule, proxy, by)
                    _want(tx, taken_n, wanted)
                    self._marks.take(taken_n)
                    return _row(tx, taken_n)
                self._show_together(tx, tokens)
        except BaseException:
            if taken_n is not None:
                self._marks.release(taken_n)
            raise
        if taken_n is not None:
            self._marks.release(taken_n)
        raise Settling(waiting=waiting)

    def granted(self, n: int, *, basis: Literal["hub", "alone"]) -> None:
        """L2: the claim is made. `alone` is for a terminal that no hub decides for. Raises
        `Settling` when this one has been enrolled meanwhile, or was and has not settled."""
        with self._store.immediate() as tx:
            row = _row(tx, n)
            if row.step != "asked":
                return
            waiting = settling(tx)
            if waiting is not None or (basis == "alone" and is_enrolled(tx)):
                raise Settling(waiting=waiting or 0)
            entry = contents.claim(
                row.claim_id,
                row.product,
                row.tokens,
                hour=self._hour(),
                basis=basis,
                rule=row.rule,
                proxy=row.proxy,
                by=row.by,
            )
            evidence = tx.journal("claim", entry)
            tx.run("UPDATE claim SET basis = ? WHERE claim_id = ?", basis, row.claim_id)
            tx.run("UPDATE open_row SET step = 'claimed' WHERE n = ?", n)
            link(tx, row.tokens, evidence=evidence)

    def denied(self, n: int, *, rule: str) -> None:
        """The hub said no: the row goes, the refusal stays."""
        with self._store.immediate() as tx:
            row = _at(tx, n, "asked")
            self._remove(tx, row)
            self._refusal(tx, row.product, row.tokens, rule)
        self._marks.release(n, ended=True)

    def drop(self, n: int) -> None:
        """Take an `asked` row away whose claim id nobody has seen; that its numbers were shown
        together stays."""
        with self._store.immediate() as tx:
            row = _at(tx, n, "asked")
            self._remove(tx, row)
            self._show_together(tx, row.tokens)
        self._marks.release(n, ended=True)

    def begin_writing(self, n: int, uid: bytes) -> None:
        """L3: from here on this card may be half written."""
        with self._store.immediate() as tx:
            row = _at(tx, n, "claimed", "writing")
            if row.step == "claimed":
                tx.run("INSERT INTO join_row VALUES (?, ?)", n, uid)
                tx.run("UPDATE open_row SET step = 'writing' WHERE n = ?", n)
            elif row.uid != uid:
                raise ValueError(f"issuance {n} has another card: swap_card")

    def swap_card(self, n: int, uid: bytes, *, spoiled_ref: bytes) -> None:
        """The first card stayed here and is spoiled; another takes its place before it is written
        (`--card-kept`). The spoiled one is journalled without the claim."""
        with self._store.immediate() as tx:
            _at(tx, n, "writing")
            _spoil(tx, spoiled_ref)
            tx.run("DELETE FROM join_row WHERE n = ?", n)
            tx.run("INSERT INTO join_row VALUES (?, ?)", n, uid)
            tx.cleared()

    def confirm(
        self,
        n: int,
        *,
        mode: Literal["record", "ledger"],
        card: Literal["issued", "left"],
        handed_out: bytes | None,
    ) -> None:
        """L4: the claim is final, before the card's last write. `handed_out`: the card_ref of a
        ledger-mode card, for which this is the hand-over."""
        with self._store.immediate() as tx:
            row = _row(tx, n)
            if row.step == "confirmed":
                return
            if row.step != "writing" and not (card == "left" and row.begun):
                raise ValueError(f"issuance {n} is {row.step}")
            entry = contents.confirm(
                row.claim_id, hour=self._hour(), mode=mode, card=card, by=row.by
            )
            tx.journal("confirm", entry)
            tx.run("UPDATE claim SET state = 'confirmed' WHERE claim_id = ?", row.claim_id)
            occupy(tx, row.claim_id)
            tx.run("UPDATE open_row SET step = 'confirmed', mode = ? WHERE n = ?", mode, n)
            if handed_out is not None:
                hand_out(tx, handed_out)

    def clear(self, n: int) -> None:
        """L5: nothing joins claim and card any more, in the write-ahead log neither as soon as
        nobody reads there (ledger.md 8.4 rule 4)."""
        with self._store.immediate() as tx:
            if _known(tx, n):
                _at(tx, n, "confirmed")
                _end(tx, n)
        self._marks.release(n, ended=True)

    def void(
        self,
        n: int,
        *,
        evidence: Literal["unwritten", "blanked", "kept"],
        spoiled_ref: bytes | None = None,
    ) -> None:
        """End an issuance whose card is proven or declared to be here (I6): the person is free
        again, at the hub with the next push. `kept` books the begun card as spoiled.

        Raises `AlreadyConfirmed` (I5).
        """
        with self._store.immediate() as tx:
            row = _row(tx, n)
            if row.step == "confirmed":
                raise AlreadyConfirmed(n=n)
            if evidence == "unwritten" and row.begun:
                raise ValueError(f"issuance {n} may have written its card")
            entry = contents.void(row.claim_id, hour=self._hour(), evidence=evidence, by=row.by)
            tx.journal("void", entry)
            if evidence == "kept" and spoiled_ref is not None:
                _spoil(tx, spoiled_ref)
            _end(tx, n)
            vacate(tx, row.claim_id)
        self._marks.release(n, ended=True)

    def refuse(self, product: str, *, rule: str, tokens: frozenset[bytes]) -> None:
        """Journal a rule's no. Numbers shown together are remembered as one person's (I17); a
        single one is not stored."""
        with self._store.immediate() as tx:
            self._refusal(tx, product, tokens, rule)

    def open_rows(self) -> list[OpenRow]:
        """The issuances that have not ended, oldest first."""
        with self._store.reading() as reads:
            return [_row(reads, n) for (n,) in reads.all("SELECT n FROM open_row ORDER BY n")]

    def open_row(self, n: int) -> OpenRow | None:
        """One of them; None when it has ended or never was."""
        with self._store.reading() as reads:
            return _row(reads, n) if _known(reads, n) else None

    @contextmanager
    def hold(self, n: int) -> Iterator[None]:
        """Carry issuance `n` on, alone. Raises `Busy` while another process does."""
        if not self._marks.take(n):
            raise Busy(n=n)
        try:
            yield
        finally:
            self._marks.release(n)

    def _hold_person(
        self,
        tx: Tx,
        product: str,
        tokens: frozenset[bytes],
        rule: str,
        proxy: str,
        by: str | None,
    ) -> int:
        claim_id = self._store.random(CLAIM_ID_BYTES)
        tx.run(
            "INSERT INTO claim VALUES (?, ?, ?, 'open', NULL, ?, ?, 0, NULL)",
            claim_id,
            product,
            packed(tokens),
            self._site,
            self._hour()[:7],
        )
        occupy(tx, claim_id)
        n = tx.value(
            "INSERT INTO open_row (claim_id, step, epoch, since, rule, proxy, clerk)"
            " VALUES (?, 'asked', ?, ?, ?, ?, ?) RETURNING n",
            claim_id,
            tx.epoch,
            self._instant(),
            rule,
            proxy,
            by,
        )
        return int(n)

    def _refused(self, tx: Tx, product: str, tokens: frozenset[bytes], taken: Taken) -> Taken:
        self._refusal(tx, product, tokens, taken.rule)
        return taken

    def _refusal(self, tx: Tx, product: str, tokens: frozenset[bytes], rule: str) -> None:
        entry = contents.refusal(product, rule=rule, hour=self._hour(), tokens=tokens)
        link(tx, tokens, evidence=tx.journal("refusal", entry))

    def _show_together(self, tx: Tx, tokens: frozenset[bytes]) -> None:
        """Numbers were shown together, and no claim or refusal says so."""
        if missing_links(tx, tokens):
            entry = contents.link(tokens, hour=self._hour())
            link(tx, tokens, evidence=tx.journal("link", entry))

    def _remove(self, tx: Tx, row: OpenRow) -> None:
        _end(tx, row.n)
        vacate(tx, row.claim_id)
        tx.run("DELETE FROM claim WHERE claim_id = ?", row.claim_id)


def _why(found: list[Holder]) -> Taken:
    """The rule that refuses, in the order of domain.md 3.1: the old list, collected, still open."""
    for holder in found:
        if holder.basis == "import":
            return Taken(rule="F14", office=holder.office, month=holder.month)
    for holder in found:
        if holder.state == "confirmed":
            return Taken(rule="F15", office=holder.office, month=holder.month)
    return Taken(rule="F16", office=found[0].office, month=found[0].month)


def _known(reads: Reads, n: int) -> bool:
    return reads.one("SELECT 1 FROM open_row WHERE n = ?", n) is not None


def _row(reads: Reads, n: int) -> OpenRow:
    row = reads.one(
        "SELECT o.claim_id, c.product, o.step, o.since, c.tokens, j.uid, o.rule, o.proxy, o.clerk,"
        " o.mode, o.epoch < s.epoch, o.wanted FROM open_row o JOIN claim c USING (claim_id)"
        " JOIN state s LEFT JOIN join_row j ON j.n = o.n WHERE o.n = ?",
        n,
    )
    if row is None:
        raise NoOpenRow(n=n)
    claim_id, product, step, since, tokens, uid, rule, proxy, clerk, mode, older, wanted = row
    return OpenRow(
        n=n,
        claim_id=claim_id,
        product=product,
        step=step,
        since=parsed(since),
        tokens=unpacked(tokens),
        uid=uid,
        rule=rule,
        proxy=proxy,
        by=clerk,
        mode=mode,
        begun=bool(older) or step in ("writing", "confirmed"),
        wanted=wanted,
    )


def _want(tx: Tx, n: int, wanted: bytes | None) -> None:
    """Until its card is written, an issuance asked for again may say something else."""
    tx.run("UPDATE open_row SET wanted = ? WHERE n = ? AND step IN ('asked', 'claimed')", wanted, n)


def _at(tx: Tx, n: int, *steps: str) -> OpenRow:
    row = _row(tx, n)
    if row.step not in steps:
        raise ValueError(f"issuance {n} is {row.step}, not {' or '.join(steps)}")
    return row


def _end(tx: Tx, n: int) -> None:
    """Take the row and what joined it to a card away."""
    tx.run("DELETE FROM join_row WHERE n = ?", n)
    tx.run("DELETE FROM open_row WHERE n = ?", n)
    tx.cleared()


def _spoil(tx: Tx, card_ref: bytes) -> None:
    """A card that stayed here: nobody's, so its ref may be said, and without the claim (4.5)."""
    tx.journal("spoiled", contents.spoiled(card_ref))
    tx.run("INSERT INTO spoiled VALUES (?, NULL) ON CONFLICT DO NOTHING", card_ref)
