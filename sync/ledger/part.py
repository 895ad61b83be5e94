"""What the parts of the ledger share: one store, one set of run marks, the clock and chance."""

from __future__ import annotations

from datetime import UTC, datetime

from sync.clock import hour
from sync.errors import Role
from sync.ledger.marks import RunMarks
from sync.ledger.store import Store

ISSUING = (None, "counter", "import")
TAPPING = (None, "validator")
VALIDATING = ("validator", "kiosk")  # their homes hold no tokens


class Part:
    """Root of the ledger's parts. `role` None: a simulation home, which does everything."""

    def __init__(
        self, store: Store, marks: RunMarks, *, terminal: str, site: str, role: str | None
    ) -> None:
        self._store = store
        self._marks = marks
        self._terminal = terminal
        self._site = site
        self._role = role

    @property
    def terminal(self) -> str:
        """This terminal's name in the city."""
        return self._terminal

    @property
    def site(self) -> str:
        """The office it stands in."""
        return self._site

    @property
    def role(self) -> str | None:
        """What this home does; None: a simulation home, which does everything."""
        return self._role

    def _only(self, roles: tuple[str | None, ...]) -> None:
        """A claim and a tap side by side would name the holder (ledger.md 8.4 rule 2)."""
        if self._role not in roles:
            raise Role(role=self._role or "")

    def _now(self) -> datetime:
        return self._store.clock.now()

    def _hour(self) -> str:
        return hour(self._now())

    def _instant(self) -> str:
        return instant(self._now())


def instant(at: datetime) -> str:
    """ISO 8601 UTC in whole seconds, as the wire has it: `2026-11-25T02:03:04Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parsed(text: str) -> datetime:
    """The aware UTC time that `instant` wrote."""
    return datetime.fromisoformat(text).astimezone(UTC)
