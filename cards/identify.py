"""What lies on the reader, by what it says of itself. No key is tried, nothing is written.

`identify` asks nothing at all, so that a tap pays nothing for it. `recognise` is for people: it
asks a card with applications three public questions and reads no further than that they are
answered. Source: the card names of PC/SC part 3 and what other cards show (cards.md 3.1, 5.5, 7,
10). We say what the bytes show and no more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from apdu.atr import (
    CARD_NAMES,
    CLASSIC_1K,
    CLASSIC_4K,
    CLASSIC_MINI,
    INFINEON_1K,
    storage_card,
)
from apdu.iso7816 import Command, Response
from drivers.contract import Connection, IsoDepPort

ULTRALIGHT = 0x0003
FELICA = 0x003B

_KINDS = {
    CLASSIC_1K: "classic",
    INFINEON_1K: "classic",
    CLASSIC_4K: "classic-4k",
    CLASSIC_MINI: "classic-mini",
    ULTRALIGHT: "ultralight",
    FELICA: "felica",
}

# With the historical bytes alone, and from readers that hand on the whole ATS (cards.md 3.1).
_DESFIRE_ATRS = frozenset(
    {bytes.fromhex("3B8180018080"), bytes.fromhex("3B8680010675778102" + "8000")}
)
# A contact bank card that carries an EasyCard beside, by the public ATR list.
_BANK_EASYCARD_ATR = bytes.fromhex("3BEE00008131804280318066B0840C016E0183009000" + "8E")

# The directory of a contactless bank card, the NHI card's application, a DESFire's GetVersion.
PPSE = Command(ins=0xA4, p1=0x04, data=b"2PAY.SYS.DDF01", ne=256)
NHI = Command(ins=0xA4, p1=0x04, data=bytes.fromhex("D1580000010000000000000000001100"))
GET_VERSION = Command(cla=0x90, ins=0x60, ne=256)
DESFIRE_MORE = 0x91AF
VERSION_BYTES = 7  # the first of GetVersion's three answers
_GENERATIONS = {0x00: "D40", 0x01: "EV1", 0x12: "EV2", 0x22: "EV2 XL", 0x33: "EV3"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """`kind` is a word of ours (classic: a Classic 1K), `chip` its name for people."""

    chip: str
    kind: str
    uid: bytes
    stable_uid: bool  # False: drawn anew each time; such a card has no number to know it by


def identify(connection: Connection) -> Identity:
    """The public facts of the card in the field, from its ATR and UID alone."""
    kind, chip = _named(connection.atr)
    uid = connection.uid
    # ISO/IEC 14443-3: a 4-byte UID that starts with 08 is random.
    random_uid = len(uid) == 4 and uid.startswith(b"\x08")
    return Identity(chip=chip, kind=kind, uid=uid, stable_uid=not random_uid)


def recognise(connection: Connection) -> Identity:
    """`identify`, and for a card with applications (ISO/IEC 14443-4, 7816) whose they may be.

    Kinds beside those of `identify`: nhi, bank, bank-easycard, phone (a number drawn anew each
    time and nothing else said), iso-dep (none of these).
    """
    found, port = identify(connection), connection.iso_dep
    if port is None or found.kind not in ("unknown", "desfire"):
        return found
    if connection.atr == _BANK_EASYCARD_ATR:
        return replace(found, kind="bank-easycard", chip="ISO/IEC 7816")
    if generation := _desfire(port):
        return replace(found, kind="desfire", chip=f"MIFARE DESFire {generation}".strip())
    if _ask(port, NHI).ok:
        return replace(found, kind="nhi", chip="ISO/IEC 7816")
    if _ask(port, PPSE).ok:
        return replace(found, kind="bank", chip="ISO/IEC 14443-4")
    return replace(found, kind="iso-dep" if found.stable_uid else "phone", chip="ISO/IEC 14443-4")


def _desfire(port: IsoDepPort) -> str:
    """The generation of a DESFire; empty: it is none."""
    answer = _ask(port, GET_VERSION)
    if answer.sw != DESFIRE_MORE or len(answer.data) != VERSION_BYTES:
        return ""
    _vendor, _kind, _subtype, major, *_ = answer.data
    return _GENERATIONS.get(major, f"{major:02X}")


def _ask(port: IsoDepPort, command: Command) -> Response:
    return Response.parse(port.transmit(bytes(command)))


def _named(atr: bytes) -> tuple[str, str]:
    if atr in _DESFIRE_ATRS:
        return "desfire", "MIFARE DESFire"
    name = storage_card(atr)
    if name is None:
        return "unknown", "unknown"
    return _KINDS.get(name, "unknown"), CARD_NAMES.get(name, "unknown")
