"""The last date that an application may have gives ends for which a card has room: what has no
place on a card would be found out only once the claim is made."""

from __future__ import annotations

from datetime import date

from cards.layout import day_of, days
from issuance.reading import YEAR_MAX, civil_date
from issuance.rules.ages import school_year, school_year_end

LAST = civil_date(f"{YEAR_MAX}-12-31", field="school.graduates_on")


def test_the_last_good_day_of_a_document_has_room_on_a_card() -> None:
    assert day_of(days(LAST)) == LAST
    assert days(LAST) <= 0xFFFF


def test_so_has_the_end_of_the_school_year_in_which_school_ends() -> None:
    end = school_year_end(school_year(LAST))
    assert end > LAST
    assert days(end) <= 0xFFFF
    assert days(date(LAST.year, 10, 31)) <= 0xFFFF
