"""The handle on a card that carries its own record: two slots, a directory, a purse.

States of a card, by what a reader finds (cards.md 2.10):
- no valid slot: blank or half written; `prepare` makes or finishes it;
- one or two valid slots: the newer is the truth, it is ahead of the other by one (mod 256).

A write that a counter makes is read back; a tap, which is what advances n, is not: what did not
stick is found at the next presentation, and the journal has it (docs/air.md).

Order of a `put`, and what a tear leaves:
1. a charge still owed by the state before is taken (it would be forgotten otherwise);
2. the older slot is written, the block with the MAC last: torn, it is no valid slot, and the
   newer one is still the truth: old state;
3. from the MAC on it is the newer one: new state. The purse follows, the block that does not count
   first; torn, the record and the mark say what is still to be taken.

Invariants: the slot that counts is never written; a purse block is written only while the other
one is good; a valid slot implies that all three sectors are under our keys and the directory is
there (`personalise` writes the first record last).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal, TypeVar

from apdu.classic.geometry import BLOCK_BYTES, data_blocks_of
from cards.card import PRODUCT_KIND
from cards.config import OurSectors
from cards.errors import CardNotIssued, CardSpoiled, NewerLayout, ReadBackDiffers
from cards.identify import Identity
from cards.layout import LAYOUT_VERSION, Layout
from cards.purse import Pair, read_pair, settled_ntd, writes
from cards.records import (
    DIRECTORY,
    SEQUENCES,
    STATE,
    StoredState,
    pack_directory,
    pack_state,
    unpack_directory,
    unpack_state,
)
from cards.seal import Seal
from cards.sectors import Blocks, OwnSectors
from cards.state import CardState, Directory, Purse

T = TypeVar("T")


class RecordCard:
    """A `Card` on a MIFARE Classic 1K. `found`: the data blocks of each of our three sectors."""

    mode: Literal["record"] = "record"
    kind = PRODUCT_KIND

    def __init__(
        self,
        identity: Identity,
        *,
        card_ref: bytes,
        ours: OurSectors,
        memory: OwnSectors,
        seal: Seal,
        found: Mapping[int, Blocks],
    ) -> None:
        self.chip = identity.chip
        self.uid = identity.uid
        self.card_ref = card_ref
        self.ours = ours
        self.memory = memory
        self._seal = seal
        self._newest: StoredState | None  # None: no valid slot
        self._older: int  # the slot that is written next, 0 or 1
        self._directory: Directory | None
        self._purse_blocks: list[bytes]
        self._paired: tuple[tuple[object, ...], Pair] | None = None  # by what it was read from
        self._newer: int | None  # a layout version beyond us
        self.was_empty: bool  # all zeros but for the purse, when it was last read
        self._take(found)

    @property
    def state(self) -> CardState | None:
        return None if self._newest is None else self._newest.state

    @property
    def directory(self) -> Directory | None:
        return self._directory

    @property
    def purse(self) -> Purse | None:
        if self.newer:
            return None
        pair, state = self._pair(), self.state
        return Purse(ntd=pair.ntd, settled=state is None or pair.mark == state.purse_mark)

    @property
    def newer(self) -> bool:
        return self._newer is not None

    @property
    def layout_version(self) -> int:
        return LAYOUT_VERSION if self._newer is None else self._newer

    @property
    def issued(self) -> bool | None:
        if self.newer:
            return None
        return self.state is not None and self.state.issued

    def put(self, state: CardState) -> None:
        self.refuse_newer()
        if self._newest is None:
            raise CardNotIssued
        checked = state.n == self._newest.state.n
        self._settle(checked=checked)
        self._write_state(state, checked=checked)
        self._settle(checked=checked)

    def settle(self) -> None:
        """Also on a card without a record: two blocks that disagree are made one."""
        self.refuse_newer()
        self._settle(checked=False)

    def _settle(self, *, checked: bool) -> None:
        pair, state = self._pair(), self.state
        mark = pair.mark if state is None else state.purse_mark
        ntd = pair.ntd if state is None else settled_ntd(pair, state)
        for which, data in writes(self._purse_blocks, pair, ntd=ntd, mark=mark):
            self.memory.write(self.ours.purse_blocks[which], data, checked=checked)
            self._purse_blocks[which] = data

    # What follows is for `personalise` and `rekey`, which hold their order.

    @property
    def key_versions(self) -> frozenset[int]:
        """The versions of the keys of our sectors; `TRANSPORT` among them on stock."""
        return frozenset(map(self.memory.version_of, self.ours.sectors))

    def check_keys(self) -> None:
        """Whether a trailer may be written in each of our sectors. Writes nothing. Raises
        `NewerLayout`, `SectorLocked`."""
        self.refuse_newer()
        for sector in reversed(self.ours.read_order):  # the one read last is open
            self.memory.check_trailer(sector)

    def change_keys(self, version: int) -> None:
        """This card's own keys of `version` in each of our sectors: changed where they are others,
        proven in any case. Idempotent; torn, each sector has the old keys or the new ones. Raises
        `ReadBackDiffers`, `SectorLocked`."""
        for sector in reversed(self.ours.sectors):  # slot A is open for the first record then
            if self.memory.version_of(sector) == version:
                self.memory.prove(sector)
            else:
                self.memory.change_key(sector, version)

    def refuse_newer(self) -> None:
        """Raises `NewerLayout` where a part of the card is beyond this software."""
        if self.newer:
            raise NewerLayout(version=self.layout_version)

    def write_directory(self, directory: Directory) -> None:
        """Write the directory, read it back."""
        body = pack_directory(directory)
        sealed = self._seal.seal(DIRECTORY, body)
        self.memory.write(self.ours.directory_block, sealed, checked=True)
        self._directory = directory

    def begin(self) -> None:
        """Write the first record, *prepared*: the purse's amount and mark are its start. Not read
        back: `read_again` follows, as it does after `erase`."""
        pair = self._pair()
        state = CardState(purse_before=pair.ntd, purse_after=pair.ntd, purse_mark=pair.mark)
        self._write_state(state, checked=False)

    def erase(self) -> None:
        """Zero both slots, the one that counts last, then the directory. The purse stays."""
        zeros = bytes(STATE.body_bytes + STATE.mac_bytes)
        for slot in (self._older, 1 - self._older):
            self.memory.fill(self.ours.sectors[slot], zeros, checked=False)
        self.memory.write(self.ours.directory_block, bytes(BLOCK_BYTES), checked=False)
        self._newest = self._directory = None

    def read_again(self) -> None:
        """Forget what was read and read the card anew. Raises `ReadBackDiffers` where it shows
        another state or directory than this handle wrote."""
        slot = data_blocks_of(self.ours.sectors[1 - self._older])[0]
        state, directory = self.state, self.directory
        self._take({sector: self._look(sector) for sector in self.ours.read_order})
        if self.state != state:
            raise ReadBackDiffers(block=slot)
        if self.directory != directory:
            raise ReadBackDiffers(block=self.ours.directory_block)

    def _look(self, sector: int) -> Blocks:
        found = self.memory.look(sector)
        if found is None:
            raise CardSpoiled(why="sectors")
        return found

    def _write_state(self, state: CardState, *, checked: bool) -> None:
        last = SEQUENCES - 1 if self._newest is None else self._newest.sequence
        stored = StoredState(state=state, sequence=(last + 1) % SEQUENCES)
        sealed = self._seal.seal(STATE, pack_state(state, sequence=stored.sequence))
        self.memory.fill(self.ours.sectors[self._older], sealed, checked=checked)
        self._newest, self._older = stored, 1 - self._older

    def _pair(self) -> Pair:
        """What the purse says, read once for the same blocks and record."""
        said = *self._purse_blocks, self._newest
        if self._paired is None or self._paired[0] != said:
            self._paired = said, read_pair(self._purse_blocks, self.state)
        return self._paired[1]

    def _take(self, found: Mapping[int, Blocks]) -> None:
        slot_a, slot_b, (directory, *purse) = (found[sector] for sector in self.ours.sectors)
        self._newer = None
        self.was_empty = not any(map(any, (*slot_a, *slot_b, directory)))
        slots = [self._opened(STATE, b"".join(slot), unpack_state) for slot in (slot_a, slot_b)]
        self._directory = self._opened(DIRECTORY, directory, unpack_directory)
        self._purse_blocks = purse
        self._older, self._newest = (0, None) if self.newer else _newest(*slots)
        if not self.newer:
            self._pair()

    def _opened(self, layout: Layout, sealed: bytes, unpack: Callable[[bytes], T]) -> T | None:
        body = self._seal.open(layout, sealed)
        if body is None:
            return None  # torn or never written, whatever its version byte
        try:
            return unpack(body)
        except NewerLayout as newer:
            self._newer = newer.version
            return None


def _newest(a: StoredState | None, b: StoredState | None) -> tuple[int, StoredState | None]:
    """Which slot (0, 1) is written next, and what the other one says."""
    if a is None or (b is not None and (b.sequence - a.sequence) % SEQUENCES == 1):
        return 0, b
    if b is None or (a.sequence - b.sequence) % SEQUENCES == 1:
        return 1, a
    # No tear of ours does this; a sector put back from an older image would.
    raise CardSpoiled(why="slots")
