"""Age in whole years. Source: `law.civil.124`, `law.civil.121` (domain.md 5)."""

from __future__ import annotations

from datetime import date


def age_years(born: date, today: date) -> int:
    """Whole years on `today`, counted from the day of birth; reached on the birthday.

    Born on 29 February: reached on 1 March in common years. Negative for a birth to come.
    """
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
