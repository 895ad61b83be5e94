"""Typed reading of plain JSON values: each verb returns its type or raises the fault that names
the field. Knows types and dates; knows no rule."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, TypeVar

from issuance.errors import (
    DateImplausible,
    DateMinguo,
    DateShape,
    FieldAbsent,
    TooMany,
    UnknownField,
    UnknownKind,
    WrongType,
)
from issuance.strict_json import shown

T = TypeVar("T")
Choice = TypeVar("Choice", bound=str)

ITEMS_MAX: Final = 32
YEAR_MIN: Final = 1900
YEAR_MAX: Final = 2150  # the end that follows from it must fit the card: days to 2179-06-06
MINGUO_YEAR_ONE: Final = 1911  # 民國 N is N + 1911
_MINGUO_YEAR_MAX = YEAR_MAX - MINGUO_YEAR_ONE

_JSON_NAMES = {str: "string", bool: "boolean", int: "number", list: "array", dict: "object"}
_ISO = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
# Two digits alone may be either calendar, so they get no hint (ecosystem.md 6.1).
_MINGUO = re.compile(r"([0-9]{3})(?:([-/.])([0-9]{1,2})\2([0-9]{1,2})|([0-9]{2})([0-9]{2}))")


@dataclass(frozen=True, slots=True)
class Item:
    """One JSON object and where it stands ("" = the application itself)."""

    where: str
    values: Mapping[str, object]

    @classmethod
    def of(cls, value: object, where: str, allowed: tuple[str, ...]) -> Item:
        """`value` as an object with no field but `allowed`. Raises `WrongType`, `UnknownField`."""
        values: dict[str, object] = _typed(value, dict, where or "application")
        item = cls(where, values)
        for name in values:
            if name not in allowed:
                raise UnknownField(field=item.at(shown(name)))
        return item

    def at(self, name: str) -> str:
        """The full name of one field."""
        return f"{self.where}.{name}" if self.where else name

    def __contains__(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str) -> str:
        return _typed(self.need(name), str, self.at(name))

    def flag(self, name: str) -> bool:
        return _typed(self.need(name), bool, self.at(name))

    def count(self, name: str) -> int:
        """A whole number as JSON writes one: `4`, not `"4"`, `4.0` or `true`."""
        value = self.need(name)
        if isinstance(value, bool):
            raise WrongType(field=self.at(name), wanted=_JSON_NAMES[int])
        return _typed(value, int, self.at(name))

    def one_of(self, name: str, choices: tuple[Choice, ...]) -> Choice:
        """Raises `UnknownKind` for anything but one of `choices`."""
        text = self.text(name)
        for choice in choices:
            if choice == text:
                return choice
        raise UnknownKind(field=self.at(name), value=shown(text))

    def day(self, name: str) -> date | None:
        """A civil date, None if the field is absent."""
        return civil_date(self.text(name), field=self.at(name)) if name in self else None

    def each(self, name: str) -> Iterator[tuple[object, str]]:
        """Each value of a list with its place. Raises `TooMany` beyond `ITEMS_MAX`."""
        values: list[object] = _typed(self.need(name), list, self.at(name))
        if len(values) > ITEMS_MAX:
            raise TooMany(field=self.at(name), items_max=ITEMS_MAX)
        return ((value, f"{self.at(name)}[{i}]") for i, value in enumerate(values))

    def inner(self, name: str, allowed: tuple[str, ...]) -> Item | None:
        """An object inside, None if the field is absent."""
        return Item.of(self.values[name], self.at(name), allowed) if name in self else None

    def need(self, name: str) -> object:
        """Raises `FieldAbsent`."""
        if name not in self:
            raise FieldAbsent(field=self.at(name))
        return self.values[name]


def text_of(value: object, where: str) -> str:
    """A value of a list that must be a string."""
    return _typed(value, str, where)


def civil_date(text: str, *, field: str) -> date:
    """YYYY-MM-DD, a real day of a plausible year.

    Raises `DateMinguo` with the date meant where the year is one of the Republic, `DateShape`,
    `DateImplausible`.
    """
    if meant := _minguo(text):
        raise DateMinguo(field=field, meant=meant.isoformat())
    found = _ISO.fullmatch(text)
    day = _day(*found.groups()) if found else None
    if day is None:
        raise DateShape(field=field)
    if not YEAR_MIN <= day.year <= YEAR_MAX:
        raise DateImplausible(field=field)
    return day


def _minguo(text: str) -> date | None:
    if found := _ISO.fullmatch(text):
        year, month, day = found.groups()
    elif found := _MINGUO.fullmatch(text):
        year, _, month, day, month_run, day_run = found.groups()
        month, day = month or month_run, day or day_run
    else:
        return None
    if not 1 <= int(year) <= _MINGUO_YEAR_MAX:
        return None
    return _day(str(int(year) + MINGUO_YEAR_ONE), month, day)  # 29 February as there


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _typed(value: object, wanted: type[T], field: str) -> T:
    if not isinstance(value, wanted):
        raise WrongType(field=field, wanted=_JSON_NAMES[wanted])
    return value
