"""F9, F10, F13: who may come in the applicant's place, and what cannot be true.

Source: domain.md 3.2.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from issuance.application import FOREIGN, Application, Proxy
from issuance.rules.ages import age_years
from issuance.rules.decision import IssuePolicy
from issuance.rules.documents import Look, Need, look_at

_OTHER: Final[tuple[Need, ...]] = (("letter_of_authority",), ("national_id",))
_PARENT: Final[tuple[Need, ...]] = (("national_id", "residence_certificate"),)


def f9_f10_proxy(app: Application, *, today: date, policy: IssuePolicy) -> tuple[str, Look] | None:
    """The proxy's rule, F9 or F10, and what the proxy's papers lack. None: nobody else came.

    A parent needs no letter for a child under `policy.adult_age`; beyond it the parent is treated
    as any other person, who holds a national ID or cannot be a proxy.
    """
    proxy = app.proxy
    if proxy is None:
        return None
    rule = "F10" if proxy.relation == "parent" else "F9"
    if rule == "F10" and app.born and age_years(app.born, today) < policy.adult_age:
        return rule, look_at(proxy.documents, _PARENT, today, prefix="proxy.")
    return rule, _as_other(proxy, today)


def _as_other(proxy: Proxy, today: date) -> Look:
    papers = proxy.documents
    if proxy.number.kind != "national":  # then no national ID shown can be the proxy's own
        papers = tuple(d for d in papers if d.kind != "national_id")
    return look_at(papers, _OTHER, today, prefix="proxy.")


def f13_contradiction(app: Application, today: date) -> bool:
    """Something in the application cannot be true; the clerk looks again."""
    return (
        (app.proxy is not None and app.proxy.number.value in app.numbers())
        or len(_national_numbers(app)) > 1
        or (app.nationality == "TWN" and app.kind in FOREIGN)
        or (app.born is not None and app.born > today)
    )


def _national_numbers(app: Application) -> set[str]:
    return {n.value for n in (app.number, *app.other_numbers) if n.kind == "national"}
