"""Applications for tests, as the JSON that a clerk's screen sends. The day is a Wednesday."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any

from issuance.application import Application, parse
from issuance.rules.decision import IssuePolicy

TODAY = date(2026, 11, 25)
YESTERDAY = TODAY - timedelta(days=1)
TOMORROW = TODAY + timedelta(days=1)
POLICY = IssuePolicy()

XITUN = "66000060"
NATIONAL = "B100000002"
RESIDENT = "BC00000004"

Paper = dict[str, object]
Given = dict[str, Any]


def paper(kind: str, district: str | None = None, **dates: date) -> Paper:
    """One document; dates by field name."""
    where = {"district": district} if district else {}
    return {"kind": kind, **where, **{name: day.isoformat() for name, day in dates.items()}}


def given(kind: str, number: str, *papers: Paper, **more: object) -> Given:
    """One application as JSON values."""
    return {"kind": kind, "number": number, "documents": list(papers), **more}


def citizen(number: str = NATIONAL, **more: object) -> Given:
    """Entitled by F1."""
    return given("citizen", number, paper("national_id", XITUN), **more)


def spouse(*, valid_until: date = TODAY, **more: object) -> Given:
    """Entitled by F4."""
    return given(
        "foreign_spouse",
        RESIDENT,
        paper("residence_certificate", valid_until=valid_until),
        paper("spouse_national_id"),
        paper("spouse_household_certificate", "66000150"),
        **{"nationality": "VNM", **more},
    )


def proxy(relation: str, number: str, *papers: Paper) -> Given:
    """Who came instead."""
    return {"relation": relation, "number": number, "documents": list(papers)}


def school(*, in_city: bool = True, graduates_on: str = "2027-06-30") -> Given:
    return {"level": "senior", "in_city": in_city, "graduates_on": graduates_on}


def wide(text: str) -> str:
    """The same in full-width characters, as an input method sends them."""
    return "".join(chr(ord(character) + 0xFEE0) for character in text)


def read(application: object) -> Application:
    """Through the front door, as bytes."""
    return parse(json.dumps(application).encode())
