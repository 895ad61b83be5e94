"""Dumps of cards as other tools make them: read, and written (cards.md 9).

`read_dump` knows a format by its content, never by a name.
"""

from __future__ import annotations

import re

from hw_sim.desfire.image import DesfireImage
from hw_sim.dumps import flipper, plain, proxmark, text
from hw_sim.dumps.desfire import facts_of
from hw_sim.dumps.dump import (
    Contradiction,
    Dump,
    DumpIncomplete,
    DumpUnreadable,
    Form,
    Header,
    all_known,
    dump_of,
)
from hw_sim.dumps.look import Look, look_at
from hw_sim.image import CardImage, Image

__all__ = [
    "SIZES",
    "Contradiction",
    "Dump",
    "DumpIncomplete",
    "DumpUnreadable",
    "Form",
    "Header",
    "Look",
    "all_known",
    "dump_of_card",
    "look_at",
    "read_dump",
    "write_dump",
]

SIZES = plain.SIZES
"""What a plain dump may have in bytes."""
PRINTABLE = re.compile(rb"[\t\r\n\x20-\x7e]+")
DESFIRE_ATQA, DESFIRE_SAK = b"\x44\x03", 0x20


def read_dump(data: bytes) -> Dump:
    """Raises `DumpUnreadable`; its `why` is empty for bytes that are in none of the formats."""
    shown = data.removeprefix(b"\xef\xbb\xbf")
    if not PRINTABLE.fullmatch(shown):
        if len(data) in SIZES:
            return plain.read(data)
        raise DumpUnreadable("")
    said = shown.decode("ascii").lstrip()
    if said.startswith(flipper.FIRST):
        return flipper.read(said)
    if said.startswith("{"):
        return proxmark.read(said)
    if said.startswith("+Sector:"):
        return text.read_mct(said)
    if text.is_eml(said):
        return text.read_eml(said)
    raise DumpUnreadable("")


def dump_of_card(image: Image, form: Form) -> Dump:
    """The dump of a card. Of a DESFire without its keys, which no format holds; of a card that
    none has room for an empty one."""
    if isinstance(image, CardImage):
        return dump_of(image, form)
    if not isinstance(image, DesfireImage):
        return Dump(form=form)
    header = Header(uid=image.uid, atqa=DESFIRE_ATQA, sak=DESFIRE_SAK, ats=image.ats)
    return Dump(form=form, header=header, desfire=facts_of(image))


def write_dump(dump: Dump) -> bytes:
    """The file in the dump's own format. Raises `DumpIncomplete` where that has no way to say
    what the dump holds, or does not hold."""
    match dump.form:
        case Form.PLAIN:
            return plain.write(dump)
        case Form.MCT:
            return text.write_mct(dump)
        case Form.EML:
            return text.write_eml(dump)
        case Form.PROXMARK:
            return proxmark.write(dump)
        case Form.FLIPPER:
            return flipper.write(dump)
