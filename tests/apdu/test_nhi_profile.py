"""The NHI card's public profile: one vector, and what is no profile."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu.nhi import PROFILE, PROFILE_BYTES, SELECT, Holder
from tests.apdu.vectors import Vector, published

V = published("nhi_profile")[0]


@pytest.mark.parametrize("v", published("nhi_profile"), ids=repr)
def test_a_profile_as_computed(v: Vector) -> None:
    found = Holder.parse(v["record"])
    assert found is not None
    assert found.card_no == v.raw["card_no"], v.source
    assert found.name == v.raw["name"], v.source
    assert found.id_no == v.raw["id_no"], v.source
    assert found.born == date.fromisoformat(v.raw["born"]), v.source
    assert found.sex == v.raw["sex"], v.source
    assert found.issued == date.fromisoformat(v.raw["issued"]), v.source


def test_the_commands_are_those_that_public_readers_send() -> None:
    assert bytes(SELECT).hex() == "00a4040010d1580000010000000000000000001100"
    assert bytes(PROFILE).hex() == "00ca1100020000"


def test_a_number_is_shown_masked_and_repr_shows_nothing() -> None:
    record = V["record"].replace(b"A123456789", b"B100000002")
    found = Holder.parse(record)
    assert found is not None
    assert found.masked == "B1******02"
    assert repr(found) == "Holder()"


@pytest.mark.parametrize(
    ("at", "wrong"),
    [(0, b"x"), (32, b"*"), (42, b"x"), (45, b"13"), (49, b"X"), (54, b"31")],
    ids=["card number", "number", "birth year", "birth month", "sex", "issue day"],
)
def test_what_does_not_fit_is_no_profile(at: int, wrong: bytes) -> None:
    record = bytearray(V["record"])
    record[at : at + len(wrong)] = wrong
    if at == 54:
        record[52:54] = b"02"  # 31 February
    assert Holder.parse(bytes(record)) is None


def test_characters_outside_big5_are_marked_and_the_rest_is_read() -> None:
    record = bytearray(V["record"])
    record[12:14] = b"\xfa\x40"
    found = Holder.parse(bytes(record))
    assert found is not None
    assert found.name.endswith("小明")
    assert "�" in found.name


@given(st.binary(max_size=PROFILE_BYTES + 4))
def test_any_bytes_are_read_or_refused(record: bytes) -> None:
    found = Holder.parse(record)
    assert found is None or len(record) >= PROFILE_BYTES
