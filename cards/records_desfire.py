"""The layouts of what we keep on a DESFire card, declared once, and their way to and from values.

Big-endian, version first, MAC last, as on the Flora card. The chip has transactions, so there is
one state record and no slot sequence; what binds the card has a record of its own, because only a
counter's key writes it. Sizes: what a tap reads or writes goes in one frame each (docs/air.md).
"""

from __future__ import annotations

from itertools import zip_longest
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
from cards.records import (
    ISSUED,
    TRIP_BOUND,
    TRIP_HALF,
    TRIP_OPEN,
    state_flags,
    trip_fields,
    trip_flags,
    trip_of,
)
from cards.state import BindingMark, CardState, Directory, School, TapEvent

MAC_BYTES = 8
POLICY_PLACES = ("first", "second")
SCHOOL_CODE_BYTES = 6
HALF = 0x01  # flag of a listed binding

DIRECTORY = Layout(
    name=b"flora desfire directory",
    body_bytes=18,
    mac_bytes=MAC_BYTES,
    body=Struct(
        "version" / Byte,
        "product" / Byte,
        "issuer" / Int16ub,
        "year" / Byte,  # of issue, since 2000
        "expires_days" / Int16ub,  # since 2000-01-01, 0: none; so the three below
        "card_number" / Bytes(5),  # ten decimal digits in BCD
        "half_until_days" / Int16ub,
        "student_until_days" / Int16ub,
        "library_until_days" / Int16ub,
    ),
    # A child card of issuer 1, year 2026: half fare to 2031-03-01, school to 2031-07-31.
    example=bytes.fromhex("01020001 1a 0000 0123456789 2c76 2d0e 2d0e"),
)

POLICIES = Layout(
    name=b"flora desfire policies",
    body_bytes=17,
    mac_bytes=MAC_BYTES,
    body=Struct(
        "version" / Byte,
        "first_binding_id" / Bytes(4),
        "first_policy" / Byte,  # 0: this place is free, and the one behind it
        "first_expires_days" / Int16ub,  # since 2000-01-01, 0: open end
        "first_flags" / Byte,  # HALF
        "second_binding_id" / Bytes(4),
        "second_policy" / Byte,
        "second_expires_days" / Int16ub,
        "second_flags" / Byte,
    ),
    # Bound to policy 1 at half fare until 2027-05-19.
    example=bytes.fromhex("01 0a0b0c0d 01 2710 01 00000000 00 0000 00"),
)

STATE = Layout(
    name=b"flora desfire state",
    body_bytes=32,
    mac_bytes=MAC_BYTES,
    body=Struct(
        "version" / Byte,
        "n" / Int32ub,
        "flags" / Byte,  # ISSUED to TRIP_HALF
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
    # On board as bound at half fare: n 7, route 300, stop 3, NT$100 before, 90 after, mark 2.
    example=bytes.fromhex(
        "01 00000007 0f 012c 11223344 0003 32a1b2c3 000a 0003 32a1b2c3 0064 005a 02 00"
    ),
)

EVENT = Layout(
    name=b"flora desfire event",
    body_bytes=24,
    mac_bytes=MAC_BYTES,
    body=Struct(
        "version" / Byte,
        "n" / Int32ub,
        "flags" / Byte,  # TRIP_OPEN to TRIP_HALF
        "route" / Int16ub,
        "stop" / Int16ub,
        "vehicle" / Bytes(4),
        "at_s" / Int32ub,  # since 2000-01-01 UTC
        "fare_ntd" / Int16ub,
        "charged_ntd" / Int16ub,
        "purse_after" / Int16sb,
    ),
    example=bytes.fromhex("01 00000007 0e 012c 0003 11223344 32a1b2c3 000a 000a 005a"),
)

SCHOOL = Layout(
    name=b"flora desfire school",
    body_bytes=9,
    mac_bytes=MAC_BYTES,
    body=Struct(
        "version" / Byte,
        "code" / Bytes(SCHOOL_CODE_BYTES),  # ASCII, zeros behind
        "grade" / Byte,  # 1-12, 0: not known
        "year" / Byte,  # in which the school year begins, since 2000
    ),
    # School 193601, grade 1, school year 2026/27.
    example=bytes.fromhex("01 313933363031 01 1a"),
)

LIBRARY = Layout(
    name=b"flora desfire library",
    body_bytes=6,
    mac_bytes=MAC_BYTES,
    body=Struct("version" / Byte, "number" / Bytes(5)),  # ten decimal digits in BCD
    example=bytes.fromhex("01 0123456789"),
)


def pack_directory(directory: Directory) -> bytes:
    """The 18-byte body. Raises ValueError where a value has no place in it: our fault."""
    fields = {
        "version": LAYOUT_VERSION,
        "product": PRODUCTS[directory.product],
        "issuer": directory.issuer,
        "year": directory.year - YEAR_ZERO,
        "expires_days": days(directory.expires_on),
        "card_number": packed_digits(directory.card_number),
        "half_until_days": days(directory.half_until),
        "student_until_days": days(directory.student_until),
        "library_until_days": days(directory.library_until),
    }
    return build(DIRECTORY, fields)


def unpack_directory(body: bytes) -> Directory:
    """The values of an 18-byte body. Raises `NewerLayout`."""
    record = parse(DIRECTORY, body)
    directory = Directory(
        product=PRODUCT_OF.get(record.product, ""),
        issuer=record.issuer,
        year=YEAR_ZERO + record.year,
        expires_on=day_of(record.expires_days),
        card_number=record.card_number.hex(),
        half_until=day_of(record.half_until_days),
        student_until=day_of(record.student_until_days),
        library_until=day_of(record.library_until_days),
    )
    return whole(directory, body, pack_directory)


def pack_policies(listed: tuple[BindingMark, ...]) -> bytes:
    """The 17-byte body of at most two bindings. Raises ValueError."""
    if len(listed) > len(POLICY_PLACES):
        raise ValueError(f"{len(listed)} bindings")
    fields: dict[str, Any] = {"version": LAYOUT_VERSION}
    for place, mark in zip_longest(POLICY_PLACES, listed):
        fields |= _policy_fields(place, mark)
    return build(POLICIES, fields)


def unpack_policies(body: bytes) -> tuple[BindingMark, ...]:
    """The bindings of a 17-byte body. Raises `NewerLayout`."""
    record = parse(POLICIES, body)
    marks = (_policy_of(record, place) for place in POLICY_PLACES)
    return whole(tuple(mark for mark in marks if mark is not None), body, pack_policies)


def pack_state(state: CardState) -> bytes:
    """The 32-byte body; the binding is not part of it. Raises ValueError."""
    trip = state.trip
    if (trip is None) != (state.n == 0):
        raise ValueError(f"n={state.n} and trip={trip} do not go together")
    fields: dict[str, Any] = {
        "version": LAYOUT_VERSION,
        "n": state.n,
        "flags": state_flags(state),
        "purse_before": state.purse_before,
        "purse_after": state.purse_after,
        "purse_mark": state.purse_mark,
        "spare": 0,
    }
    return build(STATE, fields | trip_fields(trip))


def unpack_state(body: bytes) -> CardState:
    """The values of a 32-byte body, unbound. Raises `NewerLayout`."""
    record = parse(STATE, body)
    state = CardState(
        n=record.n,
        issued=bool(record.flags & ISSUED),
        trip=trip_of(record),
        purse_before=record.purse_before,
        purse_after=record.purse_after,
        purse_mark=record.purse_mark,
    )
    return whole(state, body, pack_state)


def event_of(state: CardState) -> TapEvent:
    """The event of the tap that left `state`. Raises ValueError where none did."""
    trip = state.trip
    if trip is None:
        raise ValueError("no tap, no event")
    return TapEvent(
        n=state.n,
        open=trip.open,
        bound=trip.bound,
        half=trip.half,
        route=trip.route,
        stop=trip.last_stop,
        vehicle=trip.vehicle,
        at=trip.last_at,
        fare_ntd=trip.paid_ntd,
        charged_ntd=state.purse_before - state.purse_after,
        purse_after=state.purse_after,
    )


def pack_event(event: TapEvent) -> bytes:
    """The 24-byte body. Raises ValueError."""
    fields = {
        "version": LAYOUT_VERSION,
        "n": event.n,
        "flags": trip_flags(event),
        "route": event.route,
        "stop": event.stop,
        "vehicle": event.vehicle,
        "at_s": seconds(event.at),
        "fare_ntd": event.fare_ntd,
        "charged_ntd": event.charged_ntd,
        "purse_after": event.purse_after,
    }
    return build(EVENT, fields)


def unpack_event(body: bytes) -> TapEvent:
    """The values of a 24-byte body. Raises `NewerLayout`."""
    record = parse(EVENT, body)
    event = TapEvent(
        n=record.n,
        open=bool(record.flags & TRIP_OPEN),
        bound=bool(record.flags & TRIP_BOUND),
        half=bool(record.flags & TRIP_HALF),
        route=record.route,
        stop=record.stop,
        vehicle=record.vehicle,
        at=instant_of(record.at_s),
        fare_ntd=record.fare_ntd,
        charged_ntd=record.charged_ntd,
        purse_after=record.purse_after,
    )
    return whole(event, body, pack_event)


def pack_school(school: School) -> bytes:
    """The 9-byte body. Raises ValueError."""
    code = school.code
    if not (0 < len(code) <= SCHOOL_CODE_BYTES and code.isascii() and code.isalnum()):
        raise ValueError("a school code is 1 to 6 letters and digits")
    fields = {
        "version": LAYOUT_VERSION,
        "code": code.encode().ljust(SCHOOL_CODE_BYTES, b"\0"),
        "grade": school.grade,
        "year": school.year - YEAR_ZERO,
    }
    return build(SCHOOL, fields)


def unpack_school(body: bytes) -> School:
    """The values of a 9-byte body. Raises `NewerLayout`."""
    record = parse(SCHOOL, body)
    school = School(
        code=record.code.rstrip(b"\0").decode("ascii", "replace"),
        grade=record.grade,
        year=YEAR_ZERO + record.year,
    )
    return whole(school, body, pack_school)


def pack_library(number: str) -> bytes:
    """The 6-byte body of a borrower's number, ten decimal digits. Raises ValueError."""
    return build(LIBRARY, {"version": LAYOUT_VERSION, "number": packed_digits(number)})


def unpack_library(body: bytes) -> str:
    """The number of a 6-byte body. Raises `NewerLayout`."""
    return whole(str(parse(LIBRARY, body).number.hex()), body, pack_library)


def _policy_fields(place: str, mark: BindingMark | None) -> dict[str, Any]:
    """`mark` None: the place is free."""
    if mark is not None and mark.policy == 0:
        raise ValueError("policy 0 means a free place")
    return {
        f"{place}_binding_id": bytes(4) if mark is None else mark.binding_id,
        f"{place}_policy": 0 if mark is None else mark.policy,
        f"{place}_expires_days": 0 if mark is None else days(mark.expires_on),
        f"{place}_flags": HALF if mark is not None and mark.half else 0,
    }


def _policy_of(record: SimpleNamespace, place: str) -> BindingMark | None:
    policy = getattr(record, f"{place}_policy")
    if policy == 0:
        return None
    return BindingMark(
        binding_id=getattr(record, f"{place}_binding_id"),
        policy=policy,
        expires_on=day_of(getattr(record, f"{place}_expires_days")),
        half=bool(getattr(record, f"{place}_flags") & HALF),
    )
