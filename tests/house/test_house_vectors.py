"""Every vector is run by each side that it names."""

from __future__ import annotations

import pytest

from tests.house.vector_count import SIDES, computed, id_of, owed, run_by, tally


@pytest.mark.parametrize("side", SIDES)
def test_every_vector_is_run_by_the_side_that_owes_it(side: str) -> None:
    missing = owed(side) - run_by(side)
    assert not missing, f"{side}: no test runs {', '.join(sorted(missing))}"


def test_what_is_no_vector_is_not_counted() -> None:
    assert id_of({"id": "crc-a-0"}) is None
    assert id_of({"id": "crc-a-1"}) == "crc-a-1"
    assert id_of("crc-a-1") is None


def test_what_we_computed_ourselves_is_not_counted_as_published() -> None:
    assert tally("card side", owed("card side")) == (
        "vectors kept, card side: 78 of 78 published, 11 of 11 computed (regression only)"
    )
    assert tally("terminal side", computed()) == (
        "vectors kept, terminal side: 0 of 75 published, 11 of 11 computed (regression only)"
    )
