"""Children and pupils at a counter, as old today as a test needs them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from tests.spine.rig import Answer, flora, on

Given = dict[str, object]


def years_ago(years: int, day: date | None = None) -> str:
    """The birthday of whoever is that old on `day`, today if none; never 29 February."""
    day = day or date.today()  # noqa: DTZ011 - as the counter's
    return day.replace(year=day.year - years, day=min(day.day, 28)).isoformat()


def child(number: str, born: str | None = None, **more: object) -> Given:
    """A citizen of Dali with a parent and without an ID card: C1, and B1. 9 years old."""
    return {
        "kind": "citizen",
        "number": number,
        "born": born or years_ago(9),
        "documents": [
            {"kind": "nhi_card"},
            {"kind": "household_certificate", "district": "66000280"},
        ],
        "proxy": {
            "relation": "parent",
            "number": "L100000000",
            "documents": [{"kind": "national_id"}],
        },
        **more,
    }


def pupil(number: str, *, level: str = "primary", grade: int = 4, **more: object) -> Given:
    """From elsewhere, at a school of the city for two years more: S1 (C2 if young enough), B3."""
    school = {
        "level": level,
        "in_city": True,
        "graduates_on": years_ago(-2),
        "code": "193601",
        "grade": grade,
    }
    return {
        "kind": "student",
        "number": number,
        "school": school,
        "documents": [{"kind": "national_id"}, {"kind": "enrolment_certificate"}],
        **more,
    }


def issue(home: Path, card: Path, product: str, given: Given, tear: str = "") -> Answer:
    line = ("issue", product, "--reader", on(card, tear), "--applicant", "-")
    return flora(*line, home=home, given=given)


def bind(home: Path, card: Path, given: Given, verb: str = "bind") -> Answer:
    return flora(verb, "--reader", on(card), "--applicant", "-", home=home, given=given)


def show(home: Path, card: Path) -> Answer:
    got = flora("card", "show", "--reader", on(card), home=home)
    assert got.code == 0, got.out + got.err
    return got
