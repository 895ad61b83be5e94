"""JSON as strictly as an application needs it: bytes in, plain values out, or one named fault.

UTF-8, one document, no field twice, no NaN, nesting at most 16, no control characters in strings
(raw or escaped). Whole numbers of a few digits come out as such, every other one as `NUMBER`: no
field of an application is longer or has a fraction, and a number that is never converted cannot
overflow. No fault keeps the text, nor does its context.
"""

from __future__ import annotations

import json
import re
from typing import Final, Never

from issuance.errors import (
    ControlCharacter,
    DuplicateKey,
    NotFinite,
    NotJson,
    NotUtf8,
    SecondDocument,
    TooDeep,
    TooLong,
)

BYTES_MAX: Final = 65_536
DEPTH_MAX: Final = 16
NUMBER: Final = object()

_SPACE = " \t\r\n"
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NAME = re.compile(r"[\w.\-]{1,32}")
_DIGITS_SHOWN_MAX = 4
_NUMBER_CHARACTERS_MAX = 4


def load(data: bytes) -> object:
    """The one document in `data`.

    Raises `TooLong`, `NotUtf8`, `TooDeep`, `NotJson`, `NotFinite`, `DuplicateKey`,
    `SecondDocument`, `ControlCharacter`.
    """
    if len(data) > BYTES_MAX:
        raise TooLong(bytes_max=BYTES_MAX)
    text = _decoded(data)
    if _depth(text) > DEPTH_MAX:  # before parsing: the parser recurses
        raise TooDeep(depth_max=DEPTH_MAX)
    value = _parsed(text)
    _no_control_characters(value, "")
    return value


def shown(text: str) -> str:
    """`text` as an error may repeat it: a short plain name, else "…" (it may be a number)."""
    digits = sum(character.isdigit() for character in text)
    return text if _NAME.fullmatch(text) and digits <= _DIGITS_SHOWN_MAX else "…"


# The two functions below leave their `except` before they raise: an exception raised inside
# would carry the whole text along as its context.


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        at_byte = error.start
    raise NotUtf8(at_byte=at_byte)


def _parsed(text: str) -> object:
    start = len(text) - len(text.lstrip(_SPACE))
    try:
        value, end = _DECODER.raw_decode(text, start)
    except json.JSONDecodeError as error:
        line, column = error.lineno, error.colno
    else:
        if text[end:].strip(_SPACE):
            raise SecondDocument(line=text.count("\n", 0, end) + 1)
        return value
    raise NotJson(line=line, column=column)


def _depth(text: str) -> int:
    depth = deepest = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) < len(pairs):
        names = [name for name, _ in pairs]
        raise DuplicateKey(field=shown(next(n for n in names if names.count(n) > 1)))
    return values


def _not_finite(name: str) -> Never:
    raise NotFinite(name=name)


def _whole_number(text: str) -> object:
    return int(text) if len(text) <= _NUMBER_CHARACTERS_MAX else NUMBER


def _number(_text: str) -> object:
    return NUMBER


# strict=False: raw control characters are found by our own look, with the field they stand in.
_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique,
    parse_int=_whole_number,
    parse_float=_number,
    parse_constant=_not_finite,
    strict=False,
)


def _no_control_characters(value: object, where: str) -> None:
    if isinstance(value, str):
        if _CONTROL.search(value):
            raise ControlCharacter(field=where or "application")
    elif isinstance(value, list):
        for i, item in enumerate(value):
            _no_control_characters(item, f"{where}[{i}]")
    elif isinstance(value, dict):
        for name, item in value.items():
            inner = f"{where}.{shown(name)}".lstrip(".")
            _no_control_characters(name, inner)
            _no_control_characters(item, inner)
