"""What lies on a reader, as `card show` and the screens tell it. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cards.errors import KeysTooOld, WrongCard
from cards.identify import directory, recognise
from cards.on_classic import RecordCard
from cards.on_desfire import DesfireCard
from cards.open import open_card
from terminal.card_extras import NOTHING, extra_lines, extras_of, lines_of_others
from terminal.nhi import masked_holder, read_holder
from terminal.words.speak import LANGUAGES, language, say

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    """What any card says of itself to anybody; the rest is null. A Classic's directory is read with
    its public key; no other key is tried. An NHI card's holder is masked."""
    return _asked(connection) | _directory(connection)


def _asked(connection: Connection) -> dict[str, Any]:
    found = recognise(connection)
    facts = bare_facts(kind=found.kind, chip=found.chip, uid=found.uid)
    if found.kind == "nhi":
        facts["holder"] = masked_holder(read_holder(connection))
    return facts


def _directory(connection: Connection) -> dict[str, Any]:
    """Application → its sectors, of a Classic that has a directory."""
    found = directory(connection.classic) if connection.classic is not None else None
    said = {aid.hex(): sectors for aid, sectors in found.applications().items()} if found else None
    return {"directory": said}


def whole_card(connection: Connection, home: Home) -> dict[str, Any]:
    """The card as this home knows it. A card that is none of ours shows its public facts.

    Raises `CardSpoiled` and what `Connection` names.
    """
    facts = _asked(connection)
    try:
        card = open_card(connection, keys=home.keys, shelf=home.ledger.shelf, ours=home.ours)
    except KeysTooOld:
        return {**facts, "kind": "older-keys"}
    except WrongCard as wrong:
        kind = facts["kind"] if wrong.kind == "unknown" else wrong.kind
        return {**facts, "kind": kind, **_directory(connection)}
    said = {**facts, **_ours(card, home)}
    return said if card.mode == "record" or card.issued else said | _directory(connection)


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

    extras = extras_of(card, home.network)  # first: what it reads may be newer
    state = card.state
    bindings = _bindings(card, home)
    first = state.binding if state else None
    return {
        "kind": card.kind,
        "uid": card.uid.hex(),  # the true one, where the air's is random
        "mode": card.mode,
        "issued": card.issued,
        "prepared": card.mode == "record" and state is not None and not state.issued,
        "newer": card.newer,
        "binding": bindings.get(first) if first else None,
        "policies": list(bindings.values()) if isinstance(card, DesfireCard) and state else None,
        "trip": trip_of(state, home.network) if state else None,
        "purse_ntd": card.purse.ntd if card.purse else None,
        "our_sectors": list(home.ours.sectors) if isinstance(card, RecordCard) else [],
        **extras,
    }


def _bindings(card: Card, home: Home) -> dict[BindingMark, dict[str, Any]]:
    """What binds the card, but for what the hotlist known here has ended."""
    first = card.state.binding if card.state else None
    listed = card.policies if isinstance(card, DesfireCard) else (first,) if first else ()
    ended = home.ledger.ended
    return {
        m: binding_facts(m, home.profile.policies)
        for m in listed
        if not ended(card.card_ref, m.binding_id)
    }


def binding_facts(mark: BindingMark, policies: Mapping[int, str]) -> dict[str, Any]:
    """A binding; a policy that the profile does not name is told by its number."""
    return {
        "policy": policies.get(mark.policy, str(mark.policy)),
        "expires_on": mark.expires_on,
        "class": "half" if mark.half else "full",
    }


def lines_of(facts: dict[str, Any]) -> list[str]:
    """The facts for people; what is null is left out."""
    lines = [say("ui.kind", kind=kind_name(facts["kind"]))]
    lines += [say(f"ui.{name}", **{name: facts[name]}) for name in ("chip", "uid") if facts[name]]
    lines += lines_of_others(facts)
    if facts["mode"] is None:
        return lines if facts["kind"] in ("flora", "classic") else [*lines, say("ui.not_ours")]
    lines.append(say("ui.mode", mode=say(f"ui.mode_{facts['mode']}")))
    issued = {True: "yes", False: "no", None: "unknown"}[facts["issued"]]
    lines.append(say("ui.prepared" if facts["prepared"] else f"ui.issued_{issued}"))
    if facts["newer"]:
        lines.append(say("ui.newer"))
    lines.append(binding_line(facts["binding"]))
    lines += [binding_line(more) for more in facts["policies"] or () if more != facts["binding"]]
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
