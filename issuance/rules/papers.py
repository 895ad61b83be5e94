"""The ways to a card or a binding as data, and one look at an application's papers along one.

Source: domain.md 3.1 (step 3), 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from issuance.application import SPOUSE_PAPERS, Application, DocumentKind
from issuance.errors import NumberOldForm
from issuance.rules.catalog import refusal
from issuance.rules.decision import Decision, IssuePolicy, Unusable
from issuance.rules.documents import Need, look_at
from issuance.rules.proxy import f9_f10_proxy, f13_contradiction


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One set of papers. `address`: the papers whose district says where the household is;
    `elsewhere`: the rule that refuses when one of them says another city; `papers_source`: why
    these papers are asked for (F11)."""

    needs: tuple[Need, ...]
    address: tuple[DocumentKind, ...] = ()
    elsewhere: str = ""
    papers_source: str


HOUSEHOLD: Final[Need] = ("household_certificate", "household_transcript")
_HOME: tuple[DocumentKind, ...] = ("national_id", *HOUSEHOLD)

WAYS: Final[dict[str, Way]] = {
    "F1": Way(
        needs=(("national_id",),),
        address=_HOME,
        elsewhere="F3",
        papers_source="report.3.1.4.1",
    ),
    "F2": Way(
        needs=(("nhi_card",), HOUSEHOLD),
        address=_HOME,
        elsewhere="F3",
        papers_source="report.3.1.4.1",
    ),
    "F4": Way(
        needs=(
            ("residence_certificate",),
            ("spouse_national_id",),
            ("spouse_household_certificate", "spouse_household_transcript"),
        ),
        address=SPOUSE_PAPERS,
        elsewhere="F5",
        papers_source="report.3.1.4.2",
    ),
    "F6": Way(
        needs=(("permanent_residence_certificate",),),
        address=("permanent_residence_certificate",),
        elsewhere="F6",
        papers_source="pub.flora.2025",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """All faults of the papers at once. `failed`: the first rule not kept, "" = all are."""

    failed: str
    missing: tuple[str, ...]
    unusable: tuple[Unusable, ...]


def citizens_way(app: Application) -> str:
    """F2 for a citizen who shows an NHI card or a household paper but no ID card, else F1."""
    shown = app.shown()
    without_id = "national_id" not in shown and bool(shown & {"nhi_card", *HOUSEHOLD})
    return "F2" if without_id else "F1"


def examine(app: Application, way: Way, *, today: date, policy: IssuePolicy) -> Findings:
    """Look at all papers, the applicant's and the proxy's, along one way."""
    own = look_at(app.documents, way.needs, today)
    proxy_rule, proxy = f9_f10_proxy(app, today=today, policy=policy) or ("", None)
    unusable = own.unusable + (proxy.unusable if proxy else ())
    elsewhere = any(d.is_elsewhere for d in app.documents if d.kind in way.address)
    order = (
        (way.elsewhere, elsewhere),
        ("F13", f13_contradiction(app, today)),
        ("F11", own.absent),
        ("F12", bool(unusable)),
        (proxy_rule, proxy is not None and proxy.absent),
    )
    return Findings(
        failed=next((rule for rule, is_broken in order if is_broken), ""),
        missing=own.missing + (proxy.missing if proxy else ()),
        unusable=unusable,
    )


def papers_refusal(found: Findings, way: Way, *, said: str = "") -> Decision:
    """The no to papers that were looked at along `way`, by the first rule that failed. `said`
    where the text is not simply that rule's."""
    if found.failed == "F10" and "proxy.letter_of_authority" in found.missing:
        said = "F10.of_age"
    return refusal(
        found.failed,
        said=said,
        source=way.papers_source if found.failed == "F11" else "",
        missing=found.missing,
        unusable=found.unusable,
    )


def check_number_on(app: Application, *, today: date, policy: IssuePolicy) -> None:
    """Raises `NumberOldForm` for an old residence number as `number` after its last good day; in
    `other_numbers` it stays welcome (domain.md 6)."""
    until = policy.old_residence_number_until
    if app.number.kind == "resident_old" and today > until:
        raise NumberOldForm(field="number", until=until.isoformat())
