"""Which sectors of the stock are ours: configuration, from the city profile."""

from __future__ import annotations

from dataclasses import dataclass

from apdu.classic.geometry import SECTORS, data_blocks_of

SECTORS_WANTED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class OurSectors:
    """Two sectors for the slots of the state record, then the one for directory and purse.

    `ledger_mode`: whether cards without a free sector may be handed out as well. Raises
    ValueError for anything but three different sectors of 1-15 (sector 0 is the manufacturer's).
    """

    sectors: tuple[int, ...] = (12, 13, 14)  # cards.md 2.10: the simulation's
    ledger_mode: bool = True

    def __post_init__(self) -> None:
        fits = all(0 < sector < SECTORS for sector in self.sectors)
        if not fits or len(set(self.sectors)) != SECTORS_WANTED or len(self.sectors) != 3:
            raise ValueError(f"our sectors: {self.sectors}")

    @property
    def read_order(self) -> tuple[int, ...]:
        """Directory and purse first, so that in half of all cases the slot that is written next
        is still open when all is read (docs/air.md)."""
        slot_a, slot_b, last = self.sectors
        return last, slot_a, slot_b

    @property
    def directory_block(self) -> int:
        """The block of the directory."""
        return data_blocks_of(self.sectors[-1])[0]

    @property
    def purse_blocks(self) -> tuple[int, int]:
        """The two value blocks of the purse."""
        _, first, second = data_blocks_of(self.sectors[-1])
        return first, second
