"""The decisions worked by hand in domain.md 3.4 and 4, and one case for each other refusal."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from tests.issuance.people import (
    NATIONAL,
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
    school,
    spouse,
)

LETTER = paper("letter_of_authority")
OWN_ID = paper("national_id")
NHI = paper("nhi_card")
HOUSEHOLD = "household_certificate|household_transcript"
SPOUSE_HOUSEHOLD = "spouse_household_certificate|spouse_household_transcript"
PARENT_ID = "proxy.national_id|proxy.residence_certificate"

CHILD = given(
    *("citizen", "N116247806", NHI, paper("household_certificate", "66000280")),
    born="2016-02-29",
    proxy=proxy("parent", NATIONAL, OWN_ID),
)
JAPANESE = given(
    *("permanent_resident", "A800000014", paper("permanent_residence_certificate", "66000070")),
    nationality="JPN",
)
STUDENT = given("student", "L122544270", OWN_ID, paper("student_id"), school=school())
VISITOR = given("foreign_resident", "A900207177", nationality="USA")


class Worked(NamedTuple):
    name: str
    given: Given
    rule: str
    missing: tuple[str, ...] = ()
    on: date = TODAY
    said: str = ""


def but(application: Given, **changes: object) -> Given:
    return {**application, **changes}


ISSUED = (
    Worked("citizen", citizen(), "F1"),
    Worked(
        "NHI card and transcript",
        given("citizen", "L100000000", NHI, paper("household_transcript", "66000150")),
        "F2",
    ),
    Worked("spouse, certificate ends today", spouse(valid_until=TODAY), "F4"),
    Worked("naturalised", citizen("C180661564", other_numbers=[RESIDENT]), "F1"),
    Worked("child with a parent", CHILD, "F2"),
    Worked("on the last day under 18", CHILD, "F2", on=date(2034, 2, 28)),
    Worked("permanent resident", JAPANESE, "F6"),
    Worked("permanent resident, first day", JAPANESE, "F6", on=date(2025, 2, 14)),
    Worked("with a letter", citizen(proxy=proxy("other", "L100000000", LETTER, OWN_ID)), "F1"),
    Worked(
        "foreign parent",
        but(
            CHILD,
            proxy=proxy("parent", RESIDENT, paper("residence_certificate", valid_until=TODAY)),
        ),
        "F2",
    ),
    Worked(
        "first day of new ID cards",
        given("citizen", NATIONAL, paper("national_id", XITUN, issued_on=date(2005, 12, 21))),
        "F1",
    ),
    Worked(
        "an expired certificate beside a good transcript",
        given(
            *("citizen", NATIONAL, NHI, paper("household_transcript", XITUN)),
            paper("household_certificate", XITUN, valid_until=YESTERDAY),
        ),
        "F2",
    ),
    Worked("a senior card does not matter", citizen(holds_senior_card=True), "F1"),
)

REFUSED = (
    Worked("elsewhere", given("citizen", "F131104093", paper("national_id", "elsewhere")), "F3"),
    Worked("Taipei", given("citizen", "F131104093", paper("national_id", "63000010")), "F3"),
    Worked(
        "elsewhere, and papers missing",
        given("citizen", NATIONAL, paper("household_transcript", "elsewhere")),
        "F3",
        ("nhi_card",),
    ),
    Worked("NHI card only", given("citizen", "O158238845", NHI), "F11", (HOUSEHOLD,)),
    Worked("no papers", given("citizen", NATIONAL), "F11", ("national_id",)),
    Worked("passport only", given("citizen", NATIONAL, paper("passport")), "F11", ("national_id",)),
    Worked(
        "spouse, certificate only",
        given(
            *("foreign_spouse", RESIDENT, paper("residence_certificate", valid_until=TOMORROW)),
            nationality="VNM",
        ),
        "F11",
        ("spouse_national_id", SPOUSE_HOUSEHOLD),
    ),
    Worked(
        "spouse, ended yesterday, no letter",
        spouse(valid_until=YESTERDAY, proxy=proxy("other", "L100000000", OWN_ID)),
        "F12",
        ("residence_certificate", "proxy.letter_of_authority"),
    ),
    Worked("child of age", CHILD, "F10", ("proxy.letter_of_authority",), date(2034, 3, 1),
           "F10.of_age"),
    Worked("parent without ID", but(CHILD, proxy=proxy("parent", NATIONAL)), "F10", (PARENT_ID,)),
    Worked("visitor", VISITOR, "F7"),
    Worked("student", STUDENT, "F8"),
    Worked(
        "own number as proxy",
        citizen("Y123456788", proxy=proxy("other", "Y123456788", LETTER, OWN_ID)),
        "F13",
    ),
    Worked(
        "former number as proxy",
        citizen(other_numbers=[RESIDENT], proxy=proxy("other", RESIDENT, LETTER)),
        "F13",
        ("proxy.national_id",),
    ),
    Worked("two national IDs", citizen(other_numbers=["L100000000"]), "F13"),
    Worked("Taiwanese spouse", spouse(nationality="TWN"), "F13"),
    Worked("not born yet", but(CHILD, born=TOMORROW.isoformat()), "F13"),
    Worked(
        "spouse elsewhere",
        but(spouse(), documents=[*spouse()["documents"], paper("spouse_national_id", "elsewhere")]),
        "F5",
    ),
    Worked(
        "permanent resident elsewhere",
        but(JAPANESE, documents=[paper("permanent_residence_certificate", "elsewhere")]),
        "F6",
        said="F6.elsewhere",
    ),
    Worked("before its day", JAPANESE, "F6", on=date(2025, 2, 13), said="flora.not_yet"),
    Worked("permanent resident without", but(JAPANESE, documents=[]), "F11",
           ("permanent_residence_certificate",)),
    Worked(
        "old ID card",
        given("citizen", NATIONAL, paper("national_id", XITUN, issued_on=date(2005, 12, 20))),
        "F12",
        ("national_id",),
    ),
    Worked(
        "dated tomorrow",
        given("citizen", NATIONAL, paper("national_id", XITUN, issued_on=TOMORROW)),
        "F12",
        ("national_id",),
    ),
    Worked(
        "a paper beside that nobody needs",
        but(
            citizen(),
            documents=[paper("national_id", XITUN), paper("passport", issued_on=TOMORROW)],
        ),
        "F12",
        ("passport",),
    ),
    Worked("no letter", citizen(proxy=proxy("other", "L100000000", OWN_ID)), "F9",
           ("proxy.letter_of_authority",)),
    Worked(
        "proxy with a residence number",
        citizen(proxy=proxy("other", RESIDENT, LETTER, OWN_ID)),
        "F9",
        ("proxy.national_id",),
    ),
    Worked(
        "proxy's old ID card",
        citizen(proxy=proxy("other", "L100000000", LETTER,
                            paper("national_id", issued_on=date(2001, 1, 1)))),
        "F12",
        ("proxy.national_id",),
    ),
    Worked(
        "everything at once",
        given(
            *("foreign_spouse", RESIDENT, paper("residence_certificate", valid_until=YESTERDAY)),
            paper("spouse_household_transcript", XITUN, issued_on=TOMORROW),
            proxy=proxy("other", "L100000000"),
        ),
        "F11",
        (
            *("residence_certificate", "spouse_national_id", SPOUSE_HOUSEHOLD),
            *("proxy.letter_of_authority", "proxy.national_id"),
        ),
    ),
)  # fmt: skip

BOUND = (
    ("citizen", citizen(), "B1", None),
    ("child of 10", CHILD, "B1", None),
    ("spouse", spouse(valid_until=date(2027, 1, 31)), "B2", date(2027, 1, 31)),
    ("spouse, extended", but(spouse(), documents=[
        paper("residence_certificate", valid_until=date(2029, 1, 31)), *spouse()["documents"]]),
     "B2", date(2029, 1, 31)),
    ("student", STUDENT, "B3", date(2027, 10, 31)),
    ("leaves today", but(STUDENT, school=school(graduates_on=TODAY.isoformat())), "B3",
     date(2026, 10, 31)),
    ("foreign student", given("student", RESIDENT, paper("passport"), paper("student_id"),
                              school=school()), "B3", date(2027, 10, 31)),
    ("old student ID, new certificate",
     given("student", NATIONAL, OWN_ID, paper("student_id", valid_until=YESTERDAY),
           paper("enrolment_certificate"), school=school()), "B3", date(2027, 10, 31)),
    ("permanent resident", JAPANESE, "B4", None),
    ("permanent resident until", but(JAPANESE, documents=[
        paper("permanent_residence_certificate", XITUN, valid_until=date(2030, 5, 1))]), "B4",
     date(2030, 5, 1)),
)  # fmt: skip

NOT_BOUND = (
    Worked("senior card", citizen(holds_senior_card=True), "B5", said="B5.senior_card"),
    Worked("visitor", VISITOR, "B5", said="B5.foreign_resident"),
    Worked("elsewhere", given("citizen", NATIONAL, paper("national_id", "elsewhere")), "B5",
           said="B5.elsewhere"),
    Worked("of five", CHILD, "B5", on=date(2022, 2, 28), said="B5.too_young"),
    Worked("school elsewhere", but(STUDENT, school=school(in_city=False)), "B3",
           said="B3.school_elsewhere"),
    Worked("graduated", but(STUDENT, school=school(graduates_on=YESTERDAY.isoformat())), "B3",
           said="B3.graduated"),
    Worked("student without papers", but(STUDENT, documents=[]), "B3",
           ("student_id|enrolment_certificate", "national_id"), said="bind.papers"),
    Worked("foreign student with an ARC", given("student", RESIDENT, paper("student_id"),
           paper("residence_certificate", valid_until=TOMORROW), school=school()), "B3",
           ("passport",), said="bind.papers"),
    Worked("Japanese with a national ID", but(STUDENT, nationality="JPN"), "B3", ("passport",),
           said="bind.papers"),
    Worked("citizen without papers", given("citizen", NATIONAL), "B1", ("national_id",),
           said="bind.papers"),
    Worked("spouse, ended", spouse(valid_until=YESTERDAY), "B2", ("residence_certificate",),
           said="bind.papers"),
    Worked("no letter", citizen(proxy=proxy("other", "L100000000", OWN_ID)), "B1",
           ("proxy.letter_of_authority",), said="bind.papers"),
    Worked("two IDs", citizen(other_numbers=["L100000000"]), "B1", said="bind.contradiction"),
    Worked("before its day", JAPANESE, "B4", on=date(2025, 1, 15), said="bind.not_yet"),
)  # fmt: skip
