"""A dump of a card of ours, read from its bytes alone: what `card show --dump` says where no key of
this home opens the card, or where there is no home.

A record whose MAC was not checked is only told as what it looks like (`sealed` false).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from apdu.classic.geometry import data_blocks_of
from cards import desfire_layout, records, records_desfire
from cards.errors import CardSpoiled, NewerLayout
from cards.layout import Layout
from cards.records import SEQUENCES, StoredState
from terminal.words.speak import say

if TYPE_CHECKING:
    from datetime import date

    from cards.config import OurSectors
    from cards.seal import Seal
    from cards.state import CardState, Directory

T = TypeVar("T")

Known = bytes | None
"""Bytes of a block or file; None: not all of them are in the dump."""


def classic_record(blocks: Sequence[Known], ours: OurSectors) -> dict[str, Any] | None:
    """What our sectors of a Classic say; None where they do not look like ours."""
    slot_a, slot_b, (directory, *purse) = (
        [blocks[block] for block in data_blocks_of(sector)] for sector in ours.sectors
    )
    says = _opened(records.DIRECTORY, directory, records.unpack_directory, None)
    slots = [_opened(records.STATE, _joined(slot), records.unpack_state, None)
             for slot in (slot_a, slot_b)]  # fmt: skip
    newest = _newest(*slots)
    if says is None and newest is None:
        return None
    state = newest.state if newest is not None else None
    facts = _said(says, state, sealed=False) | {"our_sectors": list(ours.sectors)}
    facts["purse_ntd"] = _purse(purse, state)
    return facts


def desfire_record(files: Mapping[int, Known], seal: Seal | None) -> dict[str, Any] | None:
    """What the files of our application say; None where they do not look like ours. `seal`: of
    this home and the card's UID; a record that it does not open is told unsealed."""
    standing = files.get(desfire_layout.FileNo.STANDING)
    directory = None if standing is None else desfire_layout.split_standing(standing)[0]
    for opener in (seal, None) if seal else (None,):
        says = _opened(
            records_desfire.DIRECTORY, directory, records_desfire.unpack_directory, opener
        )
        if says is None:
            continue
        stored = files.get(desfire_layout.FileNo.STATE)
        state = _opened(records_desfire.STATE, stored, records_desfire.unpack_state, opener)
        facts = _said(says, state, sealed=opener is not None)
        value = files.get(desfire_layout.FileNo.PURSE)
        facts["purse_ntd"] = None if value is None else int.from_bytes(value, "little", signed=True)
        return facts
    return None


def lines_of_dump(dump: dict[str, Any]) -> list[str]:
    """What `card show --dump` says of the dump itself."""
    lines = [say("ui.dump_form", form=dump["form"])]
    if dump["sealed"] is False:
        lines.append(say("ui.dump_unsealed"))
    if dump["unknown_bytes"]:
        lines.append(say("ui.dump_unknown", unknown_bytes=dump["unknown_bytes"]))
    lines += contradiction_lines(dump["contradictions"])
    if dump["directory"]:
        lines.append(say("ui.dump_directory", applications=_listed(dump["directory"])))
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
    """Applications with their sectors or files."""
    return ", ".join(f"{aid} ({' '.join(map(str, where))})" for aid, where in found.items())


def _said(says: Directory | None, state: CardState | None, *, sealed: bool) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "kind": "flora" if says is None else says.product,
        "mode": "record",
        "issued": state is not None and state.issued,
        "prepared": state is not None and not state.issued,
        "newer": False,
        "sealed": sealed,
    }
    for name in ("expires_on", "half_until", "student_until", "library_until"):
        end: date | None = None if says is None else getattr(says, name)
        facts[name] = end
    return facts


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
