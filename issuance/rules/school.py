"""What the rules of child and student cards ask of a school. Source: domain.md 4 (B3), 5."""

from __future__ import annotations

from datetime import date

from cards.state import School as SchoolRecord
from issuance.application import Application
from issuance.errors import FieldAbsent
from issuance.rules.ages import LAST_PRIMARY_GRADE, school_year
from issuance.rules.papers import Way

NOT_KNOWN = 0  # the grade of a school record beyond senior high school


def check_school(app: Application) -> None:
    """The fields that say where somebody is a pupil. Raises `FieldAbsent`."""
    if app.school is None:
        raise FieldAbsent(field="school")
    if app.school.in_city is None:
        raise FieldAbsent(field="school.in_city")
    if app.school.in_city:
        check_record(app)


def check_record(app: Application) -> None:
    """The fields that go on a card: which school, which grade. Raises `FieldAbsent`."""
    if app.school is None:
        return
    if app.school.code is None:
        raise FieldAbsent(field="school.code")
    if app.school.grade is None and app.school.level != "university":
        raise FieldAbsent(field="school.grade")


def is_primary(app: Application) -> bool:
    """Grade 1 to 6, which is primary school whatever `level` leaves out."""
    grade = app.school.grade if app.school else None
    return grade is not None and grade <= LAST_PRIMARY_GRADE


def has_graduated(app: Application, today: date) -> bool:
    """School is over; the last day itself is not."""
    last = app.school.graduates_on if app.school else None
    return last is not None and last < today


def pupils_way(app: Application) -> Way:
    """Proof of the school, and of who it is: as in B3, and since few below 14 have an ID card
    (`law.hra.57`) also by the NHI card. A pupil's household may be anywhere."""
    is_foreign = app.number.kind != "national" or app.nationality not in (None, "TWN")
    return Way(
        needs=(
            ("student_id", "enrolment_certificate"),
            ("passport",) if is_foreign else ("national_id", "nhi_card"),
        ),
        papers_source="pub.bind.school",
    )


def school_record(app: Application, today: date) -> SchoolRecord | None:
    """What the card says of the school, as it is in the school year of `today`."""
    if app.school is None or app.school.code is None:
        return None
    grade = app.school.grade or NOT_KNOWN
    return SchoolRecord(code=app.school.code, grade=grade, year=school_year(today))
