"""Every published vector is run by each side that it names."""

from __future__ import annotations

import pytest

from tests.house.vector_count import SIDES, id_of, owed, run_by


@pytest.mark.parametrize("side", SIDES)
def test_every_vector_is_run_by_the_side_that_owes_it(side: str) -> None:
    missing = owed(side) - run_by(side)
    assert not missing, f"{side}: no test runs {', '.join(sorted(missing))}"


def test_what_is_no_vector_is_not_counted() -> None:
    assert id_of({"id": "crc-a-0"}) is None
    assert id_of({"id": "crc-a-1"}) == "crc-a-1"
    assert id_of("crc-a-1") is None
