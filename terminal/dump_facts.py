"""A dump of a card of ours, read from its bytes alone: what `card show --dump` says where no key of
this home opens the card, or where there is no home.

A record whose MAC was not checked is only told as what it looks like (`sealed` false).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from apdu.classic.geometry import data_blocks_of
from cards import records, records_desfire
from cards.desfire_layout import (
    DIRECTORY_AT,
    LIBRARY_AT,
    POLICIES_AT,
    SCHOOL_AT,
    STATE_AT,
    FileNo,
    Place,
)
from cards.errors import CardSpoiled, NewerLayout
from cards.layout import Layout
from cards.records import SEQUENCES, StoredState
from terminal.card_extras import ENDS, school_facts
from terminal.showing import binding_facts
from terminal.words.speak import say

if TYPE_CHECKING:
    from cards.config import OurSectors
    from cards.seal import Seal
    from cards.state import CardState, Directory
    from validation.network import Network

T = TypeVar("T")

Known = bytes | None
"""Bytes of a block or file; None: not all of them are in the dump."""


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """What a home adds to the bytes: how its policies and stops are called."""

    policies: Mapping[int, str] = field(default_factory=dict)
    network: Network | None = None


def classic_record(blocks: Sequence[Known], ours: OurSectors, city: City) -> dict[str, Any] | None:
    """What our sectors of a Classic say; None where they do not look like ours."""
    slot_a, slot_b, (directory, *purse) = (
        [blocks[block] for block in data_blocks_of(sector)] for sector in ours.sectors
    )
    says = _opened(records.DIRECTORY, directory, records.unpack_directory, None)
    slots = [_joined(slot) for slot in (slot_a, slot_b)]
    newest = _newest(*(_opened(records.STATE, slot, records.unpack_state, None) for slot in slots))
    if says is None and newest is None:
        return None
    more = {"our_sectors": list(ours.sectors), "sealed": False}
    if None in slots:  # the one that is not in the dump may be the newer
        untold = dict.fromkeys(("mode", "issued", "prepared", "newer", "purse_ntd"))
        return _said(says, None, city) | more | untold
    state = newest.state if newest is not None else None
    return _said(says, state, city) | more | {"purse_ntd": _purse(purse, state)}


def desfire_record(
    files: Mapping[int, Known], seal: Seal | None, city: City
) -> dict[str, Any] | None:
    """What the files of our application say; None where they do not look like ours. `seal`: of
    this home and the card's UID; records that it does not open are told unsealed."""
    for opener in (seal, None) if seal else (None,):
        says = _at(files, DIRECTORY_AT, records_desfire.unpack_directory, opener)
        if says is None:
            continue
        state = _at(files, STATE_AT, records_desfire.unpack_state, opener)
        listed = _at(files, POLICIES_AT, records_desfire.unpack_policies, opener)
        if state is not None and listed:
            state = replace(state, binding=listed[0])
        bindings = [binding_facts(mark, city.policies) for mark in listed or ()]
        school = _at(files, SCHOOL_AT, records_desfire.unpack_school, opener)
        purse = files.get(FileNo.PURSE)
        return _said(says, state, city) | {
            "purse_ntd": None if purse is None else int.from_bytes(purse, "little", signed=True),
            "our_sectors": [],
            "policies": bindings if state is not None else None,
            "school": school_facts(school) if school else None,
            "library": _at(files, LIBRARY_AT, records_desfire.unpack_library, opener) is not None,
            "sealed": opener is not None,
        }
    return None


def lines_of_dump(dump: dict[str, Any]) -> list[str]:
    """What `card show --dump` says of the dump itself."""
    lines = [say("ui.dump_form", form=dump["form"])]
    if dump["sealed"] is False:
        lines.append(say("ui.dump_unsealed"))
    if dump["unknown_bytes"]:
        lines.append(say("ui.dump_unknown", unknown_bytes=dump["unknown_bytes"]))
    lines += contradiction_lines(dump["contradictions"])
    if dump["applications"]:
        lines.append(say("ui.dump_applications", applications=_listed(dump["applications"])))
    if dump["locked_sectors"]:
        lines.append(say("ui.dump_locked", sectors=", ".join(map(str, dump["locked_sectors"]))))
    return lines


def contradiction_lines(found: Sequence[dict[str, Any]]) -> list[str]:
    """What a dump says twice and differently, both shown; of keys the sector alone."""
    return [say(f"ui.dump_differs_{'keys' if each['said'] is None else each['what']}", **each)
            for each in found]  # fmt: skip


def _listed(found: Mapping[str, Any]) -> str:
    """Applications with their files."""
    return ", ".join(f"{aid} ({' '.join(map(str, where))})" for aid, where in found.items())


def _said(says: Directory | None, state: CardState | None, city: City) -> dict[str, Any]:
    from validation.describe import trip_of

    mark = None if state is None else state.binding
    return {
        "kind": "flora" if says is None else says.product,
        "mode": "record",
        "issued": state is not None and state.issued,
        "prepared": state is not None and not state.issued,
        "newer": False,
        "binding": binding_facts(mark, city.policies) if mark else None,
        "trip": trip_of(state, city.network) if state and city.network else None,
        **{end: None if says is None else getattr(says, end) for end in ENDS},
    }


def _at(
    files: Mapping[int, Known], place: Place, unpack: Callable[[bytes], T], seal: Seal | None
) -> T | None:
    whole = files.get(place.file)
    return None if whole is None else _opened(place.layout, whole[place.offset :], unpack, seal)


def _opened(
    layout: Layout, sealed: Known, unpack: Callable[[bytes], T], seal: Seal | None
) -> T | None:
    """The record, if this is one by its MAC, or without `seal` by its shape."""
    if sealed is None or len(sealed) < layout.sealed_bytes:
        return None
    whole = sealed[: layout.sealed_bytes]
    body = whole[: layout.body_bytes] if seal is None else seal.open(layout, whole)
    with suppress(NewerLayout):
        return None if body is None else unpack(body)
    return None


def _joined(parts: Sequence[Known]) -> Known:
    return None if None in parts else b"".join(part for part in parts if part is not None)


def _newest(a: StoredState | None, b: StoredState | None) -> StoredState | None:
    if a is None or b is None:
        return a or b
    return b if (b.sequence - a.sequence) % SEQUENCES == 1 else a


def _purse(blocks: Sequence[Known], state: CardState | None) -> int | None:
    from cards.purse import read_pair

    known = [block for block in blocks if block is not None]
    with suppress(CardSpoiled):
        return read_pair(known, state).ntd if len(known) == len(blocks) else None
    return None
