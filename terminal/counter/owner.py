"""The one thread that owns home, reader and card while the clerk's screens are open.

It turns between three things: a job if there is one, the reader, the bottom line. Nothing here
blocks for longer than `TURN_S` but a job, and a job that waits for a card is woken by `close`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Literal

from apdu.errors import Fault
from cards.open import open_card
from drivers.errors import CardMute, CardRemoved, NoCard, ReaderGone, ServiceGone
from drivers.registry import open_reader
from fixtures.places import sites
from issuance.application import parse
from issuance.products import PRODUCTS
from sync.clock import TAIPEI
from terminal.cli.context import told
from terminal.cli.open import void_parts
from terminal.counter.port import (
    Apply,
    CardGone,
    CardSeen,
    Done,
    End,
    Job,
    ReaderState,
    StatusNow,
    Unfinished,
)
from terminal.errors import Unexpected
from terminal.nhi import read_holder
from terminal.showing import whole_card
from terminal.telling import decision_lines, parts_of

if TYPE_CHECKING:
    from textual.message import Message

    from cards.card import Card
    from drivers.contract import Connection, Reader
    from issuance.bind import BindOutcome
    from issuance.desk import IssueOutcome
    from terminal.home import Home
    from terminal.words.said import Parts

TURN_S = 0.2  # how late a card or a job may be noticed
STATUS_S = 2.0
SYNC_S = 60.0  # an idle counter keeps its ledger fresh
CARD_TIMEOUT_S = 10.0
HEARD_S = 180.0  # the hub counts as reachable for this long after its last answer
CLOSE_S = 5.0

Kind = Literal["done", "refused", "fault"]


class Owner:
    """`terminal.counter.port.Port` over a home and a reader. `home`'s keys are open already."""

    def __init__(self, home: Home, reader_uri: str) -> None:
        """Raises `UnknownScheme`, `StackMissing`, `ReaderAmbiguous`."""
        self._home = home
        self._reader: Reader = open_reader(reader_uri)
        self._connection: Connection | None = None
        self._jobs: SimpleQueue[Job] = SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="owner", daemon=True)
        self._tell: Callable[[Message], object] = lambda _: None
        self._trouble: str | None = None  # code of the reader's fault that was told
        self._status_at = self._sync_at = 0.0

    @property
    def reader(self) -> str:
        return self._reader.uri

    @property
    def simulation(self) -> bool:
        return self._home.simulation

    @property
    def terminal(self) -> str:
        return self._home.config.terminal

    @property
    def district(self) -> str:
        return sites()[self._home.config.site].district

    def start(self, tell: Callable[[Message], object]) -> None:
        self._tell = tell
        self._thread.start()

    def submit(self, job: Job) -> None:
        self._jobs.put(job)

    def close(self) -> None:
        self._closing.set()
        self._reader.cancel()
        if self._thread.is_alive():
            self._thread.join(CLOSE_S)

    def _run(self) -> None:
        try:
            while not self._closing.is_set():
                self._turn()
        finally:
            self._drop()
            self._reader.close()

    def _turn(self) -> None:
        self._status()
        try:
            job = self._jobs.get_nowait()
        except Empty:
            self._watch() if self._connection is not None else self._look()
        else:
            self._do(job)

    def _look(self) -> None:
        """Nobody there yet: wait a moment for a card."""
        try:
            self._connection = self._reader.wait_for_card(timeout_s=TURN_S)
        except NoCard:
            self._reader_is(None)
        except Fault as fault:
            self._reader_is(fault)
            self._closing.wait(TURN_S)
        else:
            self._reader_is(None)
            self._show()

    def _watch(self) -> None:
        """A card is there: has it gone?"""
        try:
            gone = self._reader.wait_for_removal(timeout_s=TURN_S)
        except Fault as fault:
            self._reader_is(fault)
            gone = True
        if gone and not self._closing.is_set():
            self._drop()
            self._tell(CardGone())

    def _show(self) -> None:
        """Tell what lies there. A card that left meanwhile is simply gone."""
        if self._connection is None:
            self._tell(CardGone())
            return
        try:
            facts = whole_card(self._connection, self._home)
            holder = read_holder(self._connection) if facts["kind"] == "nhi" else None
            self._tell(CardSeen(facts, holder=holder))
        except (CardRemoved, CardMute, ReaderGone, ServiceGone):
            self._drop()
            self._tell(CardGone())
        except Fault as fault:
            self._tell(CardSeen(None, fault=told(fault)[1]))

    def _lay(self) -> Card:
        """The card on the reader, opened for a job; waited for if it is not there yet."""
        if self._connection is None:
            self._connection = self._reader.wait_for_card(timeout_s=CARD_TIMEOUT_S)
        home = self._home
        return open_card(self._connection, keys=home.keys, shelf=home.ledger.shelf, ours=home.ours)

    def _do(self, job: Job) -> None:
        try:
            kind, parts, lines = self._apply(job) if isinstance(job, Apply) else self._end(job)
        except Fault as fault:
            if isinstance(fault, CardRemoved | CardMute | ReaderGone | ServiceGone):
                self._drop()
            code, parts = told(fault)
            kind, lines = ("refused" if code == 3 else "fault"), []
        except Exception as error:  # noqa: BLE001 - the thread must live; its text may say anything
            parts = told(Unexpected(kind=type(error).__name__, place="counter"))[1]
            kind, lines = "fault", []
        self._status_at = 0.0
        self._tell(Done(job=job, kind=kind, parts=parts, lines=lines))
        if self._closing.is_set():
            return
        self._show()
        self._home.push()

    def _apply(self, job: Apply) -> tuple[Kind, Parts, list[str]]:
        app = parse(job.application)
        if job.verb == "issue":
            return _told(self._home.desk.issue(app, self._lay, product=PRODUCTS[job.product]))
        binder = self._home.binder
        return _told((binder.bind if job.verb == "bind" else binder.unbind)(app, self._lay))

    def _end(self, job: End) -> tuple[Kind, Parts, list[str]]:
        desk, kept = self._home.desk, job.card == "kept"
        if job.verb == "finish":
            return _told(
                desk.finish(job.n, self._lay, card_kept=kept, card_left=job.card == "left")
            )
        void = desk.void(job.n, self._lay, card_kept=kept)
        return ("done" if void.outcome == "voided" else "refused"), void_parts(void), []

    def _status(self) -> None:
        now = time.monotonic()
        if now - self._status_at < STATUS_S:
            return
        self._status_at = now
        if now - self._sync_at > SYNC_S:
            self._sync_at = now
            self._home.push()
        ledger = self._home.ledger
        rows = tuple(
            Unfinished(
                n=row.n,
                step=row.step,
                since=row.since.astimezone(TAIPEI).strftime("%Y-%m-%d %H:%M"),
            )
            for row in ledger.open_rows()
        )
        self._tell(StatusNow(hub=self._hub(), waiting=ledger.waiting(), unfinished=rows))

    def _hub(self) -> str:
        standing = self._home.ledger.standing()
        if not standing.enrolled:
            return "alone"
        heard = standing.last_heard
        age_s = None if heard is None else (self._home.clock.now() - heard).total_seconds()
        return "heard" if age_s is not None and age_s < HEARD_S else "silent"

    def _reader_is(self, fault: Fault | None) -> None:
        """Tell a change once each way, not at every turn."""
        code = fault.code() if fault else None
        if code != self._trouble:
            self._trouble = code
            self._tell(ReaderState(told(fault)[1] if fault else None))

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _told(outcome: IssueOutcome | BindOutcome) -> tuple[Kind, Parts, list[str]]:
    """An outcome as a screen shows it: its three parts, then papers, reasons, rule and source."""
    parts = parts_of(outcome)
    lines = [line for line in decision_lines(outcome) if line not in parts]
    return ("refused" if outcome.outcome == "refused" else "done"), parts, lines
