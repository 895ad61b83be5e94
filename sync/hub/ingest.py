"""The journal comes up: one push, one transaction, and only form can make it fail (ledger.md 9).

Order: the sequence fits; the chain from `prev_head` to `head` is recomputed and the seal verified;
entries that are here already are compared and skipped; the new ones are stored and applied in
order; the head moves; only then is there an acknowledgement. What does not fit is answered with
where this hub stands, and what contradicts is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, insert, select, update

from sync import chain
from sync.clock import hour
from sync.hub import facts, taps
from sync.hub.answers import Reply, no
from sync.hub.cases import entry_side, open_case
from sync.hub.contents import HOUR_ONLY, Content, Tap, read
from sync.hub.schema import journal, journal_orphan, terminal
from sync.hub.store import insert_new
from sync.wire.messages import JournalPush, WireEntry, WireForm, b64, unb64

_FACTS = ("claim", "bind", "link", "refusal")  # what counts also from a forked line


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """The terminal whose journal it is, its row locked; `seq` and `head`: what is here of it."""

    terminal: str
    role: str | None
    site: str
    epoch: int
    seq: int
    head: bytes
    public_key: bytes
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    seq: int
    epoch: int
    kind: str
    salt: bytes | None
    content: bytes | None
    leaf: bytes
    head: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Everything up to `seq` is stored, with this head."""

    seq: int
    head: bytes


def take(tx: Connection, sender: Sender, push: JournalPush) -> Taken | Reply:
    """Take one push. A `Reply` is the refusal."""
    if push.from_ > sender.seq + 1:
        here = b64(sender.head)
        return no(409, "gap", "entries before these are missing", seq=sender.seq, head=here)
    try:
        entries = chained(sender.terminal, push)
    except WireForm as fault:
        return no(400, "form", fault.why)
    if not is_sealed(sender, push, entries):
        seq = entries[-1].seq if entries else push.from_
        open_case(
            tx,
            "bad_chain",
            entry_side(sender.terminal, seq),
            f"terminal:{sender.terminal}",
            at=sender.at,
        )
        return no(422, "chain", "leaf, head or seal is wrong", seq=seq)
    if (fork := _forks_at(tx, sender, push, entries)) is not None:
        return _keep_fork(tx, sender, entries, fork)
    fresh = [entry for entry in entries if entry.seq > sender.seq]
    if not fresh:
        return Taken(seq=sender.seq, head=sender.head)
    _store(tx, sender, fresh, unb64(push.seal or ""))
    _apply(tx, sender, fresh)
    last = fresh[-1]
    tx.execute(
        update(terminal)
        .where(terminal.c.terminal == sender.terminal)
        .values(seq=last.seq, head=last.head)
    )
    return Taken(seq=last.seq, head=last.head)


def keep_revoked(tx: Connection, sender: Sender, push: JournalPush) -> None:
    """A revoked terminal's journal: kept where chain and seal are good, since cards may be out;
    applied by nobody before somebody decides."""
    try:
        entries = chained(sender.terminal, push)
    except WireForm:
        return
    if entries and is_sealed(sender, push, entries):
        _keep(tx, sender, entries)
        side = f"terminal:{sender.terminal}"
        open_case(
            tx, "revoked_journal", side, entry_side(sender.terminal, entries[0].seq), at=sender.at
        )


def chained(name: str, push: JournalPush) -> list[_Entry]:
    """The entries with leaf and head recomputed. Raises `WireForm`."""
    head, entries = unb64(push.prev_head), []
    for seq, entry in enumerate(push.entries, push.from_):
        if entry.seq != seq:
            raise WireForm("sequence")
        leaf, salt, content = _leaf(entry)
        head = chain.next_head(head, seq=seq, epoch=entry.epoch, leaf_hash=leaf)
        entries.append(
            _Entry(
                seq=seq,
                epoch=entry.epoch,
                kind=entry.kind,
                salt=salt,
                content=content,
                leaf=leaf,
                head=head,
            )
        )
    return entries


def is_sealed(sender: Sender, push: JournalPush, entries: Sequence[_Entry]) -> bool:
    """Whether the recomputed head is the pushed one and its seal is this terminal's."""
    if not entries:
        return push.seal is None and push.head == push.prev_head
    last = entries[-1]
    if push.seal is None or b64(last.head) != push.head:
        return False
    message = chain.seal_message(sender.terminal, seq=last.seq, epoch=last.epoch, head=last.head)
    try:
        Ed25519PublicKey.from_public_bytes(sender.public_key).verify(unb64(push.seal), message)
    except (InvalidSignature, WireForm):
        return False
    return True


def _leaf(entry: WireEntry) -> tuple[bytes, bytes | None, bytes | None]:
    if entry.content is None or entry.salt is None:
        if entry.leaf is None or entry.content is not None or entry.salt is not None:
            raise WireForm("entry")
        return unb64(entry.leaf), None, None
    salt, content = unb64(entry.salt), unb64(entry.content)
    return chain.leaf(salt, content), salt, content


def _forks_at(
    tx: Connection, sender: Sender, push: JournalPush, entries: Sequence[_Entry]
) -> int | None:
    """The first sequence at which the pushed line and the one here differ."""
    before = push.from_ - 1
    if before == 0:
        head = chain.first_head(sender.terminal)
    elif before == sender.seq:
        head = sender.head
    else:
        head = tx.execute(
            select(journal.c.head).where(
                journal.c.terminal == sender.terminal, journal.c.seq == before
            )
        ).scalar_one()
    if b64(head) != push.prev_head:
        return before
    known = tx.execute(
        select(journal.c.seq, journal.c.leaf).where(
            journal.c.terminal == sender.terminal,
            journal.c.seq >= push.from_,
            journal.c.seq < push.from_ + len(entries),
        )
    )
    leaves = {entry.seq: entry.leaf for entry in entries}
    return min((row.seq for row in known if leaves[row.seq] != row.leaf), default=None)


def _keep_fork(tx: Connection, sender: Sender, entries: Sequence[_Entry], seq: int) -> Reply:
    """Two histories of one terminal: the other is kept, and its claims, binds and links count."""
    orphans = [entry for entry in entries if entry.seq >= seq]
    _keep(tx, sender, orphans)
    _apply(tx, sender, [entry for entry in orphans if entry.kind in _FACTS])
    sides = entry_side(sender.terminal, seq), f"terminal:{sender.terminal}"
    open_case(tx, "journal_fork", *sides, at=sender.at)
    return no(409, "fork", "another content is here at this sequence", seq=seq)


def _keep(tx: Connection, sender: Sender, entries: Sequence[_Entry]) -> None:
    insert_new(
        tx,
        journal_orphan,
        [_row(sender, entry) | {"epoch": entry.epoch} for entry in entries],
    )


def _store(tx: Connection, sender: Sender, entries: Sequence[_Entry], seal: bytes) -> None:
    last = entries[-1].seq
    rows = [
        _row(sender, entry) | {"head": entry.head, "seal": seal if entry.seq == last else None}
        for entry in entries
    ]
    tx.execute(insert(journal), rows)


def _row(sender: Sender, entry: _Entry) -> dict[str, Any]:
    # Not finer than the hour where a neighbouring tap or bind would name the holder.
    received = hour(sender.at) if entry.kind in HOUR_ONLY else sender.at.isoformat()
    return {
        "terminal": sender.terminal,
        "seq": entry.seq,
        "epoch": entry.epoch,
        "kind": entry.kind,
        "salt": entry.salt,
        "content": entry.content,
        "leaf": entry.leaf,
        "received": received,
    }


def _apply(tx: Connection, sender: Sender, entries: Sequence[_Entry]) -> None:
    seen: list[taps.Seen] = []
    for entry in entries:
        content = _read(tx, sender, entry)
        if isinstance(content, Tap):
            seen.append(taps.Seen(content, entry.seq))
        elif content is not None:
            source = facts.Source(
                terminal=sender.terminal,
                site=sender.site,
                epoch=entry.epoch,
                seq=entry.seq,
                at=sender.at,
            )
            facts.apply(tx, content, source)
    taps.apply(tx, sender.terminal, seen, at=sender.at)


def _read(tx: Connection, sender: Sender, entry: _Entry) -> Content | None:
    if entry.content is None:  # erased: the chain keeps its leaf
        return None
    try:
        return read(entry.kind, sender.role, entry.content)
    except WireForm as fault:
        sides = entry_side(sender.terminal, entry.seq), f"terminal:{sender.terminal}"
        open_case(tx, "unknown_kind", *sides, at=sender.at, entry=entry.kind, why=fault.why)
        return None
