"""The directory of a MIFARE Classic (MAD): which application has which sector, as a dump shows it.

Source: AN10787; cards.md 2.5.
"""

from __future__ import annotations

from dataclasses import dataclass

GPB = 9
"""The byte of trailer 0 that says whether there is a directory."""
PRESENT, VERSION_BITS, VERSIONS = 0x80, 0x03, (1, 2)
AID_BYTES = 2
FIRST_SECTOR_OF_MAD2 = 17
FREE = bytes(AID_BYTES)
NDEF = bytes.fromhex("03e1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """`version` 1 or 2; the publisher's sector, None where none is said; the AID of each sector
    (application code, then function cluster) but for those that are free."""

    version: int
    publisher: int | None
    applications: dict[int, bytes]


def crc8(data: bytes) -> int:
    """Over the info byte and the AIDs. Polynomial 1D, preset C7, high bit first."""
    register = 0xC7
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register << 1 ^ 0x1D if register & 0x80 else register << 1) & 0xFF
    return register


def read(first: bytes, trailer: bytes, second: bytes | None = None) -> Directory | None:
    """`first`: blocks 1 and 2; `trailer`: of sector 0; `second`: blocks 64 to 66 of a 4K. None
    unless the trailer says that there is a directory, and its CRC holds."""
    gpb = trailer[GPB]
    version = gpb & VERSION_BITS
    if not gpb & PRESENT or version not in VERSIONS or crc8(first[1:]) != first[0]:
        return None
    found = _aids(first, 1)
    if version == 2 and second is not None and crc8(second[1:]) == second[0]:
        found |= _aids(second, FIRST_SECTOR_OF_MAD2)
    return Directory(version=version, publisher=_publisher(first[1], version), applications=found)


def _aids(part: bytes, sector: int) -> dict[int, bytes]:
    aids = (part[n : n + AID_BYTES] for n in range(2, len(part), AID_BYTES))
    return {number: aid for number, aid in enumerate(aids, sector) if aid != FREE}


def _publisher(info: int, version: int) -> int | None:
    """0 is nobody; 10 hex is the second directory, and what lies beyond the card is invalid."""
    sector = info & 0x3F
    last = 0x0F if version == 1 else 0x27
    return sector if sector not in (0, 0x10) and sector <= last else None
