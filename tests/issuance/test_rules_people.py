"""Who may have a child or a student card, and what such a card says (domain.md 5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import example
from hypothesis import given as drawn
from hypothesis import strategies as st

from cards.state import School
from issuance.errors import FieldAbsent, GradeUnfit, NumberOldForm, SchoolCodeShape, WrongType
from issuance.rules.ages import (
    age_years,
    birthday,
    half_fare_until,
    primary_school_until,
    school_year,
    school_year_end,
)
from issuance.rules.catalog import RULES
from issuance.rules.child import child_card, decide_child
from issuance.rules.decision import Decision
from issuance.rules.student import decide_student, student_card
from issuance.rules.wanted import Wanted
from terminal.words.rules_issuance import RULES as ISSUING_WORDS
from terminal.words.rules_issuance import key_of
from terminal.words.rules_people import RULES as PEOPLE_WORDS
from tests.issuance.people import (
    NATIONAL,
    POLICY,
    RESIDENT,
    TODAY,
    TOMORROW,
    XITUN,
    YESTERDAY,
    Given,
    citizen,
    given,
    paper,
    proxy,
    read,
    wide,
)
from tests.issuance.worked import CHILD, HOUSEHOLD, NHI, OWN_ID, PARENT_ID, VISITOR, Worked, but

PRIMARY = {"level": "primary", "in_city": True, "code": "193601", "grade": 5}
JUNIOR = {
    **{"level": "junior", "in_city": True, "graduates_on": "2028-06-30"},
    **{"code": "194501", "grade": 8},
}
ENROLLED = paper("enrolment_certificate")
BORN = "2016-02-29"  # 10 years old

PUPIL = given("student", "L122544270", NHI, ENROLLED, school=PRIMARY, born=BORN)
ABROAD = given(
    "student",
    RESIDENT,
    paper("passport"),
    ENROLLED,
    school=PRIMARY,
    born=BORN,
    nationality="VNM",
)
STUDENT = given("student", "L122544270", OWN_ID, paper("student_id"), school=JUNIOR)

CHILDREN = (
    Worked("with a parent, NHI card", CHILD, "C1"),
    Worked("own ID card", citizen(born=BORN), "C1"),
    Worked("on the 6th birthday", CHILD, "C1", on=date(2022, 3, 1)),
    Worked("on the last day under 12", CHILD, "C1", on=date(2028, 2, 28)),
    Worked("citizen, school elsewhere", but(CHILD, school={"in_city": False}), "C1"),
    Worked("pupil from elsewhere", PUPIL, "C2"),
    Worked("pupil, foreign", ABROAD, "C2"),
    Worked("pupil, living here to work", but(ABROAD, kind="foreign_resident"), "C2"),
)
NO_CHILDREN = (
    Worked("day before the 6th birthday", CHILD, "C3", on=date(2022, 2, 28), said="C3.too_young"),
    Worked("on the 12th birthday", CHILD, "C3", on=date(2028, 2, 29)),
    Worked("nobody's pupil", but(VISITOR, born=BORN), "C4"),
    Worked("school elsewhere", but(PUPIL, school={"in_city": False}), "C4"),
    Worked("junior high school", but(PUPIL, school=JUNIOR), "C4"),
    Worked("left school", but(PUPIL, school={**PRIMARY, "graduates_on": "2026-06-30"}), "C4"),
    Worked(
        "household elsewhere",
        but(CHILD, documents=[NHI, paper("household_certificate", "elsewhere")]),
        *("C4", (), TODAY, "C4.elsewhere"),
    ),
    Worked("NHI card only", but(CHILD, documents=[NHI]), "F11", (HOUSEHOLD,)),
    Worked("parent without ID", but(CHILD, proxy=proxy("parent", NATIONAL)), "F10", (PARENT_ID,)),
    Worked(
        "somebody without a letter",
        but(CHILD, proxy=proxy("other", NATIONAL, OWN_ID)),
        *("F9", ("proxy.letter_of_authority",)),
    ),
    Worked("not born yet", but(CHILD, born=TOMORROW.isoformat()), "F13"),
    Worked(
        "NHI card dated ahead",
        but(CHILD, documents=[paper("nhi_card", issued_on=TOMORROW), *CHILD["documents"][1:]]),
        *("F12", ("nhi_card",)),
    ),
    Worked("pupil without proof", but(PUPIL, documents=[NHI]), "F11",
           ("student_id|enrolment_certificate",)),
    Worked("pupil without a name", but(PUPIL, documents=[ENROLLED]), "F11",
           ("national_id|nhi_card",)),
    Worked(
        "foreign pupil with a residence certificate",
        but(ABROAD, documents=[ENROLLED, paper("residence_certificate", valid_until=TODAY)]),
        *("F11", ("passport",)),
    ),
)  # fmt: skip
STUDENTS = (
    Worked("junior high school", STUDENT, "S1"),
    Worked("by the NHI card", but(STUDENT, documents=[NHI, ENROLLED]), "S1"),
    Worked("primary school", PUPIL, "S1"),
    Worked("citizen", citizen(school=JUNIOR, documents=[OWN_ID | {"district": XITUN}, ENROLLED]),
           "S1"),
    Worked("foreign", but(ABROAD, school=JUNIOR), "S1"),
    Worked("university", but(STUDENT, school={"level": "university", "in_city": True,
                                              "code": "0001"}), "S1"),
    Worked("last day of school", but(STUDENT, school={**JUNIOR, "graduates_on": "2026-11-25"}),
           "S1"),
)  # fmt: skip
NO_STUDENTS = (
    Worked("school elsewhere", but(STUDENT, school={"in_city": False}), "S2"),
    Worked("left school", but(STUDENT, school={**JUNIOR, "graduates_on": "2026-11-24"}), "S2",
           said="S2.graduated"),
    Worked("no proof of the school", but(STUDENT, documents=[OWN_ID]), "F11",
           ("student_id|enrolment_certificate",)),
    Worked("expired student ID", but(STUDENT, documents=[
        OWN_ID, paper("student_id", valid_until=YESTERDAY)]), "F12",
           ("student_id|enrolment_certificate",)),
    Worked("nothing", but(STUDENT, documents=[]), "F11",
           ("student_id|enrolment_certificate", "national_id|nhi_card")),
    Worked("two national IDs", but(STUDENT, other_numbers=["F131104093"]), "F13"),
)  # fmt: skip


@pytest.mark.parametrize("case", CHILDREN, ids=lambda c: c.name)
def test_these_may_have_a_child_card(case: Worked) -> None:
    assert _child(case) == Decision(
        outcome="entitled", rule=case.rule, source=RULES[case.rule].source[0]
    )


@pytest.mark.parametrize("case", STUDENTS, ids=lambda c: c.name)
def test_these_may_have_a_student_card(case: Worked) -> None:
    assert _student(case) == Decision(
        outcome="entitled", rule=case.rule, source=RULES[case.rule].source[0]
    )


@pytest.mark.parametrize("case", NO_CHILDREN, ids=lambda c: c.name)
def test_these_may_not_have_a_child_card(case: Worked) -> None:
    _refused(_child(case), case)


@pytest.mark.parametrize("case", NO_STUDENTS, ids=lambda c: c.name)
def test_these_may_not_have_a_student_card(case: Worked) -> None:
    _refused(_student(case), case)


def test_every_rule_of_these_cards_is_reached(
    record_property: Callable[[str, object], None],
) -> None:
    reached = {_child(c).rule for c in (*CHILDREN, *NO_CHILDREN)}
    reached |= {_student(c).rule for c in (*STUDENTS, *NO_STUDENTS)}
    by_papers = {r.id for r in RULES.values() if r.id[0] in "CS" and r.decided_by == "papers"}
    assert by_papers <= reached
    record_property("rules_of_children_and_students_reached", len(reached))


def test_the_worked_birthday() -> None:
    """The example of domain.md 5."""
    born = date(2016, 2, 29)
    assert (birthday(born, 6), birthday(born, 12)) == (date(2022, 3, 1), date(2028, 2, 29))
    assert (half_fare_until(born), birthday(born, 18)) == (date(2028, 2, 28), date(2034, 3, 1))


DAYS = st.dates(date(1990, 1, 1), date(2110, 12, 31))


@example(date(2016, 2, 29), 12, 0)
@example(date(2088, 2, 29), 12, 0)  # 2100 is no leap year: the 12th birthday is 1 March
@drawn(DAYS, st.integers(0, 20), st.integers(-400, 400))
def test_an_age_is_reached_on_its_birthday(born: date, age: int, days: int) -> None:
    day = birthday(born, age)
    assert (age_years(born, day), age_years(born, day - timedelta(days=1))) == (age, age - 1)
    other = day + timedelta(days=days)
    assert (age_years(born, other) >= age) == (other >= day)


@drawn(DAYS, st.integers(0, 5000))
def test_half_fare_is_for_6_to_under_12(born: date, days: int) -> None:
    day = born + timedelta(days=days)
    is_child = 6 <= age_years(born, day) < 12
    assert is_child == (birthday(born, 6) <= day <= half_fare_until(born))


@drawn(DAYS, st.integers(1, 6))
def test_grade_6_ends_on_31_july_of_its_school_year(day: date, grade: int) -> None:
    until = primary_school_until(grade, day)
    assert (until.month, until.day) == (7, 31)
    assert school_year(until) == school_year(day) + 6 - grade
    assert school_year(until + timedelta(days=1)) == school_year(until) + 1
    assert day <= school_year_end(school_year(day)) <= until


@drawn(DAYS, DAYS)
def test_the_ends_of_a_child_card_follow_the_holder_alone(born: date, today: date) -> None:
    """Whatever day it is issued, the same child gets the same half fare."""
    said = child_card(read(but(CHILD, born=born.isoformat())), today=today)
    assert said == Wanted(half_until=half_fare_until(born))


SAID = (
    # Grade 5 in school year 2026/27: grade 6 ends on 31 July 2028.
    ("child at school", but(CHILD, school=PRIMARY), TODAY, date(2028, 7, 31)),
    ("after the summer", but(CHILD, school={**PRIMARY, "grade": 6}), date(2027, 8, 1),
     date(2028, 7, 31)),
    ("before the summer", but(CHILD, school={**PRIMARY, "grade": 5}), date(2027, 7, 31),
     date(2028, 7, 31)),
    ("a citizen's school says no more", but(CHILD, school={"code": "193601", "grade": 5}), TODAY,
     date(2028, 7, 31)),
    ("no school", CHILD, TODAY, None),
    ("school elsewhere", but(CHILD, school={**PRIMARY, "in_city": False}), TODAY, None),
    ("junior high school", but(CHILD, school=JUNIOR), TODAY, None),
)  # fmt: skip


@pytest.mark.parametrize(("name", "application", "on", "until"), SAID, ids=[c[0] for c in SAID])
def test_a_child_card_has_three_ends(
    name: str, application: Given, on: date, until: date | None
) -> None:
    said = child_card(read(application), today=on)
    assert said.half_until == date(2028, 2, 28), name
    assert (said.student_until, said.library_until) == (until, until)
    assert (said.school is None) == (until is None)


def test_a_child_card_says_the_school_of_the_day() -> None:
    said = child_card(read(but(CHILD, school=PRIMARY)), today=date(2027, 3, 1))
    assert said.school == School(code="193601", grade=5, year=2026)


def test_a_student_card_ends_with_school() -> None:
    said = student_card(read(STUDENT), today=TODAY)
    assert said == Wanted(
        student_until=date(2028, 7, 31), school=School(code="194501", grade=8, year=2026)
    )
    unsaid = but(STUDENT, school={k: v for k, v in JUNIOR.items() if k != "graduates_on"})
    assert student_card(read(unsaid), today=TODAY).student_until == date(2027, 7, 31)


@pytest.mark.parametrize(
    ("born", "half_until"),
    [
        ("2016-02-29", date(2028, 2, 28)),
        ("2014-11-26", TODAY),  # the last day under 12
        ("2014-11-25", None),
        ("2020-11-25", date(2032, 11, 24)),  # 6 today
        ("2020-11-26", None),
    ],
)
def test_a_student_rides_at_half_fare_under_12_alone(born: str, half_until: date | None) -> None:
    assert student_card(read(but(PUPIL, born=born)), today=TODAY).half_until == half_until


@pytest.mark.parametrize(
    ("decide", "application", "field"),
    [
        (decide_child, citizen(), "born"),
        (decide_child, given("student", NATIONAL, born=BORN), "school"),
        (decide_child, but(PUPIL, school={}), "school.in_city"),
        (decide_child, but(VISITOR, born=BORN, school={}), "school.in_city"),
        (decide_child, but(CHILD, school={"in_city": True}), "school.code"),
        (decide_child, but(CHILD, school={"code": "1"}), "school.grade"),
        (decide_student, citizen(), "school"),
        (decide_student, but(STUDENT, school={"code": "1"}), "school.in_city"),
        (decide_student, but(STUDENT, school={"in_city": True, "grade": 3}), "school.code"),
        (decide_student, but(STUDENT, school={"in_city": True, "code": "1"}), "school.grade"),
    ],
)
def test_a_field_that_the_card_needs_is_named(
    decide: Callable[..., Decision], application: Given, field: str
) -> None:
    with pytest.raises(FieldAbsent) as caught:
        decide(read(application), today=TODAY, policy=POLICY)
    assert caught.value.field == field


def test_an_old_residence_number_ends_with_2030_here_too() -> None:
    for decide in (decide_child, decide_student):
        with pytest.raises(NumberOldForm):
            decide(read(but(ABROAD, school=JUNIOR)), today=date(2031, 1, 1), policy=POLICY)


@pytest.mark.parametrize(
    ("level", "grade", "kept"),
    [
        *(("primary", 1, 1), ("primary", 6, 6), ("junior", 1, 7), ("junior", 9, 9)),
        *(("senior", 3, 12), ("senior", 10, 10), ("university", 4, None)),
        *((None, 1, 1), (None, 12, 12)),
    ],
)
def test_grades_count_from_the_first_of_primary_school(
    level: str | None, grade: int, kept: int | None
) -> None:
    school = {"grade": grade} | ({"level": level} if level else {})
    app = read(but(STUDENT, school=school))
    assert app.school is not None
    assert app.school.grade == kept


@pytest.mark.parametrize(
    ("level", "grade", "limits"),
    [
        *(("primary", 7, (1, 6)), ("primary", 0, (1, 6)), ("junior", 4, (7, 9))),
        *(("senior", 9, (10, 12)), (None, 13, (1, 12)), (None, -1, (1, 12))),
    ],
)
def test_a_grade_that_no_such_school_has_is_named(
    level: str | None, grade: int, limits: tuple[int, int]
) -> None:
    school = {"grade": grade} | ({"level": level} if level else {})
    with pytest.raises(GradeUnfit) as caught:
        read(but(STUDENT, school=school))
    fault = caught.value
    assert (fault.field, (fault.grade_min, fault.grade_max)) == ("school.grade", limits)


@pytest.mark.parametrize("grade", ["4", True, 4.0, 10**9, 1e300, None, [4]])
def test_a_grade_is_a_whole_number(grade: object) -> None:
    with pytest.raises(WrongType) as caught:
        read(but(STUDENT, school={"grade": grade}))
    assert caught.value.wanted == "number"


@pytest.mark.parametrize("code", ["", "1234567", "19-36", "國小"])
def test_a_schools_code_is_letters_and_digits(code: str) -> None:
    with pytest.raises(SchoolCodeShape):
        read(but(STUDENT, school={"code": code}))


def test_a_schools_code_is_folded_as_numbers_are() -> None:
    app = read(but(STUDENT, school={"code": wide("19") + " a6"}))
    assert app.school is not None
    assert app.school.code == "19A6"


def _child(case: Worked) -> Decision:
    return decide_child(read(case.given), today=case.on, policy=POLICY)


def _student(case: Worked) -> Decision:
    return decide_student(read(case.given), today=case.on, policy=POLICY)


def _refused(decision: Decision, case: Worked) -> None:
    assert (decision.outcome, decision.rule) == ("refused", case.rule)
    assert decision.missing == case.missing
    assert decision.facts["said"] == (case.said or case.rule)
    assert key_of(decision.rule, "refused", decision.facts) in {**ISSUING_WORDS, **PEOPLE_WORDS}
