"""Where this home stands with the hub: stand-alone, enrolled, settled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sync.ledger.part import Part, instant, parsed
from sync.ledger.store import Reads, Tx, whole_row


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """`settled`: what this home did before it was enrolled is acknowledged, and one full pull has
    been applied since; until then it claims nothing new. `last_heard`: the hub's last good
    answer. `epoch` and `era`: ledger.md 2."""

    enrolled: bool
    settled: bool
    hub_url: str | None
    keyid: str | None
    hub_key: bytes | None
    epoch: int
    era: int
    last_heard: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far the feed has been applied. `head`: the view's chain there, None before any page."""

    era: int
    pos: int
    head: bytes | None


def is_enrolled(reads: Reads) -> bool:
    """Whether a hub decides for this home."""
    return reads.value("SELECT hub_url FROM state") is not None


def settling(reads: Reads) -> int | None:
    """None where new claims may be made; else how many entries the hub still has to acknowledge."""
    hub_url, settle_seq, pulled_at = whole_row(
        reads, "SELECT hub_url, settle_seq, pulled_at FROM state"
    )
    if hub_url is None:
        return None
    waiting = max(0, settle_seq - int(reads.value("SELECT seq FROM ack") or 0))
    return None if waiting == 0 and pulled_at is not None else waiting


def _from_the_start(tx: Tx, era: int) -> None:
    tx.run("UPDATE cursor SET era = ?, pos = 0, head = NULL", era)
    for table in ("claim", "link", "binding", "bound", "spoiled"):
        tx.run(f"UPDATE {table} SET pos = 0 WHERE pos > 0")  # noqa: S608 - names of ours


class Standings(Part):
    """The verbs around enrolment and what is heard from the hub."""

    def standing(self) -> Standing:
        """One moment's view of it."""
        with self._store.reading() as reads:
            hub_url, keyid, hub_key, epoch, heard_at = whole_row(
                reads, "SELECT hub_url, keyid, hub_key, epoch, heard_at FROM state"
            )
            return Standing(
                enrolled=hub_url is not None,
                settled=hub_url is not None and settling(reads) is None,
                hub_url=hub_url,
                keyid=keyid,
                hub_key=hub_key,
                epoch=epoch,
                era=reads.value("SELECT era FROM cursor"),
                last_heard=None if heard_at is None else parsed(heard_at),
            )

    def enrolled(self, *, hub_url: str, keyid: str, hub_key: bytes, era: int, epoch: int) -> None:
        """This home has joined a hub. Nothing new is claimed until all that stands in the journal
        now is acknowledged and the feed has been pulled from its beginning."""
        with self._store.immediate() as tx:
            # Another hub knows nothing of what this one acknowledged.
            tx.run("DELETE FROM ack WHERE (SELECT hub_key FROM state) IS NOT ?", hub_key)
            tx.run(
                "UPDATE state SET hub_url = ?, keyid = ?, hub_key = ?, epoch = ?, pulled_at = NULL,"
                " settle_seq = (SELECT coalesce(max(seq), 0) FROM journal), heard_at = ?",
                hub_url,
                keyid,
                hub_key,
                epoch,
                instant(self._now()),
            )
            _from_the_start(tx, era)

    def heard(self, *, era: int) -> None:
        """The hub gave a good answer. A higher era is a restored hub: the feed is pulled anew, and
        its positions begin anew with it."""
        with self._store.immediate() as tx:
            tx.run("UPDATE state SET heard_at = ?", instant(self._now()))
            if era > tx.value("SELECT era FROM cursor"):
                _from_the_start(tx, era)

    def cursor(self) -> Cursor:
        """Where the next page begins."""
        with self._store.reading() as reads:
            era, pos, head = whole_row(reads, "SELECT era, pos, head FROM cursor")
            return Cursor(era=era, pos=pos, head=head)

    def full_pull_done(self) -> None:
        """The feed has been applied to its end."""
        with self._store.immediate() as tx:
            tx.run("UPDATE state SET pulled_at = ?", instant(self._now()))

    def age_s(self) -> float | None:
        """Seconds since the last full pull; None before the first."""
        with self._store.reading() as reads:
            pulled_at = reads.value("SELECT pulled_at FROM state")
        return None if pulled_at is None else (self._now() - parsed(pulled_at)).total_seconds()
