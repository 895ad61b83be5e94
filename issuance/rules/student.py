"""Who may have a student card, and what it says: S1 and S2 (domain.md 5).

S3 and S4 (has one, is getting one) are the ledger's. Papers, proxies and contradictions are F9 to
F13, as for every card.
"""

from __future__ import annotations

from datetime import date

from issuance.application import Application
from issuance.rules.ages import (
    HALF_FARE_AGE,
    birthday,
    half_fare_until,
    school_year,
    school_year_end,
)
from issuance.rules.catalog import entitled, refusal
from issuance.rules.decision import Decision, IssuePolicy
from issuance.rules.papers import check_number_on, examine, papers_refusal
from issuance.rules.school import check_school, has_graduated, pupils_way, school_record
from issuance.rules.wanted import Wanted


def decide_student(app: Application, *, today: date, policy: IssuePolicy) -> Decision:
    """Entitled by S1, or refused by the first rule not kept, in the order of domain.md 3.1.

    `today` is the civil date in Taipei. Pure. Raises `NumberOldForm`, `FieldAbsent` (exit 2).
    """
    check_number_on(app, today=today, policy=policy)
    check_school(app)
    return s2_no_pupil_here(app, today) or s1_student(app, today, policy)


def student_card(app: Application, today: date) -> Wanted:
    """School and grade of this school year; student ID to the end of the school year in which
    school ends, or of this one where that is not said (`ours.student_end`). Half fare only for
    whom it is known to be under 12; no library (the child card's)."""
    last = app.school.graduates_on if app.school else None
    return Wanted(
        half_until=_half_until(app, today),
        student_until=school_year_end(school_year(last or today)),
        school=school_record(app, today),
    )


def s1_student(app: Application, today: date, policy: IssuePolicy) -> Decision:
    """A pupil or student of a school of the city, wherever the household is."""
    way = pupils_way(app)
    found = examine(app, way, today=today, policy=policy)
    return papers_refusal(found, way) if found.failed else entitled("S1")


def s2_no_pupil_here(app: Application, today: date) -> Decision | None:
    """The school is elsewhere, or over."""
    if app.school is None or not app.school.in_city:
        return refusal("S2")
    return refusal("S2", said="S2.graduated") if has_graduated(app, today) else None


def _half_until(app: Application, today: date) -> date | None:
    if app.born is None:
        return None
    until = half_fare_until(app.born)
    return until if birthday(app.born, HALF_FARE_AGE) <= today <= until else None
