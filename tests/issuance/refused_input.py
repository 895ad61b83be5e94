"""Every application that is refused before a rule is asked: name, bytes, fault, facts of it."""

from __future__ import annotations

import json

import issuance.errors as faults
from apdu.errors import Fault
from issuance.strict_json import BYTES_MAX, DEPTH_MAX
from tests.issuance.people import (
    NATIONAL,
    RESIDENT,
    Given,
    citizen,
    given,
    paper,
    proxy,
    school,
    wide,
)

Facts = dict[str, object]
Case = tuple[str, bytes, type[Fault], Facts]

FULL: Given = {
    **citizen(other_numbers=[RESIDENT], nationality="TWN", born="2016-02-29"),
    "holds_senior_card": False,
    "school": school(),
    "proxy": proxy("parent", "L100000000", paper("national_id")),
}
TEXT = json.dumps(FULL)


def without(name: str) -> Given:
    return {k: v for k, v in FULL.items() if k != name}


def raw(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


# name, bytes, fault, facts
REFUSED: list[Case] = [
    ("latin-1", b'{"kind": "caf\xe9"}', faults.NotUtf8, {"at_byte": 13}),
    ("cp950", '{"姓": 1}'.encode("cp950"), faults.NotUtf8, {"at_byte": 2}),
    ("UTF-16", TEXT.encode("utf-16"), faults.NotUtf8, {"at_byte": 0}),
    ("surrogate bytes", raw('{"kind": "\ud800"}'), faults.NotUtf8, {"at_byte": 10}),
    ("nothing", b"", faults.NotJson, {"line": 1, "column": 1}),
    ("byte order mark", b"\xef\xbb\xbf{}", faults.NotJson, {"line": 1, "column": 1}),
    ("cut off", raw(TEXT[:-1]), faults.NotJson, {"line": 1}),
    ("single quotes", b"{'kind': 1}", faults.NotJson, {"line": 1, "column": 2}),
    ("trailing comma", b'{"kind": "citizen",\n}', faults.NotJson, {}),
    ("two documents", raw(f"{TEXT}\n{TEXT}"), faults.SecondDocument, {"line": 1}),
    ("something after", raw(f"{TEXT} x"), faults.SecondDocument, {}),
    ("doubled field", b'{"kind": "citizen", "kind": "student"}', faults.DuplicateKey,
     {"field": "kind"}),
    ("doubled inside", b'{"school": {"level": "junior", "level": "junior"}}',
     faults.DuplicateKey, {"field": "level"}),
    ("doubled by escape", b'{"kind": 1, "\\u006bind": 2}', faults.DuplicateKey,
     {"field": "kind"}),
    ("NaN", b'{"kind": NaN}', faults.NotFinite, {"name": "NaN"}),
    ("minus infinity", b'{"kind": -Infinity}', faults.NotFinite, {"name": "-Infinity"}),
    ("17 deep", nested(DEPTH_MAX + 1), faults.TooDeep, {"depth_max": 16}),
    ("very deep", nested(20_000), faults.TooDeep, {}),
    ("deep and open", b'{"a":' * 9_000, faults.TooDeep, {}),
    ("huge", b" " * (BYTES_MAX + 1), faults.TooLong, {"bytes_max": BYTES_MAX}),
    ("raw control", b'{"kind": "cit\x07izen"}', faults.ControlCharacter, {"field": "kind"}),
    ("escaped null", b'{"documents": [{"kind": "\\u0000"}]}', faults.ControlCharacter,
     {"field": "documents[0].kind"}),
    ("new line", b'{"number": "B100000002\\n"}', faults.ControlCharacter, {"field": "number"}),
    ("control in a name", b'{"k\\u0085": 1}', faults.ControlCharacter, {}),
    ("half a pair", b'{"kind": "\\ud800"}', faults.ControlCharacter, {"field": "kind"}),
    ("a list", b"[]", faults.WrongType, {"field": "application", "wanted": "object"}),
    ("beyond floats", b'{"kind": 1e999}', faults.WrongType, {"wanted": "string"}),
    ("16 deep", nested(DEPTH_MAX), faults.WrongType, {"field": "application"}),
    ("null", b"null", faults.WrongType, {"field": "application"}),
]  # fmt: skip

# name, application, fault, facts
WRONG_FIELDS: list[tuple[str, Given, type[Fault], Facts]] = [
    ("no kind", without("kind"), faults.FieldAbsent, {"field": "kind"}),
    ("no number", without("number"), faults.FieldAbsent, {"field": "number"}),
    ("no documents", without("documents"), faults.FieldAbsent, {"field": "documents"}),
    ("misspelt", {**FULL, "nationalty": "TWN"}, faults.UnknownField, {"field": "nationalty"}),
    ("misspelt inside", citizen(school={"levl": "junior"}), faults.UnknownField,
     {"field": "school.levl"}),
    ("a number as a name", {**FULL, NATIONAL: 1}, faults.UnknownField, {"field": "…"}),
    ("number as number", {**FULL, "number": 10**400}, faults.WrongType, {"wanted": "string"}),
    ("one for true", {**FULL, "holds_senior_card": 1}, faults.WrongType,
     {"field": "holds_senior_card", "wanted": "boolean"}),
    ("text for true", {**FULL, "holds_senior_card": "false"}, faults.WrongType, {}),
    ("null for a date", {**FULL, "born": None}, faults.WrongType, {"field": "born"}),
    ("object for a list", {**FULL, "documents": {}}, faults.WrongType, {"wanted": "array"}),
    ("text for a paper", {**FULL, "documents": ["national_id"]}, faults.WrongType,
     {"field": "documents[0]", "wanted": "object"}),
    ("list for a proxy", {**FULL, "proxy": []}, faults.WrongType, {"field": "proxy"}),
    ("unknown kind", {**FULL, "kind": "tourist"}, faults.UnknownKind,
     {"field": "kind", "value": "tourist"}),
    ("a number as kind", {**FULL, "kind": NATIONAL}, faults.UnknownKind, {"value": "…"}),
    ("unknown paper", given("citizen", NATIONAL, paper("library_card")), faults.UnknownKind,
     {"field": "documents[0].kind", "value": "library_card"}),
    ("unknown relation", citizen(proxy=proxy("aunt", "L100000000")), faults.UnknownKind,
     {"field": "proxy.relation"}),
    ("unknown school", citizen(school={"level": "night"}), faults.UnknownKind,
     {"field": "school.level"}),
    ("school's name", citizen(school={"code": "國小"}), faults.SchoolCodeShape,
     {"field": "school.code"}),
    ("grade 7", citizen(school={"level": "primary", "grade": 7}), faults.GradeUnfit,
     {"field": "school.grade", "grade_max": 6}),
    ("grade in quotes", citizen(school={"grade": "4"}), faults.WrongType, {"wanted": "number"}),
    ("true as grade", citizen(school={"grade": True}), faults.WrongType, {"wanted": "number"}),
    ("33 papers", given("citizen", NATIONAL, *[paper("passport")] * 33), faults.TooMany,
     {"items_max": 32}),
    ("country", {**FULL, "nationality": "Vietnam"}, faults.CountryShape, {}),
    ("country, small", {**FULL, "nationality": "twn"}, faults.CountryShape, {}),
    ("no such day", {**FULL, "born": "2015-02-29"}, faults.DateShape, {"field": "born"}),
    ("30 February", {**FULL, "born": "2016-02-30"}, faults.DateShape, {}),
    ("month 13", {**FULL, "born": "2016-13-01"}, faults.DateShape, {}),
    ("slashes", {**FULL, "born": "2016/02/29"}, faults.DateShape, {}),
    ("basic form", {**FULL, "born": "20160229"}, faults.DateShape, {}),
    ("week date", {**FULL, "born": "2016-W09-1"}, faults.DateShape, {}),
    ("with a time", {**FULL, "born": "2016-02-29T00:00"}, faults.DateShape, {}),
    ("other digits", {**FULL, "born": wide("2016") + "-02-29"}, faults.DateShape, {}),
    ("two digits", {**FULL, "born": "99-12-31"}, faults.DateShape, {}),
    ("year 1850", {**FULL, "born": "1850-01-01"}, faults.DateImplausible, {"field": "born"}),
    ("year 9999", {**FULL, "born": "9999-12-31"}, faults.DateImplausible, {}),
    ("Minguo, no such day", {**FULL, "born": "0104-02-29"}, faults.DateImplausible, {}),
    ("no district", given("citizen", NATIONAL, paper("national_id")), faults.FieldAbsent,
     {"field": "documents[0].district"}),
    ("no district, household",
     given("citizen", NATIONAL, paper("nhi_card"), paper("household_transcript")),
     faults.FieldAbsent, {"field": "documents[1].district"}),
    ("no address",
     given("permanent_resident", RESIDENT, paper("permanent_residence_certificate")),
     faults.FieldAbsent, {"field": "documents[0].district"}),
    ("spouse nowhere",
     given("foreign_spouse", RESIDENT, paper("spouse_national_id")),
     faults.FieldAbsent, {"field": "documents[0].district"}),
    ("no end", given("foreign_spouse", RESIDENT, paper("residence_certificate")),
     faults.FieldAbsent, {"field": "documents[0].valid_until"}),
    ("no end, proxy",
     citizen(born="2016-02-29",
             proxy=proxy("parent", RESIDENT, paper("residence_certificate"))),
     faults.FieldAbsent, {"field": "proxy.documents[0].valid_until"}),
    ("parent of whom", citizen(proxy=proxy("parent", "L100000000")), faults.FieldAbsent,
     {"field": "born"}),
    ("proxy without number", citizen(proxy={"relation": "other", "documents": []}),
     faults.FieldAbsent, {"field": "proxy.number"}),
    ("checksum", citizen("B100000003"), faults.NumberChecksum, {"field": "number"}),
    ("checksum of another", citizen(other_numbers=["BC00000004", "B100000003"]),
     faults.NumberChecksum, {"field": "other_numbers[1]"}),
    ("checksum of the proxy", citizen(proxy=proxy("other", "L100000001")),
     faults.NumberChecksum, {"field": "proxy.number"}),
    ("permit number", citizen("123456789012"), faults.NumberTwelveDigits, {}),
    ("short", citizen("B1000"), faults.NumberShape, {}),
    ("Bopomofo", citizen("ㄅ100000002"), faults.NumberBopomofo, {}),
    ("citizen with UI No.", citizen(RESIDENT), faults.NumberWrongKind, {"kind": "citizen"}),
    ("number before papers", given("citizen", "B100000003", paper("nonsense")),
     faults.NumberChecksum, {}),
    ("number before a wrong list", {**FULL, "number": "B100000003", "documents": 1},
     faults.NumberChecksum, {}),
    ("proxy's number before papers",
     given("citizen", NATIONAL, paper("nonsense"), proxy=proxy("other", "L100000001")),
     faults.NumberChecksum, {}),
]  # fmt: skip

WRONG_FIELDS.extend(
    (f"district {code}", given("citizen", NATIONAL, paper("national_id", code)),
     faults.UnknownDistrict, {"field": "documents[0].district"})
    for code in ("66000999", "66000000", "66000300", "66000015", "63000", "99000010", "Xitun",
                 "6300001" + wide("0"), "63000000", "63000015")
)  # fmt: skip
WRONG_FIELDS.extend(
    (f"Minguo {text}", {**FULL, "born": text}, faults.DateMinguo, {"meant": meant})
    for text, meant in (("0105-01-01", "2016-01-01"), ("0105-02-29", "2016-02-29"),
                        ("105-01-01", "2016-01-01"), ("105/1/1", "2016-01-01"),
                        ("105.2.29", "2016-02-29"), ("1050229", "2016-02-29"),
                        ("0001-01-01", "1912-01-01"))
)  # fmt: skip
WRONG_FIELDS.extend(
    (f"{kind} with national ID", given(kind, NATIONAL), faults.NumberWrongKind, {"kind": kind})
    for kind in ("foreign_spouse", "permanent_resident", "foreign_resident")
)

CASES: list[Case] = REFUSED + [
    (name, json.dumps(application).encode(), fault, facts)
    for name, application, fault, facts in WRONG_FIELDS
]
