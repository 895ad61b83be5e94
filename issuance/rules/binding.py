"""Who may bind a card to the double-ten policy, and until when: B1 to B5; and who may unbind.

Source: domain.md 4. B6 (whose card it is) is the ledger's.
"""

from __future__ import annotations

from datetime import date

from issuance.application import Application
from issuance.errors import FieldAbsent
from issuance.rules.ages import age_years
from issuance.rules.catalog import entitled, refusal
from issuance.rules.decision import Decision, IssuePolicy
from issuance.rules.documents import fault_of
from issuance.rules.papers import WAYS, Findings, Way, check_number_on, citizens_way, examine
from issuance.rules.proxy import f9_f10_proxy, f13_contradiction

# What each kind of person binds by; a foreign resident by none.
_RULE_OF = {
    "citizen": "B1",
    "foreign_spouse": "B2",
    "student": "B3",
    "permanent_resident": "B4",
}


def decide_binding(app: Application, *, today: date, policy: IssuePolicy) -> Decision:
    """Entitled by B1 to B4 with the last good day, or refused.

    Refused by B5 where the person is none of those; else by the B rule that could not be met,
    its papers (F9 to F13) included. Raises `NumberOldForm`, `FieldAbsent` (exit 2).
    """
    check_number_on(app, today=today, policy=policy)
    _check_needed(app)
    if refused := _person_refused(app, today=today, policy=policy):
        return refused
    rule = _RULE_OF[app.kind]
    found = examine(app, _way(app), today=today, policy=policy)
    if not found.failed:
        return entitled(rule, expires_on=_expires_on(app, today))
    if found.failed in ("F3", "F5", "F6"):
        return _papers_refused("B5", "B5.elsewhere", found)
    said = "bind.contradiction" if found.failed == "F13" else "bind.papers"
    return _papers_refused(rule, said, found)


def decide_unbinding(app: Application, *, today: date, policy: IssuePolicy) -> Decision:
    """Whether whoever came may ask for the holder at all: contradictions and the proxy's papers.

    That the applicant is the holder only the ledger can say (B6). Raises `NumberOldForm`.
    """
    check_number_on(app, today=today, policy=policy)
    if f13_contradiction(app, today):
        return refusal("B6", said="unbind.contradiction")
    proxy = f9_f10_proxy(app, today=today, policy=policy)
    if proxy is not None and proxy[1].missing:
        look = proxy[1]
        return refusal("B6", said="unbind.papers", missing=look.missing, unusable=look.unusable)
    return entitled("B6")


def _papers_refused(rule: str, said: str, found: Findings) -> Decision:
    return refusal(rule, said=said, missing=found.missing, unusable=found.unusable)


def _check_needed(app: Application) -> None:
    """Fields that only binding needs (domain.md 3.3). Raises `FieldAbsent`."""
    if app.kind == "citizen" and citizens_way(app) == "F2" and app.born is None:
        raise FieldAbsent(field="born")
    if app.kind == "student":
        if app.school is None:
            raise FieldAbsent(field="school")
        if app.school.in_city is None:
            raise FieldAbsent(field="school.in_city")
        if app.school.in_city and app.school.graduates_on is None:
            raise FieldAbsent(field="school.graduates_on")


def _person_refused(app: Application, *, today: date, policy: IssuePolicy) -> Decision | None:
    """Refused for who they are, before any paper: B5, a day that has not come, no pupil here."""
    if app.holds_senior_card:
        return refusal("B5", said="B5.senior_card")
    if app.kind == "foreign_resident":
        return refusal("B5", said="B5.foreign_resident")
    # A birth to come is a contradiction (F13), no age.
    if app.born is not None and app.born <= today and _is_too_young(app.born, today, policy):
        return refusal("B5", said="B5.too_young")
    since = _since(app, policy)
    if since is None or today < since:
        return refusal(_RULE_OF[app.kind], said="bind.not_yet")
    if app.kind == "student" and app.school is not None:
        if not app.school.in_city:
            return refusal("B3", said="B3.school_elsewhere")
        if app.school.graduates_on is not None and app.school.graduates_on < today:
            return refusal("B3", said="B3.graduated")
    return None


def _is_too_young(born: date, today: date, policy: IssuePolicy) -> bool:
    return age_years(born, today) < policy.bind_min_age


def _since(app: Application, policy: IssuePolicy) -> date | None:
    return {
        "citizen": policy.bind_citizen,
        "foreign_spouse": policy.bind_foreign_spouse,
        "student": policy.bind_student,
        "permanent_resident": policy.bind_permanent_resident,
    }[app.kind]


def _way(app: Application) -> Way:
    match app.kind:
        case "foreign_spouse":
            return WAYS["F4"]
        case "permanent_resident":
            return WAYS["F6"]
        case "student":
            return _students_way(app)
        case _:
            return WAYS[citizens_way(app)]


def _students_way(app: Application) -> Way:
    """A student's household may be anywhere, so no address is looked at."""
    is_foreign = app.number.kind != "national" or app.nationality not in (None, "TWN")
    return Way(
        needs=(
            ("student_id", "enrolment_certificate"),
            ("passport",) if is_foreign else ("national_id",),
        ),
        papers_source="pub.bind.school",
    )


def _expires_on(app: Application, today: date) -> date | None:
    """The binding's last good day (B2, B3, B4), of two certificates the later; None = open end."""
    if app.school is not None and app.school.graduates_on is not None and app.kind == "student":
        return date(app.school.graduates_on.year, 10, 31)
    ends_with = {
        "foreign_spouse": "residence_certificate",
        "permanent_resident": "permanent_residence_certificate",
    }.get(app.kind)
    good = (d for d in app.documents if d.kind == ends_with and fault_of(d, today) is None)
    return max((d.valid_until for d in good if d.valid_until is not None), default=None)
