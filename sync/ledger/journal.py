"""The journal as it goes up to the hub, and what the hub says it has (ledger.md 8, 9)."""

from __future__ import annotations

from dataclasses import dataclass

from sync import chain
from sync.errors import Chain, RolledBack
from sync.ledger.part import Part
from sync.ledger.store import Reads, journal_end


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One entry as stored. `content` and `salt` None: erased. `seal`: on the last of a commit."""

    seq: int
    epoch: int
    kind: str
    content: bytes | None
    salt: bytes | None
    leaf: bytes
    head: bytes
    seal: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ack:
    """The hub has this journal up to `seq`, whose head is `head`; `sig` is the hub's own."""

    seq: int
    head: bytes
    era: int
    sig: bytes


class Journal(Part):
    """Reading the journal; entries are written by the verbs that they tell of."""

    def seq(self) -> int:
        """The last entry's sequence; 0: none yet."""
        with self._store.reading() as reads:
            return journal_end(reads, self._terminal)[0]

    def head(self) -> bytes:
        """The chain's head after the last entry."""
        with self._store.reading() as reads:
            return journal_end(reads, self._terminal)[1]

    def head_at(self, seq: int) -> bytes:
        """The chain's head after entry `seq`; raises `RolledBack` beyond the last one."""
        with self._store.reading() as reads:
            return self._head_at(reads, seq)

    def acked(self) -> Ack | None:
        """The last acknowledgement; None before the first."""
        with self._store.reading() as reads:
            row = reads.one("SELECT seq, head, era, sig FROM ack")
        return None if row is None else Ack(seq=row[0], head=row[1], era=row[2], sig=row[3])

    def waiting(self) -> int:
        """Entries that the hub has not acknowledged."""
        with self._store.reading() as reads:
            last = journal_end(reads, self._terminal)[0]
            return last - int(reads.value("SELECT seq FROM ack") or 0)

    def batch(
        self, after_seq: int, *, entries_max: int = 500, bytes_max: int = 1 << 20
    ) -> list[Entry]:
        """The next entries to push, ending at a sealed one: at most `entries_max`, and no more
        than `bytes_max` bytes of content unless a single commit is larger."""
        found: list[Entry] = []
        whole = size = 0
        with self._store.reading() as reads:
            for row in reads.each(
                "SELECT seq, epoch, kind, content, salt, leaf, head, seal FROM journal"
                " WHERE seq > ? ORDER BY seq LIMIT ?",
                after_seq,
                entries_max,
            ):
                entry = Entry(**dict(zip(Entry.__slots__, row, strict=True)))
                size += len(entry.content or b"")
                if size > bytes_max and whole:
                    break
                found.append(entry)
                if entry.seal is not None:
                    whole = len(found)
        return found[:whole]

    def ack(self, ack: Ack) -> None:
        """Keep what the hub acknowledged; an older acknowledgement changes nothing.

        Raises `RolledBack` where the hub has more than this ledger, `Chain` where it has another
        entry at that place.
        """
        with self._store.immediate() as tx:
            if self._head_at(tx, ack.seq) != ack.head:
                raise Chain(seq=ack.seq)
            tx.run(
                "INSERT INTO ack VALUES (1, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
                " seq = excluded.seq, head = excluded.head, era = excluded.era, sig = excluded.sig"
                " WHERE excluded.seq >= ack.seq OR excluded.era > ack.era",
                ack.seq,
                ack.head,
                ack.era,
                ack.sig,
            )

    def _head_at(self, reads: Reads, seq: int) -> bytes:
        if seq == 0:
            return chain.first_head(self._terminal)
        head: bytes | None = reads.value("SELECT head FROM journal WHERE seq = ?", seq)
        if head is None:
            raise RolledBack(acked=seq, seq=journal_end(reads, self._terminal)[0])
        return head
