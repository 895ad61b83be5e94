"""The two kinds of card key the terminal works with. Neither shows its bytes.

Source: cards.md 5.3, 5.7. A DES key carries its version in the lowest bit of each of its first
eight bytes, which the cipher does not look at; an AES key's version is kept beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from apdu.secret import Secret

DES_BYTES = 8
KEY_BYTES = 16


class KeyType(IntEnum):
    """The top bits of KS2, and of the key number where the card's master key changes its type."""

    DES = 0x00  # DES and 2K3DES
    TDES3 = 0x40  # 3K3DES: named where a card shows it, never used by us
    AES = 0x80


@dataclass(frozen=True, slots=True)
class AesKey:
    """16 bytes and a version, 0–255. Raises ValueError for any other."""

    value: Secret
    version: int = 0
    type: ClassVar[KeyType] = KeyType.AES
    ZERO: ClassVar[AesKey]

    def __post_init__(self) -> None:
        if len(self.value) != KEY_BYTES or not 0 <= self.version <= 0xFF:
            raise ValueError(f"{len(self.value)} bytes, version {self.version}")

    @property
    def wire(self) -> bytes:
        """The 16 bytes, as the cipher and ChangeKey take them."""
        return self.value.reveal()

    @property
    def versioned(self) -> bytes:
        """What ChangeKey sends behind the key: one byte."""
        return bytes((self.version,))


@dataclass(frozen=True, slots=True)
class DesKey:
    """DES (8 bytes) or 2K3DES (16 bytes, version bits as they stand). Raises ValueError."""

    value: Secret
    type: ClassVar[KeyType] = KeyType.DES
    versioned: ClassVar[bytes] = b""
    ZERO: ClassVar[DesKey]

    def __post_init__(self) -> None:
        if len(self.value) not in (DES_BYTES, KEY_BYTES):
            raise ValueError(f"{len(self.value)} bytes")

    @property
    def wire(self) -> bytes:
        """16 bytes: a DES key is sent and used as itself twice."""
        return (self.value.reveal() * 2)[:KEY_BYTES]

    @property
    def version(self) -> int:
        """Bit 0 of the first eight bytes, the first byte's on top."""
        return sum((byte & 1) << 7 - i for i, byte in enumerate(self.wire[:DES_BYTES]))

    @property
    def single(self) -> bool:
        """Whether both halves are one key, version bits aside: then it is plain DES."""
        first, second = _unversioned(self.wire[:DES_BYTES]), _unversioned(self.wire[DES_BYTES:])
        return first == second


Key = AesKey | DesKey

AesKey.ZERO = AesKey(Secret(bytes(KEY_BYTES)))
DesKey.ZERO = DesKey(Secret(bytes(KEY_BYTES)))


def _unversioned(half: bytes) -> bytes:
    return bytes(byte & 0xFE for byte in half)
