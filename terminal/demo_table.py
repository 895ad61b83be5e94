"""The demo's closing table, aligned by the cells that characters take on a screen."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from terminal.demo import Day, Done
from terminal.words.speak import LANGUAGES, language, say

KINDS = {
    "issue": "issued",
    "bind": "bound",
    "topup": "topped_up",
    "tap": "tapped",
    "sync": "synced",
    "verify": "verified",
}
ORDER = ("issued", "refused", "bound", "topped_up", "tapped", "synced", "verified")
GAP = "  "


def kind_of(done: Done) -> str:
    """Which of the table's sections a step belongs to."""
    return "refused" if done.said.get("outcome") == "refused" else KINDS[done.step["do"]]


def row(done: Done, day: Day) -> tuple[str, ...]:
    """What, where, by which rule, whose, and the result of one step."""
    whose = _name(day, str(done.step.get("who", "")))
    if done.step["do"] == "tap":
        whose = say("demo.card_of", who=_name(day, holders(day)[done.step["card"]]))
    rule = done.said.get("rule") or ""
    return (say(f"demo.{kind_of(done)}"), done.step["at"], rule, whose, _result(done))


def in_order(done: Done) -> tuple[int, str, str]:
    """The table's order: by kind, then by place, then by the time of the tap."""
    return ORDER.index(kind_of(done)), done.step["at"], str(done.step.get("time", ""))


def holders(day: Day) -> dict[str, str]:
    """Who was handed which card."""
    return {
        str(done.step["card"]): str(done.step["who"])
        for done in tuple(day.done)
        if done.step["do"] == "issue" and done.said["outcome"] == "issued"
    }


def table(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Rows under their heads, columns aligned."""
    heads = tuple(say(f"demo.head_{name}") for name in ("what", "where", "rule", "who", "result"))
    every = [heads, *rows]
    widths = [max(cells(one[column]) for one in every) for column in range(len(heads))]
    lines = [_joined(one, widths) for one in every]
    return [lines[0], GAP.join("-" * width for width in widths), *lines[1:]]


def cells(text: str) -> int:
    """How many cells a text takes: Chinese characters and full-width marks two."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _joined(row: tuple[str, ...], widths: Sequence[int]) -> str:
    padded = (text + " " * (width - cells(text)) for text, width in zip(row, widths, strict=True))
    return GAP.join(padded).rstrip()


def _name(day: Day, who: str) -> str:
    tongue = "zh" if language() == LANGUAGES[0] else "en"
    return str(day.people[who][tongue]) if who else ""


def _result(done: Done) -> str:
    said = done.said
    match kind_of(done):
        case "refused" if said["missing"]:
            return say("demo.result_missing", papers=len(said["missing"]))
        case "bound":
            until = said["expires_on"] or say("ui.no_end")
            return say("demo.result_bound", expires_on=until)
        case "topped_up":
            return say("demo.result_topped_up", **said)
        case "tapped":
            return say(f"demo.result_{said['outcome']}", **said)
        case "synced":
            return say("demo.result_synced", **said)
        case "verified":
            return say("demo.result_whole", entries=said["entries"])
        case kind:
            return say(f"demo.result_{kind}")
