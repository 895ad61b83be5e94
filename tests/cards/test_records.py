"""The layouts, byte by byte, and the way to values and back (cards.md 2.10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given

from cards import records_desfire
from cards.errors import NewerLayout
from cards.layout import LAYOUT_VERSION, Layout, build, parse
from cards.records import (
    DIRECTORY,
    STATE,
    pack_directory,
    pack_state,
    unpack_directory,
    unpack_state,
)
from cards.state import BindingMark, CardState, Directory, Trip
from tests.cards.values import directories, states

LAYOUTS = [
    STATE,
    DIRECTORY,
    records_desfire.DIRECTORY,
    records_desfire.POLICIES,
    records_desfire.STATE,
    records_desfire.EVENT,
    records_desfire.SCHOOL,
    records_desfire.LIBRARY,
]
STATE_AS_WRITTEN = CardState(
    n=0x01020304,
    issued=True,
    binding=BindingMark(
        binding_id=bytes.fromhex("a1a2a3a4"), policy=7, expires_on=date(2000, 1, 3), half=True
    ),
    trip=Trip(
        open=True,
        bound=False,
        half=False,
        route=300,
        vehicle=bytes.fromhex("b1b2b3b4"),
        boarded_stop=5,
        boarded_at=datetime(2000, 1, 1, 0, 1, 0, tzinfo=UTC),
        paid_ntd=250,
        last_stop=6,
        last_at=datetime(2000, 1, 1, 1, 0, 0, tzinfo=UTC),
    ),
    purse_before=100,
    purse_after=-60,
    purse_mark=9,
)

# Offsets of the table in cards.md 2.10, and what stands there.
FIELDS = (
    (0, "01"),  # layout version
    (1, "fe"),  # slot sequence
    (2, "01020304"),  # n
    (6, "13"),  # issued, trip open, binding half
    (7, "a1a2a3a4"),  # binding id
    (11, "07"),  # policy
    (12, "0002"),  # expires_on
    (14, "012c"),  # route
    (16, "b1b2b3b4"),  # vehicle
    (20, "0005"),  # boarding stop
    (22, "0000003c"),  # boarding time
    (26, "00fa"),  # paid
    (28, "0006"),  # last stop
    (30, "00000e10"),  # last time
    (34, "0064"),  # purse before
    (36, "ffc4"),  # purse after
    (38, "09"),  # purse mark
    (39, "00"),
)


def test_each_field_of_the_state_record_stands_at_its_place() -> None:
    body = pack_state(STATE_AS_WRITTEN, sequence=0xFE)
    for offset, wanted in FIELDS:
        found = body[offset : offset + len(wanted) // 2].hex()
        assert found == wanted, f"at byte {offset}"
    assert sum(len(wanted) for _, wanted in FIELDS) == 2 * len(body) == 80


def test_the_directory_is_written_as_the_table_says() -> None:
    directory = Directory(
        product="student",
        issuer=258,
        year=2027,
        expires_on=date(2000, 1, 2),
        card_number="9876543210",
    )
    assert pack_directory(directory).hex() == "010301021b00019876543210"


@pytest.mark.parametrize("layout", [STATE, DIRECTORY], ids=lambda layout: layout.name.decode())
def test_the_example_on_a_declaration_has_its_size_and_round_trips(layout: Layout) -> None:
    assert len(layout.example) == layout.body_bytes
    if layout is STATE:
        stored = unpack_state(layout.example)
        assert pack_state(stored.state, sequence=stored.sequence) == layout.example
    else:
        assert pack_directory(unpack_directory(layout.example)) == layout.example


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name.decode())
def test_what_a_tap_reads_and_writes_is_what_the_declaration_says(layout: Layout) -> None:
    declared = layout.body.parse(layout.example)
    found = vars(parse(layout, layout.example))
    assert found == {name: declared[name] for name in layout.names}
    assert build(layout, found) == layout.body.build(found) == layout.example


def test_bytes_of_another_length_are_our_fault_not_cut_or_filled_up() -> None:
    binding, trip = STATE_AS_WRITTEN.binding, STATE_AS_WRITTEN.trip
    assert binding is not None
    assert trip is not None
    for length in (3, 5):
        for state in (
            replace(STATE_AS_WRITTEN, binding=replace(binding, binding_id=bytes(length))),
            replace(STATE_AS_WRITTEN, trip=replace(trip, vehicle=b"\1" * length)),
        ):
            with pytest.raises(ValueError, match="flora state"):
                pack_state(state)


def test_both_records_fit_their_blocks_exactly() -> None:
    assert STATE.body_bytes + STATE.mac_bytes == 3 * 16
    assert DIRECTORY.body_bytes + DIRECTORY.mac_bytes == 16


@given(states())
def test_every_state_comes_back_as_it_was(state: CardState) -> None:
    stored = unpack_state(pack_state(state, sequence=200))
    assert (stored.state, stored.sequence) == (state, 200)


@given(directories())
def test_every_directory_comes_back_as_it_was(directory: Directory) -> None:
    assert unpack_directory(pack_directory(directory)) == directory


@pytest.mark.parametrize("version", [0, 2, 255])
def test_another_layout_version_is_named_and_not_read(version: int) -> None:
    for body, unpack in ((STATE.example, unpack_state), (DIRECTORY.example, unpack_directory)):
        with pytest.raises(NewerLayout) as newer:
            unpack(bytes((version,)) + body[1:])
        assert newer.value.version == version


@pytest.mark.parametrize("byte", [6, 39], ids=["spare flag", "spare byte"])
def test_a_spare_bit_that_is_set_is_beyond_us_not_ignored(byte: int) -> None:
    body = bytearray(STATE.example)
    body[byte] |= 0x80
    with pytest.raises(NewerLayout) as newer:
        unpack_state(bytes(body))
    assert newer.value.version == LAYOUT_VERSION


def test_an_unknown_product_is_beyond_us() -> None:
    body = bytearray(DIRECTORY.example)
    body[1] = 99
    with pytest.raises(NewerLayout):
        unpack_directory(bytes(body))


@pytest.mark.parametrize(
    "state",
    [
        replace(STATE_AS_WRITTEN, purse_after=-61),
        replace(STATE_AS_WRITTEN, purse_before=32_768),
        replace(STATE_AS_WRITTEN, n=2**32),
        replace(STATE_AS_WRITTEN, n=0),
        replace(STATE_AS_WRITTEN, trip=None),
        replace(STATE_AS_WRITTEN, purse_mark=256),
    ],
    ids=["purse low", "purse high", "n", "trip without taps", "taps without trip", "mark"],
)
def test_a_value_without_a_place_is_our_fault(state: CardState) -> None:
    with pytest.raises(ValueError, match=r"flora state|purse|trip"):
        pack_state(state)


def test_a_binding_that_would_read_as_none_is_not_written() -> None:
    mark = BindingMark(binding_id=bytes(4), policy=0, expires_on=None, half=False)
    with pytest.raises(ValueError, match="unbound"):
        pack_state(CardState(binding=mark))
    early = replace(mark, policy=1, expires_on=date(2000, 1, 1))
    with pytest.raises(ValueError, match="calendar"):
        pack_state(CardState(binding=early))


@pytest.mark.parametrize("number", ["123456789", "01234567890", "012345678x", "\uff10" * 10])
def test_a_card_number_is_ten_decimal_digits(number: str) -> None:
    directory = replace(unpack_directory(DIRECTORY.example), card_number=number)
    with pytest.raises(ValueError, match="ten"):
        pack_directory(directory)
