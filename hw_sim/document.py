"""The JSON of a card file: what every chip's document has in common, and how it is read.

Bytes are hexadecimal without spaces; a document has exactly the fields its chip names, each once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

FORMAT = "hw_sim card"
VERSION = 1
KIND = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
HEADER = frozenset({"format", "version", "kind", "chip"})
"""Fields that every card file has."""


class ImageCorrupt(Exception):
    """A card file that is none. `why` says in a few English words what does not fit."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def check_header(document: object) -> Mapping[str, Any]:
    """The document, if it is a card file of this version with a label. Raises `ImageCorrupt`."""
    if not isinstance(document, dict):
        raise ImageCorrupt("not a JSON object")
    if document.get("format") != FORMAT:
        raise ImageCorrupt(f'format is not "{FORMAT}"')
    if type(document.get("version")) is not int or document["version"] != VERSION:
        raise ImageCorrupt(f"version is not {VERSION}")  # True == 1, yet it is no version
    return document


def check_fields(value: object, names: frozenset[str], what: str = "") -> Mapping[str, Any]:
    """`value`, if it is an object with exactly these fields. Raises `ImageCorrupt`."""
    if not isinstance(value, dict):
        raise ImageCorrupt(f"{what} is not an object")
    if odd := sorted(names ^ value.keys()):
        raise ImageCorrupt(f"field missing or unknown: {odd[0][:32]!r}")
    return value


def label(document: Mapping[str, Any]) -> str:
    """The card's label (field `kind`). Raises `ImageCorrupt`."""
    kind = document["kind"]
    if not isinstance(kind, str) or not KIND.fullmatch(kind):
        raise ImageCorrupt("kind is no label")
    return kind


def seed_of(document: Mapping[str, Any]) -> int:
    """What chance on this card starts from. Raises `ImageCorrupt`."""
    seed = document["seed"]
    if type(seed) is not int or not 0 <= seed < 2**64:
        raise ImageCorrupt("seed is no number of 64 bits")
    return seed


def number(document: Mapping[str, Any], name: str, low: int, high: int) -> int:
    """The whole number `low`…`high` of a field. Raises `ImageCorrupt`."""
    value = document[name]
    if type(value) is not int or not low <= value <= high:
        raise ImageCorrupt(f"{name} is no number from {low} to {high}")
    return value


def flag(document: Mapping[str, Any], name: str) -> bool:
    """True or false. Raises `ImageCorrupt`."""
    value = document[name]
    if not isinstance(value, bool):
        raise ImageCorrupt(f"{name} is neither true nor false")
    return value


def items(document: Mapping[str, Any], name: str, most: int) -> list[object]:
    """A list of at most so many things. Raises `ImageCorrupt`."""
    value = document[name]
    if not isinstance(value, list) or len(value) > most:
        raise ImageCorrupt(f"{name} is no list of at most {most}")
    return value


def octets(document: Mapping[str, Any], name: str, *sizes: int) -> bytes:
    """The bytes of a field, of one of these lengths. Raises `ImageCorrupt`."""
    return unhex(document[name], name, *sizes)


def unhex(text: object, name: str, *sizes: int) -> bytes:
    """Hexadecimal digits as bytes, of one of these lengths. Raises `ImageCorrupt`."""
    if not isinstance(text, str) or not re.fullmatch(r"(?:[0-9a-fA-F]{2})*", text):
        raise ImageCorrupt(f"{name} is not hexadecimal")
    if len(text) // 2 not in sizes:
        raise ImageCorrupt(f"{name} has {len(text) // 2} bytes")
    return bytes.fromhex(text)


def no_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """For `json.loads`: an object whose names are each there once. Raises ValueError."""
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a name twice")
    return document
