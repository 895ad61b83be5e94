"""An application as typed values: what the clerk was shown, in memory only.

Source: domain.md 3.1 (step 1), 3.3, 6. `parse` is the only way in from outside; every fault of
it is exit 2 and holds no number of a person. `repr` shows none either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal, get_args

from fixtures.places import districts
from issuance.errors import (
    CountryShape,
    FieldAbsent,
    GradeUnfit,
    NumberWrongKind,
    SchoolCodeShape,
    UnknownDistrict,
)
from issuance.identity import NumberKind, PersonNumber, check_number, fold
from issuance.reading import Item, text_of
from issuance.strict_json import load

Kind = Literal["citizen", "foreign_spouse", "permanent_resident", "foreign_resident", "student"]
Relation = Literal["parent", "other"]
Level = Literal["primary", "junior", "senior", "university"]
DocumentKind = Literal[
    "national_id",
    "nhi_card",
    "household_certificate",
    "household_transcript",
    "residence_certificate",
    "permanent_residence_certificate",
    "spouse_national_id",
    "spouse_household_certificate",
    "spouse_household_transcript",
    "passport",
    "student_id",
    "enrolment_certificate",
    "letter_of_authority",
]

KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
RELATIONS: Final[tuple[Relation, ...]] = get_args(Relation)
LEVELS: Final[tuple[Level, ...]] = get_args(Level)
DOCUMENT_KINDS: Final[tuple[DocumentKind, ...]] = get_args(DocumentKind)

FOREIGN: Final[tuple[Kind, ...]] = ("foreign_spouse", "permanent_resident", "foreign_resident")
_RESIDENT: tuple[NumberKind, ...] = ("resident_new", "resident_old")
FITTING_NUMBERS: Final[dict[Kind, tuple[NumberKind, ...]]] = {
    "citizen": ("national",),
    "foreign_spouse": _RESIDENT,
    "permanent_resident": _RESIDENT,
    "foreign_resident": _RESIDENT,
    "student": get_args(NumberKind),
}

GRADE_MAX: Final = 12
LEVEL_GRADES: Final[dict[Level, tuple[int, int]]] = {
    "primary": (1, 6),
    "junior": (7, 9),
    "senior": (10, 12),
    "university": (1, GRADE_MAX),  # years of study, of which nothing is kept
}
_SCHOOL_CODE = re.compile(r"[0-9A-Z]{1,6}")

ELSEWHERE: Final = "elsewhere"
# The other cities and counties by the first five digits of the Ministry of the Interior's
# district codes (unverified against an official list; a code's last three digits end in 0).
_OTHER_CITIES = {f"100{n:02}" for n in (2, 4, 5, 7, 8, 9, 10, 13, 14, 15, 16, 17, 18, 20)} | {
    "63000",
    "64000",
    "65000",
    "67000",
    "68000",
    "09007",
    "09020",
}

_FIELDS = ("kind", "number", "documents", "other_numbers", "nationality", "born",
           "holds_senior_card", "school", "proxy")  # fmt: skip
_DOCUMENT_FIELDS = ("kind", "district", "issued_on", "valid_until")
_SCHOOL_FIELDS = ("level", "in_city", "graduates_on", "code", "grade")
_PROXY_FIELDS = ("relation", "number", "documents")

SPOUSE_PAPERS: Final[tuple[DocumentKind, ...]] = (
    "spouse_national_id",
    "spouse_household_certificate",
    "spouse_household_transcript",
)
_DISTRICT_ALWAYS: tuple[DocumentKind, ...] = (
    "household_certificate",
    "household_transcript",
    "permanent_residence_certificate",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One paper the clerk saw. `district`: an 8-digit code or `elsewhere`; `valid_until`: its
    last good day."""

    kind: DocumentKind
    district: str | None = None
    issued_on: date | None = None
    valid_until: date | None = None

    @property
    def is_elsewhere(self) -> bool:
        """It says a household outside the city."""
        return self.district is not None and self.district not in districts()


@dataclass(frozen=True, slots=True, kw_only=True)
class School:
    """Where a student is enrolled; what is absent was not asked. `code`: 1 to 6 letters and
    digits; `grade`: 1-12, counted from the first of primary school."""

    level: Level | None = None
    in_city: bool | None = None
    graduates_on: date | None = None
    code: str | None = None
    grade: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """Who came in the applicant's place; the number is checked and forgotten."""

    relation: Relation
    number: PersonNumber
    documents: tuple[Document, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One person's application. What each field is for: domain.md 3.3."""

    kind: Kind
    number: PersonNumber
    documents: tuple[Document, ...]
    other_numbers: tuple[PersonNumber, ...] = ()
    nationality: str | None = None  # ISO 3166-1 alpha-3
    born: date | None = field(default=None, repr=False)
    holds_senior_card: bool = False
    school: School | None = None
    proxy: Proxy | None = None

    def numbers(self) -> tuple[str, ...]:
        """All distinct numbers of the applicant, folded, in the order given; never the proxy's."""
        return tuple(dict.fromkeys(n.value for n in (self.number, *self.other_numbers)))

    def shown(self) -> frozenset[DocumentKind]:
        """The kinds of the applicant's own papers, good or not."""
        return frozenset(d.kind for d in self.documents)


def parse(data: bytes) -> Application:
    """Read one application, strictly. Numbers are checked before documents are looked at.

    Raises the faults of `strict_json.load`, `check_number` and `Item`; `NumberWrongKind`,
    `CountryShape`, `SchoolCodeShape`, `GradeUnfit`, `UnknownDistrict`, and `FieldAbsent` for a
    field that a rule needs.
    """
    top = Item.of(load(data), "", _FIELDS)
    kind = top.one_of("kind", KINDS)
    number, others = _numbers(top, kind)
    proxy = top.inner("proxy", _PROXY_FIELDS)
    proxy_number = check_number(proxy.text("number"), field="proxy.number") if proxy else None
    app = Application(
        kind=kind,
        number=number,
        other_numbers=others,
        nationality=_country(top),
        born=top.day("born"),
        holds_senior_card=top.flag("holds_senior_card") if "holds_senior_card" in top else False,
        school=_school(top.inner("school", _SCHOOL_FIELDS)),
        documents=_documents(top),
        proxy=_proxy(proxy, proxy_number) if proxy and proxy_number else None,
    )
    _check_needed(app)
    return app


def _numbers(top: Item, kind: Kind) -> tuple[PersonNumber, tuple[PersonNumber, ...]]:
    number = check_number(top.text("number"))
    if number.kind not in FITTING_NUMBERS[kind]:
        raise NumberWrongKind(field="number", kind=kind)
    listed = top.each("other_numbers") if "other_numbers" in top else ()
    return number, tuple(check_number(text_of(v, where), field=where) for v, where in listed)


def _country(top: Item) -> str | None:
    if "nationality" not in top:
        return None
    code = top.text("nationality")
    if not (len(code) == 3 and code.isascii() and code.isalpha() and code.isupper()):
        raise CountryShape(field="nationality")
    return code


def _school(item: Item | None) -> School | None:
    if item is None:
        return None
    level = item.one_of("level", LEVELS) if "level" in item else None
    return School(
        level=level,
        in_city=item.flag("in_city") if "in_city" in item else None,
        graduates_on=item.day("graduates_on"),
        code=_school_code(item),
        grade=_grade(item, level),
    )


def _school_code(item: Item) -> str | None:
    if "code" not in item:
        return None
    code = fold(item.text("code"))
    if not _SCHOOL_CODE.fullmatch(code):
        raise SchoolCodeShape(field=item.at("code"))
    return code


def _grade(item: Item, level: Level | None) -> int | None:
    """The grade counted from the first of primary school; a level's own count (the first of
    junior high school, 國一) is taken as well. A university's is none of ours."""
    if "grade" not in item:
        return None
    grade = item.count("grade")
    first, last = (1, GRADE_MAX) if level is None else LEVEL_GRADES[level]
    if first <= grade <= last:
        return None if level == "university" else grade
    if 1 <= grade <= last - first + 1:
        return first - 1 + grade
    raise GradeUnfit(field=item.at("grade"), grade_min=first, grade_max=last)


def _proxy(item: Item, number: PersonNumber) -> Proxy:
    return Proxy(
        relation=item.one_of("relation", RELATIONS), number=number, documents=_documents(item)
    )


def _documents(holder: Item) -> tuple[Document, ...]:
    return tuple(
        _document(Item.of(v, where, _DOCUMENT_FIELDS)) for v, where in holder.each("documents")
    )


def _document(item: Item) -> Document:
    return Document(
        kind=item.one_of("kind", DOCUMENT_KINDS),
        district=_district(item),
        issued_on=item.day("issued_on"),
        valid_until=item.day("valid_until"),
    )


def _district(item: Item) -> str | None:
    if "district" not in item:
        return None
    code = item.text("district")
    if code != ELSEWHERE and code not in districts() and not _is_other_city(code):
        raise UnknownDistrict(field=item.at("district"))
    return code


def _is_other_city(code: str) -> bool:
    town = code[5:]
    return (
        code[:5] in _OTHER_CITIES
        and len(town) == 3
        and town.isascii()
        and town.isdigit()
        and town.endswith("0")
        and town != "000"
    )


def _check_needed(app: Application) -> None:
    """Fields that a rule needs whatever is asked for (domain.md 3.3). Raises `FieldAbsent`."""
    district = _DISTRICT_ALWAYS + (("national_id",) if app.kind == "citizen" else ())
    for i, document in enumerate(app.documents):
        if document.district is None and document.kind in district:
            raise FieldAbsent(field=f"documents[{i}].district")
    _check_valid_until(app.documents, "")
    if app.kind == "foreign_spouse":
        _check_spouse(app.documents)
    if app.proxy:
        _check_valid_until(app.proxy.documents, "proxy.")
        if app.proxy.relation == "parent" and app.born is None:
            raise FieldAbsent(field="born")


def _check_valid_until(documents: tuple[Document, ...], whose: str) -> None:
    for i, document in enumerate(documents):
        if document.kind == "residence_certificate" and document.valid_until is None:
            raise FieldAbsent(field=f"{whose}documents[{i}].valid_until")


def _check_spouse(documents: tuple[Document, ...]) -> None:
    papers = [(i, d) for i, d in enumerate(documents) if d.kind in SPOUSE_PAPERS]
    if papers and all(d.district is None for _, d in papers):
        raise FieldAbsent(field=f"documents[{papers[0][0]}].district")
