"""What can be wrong with an application, and with an issuance left open.

Facts only; words are in `terminal/words/faults_issuance.py`. `field` is where it stands, as in
`documents[0].valid_until`; what was written there is never repeated, it may be a person's number.
"""

from __future__ import annotations

from dataclasses import dataclass

from apdu.errors import Fault

# --- the document as a whole (exit 2) ---------------------------------------------------------


@dataclass(eq=False, kw_only=True)
class NotUtf8(Fault):
    """The application is not UTF-8."""

    at_byte: int  # the first byte that is not, from 0


@dataclass(eq=False, kw_only=True)
class NotJson(Fault):
    """The application is not JSON, or there is none."""

    line: int  # from 1
    column: int  # from 1


@dataclass(eq=False, kw_only=True)
class SecondDocument(Fault):
    """Something follows the application where it should end."""

    line: int


@dataclass(eq=False, kw_only=True)
class TooLong(Fault):
    """The application is longer than any honest one."""

    bytes_max: int


@dataclass(eq=False, kw_only=True)
class TooDeep(Fault):
    """Lists and objects are nested deeper than any honest application."""

    depth_max: int


@dataclass(eq=False, kw_only=True)
class DuplicateKey(Fault):
    """One object says the same field twice; which one counts would be a guess."""

    field: str


@dataclass(eq=False, kw_only=True)
class NotFinite(Fault):
    """NaN or Infinity, which JSON does not know."""

    name: str  # NaN, Infinity, -Infinity


@dataclass(eq=False, kw_only=True)
class ControlCharacter(Fault):
    """A text holds a control character or half of a surrogate pair."""

    field: str


# --- one field of it (exit 2) -----------------------------------------------------------------


@dataclass(eq=False, kw_only=True)
class FieldAbsent(Fault):
    """A field that a rule needs is not there."""

    field: str


@dataclass(eq=False, kw_only=True)
class UnknownField(Fault):
    """A field that no application has."""

    field: str


@dataclass(eq=False, kw_only=True)
class WrongType(Fault):
    """A field's value is of another JSON type."""

    field: str
    wanted: str  # JSON's own words: string, boolean, number, array, object


@dataclass(eq=False, kw_only=True)
class UnknownKind(Fault):
    """A kind of person, document, relation or school that we do not know."""

    field: str
    value: str  # as written; "…" where it could be a person's number


@dataclass(eq=False, kw_only=True)
class TooMany(Fault):
    """A list is longer than any honest one."""

    field: str
    items_max: int


@dataclass(eq=False, kw_only=True)
class DateShape(Fault):
    """Not YYYY-MM-DD, or a day that the calendar does not have."""

    field: str


@dataclass(eq=False, kw_only=True)
class DateMinguo(Fault):
    """A year of the Republic (民國) where the Gregorian one belongs."""

    field: str
    meant: str  # the date meant, YYYY-MM-DD


@dataclass(eq=False, kw_only=True)
class DateImplausible(Fault):
    """A real day, in a year that no document or person has."""

    field: str


@dataclass(eq=False, kw_only=True)
class CountryShape(Fault):
    """Not three capital letters as in ISO 3166-1 alpha-3."""

    field: str


@dataclass(eq=False, kw_only=True)
class SchoolCodeShape(Fault):
    """A school's code is 1 to 6 letters and digits."""

    field: str


@dataclass(eq=False, kw_only=True)
class GradeUnfit(Fault):
    """No whole number, or no grade of that level of school."""

    field: str
    grade_min: int
    grade_max: int


@dataclass(eq=False, kw_only=True)
class UnknownDistrict(Fault):
    """Neither a district of the city, nor a code of another city, nor `elsewhere`."""

    field: str


# --- numbers of people (exit 2); never with the number --------------------------------------------


@dataclass(eq=False, kw_only=True)
class NumberShape(Fault):
    """No national ID and no residence number has this shape."""

    field: str


@dataclass(eq=False, kw_only=True)
class NumberTwelveDigits(Fault):
    """Twelve digits: a permit's number (居留證號) or the NHI card's own, no person's."""

    field: str


@dataclass(eq=False, kw_only=True)
class NumberBopomofo(Fault):
    """Bopomofo arrived: the input method is still on."""

    field: str


@dataclass(eq=False, kw_only=True)
class NumberChecksum(Fault):
    """The shape is right, the check digit is not."""

    field: str


@dataclass(eq=False, kw_only=True)
class NumberWrongKind(Fault):
    """A good number that does not fit the kind of person."""

    field: str
    kind: str  # of the applicant: citizen, foreign_spouse, …


@dataclass(eq=False, kw_only=True)
class NumberOldForm(Fault):
    """An old residence number (two letters) after the last day it was good."""

    field: str
    until: str  # that last day, YYYY-MM-DD


# --- the home's own data --------------------------------------------------------------------------


@dataclass(eq=False, kw_only=True)
class PolicyUnreadable(Fault):
    """The city profile's dates of effect hold an entry we cannot read (exit 4)."""

    entry: str


# --- issuances left open --------------------------------------------------------------------------


@dataclass(eq=False, kw_only=True)
class VoidNeedsCard(Fault):
    """The card may have been written, and none lies on the reader (exit 4)."""

    n: int


@dataclass(eq=False, kw_only=True)
class CardOfOpenRow(Fault):
    """This card belongs to another issuance that is still open (exit 4)."""

    n: int


@dataclass(eq=False, kw_only=True)
class CardHalfWritten(Fault):
    """Another counter began to write this card, and its issuance waits for it (exit 4)."""


@dataclass(eq=False, kw_only=True)
class CardBookedSpoiled(Fault):
    """This card was booked as spoiled: nobody issues or binds it any more (exit 4)."""
