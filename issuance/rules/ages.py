"""Age in whole years, the half fare of children, school years.

Source: `law.civil.124`, `law.civil.121`, `report.4.1`, `report.4.2` (domain.md 5).
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

HALF_FARE_AGE: Final = 6  # half fare from this birthday ...
FULL_FARE_AGE: Final = 12  # ... to the day before this one
LAST_PRIMARY_GRADE: Final = 6
_FIRST_MONTH = 8  # a school year is 1 August to 31 July


def age_years(born: date, today: date) -> int:
    """Whole years on `today`, counted from the day of birth; reached on the birthday.

    Born on 29 February: reached on 1 March in common years. Negative for a birth to come.
    """
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def birthday(born: date, age: int) -> date:
    """The day on which `age` is reached."""
    try:
        return born.replace(year=born.year + age)
    except ValueError:  # 29 February, and that year has none
        return date(born.year + age, 3, 1)


def half_fare_until(born: date) -> date:
    """The last day of the half fare: the one before the 12th birthday."""
    return birthday(born, FULL_FARE_AGE) - timedelta(days=1)


def school_year(day: date) -> int:
    """The year in which the school year of `day` began."""
    return day.year - (day.month < _FIRST_MONTH)


def school_year_end(year: int) -> date:
    """The last day of the school year that began in `year`: 31 July."""
    return date(year + 1, _FIRST_MONTH, 1) - timedelta(days=1)


def primary_school_until(grade: int, today: date) -> date:
    """The last day of grade 6 for who is in `grade` (from 1) now; past for who has left it."""
    return school_year_end(school_year(today) + LAST_PRIMARY_GRADE - grade)
