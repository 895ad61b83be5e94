"""What lies on a reader, as `card show` and the screens tell it. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cards.errors import WrongCard
from cards.identify import recognise
from cards.on_classic import RecordCard
from cards.open import open_card
from terminal.card_extras import NOTHING, extra_lines, extras_of
from terminal.words.speak import LANGUAGES, language, say

if TYPE_CHECKING:
    from cards.card import Card
    from cards.state import BindingMark
    from drivers.contract import Connection
    from terminal.home import Home

# What has a name in `terminal.words.ui`; a kind of tomorrow's is said as it is.
_KINDS_SAID = (
    *("flora", "blank-classic", "blank-classic-4k", "classic", "classic-4k", "easycard", "ndef"),
    *("ultralight", "felica", "blank-desfire", "child", "student"),
    *("desfire", "nhi", "bank", "bank-easycard", "phone", "iso-dep", "unknown"),
)


def public_facts(connection: Connection) -> dict[str, Any]:
    """What any card says of itself; the rest is null. Tries no key."""
    found = recognise(connection)
    return bare_facts(kind=found.kind, chip=found.chip, uid=found.uid)


def whole_card(connection: Connection, home: Home) -> dict[str, Any]:
    """The card as this home knows it. A card that is none of ours shows its public facts.

    Raises `CardSpoiled` and what `Connection` names.
    """
    facts = public_facts(connection)
    try:
        card = open_card(connection, keys=home.keys, shelf=home.ledger.shelf, ours=home.ours)
    except WrongCard as wrong:
        return {**facts, "kind": wrong.kind}
    return {**facts, **_ours(card, home)}


def bare_facts(*, kind: str, chip: str, uid: bytes) -> dict[str, Any]:
    """What is shown of every card; all that is not known is null."""
    return {
        "kind": kind,
        "chip": chip,
        "uid": uid.hex(),
        "mode": None,
        "issued": None,
        "prepared": None,
        "newer": None,
        "binding": None,
        "trip": None,
        "purse_ntd": None,
        "our_sectors": None,
        **NOTHING,
    }


def _ours(card: Card, home: Home) -> dict[str, Any]:
    from validation.describe import trip_of

    extras = extras_of(card, home.network)
    state = card.state
    mark = state.binding if state else None
    if mark is not None and home.ledger.ended(card.card_ref, mark.binding_id):
        mark = None
    return {
        "kind": card.kind,
        "uid": card.uid.hex(),  # the true one, where the air's is random
        "mode": card.mode,
        "issued": card.issued,
        "prepared": card.mode == "record" and state is not None and not state.issued,
        "newer": card.newer,
        "binding": _binding(mark, home) if mark else None,
        "trip": trip_of(state, home.network) if state else None,
        "purse_ntd": card.purse.ntd if card.purse else None,
        "our_sectors": list(home.ours.sectors) if isinstance(card, RecordCard) else [],
        **extras,
    }


def _binding(mark: BindingMark, home: Home) -> dict[str, Any]:
    return {
        "policy": home.profile.policies.get(mark.policy, str(mark.policy)),
        "expires_on": mark.expires_on,
        "class": "half" if mark.half else "full",
    }


def lines_of(facts: dict[str, Any]) -> list[str]:
    """The facts for people; what is null is left out."""
    lines = [say("ui.kind", kind=kind_name(facts["kind"]))]
    lines += [say(f"ui.{name}", **{name: facts[name]}) for name in ("chip", "uid") if facts[name]]
    if facts["mode"] is None:
        return lines if facts["kind"] in ("flora", "classic") else [*lines, say("ui.not_ours")]
    lines.append(say("ui.mode", mode=say(f"ui.mode_{facts['mode']}")))
    issued = {True: "yes", False: "no", None: "unknown"}[facts["issued"]]
    lines.append(say("ui.prepared" if facts["prepared"] else f"ui.issued_{issued}"))
    if facts["newer"]:
        lines.append(say("ui.newer"))
    lines.append(binding_line(facts["binding"]))
    if facts["trip"] is not None:
        lines.append(trip_line(facts["trip"]))
    if facts["purse_ntd"] is not None:
        lines.append(say("ui.purse", purse_ntd=facts["purse_ntd"]))
    return lines + extra_lines(facts)


def kind_name(kind: str) -> str:
    """A kind of card as people call it."""
    return say(f"ui.kind_{kind}") if kind in _KINDS_SAID else say("ui.kind_other", kind=kind)


def binding_line(binding: dict[str, Any] | None) -> str:
    """`Bound: double-ten bus (until …)`."""
    if binding is None:
        return say("ui.binding_none")
    until = binding["expires_on"] or say("ui.no_end")
    return say("ui.binding", policy=policy_name(binding["policy"]), expires_on=until)


def policy_name(policy: str) -> str:
    """A fare policy as people call it; one of another city by its name in the profile."""
    return say(f"ui.policy_{policy}") if policy == "double-ten" else policy


def trip_line(trip: dict[str, Any]) -> str:
    """Where the card boarded or left last."""
    tongue = "zh" if language() == LANGUAGES[0] else "en"
    end, key = ("boarded", "trip_open") if trip["open"] else ("last", "trip_closed")
    at = trip[f"{end}_at"][:16].replace("T", " ")
    return say(f"ui.{key}", route=trip["route"], stop=trip[f"{end}_{tongue}"], at=at)
