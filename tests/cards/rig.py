"""A MIFARE Classic in a dict, fast enough for property tests, and what a card needs around it.

Our side's idea of the chip, so it proves nothing about the air: `test_air_tears.py` runs the same
verbs against the simulated card of the other side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, field
from random import Random

from apdu.atr import CLASSIC_1K, storage_atr
from apdu.classic.access import TRANSPORT, VALUE_BY_B, Access, access_of
from apdu.classic.geometry import BLOCKS, sector_of, trailer_of
from apdu.classic.value import ValueBlock
from apdu.secret import Secret
from cards.card import Card
from cards.config import OurSectors
from cards.on_classic import RecordCard
from cards.open import open_card
from cards.state import CardState, Directory
from drivers.contract import ClassicPort
from drivers.errors import BlockRefused, CardRemoved
from drivers.keys.material import KeyMaterial
from drivers.keys.memory import MemoryKeyStore

UID = bytes.fromhex("04a1b2c3")
OURS = OurSectors()
SLOT_A, SLOT_B, LAST = OURS.sectors
PURSE = OURS.purse_blocks
MATERIAL = KeyMaterial(
    token=None,
    ref=b"\x33" * 32,
    card_masters={1: b"\x44" * 16},
    record_master=b"\x55" * 16,
    transport_b=b"\x66" * 6,
    terminal_seed=b"\x77" * 32,
)
KEYS = MemoryKeyStore(MATERIAL)
DIRECTORY = Directory(
    product="flora", issuer=1, year=2026, expires_on=None, card_number="0123456789"
)
FROZEN = Access(VALUE_BY_B.data, 0b110)  # records can be written, keys never again
MOMENTS = ("before", "during", "after")


@dataclass(slots=True, kw_only=True)
class Chip:
    """64 blocks of 16 bytes as they are, keys included. `chance`: how torn bits fall."""

    uid: bytes = UID
    blocks: list[bytes]
    drops_writes: bool = False  # acknowledges and keeps the old (field-bugs C9)
    drops: frozenset[int] = frozenset()  # the same, in these blocks alone
    chance: Random = field(default_factory=lambda: Random(0))

    def ours(self) -> dict[int, bytes]:
        """The blocks of our sectors."""
        return {b: data for b, data in enumerate(self.blocks) if sector_of(b) in OURS.sectors}

    def foreign(self) -> dict[int, bytes]:
        """Every other block: what nothing of ours may change."""
        return {b: data for b, data in enumerate(self.blocks) if sector_of(b) not in OURS.sectors}

    def tear(self, block: int, data: bytes) -> None:
        """Old, new, or per bit old or new; a trailer old or new (cards.md 2.7)."""
        old, kind = self.blocks[block], self.chance.randrange(3)
        if kind == 1 or (kind == 2 and block == trailer_of(sector_of(block))):
            self.blocks[block] = data
        elif kind == 2:
            mask = self.chance.randbytes(len(data))
            mixed = (o & ~m & 0xFF | n & m for o, n, m in zip(old, data, mask, strict=True))
            self.blocks[block] = bytes(mixed)

    def top_up(self, ntd: int) -> None:
        """As the card company's machine: both blocks up, the address byte kept, a broken one
        left alone."""
        for block in PURSE:
            if (value := ValueBlock.parse(self.blocks[block])) is not None:
                raised = ValueBlock(value=value.value + ntd, address=value.address)
                self.blocks[block] = bytes(raised)


def stock(*, purse_ntd: int = 100, mark: int = 0) -> Chip:
    """A card as delivered: foreign keys and data all over, our sectors empty but for the purse."""
    chance = Random(4711)
    blocks = [chance.randbytes(16) for _ in range(BLOCKS)]
    for sector in range(BLOCKS // 4):
        key_a, key_b = chance.randbytes(6), chance.randbytes(6)
        if sector in OURS.sectors:
            key_b = KEYS.transport_key().reveal()
            for block in range(4 * sector, 4 * sector + 3):
                blocks[block] = bytes(16)
        blocks[trailer_of(sector)] = key_a + bytes(VALUE_BY_B) + b"\xff" + key_b
    for block in PURSE:
        blocks[block] = bytes(ValueBlock(value=purse_ntd, address=mark))
    return Chip(blocks=blocks)


def factory_blank() -> Chip:
    """A chip as its maker delivers it."""
    blocks = [bytes(16)] * BLOCKS
    for sector in range(BLOCKS // 4):
        blocks[trailer_of(sector)] = b"\xff" * 6 + bytes(TRANSPORT) + b"\x69" + b"\xff" * 6
    return Chip(blocks=blocks)


@dataclass(slots=True)
class Presentation:
    """One presentation of a chip: Connection and ClassicPort. `tear`: (verb from 1, moment)."""

    chip: Chip
    tear: tuple[int, str] | None = None
    verbs: int = 0
    touched: set[int] = field(default_factory=set)
    written: list[int] = field(default_factory=list)
    refused: int = 0  # authentications that the card refused
    atr: bytes = storage_atr(CLASSIC_1K)
    iso_dep: None = None
    _open: tuple[int, bool] | None = None
    _gone: bool = False

    @property
    def uid(self) -> bytes:
        return self.chip.uid

    @property
    def classic(self) -> ClassicPort | None:
        return self

    def close(self) -> None:
        self._gone = True

    def authenticate(self, block: int, key: Secret, *, key_b: bool) -> bool:
        self._frame(lambda: None)
        trailer = self.chip.blocks[trailer_of(sector_of(block))]
        held = trailer[10:] if key_b else trailer[:6]
        fits = access_of(trailer) is not None and key.reveal() == held
        self.refused += not fits
        self._open = (sector_of(block), key_b) if fits else None
        return fits

    def read(self, block: int) -> bytes:
        self._frame(lambda: None)
        self.touched.add(block)
        self._allowed(block, "read", with_b=False)
        data = self.chip.blocks[block]
        if block == trailer_of(sector_of(block)):
            return bytes(6) + data[6:10] + bytes(6)
        return data

    def write(self, block: int, data: bytes) -> None:
        self.touched.add(block)
        self.written.append(block)
        self._frame(lambda: self.chip.tear(block, data), lambda: self._program(block, data))
        self._program(block, data)

    def _program(self, block: int, data: bytes) -> None:
        self._allowed(block, "write", with_b=True)
        if not self.chip.drops_writes and block not in self.chip.drops:
            self.chip.blocks[block] = data

    def _allowed(self, block: int, verb: str, *, with_b: bool) -> None:
        sector = sector_of(block)
        access = access_of(self.chip.blocks[trailer_of(sector)])
        is_open = self._open in ((sector, True), (sector, with_b))
        frozen = access == FROZEN and verb == "write" and block == trailer_of(sector)
        if not is_open or access not in (VALUE_BY_B, FROZEN) or frozen:
            self._open = None
            raise BlockRefused(block=block, verb=verb)

    def _frame(self, half: Callable[[], None], whole: Callable[[], None] | None = None) -> None:
        if self._gone:
            raise CardRemoved(frames_done=self.verbs)
        self.verbs += 1
        if self.tear is None or self.tear[0] != self.verbs:
            return
        if self.tear[1] == "during":
            half()
        elif self.tear[1] == "after" and whole is not None:
            whole()
        self._gone = True
        raise CardRemoved(frames_done=self.verbs - 1)


class FakeShelf:
    """The ledger's side in two dicts."""

    def __init__(self) -> None:
        self.states: dict[bytes, CardState] = {}
        self.out: set[bytes] = set()

    def knows(self, card_ref: bytes) -> bool:
        return card_ref in self.out or card_ref in self.states

    def state(self, card_ref: bytes) -> CardState:
        return self.states.get(card_ref, CardState())

    def handed_out(self, card_ref: bytes) -> bool:
        return card_ref in self.out

    def keep(self, card_ref: bytes, state: CardState) -> None:
        self.states[card_ref] = state


def present(chip: Chip, *, tear: tuple[int, str] | None = None) -> RecordCard:
    """Put the chip down and open it as a card that carries its own record."""
    card = opened(Presentation(chip, tear))
    assert isinstance(card, RecordCard)
    return card


def opened(
    connection: Presentation, shelf: FakeShelf | None = None, ours: OurSectors = OURS
) -> Card:
    return open_card(connection, keys=KEYS, shelf=shelf or FakeShelf(), ours=ours)


def every_tear(start: Chip, work: Callable[[Card], None]) -> Iterator[tuple[str, Chip]]:
    """`start` torn at every verb of opening it and doing `work`, at each moment, each during-tear
    with three seeds; what lies there afterwards, and where it was torn."""
    whole = Presentation(deepcopy(start))
    work(opened(whole))
    for n in range(1, whole.verbs + 1):
        for moment, seed in (
            ("before", 0),
            ("during", 1),
            ("during", 2),
            ("during", 3),
            ("after", 0),
        ):
            chip = deepcopy(start)
            chip.chance = Random(seed * 1000 + n)
            with suppress(CardRemoved):  # after the last verb it is a success
                work(opened(Presentation(chip, (n, moment))))
            yield f"{moment} verb {n} seed {seed}", chip
