"""What a rule's answer is, and the dates of effect the rules go by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from enum import StrEnum
from typing import Literal, NamedTuple

from issuance.errors import PolicyUnreadable


class Why(StrEnum):
    """Why a document is not good today (F12)."""

    EXPIRED = "expired"
    NOT_ISSUED_YET = "not_issued_yet"
    OLD_ID_CARD = "old_id_card"


class Unusable(NamedTuple):
    """A document that was shown and is not good; the proxy's with `proxy.` in front."""

    document: str
    why: Why


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the rules say to one application.

    `rule` is the entitlement, or the first rule that failed; `source` its source key. `missing`:
    kinds of document still to be shown (absent or unusable), alternatives joined by `|`, the
    proxy's with `proxy.` in front. `expires_on`: a binding's last good day, None = open end.
    `facts` are for the words: `said`, the key of the text where one rule has several, and
    `unusable`, pairs of document and why.
    """

    outcome: Literal["entitled", "refused"]
    rule: str
    source: str
    missing: tuple[str, ...] = ()
    expires_on: date | None = None
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuePolicy:
    """Dates of effect and ages, as data (domain.md 2.5). A start of None: not entitled (yet)."""

    flora_citizen: date | None = date(2023, 4, 10)
    flora_foreign_spouse: date | None = date(2023, 4, 10)
    flora_permanent_resident: date | None = date(2025, 2, 14)
    bind_citizen: date | None = date(2020, 12, 1)
    bind_foreign_spouse: date | None = date(2020, 12, 1)
    bind_student: date | None = date(2020, 12, 1)
    bind_permanent_resident: date | None = date(2025, 1, 16)
    bind_min_age: int = 6
    adult_age: int = 18
    old_residence_number_until: date = date(2030, 12, 31)

    @classmethod
    def from_profile(cls, issue: Mapping[str, object]) -> IssuePolicy:
        """From the profile's `issue` mapping: our field names (a dot may stand for the first
        underscore, as in domain.md 2.5), ISO dates or null, ages as integers; what is absent
        keeps its default. Raises `PolicyUnreadable`."""
        defaults = cls()
        known = {f.name: getattr(defaults, f.name) for f in fields(cls)}
        for entry, value in issue.items():
            name = entry.replace(".", "_", 1)
            if name not in known:
                raise PolicyUnreadable(entry=entry)
            known[name] = _policy_value(entry, name, value)
        return cls(**known)


_AGES = ("bind_min_age", "adult_age")
_NEVER_EMPTY = (*_AGES, "old_residence_number_until")


def _policy_value(entry: str, name: str, value: object) -> date | int | None:
    if value is None and name not in _NEVER_EMPTY:
        return None
    if type(value) is int and name in _AGES and value >= 0:
        return value
    if isinstance(value, date):
        value = value.isoformat()
    if isinstance(value, str) and name not in _AGES:
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise PolicyUnreadable(entry=entry)
