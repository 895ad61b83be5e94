"""Proxmark's JSON: `mfcard`, `mfc v2` and `mfc v3` for a MIFARE Classic.

Of other cards the header alone is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from hw_sim.access import ACCESS_AND_USER, KEY_A, KEY_B
from hw_sim.document import no_doubles
from hw_sim.dumps.dump import (
    Contradiction,
    Dump,
    DumpIncomplete,
    DumpUnreadable,
    Form,
    Header,
    Known,
    SectorSaid,
    all_known,
    filled,
    hex_block,
    hex_bytes,
    text_of,
    uid_of_text,
    with_keys,
)
from hw_sim.geometry import blocks_of, sectors

CLASSIC = re.compile(r"mfcard|mfc v[123]")
NUMBER = re.compile(r"\d{1,3}")
WRITTEN_AS = "mfc v2"


def read(text: str) -> Dump:
    """Raises `DumpUnreadable`."""
    try:
        document = json.loads(text, object_pairs_hook=no_doubles)
    except (ValueError, RecursionError):
        raise DumpUnreadable("no JSON document") from None
    if not isinstance(document, dict) or not isinstance(document.get("FileType"), str):
        raise DumpUnreadable("no FileType")
    header = _header(document["FileType"], _object(document, "Card"))
    if not CLASSIC.fullmatch(header.kind):
        return Dump(form=Form.PROXMARK, header=header)
    blocks = filled(_blocks(_object(document, "blocks")))
    said = _said(_object(document, "SectorKeys"))
    differ: tuple[Contradiction, ...]
    blocks, differ = with_keys(blocks, said)
    return Dump(form=Form.PROXMARK, header=header, blocks=blocks, keys_said=differ)


def write(dump: Dump) -> bytes:
    """A block with an unknown byte is left out, as is an unknown key."""
    header = dump.header
    if dump.chip is None:
        raise DumpIncomplete(0)
    card = {
        "UID": (dump.uid or b"").hex().upper(),
        "ATQA": (header.atqa or b"").hex().upper(),
        "SAK": "" if header.sak is None else f"{header.sak:02X}",
    }
    document = {
        "Created": "hw_sim",
        "FileType": WRITTEN_AS,
        "Card": {name: value for name, value in card.items() if value},
        "blocks": {str(n): text_of(block) for n, block in enumerate(dump.blocks)
                   if None not in block},
        "SectorKeys": {str(n): _keys(dump.blocks[blocks_of(n)[-1]]) for n in sectors(dump.chip)},
    }  # fmt: skip
    return (json.dumps(document, indent=2) + "\n").encode("ascii")


def _keys(trailer: Known) -> dict[str, str]:
    parts = {"KeyA": KEY_A, "KeyB": KEY_B, "AccessConditions": ACCESS_AND_USER}
    return {name: text_of(trailer[part]) for name, part in parts.items()
            if None not in trailer[part]}  # fmt: skip


def _object(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name, {})
    if not isinstance(found, dict):
        raise DumpUnreadable(f"{name} is no object")
    return found


def _header(kind: str, card: Mapping[str, Any]) -> Header:
    uid, sak = card.get("UID"), _octets(card, "SAK", 1)
    return Header(
        kind=kind[:32],
        uid=uid_of_text(uid) if isinstance(uid, str) and uid else None,
        atqa=_octets(card, "ATQA", 2),
        sak=None if sak is None else sak[0],
        ats=_octets(card, "ATS", None),
    )


def _octets(card: Mapping[str, Any], name: str, size: int | None) -> bytes | None:
    """Bytes of a field; None where it is left out, empty, or says that it is unknown."""
    text = card.get(name)
    if text is None or text == "":
        return None
    if not isinstance(text, str):
        raise DumpUnreadable(f"{name[:32]} is no text")
    found = hex_bytes(text)
    if size is not None and len(found) != size:
        raise DumpUnreadable(f"{name[:32]} has {len(found)} bytes")
    return all_known(found)


def _number(text: str) -> int:
    if not NUMBER.fullmatch(text):
        raise DumpUnreadable("a number that is none")
    return int(text)


def _blocks(found: Mapping[str, Any]) -> dict[int, Known]:
    blocks: dict[int, Known] = {}
    for number, text in found.items():
        if not isinstance(text, str):
            raise DumpUnreadable("a block that is no text")
        blocks[_number(number)] = hex_block(text)
    return blocks


def _said(found: Mapping[str, Any]) -> dict[int, SectorSaid]:
    said: dict[int, SectorSaid] = {}
    for number, its in found.items():
        if not isinstance(its, dict):
            raise DumpUnreadable("a sector that is no object")
        said[_number(number)] = SectorSaid(
            key_a=_octets(its, "KeyA", 6),
            key_b=_octets(its, "KeyB", 6),
            access=_octets(its, "AccessConditions", 4),
        )
    return said
