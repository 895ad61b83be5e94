"""What the clerk's screens know of the rest: jobs go in, messages come back.

Screens never touch a reader, a ledger or a rule. `owner.Owner` is the real port; tests bring a
fake one. Messages arrive on the screens' own loop, whichever thread they were told from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from textual.message import Message

from apdu.nhi import Holder
from terminal.words.said import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """Issue, bind or unbind for one application (its JSON; forgotten with the job)."""

    verb: Literal["issue", "bind", "unbind"]
    application: bytes
    product: str = "flora"

    def __repr__(self) -> str:
        return f"Apply(verb={self.verb!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """Finish or void an issuance that was left open (ledger.md 4.5)."""

    verb: Literal["finish", "void"]
    n: int
    card: Literal["here", "kept", "left"] = "here"


Job = Apply | End


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished:
    """One issuance left open. `since`: Asia/Taipei, to the minute."""

    n: int
    step: str
    since: str


class CardSeen(Message):
    """A card lies on the reader: its facts (as `card show` has them), or why it cannot be read.
    `holder`: of an NHI card, for the application form alone."""

    def __init__(
        self,
        facts: Mapping[str, Any] | None,
        *,
        fault: Parts | None = None,
        holder: Holder | None = None,
    ) -> None:
        super().__init__()
        self.facts = facts
        self.fault = fault
        self.holder = holder


class CardGone(Message):
    """The reader is empty."""


class ReaderState(Message):
    """The reader stopped answering (`fault`), or answers again (None)."""

    def __init__(self, fault: Parts | None) -> None:
        super().__init__()
        self.fault = fault


class StatusNow(Message):
    """The bottom line. `hub`: alone, heard, silent. `unfinished`: issuances left open."""

    def __init__(self, *, hub: str, waiting: int, unfinished: tuple[Unfinished, ...]) -> None:
        super().__init__()
        self.hub = hub
        self.waiting = waiting
        self.unfinished = unfinished


class Done(Message):
    """A job came to its end. `kind`: done, refused (a rule said no), fault."""

    def __init__(
        self, *, job: Job, kind: Literal["done", "refused", "fault"], parts: Parts, lines: list[str]
    ) -> None:
        super().__init__()
        self.job = job
        self.kind = kind
        self.parts = parts
        self.lines = lines


class Shown(Message):
    """A screen has come up and wants its bottom line."""


class Sent(Message):
    """A screen asks for a job to be done."""

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.job = job


class Port(Protocol):
    """The screens' way to the desk."""

    @property
    def reader(self) -> str:
        """The reader's URI, for the bottom line."""
        ...

    @property
    def simulation(self) -> bool: ...

    @property
    def terminal(self) -> str: ...

    @property
    def district(self) -> str:
        """The district this counter stands in, 8 digits: what a clerk sees most often."""
        ...

    def start(self, tell: Callable[[Message], object]) -> None:
        """Begin to watch the reader; `tell` may be called from any thread."""
        ...

    def submit(self, job: Job) -> None:
        """Do one job after the other; each ends with `Done`."""
        ...

    def close(self) -> None:
        """Stop at once, also while nobody puts a card down; a write under way is ended first."""
        ...
