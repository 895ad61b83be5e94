"""How outcomes of rules are told: one document for programs, lines for people.

Used by commands and screens alike, so that both say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast

from terminal.words.documents import UNUSABLE, paper
from terminal.words.rules_issuance import key_of
from terminal.words.said import Parts
from terminal.words.speak import LANGUAGES, language, rule_parts, say

if TYPE_CHECKING:
    from issuance.bind import BindOutcome
    from issuance.desk import IssueOutcome
    from validation.gate import TapOutcome


def parts_of(outcome: IssueOutcome | BindOutcome) -> Parts:
    """What happened, what it means, what to do next."""
    key = key_of(outcome.rule, outcome.outcome, outcome.facts)
    return rule_parts(key, {"rule": outcome.rule, **_holes(outcome.facts)})


def issue_document(outcome: IssueOutcome) -> dict[str, Any]:
    """The JSON of `issue` and `open finish`."""
    has_card = outcome.card_kind is not None
    card = {"kind": outcome.card_kind, "chip": outcome.chip} if has_card else None
    return {
        "outcome": outcome.outcome,
        "product": outcome.product,
        "claim": outcome.claim,
        "card": card,
        "rule": outcome.rule,
        "source": outcome.source,
        "missing": list(outcome.missing),
        "next": parts_of(outcome).next,
    }


def bind_document(outcome: BindOutcome) -> dict[str, Any]:
    """The JSON of `bind` and `unbind`."""
    return {
        "outcome": outcome.outcome,
        "policy": outcome.policy,
        "expires_on": outcome.expires_on,
        "rule": outcome.rule,
        "source": outcome.source,
        "missing": list(outcome.missing),
        "next": parts_of(outcome).next,
    }


def decision_lines(outcome: IssueOutcome | BindOutcome) -> list[str]:
    """The three parts, the papers still to be shown, the rule and its source."""
    lines = [part for part in parts_of(outcome) if part]
    if outcome.missing:
        papers = "；" if language() == LANGUAGES[0] else "; "
        missing = papers.join(paper(entry, language()) for entry in outcome.missing)
        lines.append(say("ui.missing", missing=missing))
    lines += unusable_lines(outcome.facts)
    lines.append(say("ui.rule", rule=outcome.rule, source=outcome.source))
    return lines


def unusable_lines(facts: Mapping[str, object]) -> list[str]:
    """Papers that were shown and are not good today, each with the reason (F12)."""
    pairs = cast("Iterable[tuple[str, str]]", facts.get("unusable", ()))
    tongue = LANGUAGES.index(language())
    return [
        say("ui.unusable", document=paper(document, language()), why=UNUSABLE[why][tongue])
        for document, why in pairs
    ]


def tap_document(outcome: TapOutcome) -> dict[str, Any]:
    """The JSON of `tap`."""
    return {**outcome.facts(), "next": rule_parts(outcome.rule, {}).next}


def tap_lines(outcome: TapOutcome) -> list[str]:
    """The outcome, the price line by line, the money."""
    said = [part for part in rule_parts(outcome.rule, {}) if part]
    lines = [f"  {say('ui.line_' + line['name'])}  {line['amount_ntd']}" for line in outcome.lines]
    money = {"fare_ntd": outcome.fare_ntd, "charged_ntd": outcome.charged_ntd}
    last = say("ui.tap_money", **money)
    if outcome.purse_ntd is not None:
        last += say("ui.tap_purse", purse_ntd=outcome.purse_ntd)
    return [*said, *lines, last]


def site_name(site: str) -> str:
    """A site as people call it; one that is not ours by its id."""
    from fixtures.places import sites

    place = sites().get(site)
    if place is None:
        return site
    return place.zh if language() == LANGUAGES[0] else place.en


def _holes(facts: Mapping[str, object]) -> dict[str, object]:
    """Facts as the words want them: an office by its name, a month that is not known as a word."""
    office, month = facts.get("office"), facts.get("month")
    return {
        **facts,
        "office": site_name(str(office)) if office else say("ui.hole_office"),
        "month": month or say("ui.hole_month"),
    }
