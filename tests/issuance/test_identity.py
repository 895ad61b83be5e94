"""Numbers of people: the published values of domain.md 6, folding, hints."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu.errors import Fault
from issuance.errors import NumberBopomofo, NumberChecksum, NumberShape, NumberTwelveDigits
from issuance.identity import check_number, checksum
from tests.issuance.people import wide

# (number, sum where it is published)
VALID = {
    "national": (
        *(("A123456789", 130), ("B100000002", 20), ("L100000000", 10), ("B200000004", 30)),
        *(("F131104093", None), ("O158238845", None), ("W298765437", 240), ("I100000003", 50)),
        *(("C180661564", None), ("N116247806", None), ("L122544270", None), ("Y123456788", None)),
    ),
    "resident_new": (
        *(("A800000014", 70), ("B800000006", 80), ("B900000008", 90), ("A900207177", None)),
        *(("L800123459", 110), ("F906543211", 210), ("F800123455", None)),
    ),
    "resident_old": (
        *(("AA00000009", None), ("AC00000003", 20), ("AD00000005", 30), ("BC00000004", 30)),
        *(("BD12345672", 120), ("HD02717288", None), ("AC01234567", None), ("AB00000001", None)),
    ),
}
ALL_VALID = [(kind, number, total) for kind, row in VALID.items() for number, total in row]

WRONG_CHECKSUM = (
    *(("A123456788", 129), ("B100000003", 21), ("L100000001", 11), ("F131104091", None)),
    *(("A213456789", 131), ("A800000000", None), ("A800000015", None), ("B800000001", 75)),
    *(("F931104091", None), ("L800123450", 101), ("AA00000000", None), ("BC00000005", 31)),
    *(("AD00000000", 25), ("CB00000004", 31), ("FB76543210", 194)),
)
WRONG_SHAPE = (
    "A323456789",
    "A12345678",
    "A700000000",
    "FG31104091",
    "",
    "B1000000022",
    "1B00000002",
)

# Letter values as the table of domain.md 6 writes them, not as the code computes them.
LETTERS: dict[str, int] = {
    **{"A": 10, "B": 11, "C": 12, "D": 13, "E": 14, "F": 15, "G": 16, "H": 17, "I": 34, "J": 18},
    **{"K": 19, "L": 20, "M": 21, "N": 22, "O": 35, "P": 23, "Q": 24, "R": 25, "S": 26, "T": 27},
    **{"U": 28, "V": 29, "W": 32, "X": 30, "Y": 31, "Z": 33},
}


@pytest.mark.parametrize(("kind", "number", "total"), ALL_VALID, ids=str)
def test_published_numbers_are_accepted(kind: str, number: str, total: int | None) -> None:
    found = check_number(number)
    assert (found.kind, found.value) == (kind, number)
    assert total in (None, checksum(number))


@pytest.mark.parametrize(("number", "total"), WRONG_CHECKSUM)
def test_published_wrong_check_digits_are_refused(number: str, total: int | None) -> None:
    with pytest.raises(NumberChecksum):
        check_number(number)
    assert total in (None, checksum(number))


@pytest.mark.parametrize("number", WRONG_SHAPE)
def test_other_shapes_are_refused(number: str) -> None:
    with pytest.raises(NumberShape):
        check_number(number)


@pytest.mark.parametrize(
    "text", ["123456789012", "0000 1234 5678", wide("123456789012"), " 123456789012 "]
)
def test_twelve_digits_get_their_hint(text: str) -> None:
    with pytest.raises(NumberTwelveDigits):
        check_number(text)


@pytest.mark.parametrize("text", ["ㄅ100000002", "Bㄉ00000004", "ㆠ"])
def test_bopomofo_gets_its_hint(text: str) -> None:
    with pytest.raises(NumberBopomofo):
        check_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "b100000002",
        wide("B100000002"),
        wide("b100000002"),
        "B1 0000 0002",
        "\u3000B100000002 ",
    ],
)
def test_width_case_and_spaces_are_folded(text: str) -> None:
    assert check_number(text).value == "B100000002"


@pytest.mark.parametrize(
    "text", ["B10000000\u0662", "\u0412100000002", "B10000000²", "\u0131100000003", "K\u0307"]
)
def test_letters_and_digits_of_other_alphabets_are_not_folded(text: str) -> None:
    with pytest.raises(NumberShape):
        check_number(text)


def test_all_published_values_were_run(record_property: Callable[[str, object], None]) -> None:
    count = len(ALL_VALID) + len(WRONG_CHECKSUM) + len(WRONG_SHAPE)
    record_property("numbers_of_people_run", count)
    assert len(ALL_VALID) >= 23
    assert len(WRONG_CHECKSUM) >= 7


@given(
    letter=st.sampled_from(sorted(LETTERS)),
    second=st.sampled_from(("1", "2", "8", "9", "A", "B", "C", "D")),
    rest=st.text("0123456789", min_size=7, max_size=7),
)
def test_exactly_one_check_digit_fits(letter: str, second: str, rest: str) -> None:
    middle = LETTERS[second] % 10 if second in LETTERS else second
    known = zip(f"{LETTERS[letter]}{middle}{rest}", (1, *range(9, 0, -1)), strict=True)
    right = str(-sum(int(digit) * weight for digit, weight in known) % 10)
    fitting = [d for d in "0123456789" if not isinstance(tried(letter + second + rest + d), Fault)]
    assert fitting == [right]


@pytest.mark.parametrize(("_kind", "number", "_total"), ALL_VALID)
def test_a_swap_of_the_last_two_digits_is_not_seen(
    _kind: str, number: str, _total: int | None
) -> None:
    # A limit of the checksum: the screen shows numbers in groups and has them compared.
    check_number(number[:8] + number[9] + number[8])


@given(st.text())
def test_no_error_repeats_what_was_typed(text: str) -> None:
    outcome = tried(text)
    if len(text) >= 4:
        assert text not in str(outcome)
        assert text not in repr(outcome)


def test_a_good_number_is_not_shown_either() -> None:
    assert "100000002" not in f"{check_number('B100000002')!r} {check_number('B100000002')}"


def tried(text: str) -> object:
    try:
        return check_number(text)
    except Fault as fault:
        return fault
