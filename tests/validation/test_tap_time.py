"""When a tap happens: ISO 8601, Taipei where no offset is given, nothing else."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from validation.errors import TapTimeUnclear
from validation.tap_time import EARLIEST_AT, LATEST_AT, parse, taipei_day, utc_text, whole_second


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-25T08:00", "2026-11-25T00:00:00Z"),
        ("2026-11-25T08:00:59", "2026-11-25T00:00:59Z"),
        ("2026-11-25T08:00:00Z", "2026-11-25T08:00:00Z"),
        ("2026-11-25T08:00:00+09:00", "2026-11-24T23:00:00Z"),
        ("2026-11-25T08:00+0800", "2026-11-25T00:00:00Z"),
        ("2026-11-25T08:00:00.999999", "2026-11-25T00:00:00Z"),
        ("2028-02-29T00:00", "2028-02-28T16:00:00Z"),
        ("2000-01-01T08:00", "2000-01-01T00:00:00Z"),
    ],
)
def test_a_time_is_read(text: str, utc: str) -> None:
    assert utc_text(parse(text)) == utc


@pytest.mark.parametrize(
    "text",
    [
        *("", "now", "2026-11-25", "08:00", "2026-11-25 08:00", "2026-11-25T08", "20261125T0800"),
        *("2026-11-25T08:00 ", "2026-11-25T08:00\n", "\uff12026-11-25T08:00", "2026-W48-3T08:00"),
        *("2027-02-29T08:00", "2026-11-25T24:00", "2026-11-25T08:60", "2026-11-25T08:00:60"),
        *("2026-11-25T08:00+99:99", "0115-11-25T08:00", "2000-01-01T07:59:59", "2136-02-08T00:00"),
        *("0001-01-01T00:00", "9999-12-31T23:59:59-12:00"),
    ],
)
def test_what_is_no_time_a_card_can_hold_is_refused(text: str) -> None:
    with pytest.raises(TapTimeUnclear):
        parse(text)


def test_the_ends_of_what_a_card_can_hold() -> None:
    assert (LATEST_AT - EARLIEST_AT).total_seconds() == 2**32 - 1
    assert whole_second(LATEST_AT) == LATEST_AT
    assert whole_second(EARLIEST_AT) == EARLIEST_AT


def test_a_naive_time_is_our_fault() -> None:
    with pytest.raises(ValueError, match="aware"):
        whole_second(datetime(2026, 11, 25, 8))  # noqa: DTZ001


def test_the_day_is_taipeis() -> None:
    assert taipei_day(datetime(2026, 11, 24, 16, tzinfo=UTC)) == date(2026, 11, 25)
    assert taipei_day(datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC)) == date(2026, 11, 24)
