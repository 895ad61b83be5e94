"""F11 and F12: which papers are absent, which are not good today. All at once, as values.

Source: domain.md 3.1 (step 3), 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from issuance.application import Document, DocumentKind
from issuance.rules.decision import Unusable, Why

NEW_ID_CARDS_SINCE: Final = date(2005, 12, 21)  # pub.idcard: older ones are out of use

Need = tuple[DocumentKind, ...]  # one paper that is needed; several kinds: any of them will do


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one person's papers lack. `absent`: a need for which nothing was shown (F11);
    `unusable`: papers not good today (F12); `missing`: what is still to be shown, for both."""

    absent: bool
    unusable: tuple[Unusable, ...]
    missing: tuple[str, ...]


def look_at(
    documents: tuple[Document, ...], needs: tuple[Need, ...], today: date, *, prefix: str = ""
) -> Look:
    """Hold `documents` against `needs` on the civil day `today` (Taipei).

    F12 speaks of every paper that was shown, needed or not (domain.md 3.3), save one whose need a
    good paper beside it already meets. `prefix` is `proxy.` for the proxy's papers.
    """
    faults = [(d.kind, why) for d in documents if (why := fault_of(d, today))]
    shown = {d.kind for d in documents}
    good = {d.kind for d in documents if fault_of(d, today) is None}
    open_needs = [need for need in needs if not good & set(need)]
    met = {kind for need in needs if need not in open_needs for kind in need}
    unusable = [(kind, why) for kind, why in faults if kind not in met]
    needed = {kind for need in needs for kind in need}
    beside = [(kind,) for kind, _ in unusable if kind not in needed]
    return Look(
        absent=any(not shown & set(need) for need in open_needs),
        unusable=tuple(Unusable(prefix + kind, why) for kind, why in unusable),
        missing=tuple(
            dict.fromkeys("|".join(prefix + kind for kind in n) for n in (*open_needs, *beside))
        ),
    )


def fault_of(document: Document, today: date) -> Why | None:
    """Why a document is not good on `today`; its last day of validity is good (F12)."""
    issued_on, valid_until = document.issued_on, document.valid_until
    if valid_until is not None and valid_until < today:
        return Why.EXPIRED
    if issued_on is not None and issued_on > today:
        return Why.NOT_ISSUED_YET
    if document.kind == "national_id" and issued_on and issued_on < NEW_ID_CARDS_SINCE:
        return Why.OLD_ID_CARD
    return None
