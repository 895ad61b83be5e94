"""The card of the National Health Insurance, from the card's side: contacts, T=1, one public file.

SELECT of its application, then the basic profile, 57 bytes, without a PIN. All else on the real
card needs the insurer's own cards and is not here. What it answers to a wrong move is our reading
of ISO/IEC 7816-4; no public source shows it.

Source: cards.md 7 (layout by the tw-nhi-icc-service repository, ATR by the public list).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

from hw_sim import apdu
from hw_sim.apdu import Apdu
from hw_sim.document import FORMAT, HEADER, VERSION, check_fields, label, octets, seed_of
from hw_sim.t1 import T1Card

CHIP_NHI = "nhi"
ATR = bytes.fromhex("3bee00008131fe4580318066409093060f17830f9000f3")
ATR_BYTES_MAX = 33
AID = bytes.fromhex("d1580000010000000000000000001100")
PROFILE = struct.Struct("12s20s10s7s1s7s")
"""Card number, name (Big5, 00 at its end), ID number, birth date, sex, issue date."""
NAME_BYTES, ID_CHARACTERS, CARD_DIGITS = 20, 10, 12
ROC_OFFSET, FIRST_CARDS = 1911, date(2004, 1, 1)
SELECT, GET_DATA = 0xA4, 0xCA
PROFILE_P1P2, PROFILE_ASK = (0x11, 0x00), bytes(2)
DONE, WRONG_LENGTH, CONDITIONS, WRONG_DATA = b"\x90\x00", b"\x67\x00", b"\x69\x85", b"\x6a\x80"
NOT_FOUND, WRONG_P1P2, NO_INS, NO_CLA = b"\x6a\x82", b"\x6a\x86", b"\x6d\x00", b"\x6e\x00"

_FIELDS = HEADER | {"atr", "seed", "profile"}
_NEEDED = frozenset({"name", "id_no", "born", "sex"})
_HOLDER = _NEEDED | {"card_no", "issued"}
_ALSO = {"number": "id_no", "issued_on": "issued"}  # the names that an application has for them


@dataclass(slots=True, kw_only=True)
class NhiImage:
    """Everything that can be read off the card. `profile` is the 57 bytes, a person's own: no
    `repr` shows them. `uid` is empty: a card with contacts has none. `writes` stays 0."""

    kind: str = CHIP_NHI
    chip: str = CHIP_NHI
    atr: bytes = ATR
    seed: int
    profile: bytes = field(repr=False)
    writes: int = field(default=0, compare=False)

    @property
    def uid(self) -> bytes:
        return b""


def new_nhi(rng: Random, *, holder: Mapping[str, object]) -> NhiImage:
    """The card of an invented person.

    `holder`: `name` (at most 20 bytes in Big5), `id_no` or `number` (10 letters and digits),
    `born` (ISO date, from 1912 on), `sex` (M, F); `card_no` (12 digits; drawn if absent), `issued`
    or `issued_on` (ISO date; 2004-01-01 if absent). Raises ValueError, which names the field and
    shows nothing of the person.
    """
    said = {_ALSO.get(name, name): value for name, value in holder.items()}
    if len(said) != len(holder):
        raise ValueError("a field twice")
    if odd := sorted(said.keys() - _HOLDER) or sorted(_NEEDED - said.keys()):
        raise ValueError(odd[0][:32])
    digits = "".join(str(rng.randrange(10)) for _ in range(CARD_DIGITS))
    card_no = _text(said.get("card_no", digits), "card_no")
    id_no, sex = _text(said["id_no"], "id_no"), _text(said["sex"], "sex")
    if len(card_no) != CARD_DIGITS or not (card_no.isascii() and card_no.isdecimal()):
        raise ValueError("card_no")
    if len(id_no) != ID_CHARACTERS or not (id_no.isascii() and id_no.isalnum()):
        raise ValueError("id_no")
    if sex not in ("M", "F"):
        raise ValueError("sex")
    born = _roc(said["born"], "born")
    issued = _roc(said.get("issued", FIRST_CARDS.isoformat()), "issued")
    profile = PROFILE.pack(
        card_no.encode(), _name(said["name"]), id_no.encode(), born, sex.encode(), issued
    )
    return NhiImage(seed=rng.getrandbits(64), profile=profile)


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise ValueError(name)
    return value


def _name(value: object) -> bytes:
    try:
        name = _text(value, "name").encode("cp950")
    except UnicodeEncodeError:
        raise ValueError("name") from None
    if not 1 <= len(name) <= NAME_BYTES or b"\x00" in name:
        raise ValueError("name")
    return name


def _roc(value: object, name: str) -> bytes:
    """An ISO date as the card has it: year of the Republic 3, month 2, day 2."""
    try:
        day = date.fromisoformat(_text(value, name))
    except ValueError:
        raise ValueError(name) from None
    if day.year <= ROC_OFFSET:
        raise ValueError(name)
    return f"{day.year - ROC_OFFSET:03d}{day.month:02d}{day.day:02d}".encode()


def to_document(image: NhiImage) -> dict[str, object]:
    """The card file's JSON."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "kind": image.kind,
        "chip": image.chip,
        "atr": image.atr.hex(),
        "seed": image.seed,
        "profile": image.profile.hex(),
    }


def from_document(document: Mapping[str, Any]) -> NhiImage:
    """The card of a card file. Raises `ImageCorrupt`."""
    check_fields(document, _FIELDS)
    return NhiImage(
        kind=label(document),
        atr=octets(document, "atr", *range(2, ATR_BYTES_MAX + 1)),
        seed=seed_of(document),
        profile=octets(document, "profile", PROFILE.size),
    )


class Nhi:
    """What lives behind the blocks (hw_sim.t1.Applet)."""

    def __init__(self, image: NhiImage) -> None:
        self._image = image
        self._selected = False

    def reset(self) -> None:
        self._selected = False

    def transmit(self, message: bytes) -> bytes:
        """One command APDU in, data and status word out; any bytes at all get an answer."""
        found = apdu.parse(message)
        if found is None:
            return WRONG_LENGTH
        if found.cla:
            return NO_CLA
        if found.ins == SELECT:
            return self._select(found)
        return self._profile(found) if found.ins == GET_DATA else NO_INS

    def _select(self, found: Apdu) -> bytes:
        if (found.p1, found.p2) != (4, 0):
            return WRONG_P1P2
        if found.data != AID:
            return NOT_FOUND
        self._selected = True
        return DONE

    def _profile(self, found: Apdu) -> bytes:
        """Case 3 in form, and yet data come back; with an Le it must leave room for them."""
        if not self._selected:
            return CONDITIONS
        if (found.p1, found.p2) != PROFILE_P1P2:
            return WRONG_P1P2
        if found.data != PROFILE_ASK:
            return WRONG_DATA if len(found.data) == len(PROFILE_ASK) else WRONG_LENGTH
        if found.le is not None and found.le < PROFILE.size:
            return bytes((0x6C, PROFILE.size))
        return self._image.profile + DONE


class NhiCard(T1Card):
    """The card at the contacts (hw_sim.field.Picc). Nothing here can be changed."""

    def __init__(self, image: NhiImage) -> None:
        self.image = image
        super().__init__(Nhi(image), atr=image.atr)
