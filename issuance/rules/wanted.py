"""What a card is to say of its holder beside the directory's common part.

It is worked out while the application is there and kept with the open issuance until that ends,
since whoever finishes one that was cut off has no application (ledger.md 4.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import msgspec

from cards.state import School


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Last good days, None = the card has no such use (domain.md 5). A Flora card wants none."""

    half_until: date | None = None
    student_until: date | None = None
    library_until: date | None = None
    school: School | None = None

    def packed(self) -> bytes | None:
        """As an open issuance keeps it; None where there is nothing to keep."""
        return None if self == Wanted() else msgspec.json.encode(self)

    @classmethod
    def unpacked(cls, kept: bytes | None) -> Wanted:
        return cls() if kept is None else msgspec.json.decode(kept, type=cls)
