"""All rules of issuing and binding by id, with their sources: what words, docs and tests walk.

Source: domain.md 3.2, 4, and 5, whose rules have no ids there (C and S are ours). The first source
key of a row is the one a decision names.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from issuance.rules.decision import Decision, Unusable


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule. `entitles`: its being kept hands out or binds a card; `decided_by`: by the papers
    alone (so also offline) or by the ledger, which is asked last."""

    id: str
    source: tuple[str, ...]
    entitles: bool = False
    decided_by: Literal["papers", "ledger"] = "papers"


RULES: Final[dict[str, Rule]] = {
    rule.id: rule
    for rule in (
        Rule(id="F1", source=("report.3.1.2.1", "report.3.1.4.1"), entitles=True),
        Rule(
            id="F2",
            source=("report.3.1.4.1", "pub.flora.2023", "pub.flora.2024", "law.hra.57"),
            entitles=True,
        ),
        Rule(id="F3", source=("report.3.1.2.1",)),
        Rule(id="F4", source=("report.3.1.2.2", "report.3.1.4.2"), entitles=True),
        Rule(id="F5", source=("report.3.1.2.2",)),
        Rule(id="F6", source=("pub.flora.2025", "report.3.1.2.1"), entitles=True),
        Rule(id="F7", source=("report.3.1.2.2",)),
        Rule(id="F8", source=("report.3.1.2.1",)),
        Rule(id="F9", source=("report.3.1.4.3",)),
        Rule(id="F10", source=("ours.parent", "law.civil.1086")),
        Rule(id="F11", source=("report.3.1.4.1", "report.3.1.4.2", "pub.flora.2025")),
        Rule(id="F12", source=("report.3.1.4.2", "pub.idcard")),
        Rule(id="F13", source=("ours.contradiction",)),
        Rule(id="F14", source=("report.3.1.2.3", "pub.flora.2025"), decided_by="ledger"),
        Rule(
            id="F15",
            source=("report.3.1.2.3", "report.3.1.3", "pub.flora.2024"),
            decided_by="ledger",
        ),
        Rule(id="F16", source=("report.3.1.3", "ours.open_claim"), decided_by="ledger"),
        Rule(id="C1", source=("report.4.1", "pub.bind.2020"), entitles=True),
        Rule(id="C2", source=("report.4.2", "report.4.1"), entitles=True),
        Rule(id="C3", source=("report.4.1", "pub.fare.tcbus", "law.civil.124")),
        Rule(id="C4", source=("report.4.1", "report.4.2")),
        Rule(id="C5", source=("report.4.1", "ours.one_card"), decided_by="ledger"),
        Rule(id="C6", source=("ours.open_claim",), decided_by="ledger"),
        Rule(id="S1", source=("report.4.3", "pub.bind.2025"), entitles=True),
        Rule(id="S2", source=("report.4.3",)),
        Rule(id="S3", source=("report.4.3", "ours.one_card"), decided_by="ledger"),
        Rule(id="S4", source=("ours.open_claim",), decided_by="ledger"),
        Rule(id="B1", source=("report.4.1", "pub.bind.2020"), entitles=True),
        Rule(id="B2", source=("report.3.1.3", "pub.bind.rules"), entitles=True),
        Rule(id="B3", source=("report.4.1", "pub.bind.school", "pub.bind.2025"), entitles=True),
        Rule(id="B4", source=("pub.bind.2025",), entitles=True),
        Rule(id="B5", source=("pub.bind.rules", "pub.bind.2020", "pub.senior")),
        Rule(id="B6", source=("ours.one_card",), decided_by="ledger"),
    )
}


def entitled(rule_id: str, *, expires_on: date | None = None) -> Decision:
    """A yes by this rule."""
    return Decision(
        outcome="entitled", rule=rule_id, source=RULES[rule_id].source[0], expires_on=expires_on
    )


def refusal(
    rule_id: str,
    *,
    said: str = "",
    source: str = "",
    missing: tuple[str, ...] = (),
    unusable: tuple[Unusable, ...] = (),
) -> Decision:
    """A no by this rule. `said` where its text is not simply the rule's; `source` where it is not
    the first of the rule's row (F11)."""
    facts: dict[str, object] = {"said": said or rule_id}
    if unusable:
        facts["unusable"] = tuple((u.document, u.why.value) for u in unusable)
    return Decision(
        outcome="refused",
        rule=rule_id,
        source=source or RULES[rule_id].source[0],
        missing=missing,
        facts=facts,
    )
