"""The layouts of what we keep on a Flora card, declared once, and their way to and from values.

Two records, big-endian (cards.md 2.10): the *state record* (40 bytes + 8 MAC: one slot of three
blocks) and the *directory* (12 + 4: one block). The MAC is `seal.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from construct import Byte, Bytes, Int16sb, Int16ub, Int32ub, Struct

from cards.layout import (
    LAYOUT_VERSION,
    PRODUCT_OF,
    PRODUCTS,
    YEAR_ZERO,
    Layout,
    build,
    day_of,
    days,
    instant_of,
    packed_digits,
    parse,
    seconds,
    whole,
)
from cards.state import (
    PURSE_MAX_NTD,
    PURSE_MIN_NTD,
    BindingMark,
    CardState,
    Directory,
    TapEvent,
    Trip,
)

SEQUENCES = 256  # slot sequence and purse mark count in one byte and come round

# Flags of a state record; a bit that is none of these is a newer version's.
ISSUED, TRIP_OPEN, TRIP_BOUND, TRIP_HALF, BINDING_HALF = 0x01, 0x02, 0x04, 0x08, 0x10

STATE = Layout(
    name=b"flora state",
    body_bytes=40,
    mac_bytes=8,
    body=Struct(
        "version" / Byte,
        "sequence" / Byte,  # +1 mod 256 with every write of a slot
        "n" / Int32ub,
        "flags" / Byte,  # ISSUED to BINDING_HALF
        "binding_id" / Bytes(4),
        "policy" / Byte,  # 0: unbound
        "expires_days" / Int16ub,  # since 2000-01-01, 0: open end
        "route" / Int16ub,
        "vehicle" / Bytes(4),
        "boarded_stop" / Int16ub,
        "boarded_s" / Int32ub,  # since 2000-01-01 UTC
        "paid_ntd" / Int16ub,
        "last_stop" / Int16ub,
        "last_s" / Int32ub,
        "purse_before" / Int16sb,
        "purse_after" / Int16sb,
        "purse_mark" / Byte,
        "spare" / Byte,  # 0
    ),
    # Bound and on board: n 7, route 300, stop 3, NT$100 before, 90 after, mark 2.
    example=bytes.fromhex(
        "0105 00000007 07 0a0b0c0d 01 2710 012c 11223344 0003 32a1b2c3 000a 0003 32a1b2c3"
        "0064 005a 02 00"
    ),
)

DIRECTORY = Layout(
    name=b"flora directory",
    body_bytes=12,
    mac_bytes=4,
    body=Struct(
        "version" / Byte,
        "product" / Byte,
        "issuer" / Int16ub,
        "year" / Byte,  # since 2000
        "expires_days" / Int16ub,  # since 2000-01-01, 0: none
        "card_number" / Bytes(5),  # ten decimal digits in BCD
    ),
    # A Flora card of issuer 1, year 2026, no expiry, number 0123456789.
    example=bytes.fromhex("010100011a00000123456789"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredState:
    """A state record as read: the state and the sequence (0-255) of the slot it was in."""

    state: CardState
    sequence: int


def pack_state(state: CardState, *, sequence: int = 0) -> bytes:
    """The 40-byte body. Raises ValueError where a value has no place in it: our fault."""
    trip, binding = state.trip, state.binding
    if (trip is None) != (state.n == 0):
        raise ValueError(f"n={state.n} and trip={trip} do not go together")
    for ntd in (state.purse_before, state.purse_after):
        if not PURSE_MIN_NTD <= ntd <= PURSE_MAX_NTD:
            raise ValueError(f"purse {ntd}")
    fields: dict[str, Any] = {
        "version": LAYOUT_VERSION,
        "sequence": sequence,
        "n": state.n,
        "flags": state_flags(state) | (BINDING_HALF if binding and binding.half else 0),
        "purse_before": state.purse_before,
        "purse_after": state.purse_after,
        "purse_mark": state.purse_mark,
        "spare": 0,
    }
    return build(STATE, fields | _binding_fields(binding) | trip_fields(trip))


def _pack_stored(stored: StoredState) -> bytes:
    return pack_state(stored.state, sequence=stored.sequence)


def unpack_state(body: bytes) -> StoredState:
    """The values of a 40-byte body. Raises `NewerLayout` where this version cannot say them all."""
    record = parse(STATE, body)
    stored = StoredState(
        sequence=record.sequence,
        state=CardState(
            n=record.n,
            issued=bool(record.flags & ISSUED),
            binding=_binding_of(record),
            trip=trip_of(record),
            purse_before=record.purse_before,
            purse_after=record.purse_after,
            purse_mark=record.purse_mark,
        ),
    )
    return whole(stored, body, _pack_stored)


def pack_directory(directory: Directory) -> bytes:
    """The 12-byte body. Raises ValueError where a value has no place in it: our fault."""
    if directory.half_until or directory.student_until or directory.library_until:
        raise ValueError("no room for the ends of a child card")
    fields = {
        "version": LAYOUT_VERSION,
        "product": PRODUCTS[directory.product],
        "issuer": directory.issuer,
        "year": directory.year - YEAR_ZERO,
        "expires_days": days(directory.expires_on),
        "card_number": packed_digits(directory.card_number),
    }
    return build(DIRECTORY, fields)


def unpack_directory(body: bytes) -> Directory:
    """The values of a 12-byte body. Raises `NewerLayout` where this version cannot say them all."""
    record = parse(DIRECTORY, body)
    directory = Directory(
        product=PRODUCT_OF.get(record.product, ""),
        issuer=record.issuer,
        year=YEAR_ZERO + record.year,
        expires_on=day_of(record.expires_days),
        card_number=record.card_number.hex(),
    )
    return whole(directory, body, pack_directory)


def _binding_fields(binding: BindingMark | None) -> dict[str, Any]:
    if binding is None:
        return {"binding_id": bytes(4), "policy": 0, "expires_days": 0}
    if binding.policy == 0:
        raise ValueError("policy 0 means unbound")
    return {
        "binding_id": binding.binding_id,
        "policy": binding.policy,
        "expires_days": days(binding.expires_on),
    }


def _binding_of(record: SimpleNamespace) -> BindingMark | None:
    if record.policy == 0:
        return None
    return BindingMark(
        binding_id=record.binding_id,
        policy=record.policy,
        expires_on=day_of(record.expires_days),
        half=bool(record.flags & BINDING_HALF),
    )


_NO_TRIP = {
    "route": 0,
    "vehicle": bytes(4),
    "boarded_stop": 0,
    "boarded_s": 0,
    "paid_ntd": 0,
    "last_stop": 0,
    "last_s": 0,
}


def state_flags(state: CardState) -> int:
    """Those of a state and its trip."""
    flags, trip = ISSUED if state.issued else 0, state.trip
    return flags if trip is None else flags | trip_flags(trip)


def trip_flags(trip: Trip | TapEvent) -> int:
    return TRIP_OPEN * trip.open | TRIP_BOUND * trip.bound | TRIP_HALF * trip.half


def trip_fields(trip: Trip | None) -> dict[str, Any]:
    if trip is None:
        return _NO_TRIP
    return {
        "route": trip.route,
        "vehicle": trip.vehicle,
        "boarded_stop": trip.boarded_stop,
        "boarded_s": seconds(trip.boarded_at),
        "paid_ntd": trip.paid_ntd,
        "last_stop": trip.last_stop,
        "last_s": seconds(trip.last_at),
    }


def trip_of(record: SimpleNamespace) -> Trip | None:
    if record.n == 0:
        return None
    return Trip(
        open=bool(record.flags & TRIP_OPEN),
        bound=bool(record.flags & TRIP_BOUND),
        half=bool(record.flags & TRIP_HALF),
        route=record.route,
        vehicle=record.vehicle,
        boarded_stop=record.boarded_stop,
        boarded_at=instant_of(record.boarded_s),
        paid_ntd=record.paid_ntd,
        last_stop=record.last_stop,
        last_at=instant_of(record.last_s),
    )
