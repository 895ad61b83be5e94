"""What comes in from outside: each refusal is one named fault, and holds no number of a person."""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable

import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from apdu.errors import Fault
from issuance.application import parse
from issuance.strict_json import load
from terminal.words.faults_issuance import FAULTS
from tests.issuance.people import NATIONAL, RESIDENT, XITUN, given, paper, read, spouse, wide
from tests.issuance.refused_input import CASES, FULL, TEXT, raw


def refusal_of(data: bytes) -> Fault:
    with pytest.raises(Fault) as caught:
        parse(data)
    return caught.value


@pytest.mark.parametrize(("name", "data", "fault", "facts"), CASES, ids=[c[0] for c in CASES])
def test_each_refusal_is_its_own_fault(
    name: str, data: bytes, fault: type[Fault], facts: dict[str, object]
) -> None:
    found = refusal_of(data)
    assert type(found) is fault, name
    assert found.facts() | facts == found.facts(), name


@pytest.mark.parametrize(("name", "data", "fault", "facts"), CASES, ids=[c[0] for c in CASES])
def test_no_refusal_holds_what_was_written(
    name: str, data: bytes, fault: type[Fault], facts: dict[str, object]
) -> None:
    found = refusal_of(data)
    assert found.__context__ is None, name  # its context would hold the whole text
    told = "".join(traceback.format_exception_only(found)) + repr(found) + repr(found.facts())
    for number in ("100000002", "100000003", "00000004", "100000000", "100000001", "123456789012"):
        assert number not in told, name


def test_every_fault_of_input_is_met_and_has_words(
    record_property: Callable[[str, object], None],
) -> None:
    met = {fault.code() for _, _, fault, _ in CASES}
    elsewhere = {"number_old_form", "policy_unreadable"}  # they need a day or a profile
    open_rows = {
        "card_half_written",
        "card_booked_spoiled",
        "void_needs_card",
        "card_of_open_row",
    }  # the desk's
    assert met | elsewhere | open_rows == set(FAULTS)
    assert all(FAULTS[code].exit == 2 for code in met)
    record_property("input_refusals_run", len(CASES))


def test_a_full_application_is_read_as_it_stands() -> None:
    app = read(FULL)
    assert app.numbers() == (NATIONAL, RESIDENT)
    assert app.born is not None
    assert (app.born.isoformat(), app.nationality) == ("2016-02-29", "TWN")
    assert app.proxy is not None
    assert (app.proxy.relation, app.proxy.number.value) == ("parent", "L100000000")
    assert app.school is not None
    assert (app.school.level, app.school.in_city) == ("senior", True)
    assert [d.kind for d in app.documents] == ["national_id"]


def test_numbers_are_told_once_folded_and_without_the_proxys() -> None:
    app = read({**FULL, "other_numbers": ["bc 00000004", wide("BC00000004"), NATIONAL]})
    assert app.numbers() == (NATIONAL, RESIDENT)


def test_an_application_shows_no_number() -> None:
    shown = repr(read(FULL)) + str(read(FULL))
    for hidden in (NATIONAL, RESIDENT, "L100000000", "2016"):
        assert hidden not in shown


@pytest.mark.parametrize("kind", ["citizen", "student"])
def test_white_space_and_escapes_around_are_json(kind: str) -> None:
    text = json.dumps(given(kind, NATIONAL), indent=2).replace("kind", "\\u006bind")
    assert parse(raw(f"\r\n\t {text} \n")).kind == kind


@pytest.mark.parametrize("district", [XITUN, "66000290", "elsewhere", "63000010", "09020010"])
def test_districts_of_this_city_and_of_others_are_known(district: str) -> None:
    app = read(given("citizen", NATIONAL, paper("national_id", district)))
    assert app.documents[0].is_elsewhere == (district not in (XITUN, "66000290"))


def test_brackets_inside_strings_are_not_depth() -> None:
    assert load(b'["' + b"[" * 500 + b'\\"{{"]') == ["[" * 500 + '"{{']


def only_faults(data: bytes) -> None:
    try:
        parse(data)
    except Fault as caught:
        fault = caught
    else:
        return
    assert FAULTS[fault.code()].exit == 2
    assert "100000002" not in str(fault)


@drawn(st.binary(max_size=200))
def test_any_bytes_end_in_a_fault(data: bytes) -> None:
    only_faults(data)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)
PATHS: list[tuple[str | int, ...]] = [
    *((name,) for name in FULL),
    ("documents", 0),
    *(("documents", 0, name) for name in ("kind", "district", "issued_on", "valid_until")),
    *(("school", name) for name in ("level", "in_city", "graduates_on", "more")),
    *(("proxy", name) for name in ("relation", "number", "documents")),
    ("other_numbers", 0),
]


@settings(max_examples=300)
@drawn(st.sampled_from(PATHS), JSON)
def test_any_value_in_any_place_ends_in_a_fault_or_an_application(
    path: tuple[str | int, ...], value: object
) -> None:
    application = json.loads(json.dumps(spouse() | FULL))
    holder = application
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    only_faults(json.dumps(application).encode())


@settings(max_examples=300)
@drawn(st.integers(0, len(TEXT) - 1), st.binary(max_size=6), st.integers(0, 6))
def test_any_cut_and_splice_ends_in_a_fault_or_an_application(
    at: int, spliced: bytes, dropped: int
) -> None:
    data = TEXT.encode()
    only_faults(data[:at] + spliced + data[at + dropped :])
