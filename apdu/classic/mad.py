"""The directory of a MIFARE Classic: which application is in which sector. AN10787 (MAD1, MAD2).

There is no directory unless its general-purpose byte says so and its CRC is right: real EasyCards
have a pattern in block 1 that looks like one (cards.md 2.5, 2.8).
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from apdu.secret import Secret

PUBLIC_KEY_A: Final = Secret(bytes.fromhex("A0A1A2A3A4A5"))  # printed in AN10787 for all to read
TRAILER: Final = 3
MAD1_BLOCKS: Final = (1, 2)
MAD2_BLOCKS: Final = (64, 65, 66)
MAD2_TRAILER: Final = 67

_MAD1, _MAD2 = struct.Struct("2B" + 15 * "2s"), struct.Struct("2B" + 23 * "2s")
# CRC, info, one AID a sector
_MAD1_SECTORS, _MAD2_SECTORS = range(1, 16), range(17, 40)
_GPB = struct.Struct("9xB6x")  # byte 9 of the trailer of sector 0
_PRESENT, _VERSION = 0x80, 0x03
_PUBLISHER = 0x3F
_CRC_START, _CRC_POLYNOMIAL = 0xC7, 0x1D

# As stored: application code, then function cluster. Cluster 00 says what a sector is, not whose.
NDEF: Final = bytes.fromhex("03E1")
_ADMINISTRATION: Final = 0x00


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """What a MAD says. `aids`: two bytes by sector (1–15, and 17–39 on a 4K); `publisher`: the
    card publisher's sector, or None."""

    version: int
    publisher: int | None
    aids: Mapping[int, bytes]

    def applications(self) -> dict[bytes, list[int]]:
        """The sectors of each application, in order; those that are nobody's left out."""
        found: dict[bytes, list[int]] = {}
        for sector, aid in self.aids.items():
            _code, cluster = aid
            if cluster != _ADMINISTRATION:
                found.setdefault(aid, []).append(sector)
        return found


def crc8(data: bytes) -> int:
    """The directory's CRC over its info byte and AIDs: polynomial 1D, preset C7, high bit first."""
    register = _CRC_START
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register << 1 ^ (_CRC_POLYNOMIAL if register & 0x80 else 0)) & 0xFF
    return register


def version_of(trailer: bytes) -> int | None:
    """The version (1, 2) that the trailer of sector 0 announces; None: no directory."""
    (gpb,) = _GPB.unpack(trailer)
    version = int(gpb) & _VERSION
    return version if gpb & _PRESENT and version in (1, 2) else None


def read(trailer: bytes, blocks: bytes, more: bytes = b"") -> Directory | None:
    """The directory of a card: trailer of sector 0 (16 bytes), blocks 1 and 2 (32 bytes), and for
    version 2 blocks 64 to 66 (48 bytes). None: the card has none."""
    version = version_of(trailer)
    first = _part(_MAD1, blocks)
    if version is None or first is None:
        return None
    publisher = first[0] if first[0] in _MAD1_SECTORS else None
    aids = dict(zip(_MAD1_SECTORS, first[1], strict=True))
    if version == 1:
        return Directory(version=1, publisher=publisher, aids=aids)
    second = _part(_MAD2, more)
    if second is None:
        return None
    if publisher is None and second[0] in (*_MAD1_SECTORS, *_MAD2_SECTORS):
        publisher = second[0]
    aids |= zip(_MAD2_SECTORS, second[1], strict=True)
    return Directory(version=2, publisher=publisher, aids=aids)


def _part(layout: struct.Struct, blocks: bytes) -> tuple[int, list[bytes]] | None:
    """The publisher's sector and the AIDs of one half; None where its CRC is wrong."""
    if len(blocks) != layout.size:
        return None
    crc, info, *aids = layout.unpack(blocks)
    return (info & _PUBLISHER, aids) if crc8(blocks[1:]) == crc else None
