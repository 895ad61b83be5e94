"""How much is sent, and how bytes are spoiled.

The suite sends a tenth, always the same; with the environment variable SOAK (`make soak`) the
whole is sent, another one each time. SOAK_SEED repeats a run: the seed is in every report.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

SOAK = bool(os.environ.get("SOAK"))
MANY = 100_000 if SOAK else 10_000
"""Frames, messages or documents to each target."""
SEED = os.environ.get("SOAK_SEED") or (str(Random().getrandbits(32)) if SOAK else "suite")
INTERESTING = bytes((0, 1, 2, 3, 7, 8, 0x0F, 0x10, 0x1F, 0x20, 0x7F, 0x80, 0xAF, 0xF0, 0xFE, 0xFF))
Record = Callable[[str, object], None]


def chance(name: str) -> Random:
    """The chance of one target."""
    return Random(f"{SEED} {name}")


def anything(rng: Random, longest: int) -> bytes:
    """Random bytes of a length from nothing to `longest`, short ones as often as long ones."""
    return rng.randbytes(rng.choice((rng.randrange(5), rng.randrange(longest + 1))))


def mangled(rng: Random, data: bytes, others: Sequence[bytes]) -> bytes:
    """`data` with one to four harms; `others` lend it parts of theirs."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        data = rng.choice(HARMS)(rng, data, rng.choice(others))
    return data


def _flipped(rng: Random, data: bytes, _other: bytes) -> bytes:
    """One bit wrong."""
    if not data:
        return data
    at = rng.randrange(8 * len(data))
    return (int.from_bytes(data, "little") ^ 1 << at).to_bytes(len(data), "little")


def _replaced(rng: Random, data: bytes, _other: bytes) -> bytes:
    """One byte that breaks things."""
    at = rng.randrange(len(data) + 1)
    return data[:at] + bytes((rng.choice(INTERESTING),)) + data[at + 1 :]


def _cut(rng: Random, data: bytes, _other: bytes) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _shortened(rng: Random, data: bytes, _other: bytes) -> bytes:
    """A piece in the middle missing."""
    at = rng.randrange(len(data) + 1)
    return data[:at] + data[at + rng.randrange(1, 9) :]


def _lengthened(rng: Random, data: bytes, _other: bytes) -> bytes:
    at = rng.randrange(len(data) + 1)
    return data[:at] + rng.randbytes(rng.randrange(1, 9)) + data[at:]


def _doubled(rng: Random, data: bytes, _other: bytes) -> bytes:
    """A piece of it twice."""
    at = rng.randrange(len(data) + 1)
    end = at + rng.randrange(1, 40)
    return data[:end] + data[at:]


def _crossed(rng: Random, data: bytes, other: bytes) -> bytes:
    """Its head, another one's tail."""
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


HARMS = (
    _flipped,
    _flipped,
    _replaced,
    _replaced,
    _cut,
    _shortened,
    _lengthened,
    _doubled,
    _crossed,
)

# --- JSON, spoiled in its meaning

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 255, 256, 2**31, 2**53, 2**64, -(2**63), 1.5, 1e308, float("nan"),
    "", "0", "x", "\x00", "\ud800", "\uff11", "ff" * 16,
    "0" * 32, "A" * 43, "x" * 300, [], {}, [[]],
    {"": None}, [None] * 100, 10**400,
)  # fmt: skip


def misjudged(rng: Random, data: bytes) -> bytes:
    """A JSON document with one to three values or names that do not belong there."""
    document = json.loads(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        places = list(_places(document))
        if not places:
            break
        holder, key = rng.choice(places)
        harm = rng.randrange(5)
        if harm == 0:
            del holder[key]
        elif harm == 1 and isinstance(holder, dict):
            holder[rng.choice((str(key).upper(), "", "x" * 50, f"{key} "))] = holder[key]
        elif harm == 2:
            holder[key] = rng.choice(places)[0]  # a part of it inside itself: cut by the copy below
        else:
            holder[key] = rng.choice(ODD)
        document = _copied(document)
    return json.dumps(document).encode("utf-8", "surrogatepass")


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every container with each of its names or places."""
    inner = list(value.items()) if isinstance(value, dict) else []
    inner = list(enumerate(value)) if isinstance(value, list) else inner
    return [place for key, held in inner for place in ((value, key), *_places(held))]


def _copied(value: Any, deepest: int = 20) -> Any:
    """A copy without circles, at most so deep."""
    if not deepest:
        return None
    if isinstance(value, dict):
        return {key: _copied(held, deepest - 1) for key, held in value.items()}
    if isinstance(value, list):
        return [_copied(held, deepest - 1) for held in value]
    return value
