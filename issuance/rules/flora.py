"""Who may have a Flora card: F1 to F13, in the order of domain.md 3.1.

F14 to F16 are the ledger's, which is asked last and elsewhere.
"""

from __future__ import annotations

from datetime import date

from issuance.application import Application
from issuance.rules.catalog import entitled, refusal
from issuance.rules.decision import Decision, IssuePolicy
from issuance.rules.papers import WAYS, check_number_on, citizens_way, examine, papers_refusal


def decide_flora(app: Application, *, today: date, policy: IssuePolicy) -> Decision:
    """Entitled by F1, F2, F4 or F6, or refused by the first rule not kept.

    `today` is the civil date in Taipei. Pure. Raises `NumberOldForm` (exit 2).
    """
    check_number_on(app, today=today, policy=policy)
    if refused := _kind_refused(app, today=today, policy=policy):
        return refused  # then documents do not matter
    rule = _way(app)
    way = WAYS[rule]
    found = examine(app, way, today=today, policy=policy)
    if not found.failed:
        return entitled(rule)
    return papers_refusal(found, way, said="F6.elsewhere" if found.failed == "F6" else "")


def _way(app: Application) -> str:
    match app.kind:
        case "foreign_spouse":
            return "F4"
        case "permanent_resident":
            return "F6"
        case _:
            return citizens_way(app)


def _kind_refused(app: Application, *, today: date, policy: IssuePolicy) -> Decision | None:
    """F7 and F8; and a kind whose day has not come: F6 of those the report does not name."""
    match app.kind:
        case "foreign_resident":
            return refusal("F7")
        case "student":
            return refusal("F8")
        case "citizen":
            since = policy.flora_citizen
        case "foreign_spouse":
            since = policy.flora_foreign_spouse
        case "permanent_resident":
            since = policy.flora_permanent_resident
    if since is None or today < since:
        return refusal(_way(app), said="flora.not_yet")
    return None
