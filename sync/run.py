"""One pass of push and pull: what a timer calls every minute, and what joins a hub.

First everything that waits goes up, beginning where the hub says it stands; then the feed comes
down, page by page, to its end. Both go on from where they were cut off, so a pass may be ended at
any moment. One pass at a time per home, held by a lock that dies with its process.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from apdu.errors import Fault
from drivers.keys.contract import KeyStore
from sync.client import Enrolled, Gap, HubClient, Joining, enrol
from sync.clock import Clock
from sync.errors import EntryRefused, Rubbish
from sync.ledger.journal import Ack, Entry
from sync.ledger.ledger import Ledger
from sync.profile import Profile
from sync.wire.line import Line
from sync.wire.messages import WireForm

BATCH_BYTES_MAX = 600_000  # of content: base64 and names make less than a body's 1 MiB of it


class AlreadyRunning(Exception):
    """Another pass of this home is under way; there is nothing to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResult:
    """`pushed`, `waiting`: journal entries; `pulled`: rows of the feed that changed something.
    `done`: everything went up and came down. `fault`: what ended the pass early."""

    pushed: int
    pulled: int
    waiting: int
    done: bool
    fault: Fault | None = None


def run(
    ledger: Ledger,
    client: HubClient,
    *,
    run_dir: Path,
    seconds: float,
    within_s: float | None = None,
) -> RunResult:
    """Push and pull once; no new request after `seconds`, each at most `within_s` (default: the
    client's own). Raises `AlreadyRunning`, and faults of the local ledger; what the hub did wrong
    comes back in `fault`."""
    with _alone(run_dir):
        work = _Pass(ledger, client, until=time.monotonic() + seconds, within_s=within_s)
        try:
            done = work.push() and work.pull()
            fault = None
        except Fault as found:
            done, fault = False, found
        return RunResult(
            pushed=work.pushed,
            pulled=work.pulled,
            waiting=ledger.waiting(),
            done=done,
            fault=fault,
        )


def join(
    ledger: Ledger,
    hub_url: str,
    code: str,
    *,
    home_id: bytes,
    keys: KeyStore,
    profile: Profile,
    clock: Clock,
    transport: httpx2.BaseTransport | None = None,
) -> Enrolled:
    """Join a hub and keep it in the ledger. Raises what `sync.client.enrol` does."""
    joining = Joining(
        terminal=ledger.terminal,
        role=ledger.role,
        site=ledger.site,
        home_id=home_id,
        sequence=ledger.seq(),
        head=ledger.head(),
    )
    line = Line(hub_url, transport)
    try:
        joined = enrol(line, code, joining, keys=keys, profile=profile, clock=clock)
    finally:
        line.close()
    ledger.enrolled(
        hub_url=joined.hub_url,
        keyid=joined.keyid,
        hub_key=joined.hub_key,
        era=joined.era,
        epoch=joined.epoch,
    )
    return joined


class _Pass:
    """One pass under way."""

    def __init__(
        self, ledger: Ledger, client: HubClient, *, until: float, within_s: float | None
    ) -> None:
        self._ledger = ledger
        self._client = client
        self._until = until
        self._within_s = within_s
        self.pushed = 0
        self.pulled = 0

    def push(self) -> bool:
        """Send what waits; without anything, show where we stand: a hub that was restored from an
        older copy learns it so, before it says yes to anybody."""
        acked = self._ledger.acked()
        at = acked.seq if acked else 0
        first = True
        while first or at < self._ledger.seq():
            if time.monotonic() >= self._until:
                return False
            entries = self._ledger.batch(at, bytes_max=BATCH_BYTES_MAX)
            answer = self._send(entries, at)
            self._ledger.heard(era=self._client.era)
            if isinstance(answer, Gap):
                if answer.seq >= at:  # it has what it says is missing
                    raise Rubbish(why="gap")
                at = answer.seq
                continue
            if answer.seq < at + len(entries):
                raise Rubbish(why="ack")
            self._ledger.ack(answer)
            self.pushed += len(entries)
            at, first = answer.seq, False
        return True

    def _send(self, entries: list[Entry], at: int) -> Ack | Gap:
        try:
            return self._client.push(
                entries,
                from_seq=at + 1,
                prev_head=self._ledger.head_at(at),
                within_s=self._within_s,
            )
        except EntryRefused as refused:
            # The hub sees the whole batch's head; which entry was damaged only we can tell.
            bad = self._ledger.verify().bad_entries()
            if refused.why == "chain" and bad:
                raise EntryRefused(seq=min(bad), why="chain") from refused
            raise

    def pull(self) -> bool:
        """Take the feed to its end."""
        more = True
        while more:
            if time.monotonic() >= self._until:
                return False
            cursor = self._ledger.cursor()
            page = self._client.feed(cursor, role=self._ledger.role, within_s=self._within_s)
            try:
                self.pulled += self._ledger.apply_page(page)
            except (KeyError, TypeError, ValueError, WireForm):
                raise Rubbish(why="row") from None
            more = page.more
        self._ledger.full_pull_done()
        return True


@contextmanager
def _alone(run_dir: Path) -> Iterator[None]:
    run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(run_dir / "sync", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning() from None
        yield
    finally:
        os.close(handle)
