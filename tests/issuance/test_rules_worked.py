"""The decisions worked by hand in domain.md 3.4 and 4, and one case for each other refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import pytest

from issuance.errors import FieldAbsent, NumberOldForm, PolicyUnreadable
from issuance.rules.ages import age_years
from issuance.rules.binding import decide_binding, decide_unbinding
from issuance.rules.catalog import RULES, refusal
from issuance.rules.decision import Decision, IssuePolicy
from issuance.rules.flora import decide_flora
from terminal.words.documents import DOCUMENTS, UNUSABLE
from terminal.words.documents import paper as named
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


@pytest.mark.parametrize("case", ISSUED, ids=lambda c: c.name)
def test_these_are_entitled_to_a_card(case: Worked) -> None:
    decision = decide_flora(read(case.given), today=case.on, policy=POLICY)
    assert decision == Decision(
        outcome="entitled", rule=case.rule, source=RULES[case.rule].source[0]
    )


@pytest.mark.parametrize("case", REFUSED, ids=lambda c: c.name)
def test_these_are_refused_with_all_that_is_missing(case: Worked) -> None:
    decision = decide_flora(read(case.given), today=case.on, policy=POLICY)
    assert (decision.outcome, decision.rule) == ("refused", case.rule)
    assert decision.missing == case.missing
    assert decision.facts["said"] == (case.said or case.rule)


@pytest.mark.parametrize(("name", "application", "rule", "until"), BOUND, ids=[c[0] for c in BOUND])
def test_these_may_bind(name: str, application: Given, rule: str, until: date | None) -> None:
    decision = decide_binding(read(application), today=TODAY, policy=POLICY)
    assert (decision.outcome, decision.rule, decision.expires_on) == ("entitled", rule, until), name
    assert decision.source == RULES[rule].source[0]


@pytest.mark.parametrize("case", NOT_BOUND, ids=lambda c: c.name)
def test_these_may_not_bind(case: Worked) -> None:
    decision = decide_binding(read(case.given), today=case.on, policy=POLICY)
    assert (decision.outcome, decision.rule) == ("refused", case.rule)
    assert decision.missing == case.missing
    assert decision.facts["said"] == case.said
    assert decision.source == RULES[case.rule].source[0]


@pytest.mark.parametrize(
    ("application", "source"),
    [
        (given("citizen", NATIONAL), "report.3.1.4.1"),
        (given("foreign_spouse", RESIDENT), "report.3.1.4.2"),
        (given("permanent_resident", RESIDENT), "pub.flora.2025"),
    ],
)
def test_absent_papers_name_the_source_of_the_applicants_kind(
    application: Given, source: str
) -> None:
    decision = decide_flora(read(application), today=TODAY, policy=POLICY)
    assert (decision.rule, decision.source) == ("F11", source)


def test_why_a_paper_is_not_good_is_told() -> None:
    papers = (
        paper("national_id", XITUN, issued_on=date(2001, 1, 1)),
        paper("passport", valid_until=YESTERDAY),
        paper("nhi_card", issued_on=TOMORROW),
    )
    said = decide_flora(read(given("citizen", NATIONAL, *papers)), today=TODAY, policy=POLICY)
    assert said.facts["unusable"] == (
        ("national_id", "old_id_card"),
        ("passport", "expired"),
        ("nhi_card", "not_issued_yet"),
    )


def test_unbinding_asks_for_the_proxys_papers_and_no_others() -> None:
    alone = decide_unbinding(read(given("citizen", NATIONAL)), today=TODAY, policy=POLICY)
    assert (alone.outcome, alone.rule, alone.source) == ("entitled", "B6", "ours.one_card")
    sent = given("citizen", NATIONAL, proxy=proxy("other", "L100000000", OWN_ID))
    decision = decide_unbinding(read(sent), today=TODAY, policy=POLICY)
    assert (decision.outcome, decision.rule) == ("refused", "B6")
    assert decision.missing == ("proxy.letter_of_authority",)
    twice = given("citizen", NATIONAL, other_numbers=["L100000000"])
    decision = decide_unbinding(read(twice), today=TODAY, policy=POLICY)
    assert decision.facts["said"] == "unbind.contradiction"


@pytest.mark.parametrize("decide", [decide_flora, decide_binding, decide_unbinding])
def test_an_old_residence_number_ends_with_2030(decide: Callable[..., Decision]) -> None:
    app = read(spouse(valid_until=date(2040, 1, 1)))
    assert decide(app, today=date(2030, 12, 31), policy=POLICY).outcome == "entitled"
    with pytest.raises(NumberOldForm) as caught:
        decide(app, today=date(2031, 1, 1), policy=POLICY)
    assert caught.value.facts() == {"field": "number", "until": "2030-12-31"}
    renewed = read(spouse(valid_until=date(2040, 1, 1)) | {
        "number": "F800123455", "other_numbers": [RESIDENT]})  # fmt: skip
    assert decide(renewed, today=date(2031, 1, 1), policy=POLICY).outcome == "entitled"


@pytest.mark.parametrize(
    ("application", "field"),
    [
        (given("citizen", NATIONAL, NHI), "born"),
        (given("student", NATIONAL), "school"),
        (given("student", NATIONAL, school={}), "school.in_city"),
        (given("student", NATIONAL, school={"in_city": True}), "school.graduates_on"),
    ],
)
def test_binding_names_the_field_it_needs(application: Given, field: str) -> None:
    decide_flora(read(application), today=TODAY, policy=POLICY)  # the card does not need it
    with pytest.raises(FieldAbsent) as caught:
        decide_binding(read(application), today=TODAY, policy=POLICY)
    assert caught.value.field == field


def test_every_rule_is_reached(record_property: Callable[[str, object], None]) -> None:
    cases = (*ISSUED, *REFUSED)
    reached = {decide_flora(read(c.given), today=c.on, policy=POLICY).rule for c in cases}
    reached |= {decide_binding(read(c[1]), today=TODAY, policy=POLICY).rule for c in BOUND}
    reached |= {decide_binding(read(c.given), today=c.on, policy=POLICY).rule for c in NOT_BOUND}
    by_papers = {rule.id for rule in RULES.values() if rule.decided_by == "papers"}
    assert reached == by_papers
    by_ledger = {"F14", "F15", "F16", "B6"}
    assert {refusal(rule).rule for rule in by_ledger} | by_papers == set(RULES)
    record_property("rules_reached", len(reached | by_ledger))


@pytest.mark.parametrize(
    ("day", "age"),
    [
        *(("2022-02-28", 5), ("2022-03-01", 6), ("2028-02-28", 11), ("2028-02-29", 12)),
        *(("2034-02-28", 17), ("2034-03-01", 18), ("2016-02-29", 0), ("2016-02-28", -1)),
    ],
)
def test_a_birthday_on_29_february_is_1_march_in_common_years(day: str, age: int) -> None:
    assert age_years(date(2016, 2, 29), date.fromisoformat(day)) == age


def test_the_policy_is_data() -> None:
    told = IssuePolicy.from_profile(
        {"flora.permanent_resident": None, "bind_permanent_resident": "2026-11-26", "adult_age": 20}
    )
    assert told == replace(
        POLICY, flora_permanent_resident=None, bind_permanent_resident=TOMORROW, adult_age=20
    )
    app = read(JAPANESE)
    assert decide_flora(app, today=TODAY, policy=told).facts["said"] == "flora.not_yet"
    assert decide_binding(app, today=TODAY, policy=told).facts["said"] == "bind.not_yet"
    assert decide_binding(app, today=TOMORROW, policy=told).outcome == "entitled"
    assert IssuePolicy.from_profile({}) == POLICY


@pytest.mark.parametrize(
    "issue",
    [
        {"flora.tourist": "2026-01-01"},
        {"flora.citizen": "soon"},
        {"flora.citizen": 2026},
        {"adult_age": None},
        {"adult_age": True},
        {"adult_age": "18"},
        {"old_residence_number_until": None},
    ],
)
def test_a_policy_that_cannot_be_read_is_named(issue: dict[str, object]) -> None:
    with pytest.raises(PolicyUnreadable) as caught:
        IssuePolicy.from_profile(issue)
    assert caught.value.entry in issue


def test_papers_have_names_in_both_languages() -> None:
    assert named(HOUSEHOLD, "zh-TW") == "戶口名簿或戶籍謄本"
    assert named(PARENT_ID, "en").startswith("proxy's national ID card or proxy's residence")
    assert set(UNUSABLE) == {"expired", "not_issued_yet", "old_id_card"}
    assert all(zh and en for zh, en in (*DOCUMENTS.values(), *UNUSABLE.values()))
