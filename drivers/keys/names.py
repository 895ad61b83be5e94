"""The keys of a key store by name, and the check values by which people compare them.

A name is a kind and, where the kind has several, a number: `card.2` the card master of version 2,
`token.1` K_token of generation 1, `record`, `ref`, `transport`; `seal` is made by a token and
never leaves it. A check value tells one key from another and nothing else of it: the first bytes
of the key's own MAC of an input that no card and no token ever has.

    AES keys (card, record)         CMAC of 16 zero bytes, 3 bytes
    HMAC keys (ref, token, seal)    HMAC-SHA256 of nothing, 3 bytes
    transport, 6 bytes, known to the card company: HMAC-SHA256 of nothing, 1 byte, since three
    would leave so few of its values that a card in the hand could try them
"""

from __future__ import annotations

import hmac
import re
from typing import Final, NamedTuple

from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC

from drivers.errors import KeyNameBad

AES_KINDS: Final = ("card", "record")
NUMBERED_KINDS: Final = ("card", "token")
KIND_BYTES: Final = {"token": 32, "ref": 32, "card": 16, "record": 16, "transport": 6, "seal": 32}
KEY_NUMBER_MAX: Final = 255  # a card key's version is one byte on a DESFire card
AES_CHECKED: Final = bytes(16)
HMAC_CHECKED: Final = b""
_NAME: Final = re.compile(r"(?:(card|token)\.([1-9][0-9]{0,2})|(record|ref|transport|seal))")


class KeyName(NamedTuple):
    """One key. `number` is a version or generation from 1, 0 where the kind has but one."""

    kind: str
    number: int = 0

    def __str__(self) -> str:
        return f"{self.kind}.{self.number}" if self.number else self.kind

    @classmethod
    def parse(cls, text: str) -> KeyName:
        """Read what `str` writes. Raises `KeyNameBad`."""
        found = _NAME.fullmatch(text)
        if found is None or int(found[2] or 0) > KEY_NUMBER_MAX:
            raise KeyNameBad
        return cls(found[1], int(found[2])) if found[1] else cls(found[3])

    @property
    def key_bytes(self) -> int:
        """The length of this key."""
        return KIND_BYTES[self.kind]

    @property
    def is_aes(self) -> bool:
        """An AES-128 master; else a key of HMAC."""
        return self.kind in AES_KINDS


def fingerprint(name: KeyName, key: bytes) -> bytes:
    """The MAC whose first bytes are the check value; whole, it tells whether two keys are one."""
    if not name.is_aes:
        return hmac.digest(key, HMAC_CHECKED, "sha256")
    mac = CMAC(algorithms.AES(key))
    mac.update(AES_CHECKED)
    return mac.finalize()


def check_value(name: KeyName, mac: bytes) -> str:
    """The check value of a key with that `fingerprint`, as six hex digits (two of `transport`)."""
    return mac[: 1 if name.kind == "transport" else 3].hex().upper()
