"""The dialects of PC/SC readers, as data: where keys go, how a wrong key is told, how values count.

A reader is known by its USB numbers where its driver tells them (`Features`), else by its name in
pcscd, which is a hint only, else it is spoken to as PC/SC part 3 has it.

Source: cards.md 3.3 and 3.4, which names the manuals; (i) inferred and (u) not seen on hardware are
marked there and here.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Literal

from apdu.status import READER_BLAMED
from apdu.storage import ValueDialect

FEATURE_REQUEST = 3400
"""GET_FEATURE_REQUEST of PC/SC part 10, a number for SCARD_CTL_CODE."""
_PROPERTIES, _ESCAPE = 0x12, 0x13  # features
_VENDOR, _PRODUCT = 0x0B, 0x0C  # properties, two bytes each, low byte first
_FEATURE = struct.Struct(">BBI")  # tag, 04, control code
_PROPERTY = struct.Struct("BB")  # tag, length; the value follows
_NUMBER = struct.Struct("<H")

# After 63 or 69 by maker, unless the second byte blames the reader.
_ANY_REFUSAL = frozenset(
    first << 8 | second
    for first in (0x63, 0x69)
    for second in range(0x100)
    if second not in READER_BLAMED
)
_NON_VOLATILE = 0x20
_SAM_SLOT = " sam]"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPlace:
    """Where a reader keeps a key: P1 and P2 of Load Keys, the slot of General Authenticate."""

    p1: int = 0x00
    p2_key_a: int = 0x00
    p2_key_b: int = 0x00
    slot: int = 0x00

    @property
    def non_volatile(self) -> bool:
        """The key outlives an unplugging, and each one written wears the reader's memory."""
        return bool(self.p1 & _NON_VOLATILE)

    def __str__(self) -> str:
        slots = dict.fromkeys((self.p2_key_a, self.p2_key_b))  # both, or the one that they share
        return f"{self.p1:02X}/" + ",".join(f"{slot:02X}" for slot in slots)


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One row. `names`: what is in the reader's name. `key_places`: in the order they are tried.
    `values`: the dialects of value operations, best first. `wrong_key`: status words that blame
    the key."""

    model: str
    usb: frozenset[tuple[int, int]] = frozenset()
    names: tuple[str, ...] = ()
    key_places: tuple[KeyPlace, ...]
    values: tuple[ValueDialect, ...]
    wrong_key: frozenset[int] = _ANY_REFUSAL


GENERIC = Model(
    model="generic",
    key_places=(KeyPlace(), KeyPlace(p1=_NON_VOLATILE)),
    values=(ValueDialect.FF_C2,),
)

MODELS = (
    Model(
        model="ACS ACR122U",
        usb=frozenset({(0x072F, 0x2200)}),
        names=("ACR122",),
        key_places=(KeyPlace(),),
        values=(ValueDialect.FF_D7, ValueDialect.RAW),
        wrong_key=frozenset({0x6300}),
    ),
    Model(
        model="ACS ACR1252U",
        usb=frozenset({(0x072F, 0x223B), (0x072F, 0x223E)}),
        names=("ACR1252",),
        key_places=(KeyPlace(),),  # (i) by the manual of the ACM1252U
        values=(ValueDialect.FF_D7,),
        wrong_key=frozenset({0x6300}),
    ),
    Model(
        model="HID OMNIKEY 5022/5427 CK",
        usb=frozenset({(0x076B, 0x5022), (0x076B, 0x5427)}),
        names=("OMNIKEY 5022", "OMNIKEY 5427"),
        key_places=(KeyPlace(p1=_NON_VOLATILE),),  # it refuses volatile ones with 69 86
        values=(ValueDialect.FF_D4,),  # (i) for the 5427
        # 69 82 or 63 00 for a wrong key (u)
    ),
    Model(
        model="Identiv uTrust 3700 F/4701 F",
        usb=frozenset({(0x04E6, 0x5790), (0x04E6, 0x5724)}),
        names=("uTrust 3700", "uTrust 4701"),
        key_places=(KeyPlace(p2_key_a=0x60, p2_key_b=0x61, slot=0x01),),
        values=(ValueDialect.FF_C2, ValueDialect.FF_F0),
        # 63 00 for a wrong key (u)
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What a reader's driver tells of it. `usb`: vendor and product, None where it does not say."""

    usb: tuple[int, int] | None = None
    escape: bool = False  # commands for the reader itself are taken by control


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A row, and how it was found."""

    model: Model
    by: Literal["usb", "name", "none"]


def known(name: str, features: Features) -> Known:
    """The row of the reader of this name."""
    for model in MODELS:
        if features.usb in model.usb:
            return Known(model=model, by="usb")
    folded = name.casefold()
    for model in MODELS:
        if any(part.casefold() in folded for part in model.names):
            return Known(model=model, by="name")
    return Known(model=GENERIC, by="none")


def described(name: str, features: Features) -> dict[str, str]:
    """What is known of a reader, for people: `model`, `known_by` (usb, name, none), `usb` where the
    driver tells it, `keys` (P1/P2 of Load Keys, comma separated), `values`, `escape`."""
    found = known(name, features)
    usb = {} if features.usb is None else {"usb": "{:04X}:{:04X}".format(*features.usb)}
    return usb | {
        "model": found.model.model,
        "known_by": found.by,
        "keys": ", ".join(map(str, found.model.key_places)),
        "values": ", ".join(value.value for value in found.model.values),
        "escape": "yes" if features.escape else "no",
    }


def is_sam_slot(name: str) -> bool:
    """Whether this slot is for a module inside the reader, by its name in pcscd (i)."""
    return _SAM_SLOT in name.casefold()


def control_codes(answer: bytes) -> dict[int, int]:
    """Feature → control code, from a reader's answer to the feature request; as far as it is
    well formed."""
    found = {}
    for start in range(0, len(answer) - _FEATURE.size + 1, _FEATURE.size):
        tag, length, code = _FEATURE.unpack_from(answer, start)
        if length != _FEATURE.size - _PROPERTY.size:
            break
        found[tag] = code
    return found


def properties_code(answer: bytes) -> int | None:
    """The control code that asks for the reader's properties; None: it has none."""
    return control_codes(answer).get(_PROPERTIES)


def features_of(answer: bytes, properties: bytes) -> Features:
    """From the answers to the feature request and to the request for properties (PC/SC part 10;
    either may be empty)."""
    said = _properties(properties)
    numbers = [said.get(tag, b"") for tag in (_VENDOR, _PRODUCT)]
    usb = None
    if all(len(number) == _NUMBER.size for number in numbers):
        vendor, product = (_NUMBER.unpack(number)[0] for number in numbers)
        usb = (vendor, product)
    return Features(usb=usb, escape=_ESCAPE in control_codes(answer))


def _properties(raw: bytes) -> dict[int, bytes]:
    found = {}
    at = 0
    while at + _PROPERTY.size <= len(raw):
        tag, length = _PROPERTY.unpack_from(raw, at)
        at += _PROPERTY.size
        if at + length > len(raw):
            break
        found[tag] = raw[at : at + length]
        at += length
    return found
