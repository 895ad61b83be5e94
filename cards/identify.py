"""What lies on the reader, by what it says of itself. No key is tried, nothing is written.

`identify` asks nothing at all, so that a tap pays nothing for it. `recognise` is for people: it
asks a card with applications three public questions and reads no further than that they are
answered. `directory` reads what anybody may read of a Classic, with the key that AN10787 prints
for it. Source: the card names of PC/SC part 3 and what other cards show (cards.md 3.1, 5.5, 7,
10). We say what the bytes show and no more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from apdu import nhi
from apdu.atr import (
    CARD_NAMES,
    CLASSIC_1K,
    CLASSIC_4K,
    CLASSIC_MINI,
    INFINEON_1K,
    storage_card,
)
from apdu.classic import mad
from apdu.exchange import Send, over
from apdu.iso7816 import Command
from drivers.contract import ClassicPort, Connection
from drivers.errors import BlockRefused

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

# The directory of a contactless bank card, and a DESFire's GetVersion.
PPSE = Command(ins=0xA4, p1=0x04, data=b"2PAY.SYS.DDF01", ne=256)
GET_VERSION = Command(cla=0x90, ins=0x60, ne=256)
GO_ON = Command(cla=0x90, ins=0xAF, ne=256)
DESFIRE_MORE = 0x91AF
VERSION_PARTS = 3  # hardware, software, UID and date
VERSION_BYTES = 7  # of the first
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
    send = over(port.transmit)
    if generation := _desfire(send):
        return replace(found, kind="desfire", chip=f"MIFARE DESFire {generation}".strip())
    if send(nhi.SELECT).ok:
        return replace(found, kind="nhi", chip="ISO/IEC 7816")
    if send(PPSE).ok:
        return replace(found, kind="bank", chip="ISO/IEC 14443-4")
    return replace(found, kind="iso-dep" if found.stable_uid else "phone", chip="ISO/IEC 14443-4")


def directory(port: ClassicPort) -> mad.Directory | None:
    """The directory (MAD) of a Classic that is none of ours; None: it has none.

    Its sectors are read with their public key alone; where that is refused nothing else is tried.
    """
    try:
        first = _public(port, mad.TRAILER, mad.MAD1_BLOCKS)
        if first is None or mad.version_of(first[-1]) is None:
            return None
        trailer, more = first.pop(), b""
        if mad.version_of(trailer) == 2:
            second = _public(port, mad.MAD2_TRAILER, mad.MAD2_BLOCKS)
            more = b"".join(second[:-1]) if second else b""
    except BlockRefused:  # the key opens the sector and may not read it
        return None
    return mad.read(trailer, b"".join(first), more)


def _public(port: ClassicPort, trailer: int, blocks: tuple[int, ...]) -> list[bytes] | None:
    """These blocks and the trailer of their sector, read with the directory's public key."""
    if not port.authenticate(trailer, mad.PUBLIC_KEY_A, key_b=False):
        return None
    return [port.read(block) for block in (*blocks, trailer)]


def _desfire(send: Send) -> str:
    """The generation of a DESFire; empty: it is none. The answer is heard to its end: the card
    aborts whatever is asked amid it."""
    answer = send(GET_VERSION)
    if answer.sw != DESFIRE_MORE or len(answer.data) != VERSION_BYTES:
        return ""
    for _ in range(VERSION_PARTS - 1):
        send(GO_ON)
    _vendor, _kind, _subtype, major, *_ = answer.data
    return _GENERATIONS.get(major, f"{major:02X}")


def _named(atr: bytes) -> tuple[str, str]:
    if atr in _DESFIRE_ATRS:
        return "desfire", "MIFARE DESFire"
    name = storage_card(atr)
    if name is None:
        return "unknown", "unknown"
    return _KINDS.get(name, "unknown"), CARD_NAMES.get(name, "unknown")
