"""A key in components: each custodian holds one, and all of them XORed are the key.

Whoever knows fewer than all of them knows nothing of the key; that is why none may be zero.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from drivers.errors import ComponentBad
from drivers.keys.names import KeyName

CUSTODIANS = 2


def component(name: KeyName, text: str, *, custodian: int) -> bytes:
    """One component of the key `name` as its custodian (1, 2) types it: hex digits, spaces and
    hyphens between them as on paper. Raises `ComponentBad`."""
    digits = re.sub(r"[\s-]", "", text)
    if not re.fullmatch(r"[0-9A-Fa-f]*", digits):
        raise ComponentBad(custodian=custodian, why="hex")
    if len(digits) != 2 * name.key_bytes:
        raise ComponentBad(custodian=custodian, why=f"{len(digits)}/{2 * name.key_bytes}")
    part = bytes.fromhex(digits)
    if not any(part):
        raise ComponentBad(custodian=custodian, why="zero")
    return part


def combined(parts: Sequence[bytes]) -> bytes:
    """The key. Raises `ComponentBad` where it would be zero: two components are the same."""
    key = bytes(len(parts[0]))
    for part in parts:
        key = bytes(a ^ b for a, b in zip(key, part, strict=True))
    if not any(key):
        raise ComponentBad(custodian=len(parts), why="same")
    return key
