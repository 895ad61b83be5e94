"""The city profile: what must be the same on all terminals of a city, and its fingerprint.

The public part is one JSON file, stored and compared as exact bytes: salt, cost, stock, policies,
dates. The keys that go with it lie in key stores; `new_profile` draws both. Terminals of one city
have one fingerprint, and every signed message carries it (ledger.md 2).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Annotated, Any, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta, Struct

from sync.errors import ProfileBad

FORMAT: Final = "flora-profile-1"
SALT_BYTES: Final = 16
MEMORY_KIB_PER_LANE_MIN: Final = 8  # RFC 9106 section 3.1: fewer can be hashed by no library
PRODUCTION_COST: Final = {"memory_kib": 65536, "passes": 3}  # ledger.md 3.2
_KEY_BYTES: Final = {"ref": 32, "card_master": 16, "record_master": 16, "transport_b": 6}
_TOKEN_KEY_BYTES: Final = 32

Sector = Annotated[int, Meta(ge=0, le=15)]
Text = Annotated[str, Meta(min_length=1, max_length=200)]


class Said(NamedTuple):
    """A name in both languages."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """How numbers become tokens now: Argon2id's cost and the number of the token key."""

    gen: int
    memory_kib: int
    passes: int
    lanes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One city's public profile.

    `fingerprint`: hex SHA-256 of the exact bytes. `salt`: 16 bytes, one a city. `sectors`: two
    state sectors, then the one of directory and purse. `policies`: a fare policy's name by the
    number that cards carry. `issue` and `fare`: dates and constants that differ from the defaults,
    read by the rules themselves. `roles`: public keys by role, hex.
    """

    fingerprint: str
    city: Said
    contact: Said
    simulation: bool
    salt: bytes
    generation: Generation
    sectors: tuple[int, int, int]
    ledger_mode: bool
    policies: Mapping[int, str]
    issue: Mapping[str, Any]
    fare: Mapping[str, Any]
    roles: Mapping[str, str]

    @classmethod
    def load(cls, data: bytes) -> Profile:
        """Read a public profile. Raises `ProfileBad` for anything that is not exactly one."""
        file = _parse(data)
        last = file.generations[-1]
        for cost in file.generations:
            if cost.memory_kib < MEMORY_KIB_PER_LANE_MIN * cost.lanes:
                raise ProfileBad(field="generations", why="memory below 8 KiB a lane")
        if [cost.gen for cost in file.generations] != list(range(1, last.gen + 1)):
            raise ProfileBad(field="generations", why="not 1, 2, 3, …")
        if len(set(file.stock.sectors)) != len(file.stock.sectors):
            raise ProfileBad(field="stock", why="a sector twice")
        return cls(
            fingerprint=hashlib.sha256(data).hexdigest(),
            city=Said(file.city.zh, file.city.en),
            contact=Said(file.contact.zh, file.contact.en),
            simulation=file.simulation,
            salt=bytes.fromhex(file.salt),
            generation=Generation(
                gen=last.gen, memory_kib=last.memory_kib, passes=last.passes, lanes=last.lanes
            ),
            sectors=file.stock.sectors,
            ledger_mode=file.stock.ledger_mode,
            policies=file.policies,
            issue=file.issue,
            fare=file.fare,
            roles=file.roles,
        )


class _Strict(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Root of the file's parts."""


class _Said(_Strict, frozen=True, kw_only=True):
    zh: Text
    en: Text


class _Cost(_Strict, frozen=True, kw_only=True):
    gen: Annotated[int, Meta(ge=1, le=1000)]
    memory_kib: Annotated[int, Meta(ge=1, le=4 << 20)]
    passes: Annotated[int, Meta(ge=1, le=1000)]
    lanes: Annotated[int, Meta(ge=1, le=64)]


class _Stock(_Strict, frozen=True, kw_only=True):
    sectors: tuple[Sector, Sector, Sector]
    ledger_mode: bool


class _File(_Strict, frozen=True, kw_only=True):
    format: Literal["flora-profile-1"]
    city: _Said
    contact: _Said
    simulation: bool
    salt: Annotated[str, Meta(pattern="^[0-9a-f]{32}$", max_length=32)]
    generations: Annotated[list[_Cost], Meta(min_length=1, max_length=1000)]
    stock: _Stock
    policies: dict[Annotated[int, Meta(ge=1, le=255)], Text]
    issue: dict[str, Any]
    fare: dict[str, Any]
    roles: dict[str, Annotated[str, Meta(pattern="^[0-9a-f]{64}$", max_length=64)]]


def _parse(data: bytes) -> _File:
    try:
        # Two names alike would let two readers of the same bytes see two profiles.
        said = json.loads(data, object_pairs_hook=_without_doubles)
    except (ValueError, RecursionError) as fault:
        raise ProfileBad(field="file", why="not JSON") from fault
    try:
        return msgspec.convert(said, _File, str_keys=True)
    except UnicodeEncodeError as fault:  # half a surrogate pair, escaped
        raise ProfileBad(field="file", why="not UTF-8") from fault
    except msgspec.ValidationError as fault:
        why, _, where = str(fault).partition(" - at `")
        raise ProfileBad(field=where.strip("`$.") or "file", why=why) from fault


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) != len(pairs):
        raise ValueError("a name twice")
    return said


def profile_bytes(
    *, city: Said, contact: Said, salt: bytes, simulation: bool, cost: Mapping[str, int]
) -> bytes:
    """A public profile as a file: what `load` reads, and what the fingerprint is of."""
    said = {
        "format": FORMAT,
        "city": city._asdict(),
        "contact": contact._asdict(),
        "simulation": simulation,
        "salt": salt.hex(),
        "generations": [{"gen": 1, **cost, "lanes": 1}],
        "stock": {"sectors": [12, 13, 14], "ledger_mode": simulation},
        "policies": {"1": "double-ten"},
        "issue": {},
        "fare": {},
        "roles": {},
    }
    return json.dumps(said, ensure_ascii=False, indent=2).encode() + b"\n"


def new_profile(random: Random) -> tuple[bytes, dict[str, Any]]:
    """A real city's profile at the production cost, and its keys in hex: `token` by generation,
    `ref`, `card_master`, `record_master`, `transport_b`. Homes that only validate get them without
    `token`; each home adds a `terminal_seed` of its own."""
    public = profile_bytes(
        city=Said("臺中市", "Taichung City"),
        contact=Said("市府承辦窗口", "the city's office"),
        salt=random.randbytes(SALT_BYTES),
        simulation=False,
        cost=PRODUCTION_COST,
    )
    keys: dict[str, Any] = {name: random.randbytes(n).hex() for name, n in _KEY_BYTES.items()}
    keys["token"] = {"1": random.randbytes(_TOKEN_KEY_BYTES).hex()}
    return public, keys
