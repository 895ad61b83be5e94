"""The rules held against the decisions of `worked.py`; policies, ages, sources, words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

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
    given,
    paper,
    proxy,
    read,
    spouse,
)
from tests.issuance.worked import (
    BOUND,
    HOUSEHOLD,
    ISSUED,
    JAPANESE,
    NHI,
    NOT_BOUND,
    OWN_ID,
    PARENT_ID,
    REFUSED,
    Worked,
)


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
    flora_and_binding = {rule for rule in RULES if rule[0] in "FB"}
    by_papers = {rule for rule in flora_and_binding if RULES[rule].decided_by == "papers"}
    assert reached == by_papers
    by_ledger = {"F14", "F15", "F16", "B6"}
    assert {refusal(rule).rule for rule in by_ledger} | by_papers == flora_and_binding
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
