"""Command APDUs of ISO/IEC 7816-4 as a card takes them apart, short and extended (cards.md 4)."""

from __future__ import annotations

from dataclasses import dataclass

LE_ALL, LE_ALL_EXTENDED = 256, 65_536


@dataclass(frozen=True, slots=True)
class Apdu:
    """A command APDU. `le` 1…65,536, or None if there is no Le field."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes
    le: int | None


def parse(message: bytes) -> Apdu | None:
    """None: shorter than a header, or the length fields do not fit."""
    if len(message) < 4:
        return None
    found, (cla, ins, p1, p2) = _body(message[4:]), message[:4]
    return None if found is None else Apdu(cla, ins, p1, p2, data=found[0], le=found[1])


def _body(body: bytes) -> tuple[bytes, int | None] | None:
    if not body:
        return b"", None
    if len(body) == 1:
        return b"", body[0] or LE_ALL
    if body[0]:
        return _split(body[1:], body[0], le_bytes=1)
    if len(body) < 3:
        return None
    if len(body) == 3:
        return b"", int.from_bytes(body[1:], "big") or LE_ALL_EXTENDED
    return _split(body[3:], int.from_bytes(body[1:3], "big"), le_bytes=2)


def _split(rest: bytes, lc: int, *, le_bytes: int) -> tuple[bytes, int | None] | None:
    data, le = rest[:lc], rest[lc:]
    if lc == 0 or len(data) < lc or len(le) not in (0, le_bytes):
        return None
    return data, (int.from_bytes(le, "big") or 256**le_bytes) if le else None
