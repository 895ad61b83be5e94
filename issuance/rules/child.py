"""Who may have a child card, and what it says: C1 to C4 (domain.md 5).

C5 and C6 (has one, is getting one) are the ledger's. Papers, proxies and contradictions are F9 to
F13, as for every card.
"""

from __future__ import annotations

from datetime import date

from issuance.application import Application
from issuance.errors import FieldAbsent
from issuance.rules.ages import (
    FULL_FARE_AGE,
    HALF_FARE_AGE,
    age_years,
    half_fare_until,
    primary_school_until,
)
from issuance.rules.catalog import entitled, refusal
from issuance.rules.decision import Decision, IssuePolicy
from issuance.rules.papers import WAYS, check_number_on, citizens_way, examine, papers_refusal
from issuance.rules.school import (
    check_record,
    check_school,
    has_graduated,
    is_primary,
    pupils_way,
    school_record,
)
from issuance.rules.wanted import Wanted


def decide_child(app: Application, *, today: date, policy: IssuePolicy) -> Decision:
    """Entitled by C1 or C2, or refused by the first rule not kept, in the order of domain.md 3.1.

    `today` is the civil date in Taipei. Pure. Raises `NumberOldForm`, `FieldAbsent` (exit 2).
    """
    check_number_on(app, today=today, policy=policy)
    _check_needed(app)
    if refused := c4_nobody_else(app, today) or c3_age(app, today):
        return refused  # then documents do not matter
    return c1_citizen(app, today, policy) if app.kind == "citizen" else c2_pupil(app, today, policy)


def child_card(app: Application, today: date) -> Wanted:
    """The three ends: half fare to the day before the 12th birthday, student ID and library to
    the end of grade 6, the purse never. Without a primary school of the city the card is for
    fares alone (`ours.no_school`)."""
    half_until = half_fare_until(app.born) if app.born else None
    school = app.school
    if school is None or school.grade is None or not _is_pupil_here(app, today):
        return Wanted(half_until=half_until)
    until = primary_school_until(school.grade, today)
    return Wanted(
        half_until=half_until,
        student_until=until,
        library_until=until,
        school=school_record(app, today),
    )


def c1_citizen(app: Application, today: date, policy: IssuePolicy) -> Decision:
    """A citizen of the city, by the same papers as for a Flora card (F1, F2)."""
    way = WAYS[citizens_way(app)]
    found = examine(app, way, today=today, policy=policy)
    if found.failed == "F3":
        return refusal("C4", said="C4.elsewhere", missing=found.missing, unusable=found.unusable)
    return papers_refusal(found, way) if found.failed else entitled("C1")


def c2_pupil(app: Application, today: date, policy: IssuePolicy) -> Decision:
    """A pupil of a primary school of the city, whose household may be anywhere (inferred)."""
    way = pupils_way(app)
    found = examine(app, way, today=today, policy=policy)
    return papers_refusal(found, way) if found.failed else entitled("C2")


def c3_age(app: Application, today: date) -> Decision | None:
    """6 to under 12 today. A birth to come is a contradiction (F13), no age."""
    if app.born is None or app.born > today:
        return None
    age = age_years(app.born, today)
    if age < HALF_FARE_AGE:
        return refusal("C3", said="C3.too_young")
    return refusal("C3") if age >= FULL_FARE_AGE else None


def c4_nobody_else(app: Application, today: date) -> Decision | None:
    """Neither a citizen nor a pupil of a primary school of the city."""
    return None if app.kind == "citizen" or _is_pupil_here(app, today) else refusal("C4")


def _is_pupil_here(app: Application, today: date) -> bool:
    """In a primary school of the city. Of a citizen's school only `false` says that it is not."""
    is_here = app.school is not None and app.school.in_city is not False
    return is_here and is_primary(app) and not has_graduated(app, today)


def _check_needed(app: Application) -> None:
    if app.born is None:
        raise FieldAbsent(field="born")
    if app.kind == "student" or (app.kind != "citizen" and app.school is not None):
        check_school(app)
    elif app.school is not None and app.school.in_city is not False:
        check_record(app)
