"""The application while a clerk fills it in: what each kind shows, checked as it is typed. Pure.

It ends as the JSON that `issuance.application.parse` reads, so the screen has no rule of its own.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from apdu.errors import Fault
from fixtures.places import districts
from issuance.application import FITTING_NUMBERS, Kind
from issuance.errors import NumberWrongKind
from issuance.identity import check_number, fold

KINDS: Final[tuple[Kind, ...]] = (
    "citizen",
    "foreign_spouse",
    "permanent_resident",
    "student",
    "foreign_resident",
)
# Who may be given what: a pupil from elsewhere comes as student, whatever the product.
PRODUCT_KINDS: Final[dict[str, tuple[Kind, ...]]] = {
    "flora": KINDS,
    "child": ("citizen", "student"),
    "student": ("student",),
}
PAPERS: Final[dict[str, tuple[str, ...]]] = {
    "citizen": ("national_id", "nhi_card", "household_certificate", "household_transcript"),
    "foreign_spouse": (
        "residence_certificate",
        "spouse_national_id",
        "spouse_household_certificate",
        "spouse_household_transcript",
    ),
    "permanent_resident": ("permanent_residence_certificate",),
    "student": ("national_id", "nhi_card", "passport", "student_id", "enrolment_certificate"),
    "foreign_resident": ("residence_certificate",),
}
SEEN_AT_FIRST: Final[dict[str, tuple[str, ...]]] = {"citizen": ("national_id",)}
PROXY_PAPERS: Final = ("letter_of_authority", "national_id", "residence_certificate")
ELSEWHERE: Final = "elsewhere"
NUMBER_CHARACTERS: Final = 10

_WITH_DISTRICT = (
    "national_id",
    "household_certificate",
    "household_transcript",
    "spouse_national_id",
    "spouse_household_certificate",
    "spouse_household_transcript",
    "permanent_residence_certificate",
)
_WITH_END = ("residence_certificate", "permanent_residence_certificate")
_ELSEWHERE_WORDS = (ELSEWHERE, "外縣市", "外", "0")
_ROC = re.compile(r"(\d{2,3})[./-](\d{1,2})[./-](\d{1,2})")
_ROC_RUN = re.compile(r"(\d{3})(\d{2})(\d{2})")
_ISO = re.compile(r"(\d{4})[./-](\d{1,2})[./-](\d{1,2})")
_ROC_OFFSET = 1911  # 民國 N is N + 1911


@dataclass(slots=True, kw_only=True)
class Form:
    """What has been filled in. Lives as long as its screen and no longer."""

    product: str = "flora"
    district: str  # 8 digits, `elsewhere`, or what was typed and is neither
    kind: Kind = "citizen"
    number: str = ""
    papers: frozenset[str] = field(default_factory=lambda: frozenset({"national_id"}))
    until: str = ""  # a certificate's last day, or a student's graduation
    born: str = ""
    school: str = ""  # its code and the grade: "193601 4"
    senior_card: bool = False
    proxy: str = ""  # "", parent, other
    proxy_number: str = ""
    proxy_papers: frozenset[str] = frozenset()
    proxy_until: str = ""

    def application(self) -> bytes:
        """The application's JSON; what was left empty is left out."""
        said: dict[str, Any] = {
            "kind": self.kind,
            "number": self.number,
            "documents": [self._paper(kind) for kind in PAPERS[self.kind] if kind in self.papers],
        }
        if self.born:
            said["born"] = iso_day(self.born)
        if self.senior_card:
            said["holds_senior_card"] = True
        if school := self._school():
            said["school"] = school
        if self.proxy:
            said["proxy"] = {
                "relation": self.proxy,
                "number": self.proxy_number,
                "documents": [
                    _dated({"kind": kind}, self.proxy_until) for kind in sorted(self.proxy_papers)
                ],
            }
        return json.dumps(said, ensure_ascii=False).encode()

    def left_empty(self) -> str | None:
        """The field without which nobody can decide on this card."""
        if self.product == "child" and not self.born:
            return "born"
        pupil = self.product == "student" or (self.product == "child" and self.kind == "student")
        return "school" if pupil and not self.school else None

    def _school(self) -> dict[str, Any]:
        """A student's, and a child's where there is one."""
        school: dict[str, Any] = {}
        if self.kind == "student":
            school["in_city"] = True
            if self.until:
                school["graduates_on"] = iso_day(self.until)
        words = self.school.split() if self.product != "flora" else []
        if words:
            school["code"] = words[0]
        if grade := fold("".join(words[1:])):
            school["grade"] = int(grade) if grade.isascii() and grade.isdecimal() else grade
        return school

    def _paper(self, kind: str) -> dict[str, Any]:
        paper: dict[str, Any] = {"kind": kind}
        if kind in _WITH_DISTRICT and self.kind != "student":
            paper["district"] = self.district
        return _dated(paper, self.until)


def _dated(paper: dict[str, Any], until: str) -> dict[str, Any]:
    if until and paper["kind"] in _WITH_END:
        paper["valid_until"] = iso_day(until)
    return paper


def number_fault(text: str, kind: Kind) -> Fault | None:
    """What is wrong with a number so far; None: nothing yet, or it is right.

    One that is still being typed is only told what no further character can mend.
    """
    folded = fold(text)
    if len(folded) < NUMBER_CHARACTERS and folded.isascii() and folded.isalnum():
        return None
    if not folded:
        return None
    try:
        number = check_number(text)
    except Fault as fault:
        return fault
    if number.kind not in FITTING_NUMBERS[kind]:
        return NumberWrongKind(field="number", kind=kind)
    return None


def is_whole(text: str, kind: Kind) -> bool:
    """Whether this is a number that may be submitted."""
    return len(fold(text)) >= NUMBER_CHARACTERS and number_fault(text, kind) is None


def grouped(text: str) -> str:
    """A number in groups, to be compared with the document: `B100 000 002`."""
    folded = fold(text)
    return " ".join((folded[:4], folded[4:7], folded[7:])).strip()


def iso_day(text: str) -> str:
    """A civil day as ISO where it can be read: of the Republic (115/11/25, 1151125) or ISO with
    any separator. What cannot be read comes back as it is, for the application to refuse."""
    plain = fold(text)
    if found := _ISO.fullmatch(plain):
        year = int(found[1])
    elif found := _ROC.fullmatch(plain) or _ROC_RUN.fullmatch(plain):
        year = int(found[1]) + _ROC_OFFSET
    else:
        return text
    try:
        return date(year, int(found[2]), int(found[3])).isoformat()
    except ValueError:
        return text


def both_calendars(text: str) -> str:
    """`2027-01-31  民國 116.1.31` for a day that can be read, else an empty string."""
    try:
        day = date.fromisoformat(iso_day(text))
    except ValueError:
        return ""
    return f"{day.isoformat()}  民國 {day.year - _ROC_OFFSET}.{day.month}.{day.day}"


def district_code(text: str) -> str:
    """The code of a district by code, its last two or three digits, or name; `elsewhere` for
    another city. What is none of these comes back as it is."""
    plain = fold(text)
    if plain.lower() in _ELSEWHERE_WORDS:
        return ELSEWHERE
    names = districts()
    if plain in names:
        return plain
    if plain.isdecimal() and len(plain) <= 3 and (short := f"66000{int(plain):03d}") in names:
        return short
    for code, (zh, en) in names.items():
        if text.strip().lower() in (zh, zh.removesuffix("區"), en.lower(), en.split()[0].lower()):
            return code
    return text
