"""What lies on the reader, by what it says of itself. No key is tried, nothing is written.

Source: the card names of PC/SC part 3 and what other cards show (cards.md 3.1, 10).
"""

from __future__ import annotations

from dataclasses import dataclass

from apdu.atr import (
    CARD_NAMES,
    CLASSIC_1K,
    CLASSIC_4K,
    CLASSIC_MINI,
    INFINEON_1K,
    storage_card,
)
from drivers.contract import Connection

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


def _named(atr: bytes) -> tuple[str, str]:
    if atr in _DESFIRE_ATRS:
        return "desfire", "MIFARE DESFire"
    name = storage_card(atr)
    if name is None:
        return "unknown", "unknown"
    return _KINDS.get(name, "unknown"), CARD_NAMES.get(name, "unknown")
