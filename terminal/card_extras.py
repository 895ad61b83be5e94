"""What a card says beyond binding, trip and purse, as `card show` tells it: until when it is good
for what, and on a DESFire its school, its library number and its last taps. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from terminal.words.speak import LANGUAGES, language, say

if TYPE_CHECKING:
    from cards.card import Card
    from cards.state import School
    from validation.network import Network

ENDS = ("expires_on", "half_until", "student_until", "library_until")
OF_OTHERS = ("directory", "holder")
"""What only a card that is none of ours says: which applications it holds, whose NHI card it is."""
NOTHING: dict[str, Any] = {
    **dict.fromkeys((*ENDS, "policies", "school", "library", "events", *OF_OTHERS)),
}
"""Of a card that says none of it."""
_ROC_YEAR_ZERO = 1911


def extras_of(card: Card, network: Network) -> dict[str, Any]:
    """The ends from the directory; of a DESFire with a record also `school`, `library` (whether
    it holds a borrower's number; the number itself is not shown) and `events`, oldest first."""
    from cards.on_desfire import DesfireCard
    from validation.describe import event_facts

    says: dict[str, Any] = {
        end: getattr(card.directory, end) if card.directory else None for end in ENDS
    }
    if isinstance(card, DesfireCard) and card.state is not None:
        school = card.school()
        says["school"] = school_facts(school) if school else None
        says["library"] = card.library() is not None
        says["events"] = [event_facts(event, network) for event in card.events()]
    return says


def extra_lines(facts: dict[str, Any]) -> list[str]:
    """The same for people; what is null is left out."""
    lines = [say(f"ui.{end}", **{end: facts[end]}) for end in ENDS if facts[end] is not None]
    if facts["school"] is not None:
        lines.append(_school_line(facts["school"]))
    if facts["library"]:
        lines.append(say("ui.library"))
    return lines + [_event_line(event) for event in facts["events"] or ()]


def lines_of_others(facts: dict[str, Any]) -> list[str]:
    """What a card that is none of ours says of itself."""
    lines = []
    if facts["holder"] is not None:
        holder = facts["holder"]
        lines.append(say("ui.holder", **holder, sex_said=say(f"ui.sex_{holder['sex']}")))
    if facts["directory"]:
        listed = (f"{aid} ({' '.join(map(str, at))})" for aid, at in facts["directory"].items())
        lines.append(say("ui.dump_directory", applications=", ".join(listed)))
    return lines


def school_facts(school: School) -> dict[str, Any]:
    """A school record as `card show` tells it."""
    return {"code": school.code, "grade": school.grade or None, "year": school.year}


def _school_line(school: dict[str, Any]) -> str:
    key = "school" if school["grade"] else "school_alone"
    return say(f"ui.{key}", roc_year=school["year"] - _ROC_YEAR_ZERO, **school)


def _event_line(event: dict[str, Any]) -> str:
    tongue = "zh" if language() == LANGUAGES[0] else "en"
    at = event["at"][:16].replace("T", " ")
    said = {**event, "stop": event[f"stop_{tongue}"], "at": at}
    return say(f"ui.event_{event['outcome']}", **said)
