"""What a dump says of a card, byte by byte, whatever format it came in (cards.md 9).

A byte that a dump does not hold is unknown (None): it is not zero, an unknown key opens nothing and
unknown access bits grant nothing. What a dump says twice and differently is a `Contradiction`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from random import Random

from hw_sim.access import ACCESS_AND_USER, KEY_A, KEY_B
from hw_sim.dumps.desfire import DesfireFacts
from hw_sim.frames import CASCADE_TAG, bcc
from hw_sim.geometry import BLOCK_BYTES, BLOCKS, CHIP_MINI, SAKS, atqa, blocks_of, sectors
from hw_sim.image import CardImage, uid_fits

Known = tuple[int | None, ...]
"""Bytes of which some may be unknown."""
UNKNOWN_BLOCK: Known = (None,) * BLOCK_BYTES
OCTET = re.compile(r"[0-9A-Fa-f]{2}")
CHIP_OF_BLOCKS = {count: chip for chip, count in BLOCKS.items()}


class Form(Enum):
    """The formats. The value is what people call them."""

    PLAIN = "mfd"
    MCT = "mct"
    EML = "eml"
    PROXMARK = "proxmark"
    FLIPPER = "flipper"


class DumpUnreadable(Exception):
    """A file that is no dump. `why` says in a few English words what does not fit."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class DumpIncomplete(Exception):
    """A dump that lacks `unknown_bytes` of a card's memory, or its keys altogether (0)."""

    def __init__(self, unknown_bytes: int) -> None:
        super().__init__(f"{unknown_bytes} bytes are unknown")
        self.unknown_bytes = unknown_bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What a dump says beside the memory; None or empty where it says nothing. `atqa` in the order
    of the air; `kind` is the dump's own word for what was dumped."""

    kind: str = ""
    uid: bytes | None = None
    atqa: bytes | None = None
    sak: int | None = None
    ats: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """`what`: uid, bcc, key_a, key_b or access. `said`: by the header, the list of keys, or what
    follows from the UID; `found`: in the memory. `sector`: of a key or access bits."""

    what: str
    said: bytes
    found: bytes
    sector: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """One dump. `blocks`: of a MIFARE Classic (20, 64, 128 or 256 of 16 bytes), else empty;
    `desfire`: of a DESFire. `keys_said`: contradictions between a list of keys and the memory."""

    form: Form
    header: Header = Header()
    blocks: tuple[Known, ...] = ()
    desfire: DesfireFacts | None = None
    keys_said: tuple[Contradiction, ...] = ()

    @property
    def chip(self) -> str | None:
        """The Classic chip with so many blocks; None for any other card."""
        return CHIP_OF_BLOCKS.get(len(self.blocks))

    @property
    def unknown_bytes(self) -> int:
        """How many bytes of a Classic's memory are not in the dump."""
        return sum(byte is None for block in self.blocks for byte in block)

    @property
    def uid(self) -> bytes | None:
        """As the header says, else as block 0 does; None where neither does."""
        return self.header.uid or self.uid_in_memory

    @property
    def uid_in_memory(self) -> bytes | None:
        """As block 0 says: 4 bytes where the fifth is their BCC, else 7."""
        if not self.blocks:
            return None
        head = self.blocks[0]
        short = all_known(head[:5])
        if short is not None and uid_fits(short[:4], short):
            return short[:4]
        return all_known(head[:7])

    def contradictions(self) -> tuple[Contradiction, ...]:
        """What the dump says twice and differently."""
        return (*self._uid_said(), *self._bcc_said(), *self.keys_said)

    def _uid_said(self) -> Iterator[Contradiction]:
        said = self.header.uid
        if said is None:
            return
        found = self.desfire.uid if self.desfire is not None else None
        if self.blocks:
            found = all_known(self.blocks[0][: len(said)])
        if found is not None and found != said:
            yield Contradiction(what="uid", said=said, found=found)

    def _bcc_said(self) -> Iterator[Contradiction]:
        head = all_known(self.blocks[0][:9]) if self.blocks else None
        if head is None:
            return
        # Of 7 bytes: UID, SAK, ATQA, whose low byte says how long the UID is (cards.md 1.2, 2.1).
        seven = len(self.header.uid) == 7 if self.header.uid else head[8] & 0xC0 == 0x40
        right = bytes((bcc(head[:4]),))
        if not seven and head[4:5] != right:
            yield Contradiction(what="bcc", said=right, found=head[4:5])

    def image(self, *, fill: Random | None = None) -> CardImage:
        """The card whose memory this is; ATQA and SAK as the header says, else those of the chip
        (what block 0 says of them need not be what the card says on the air: cards.md 2.8). Its
        seed comes from the bytes, so that the same dump makes the same card.

        Unknown bytes are drawn from `fill`, so that nobody knows such a key; without it they raise
        `DumpIncomplete`, as do cards that are no Classic."""
        if self.chip is None or (fill is None and self.unknown_bytes):
            raise DumpIncomplete(self.unknown_bytes)
        draw = fill or Random(0)  # noqa: S311 - unused where all is known
        blocks = [
            bytes(draw.randrange(256) if byte is None else byte for byte in block)
            for block in self.blocks
        ]
        uid = _uid_for(blocks[0])
        return CardImage(
            kind="imported",
            chip=self.chip,
            uid=uid,
            atqa=self.header.atqa or atqa(self.chip, uid),
            sak=SAKS[self.chip] if self.header.sak is None else self.header.sak,
            seed=int.from_bytes(hashlib.sha256(b"".join(blocks)).digest()[:8], "big"),
            blocks=blocks,
        )


def _uid_for(block_0: bytes) -> bytes:
    return block_0[:4] if uid_fits(block_0[:4], block_0) else block_0[:7]


def dump_of(image: CardImage, form: Form) -> Dump:
    """The dump of a card, all of it known."""
    header = Header(uid=image.uid, atqa=image.atqa, sak=image.sak)
    return Dump(form=form, header=header, blocks=tuple(tuple(block) for block in image.blocks))


def all_known(part: Known) -> bytes | None:
    """These bytes; None if one of them is unknown."""
    return None if None in part else bytes(byte for byte in part if byte is not None)


def hex_block(text: str, *, unknown: str = "-") -> Known:
    """32 hexadecimal digits, blanks between them or not. A byte with a digit `unknown` is unknown.
    Raises `DumpUnreadable`."""
    digits = "".join(text.split())
    if len(digits) != 2 * BLOCK_BYTES:
        raise DumpUnreadable(f"a block of {len(digits)} digits")
    return hex_bytes(digits, unknown=unknown)


def hex_bytes(text: str, *, unknown: str = "-") -> Known:
    """Pairs of hexadecimal digits. Raises `DumpUnreadable`."""
    digits = "".join(text.split())
    pairs = [digits[n : n + 2] for n in range(0, len(digits), 2)]
    try:
        return tuple(None if unknown in pair else _octet(pair) for pair in pairs)
    except ValueError:
        raise DumpUnreadable("what is no hexadecimal digit") from None


def _octet(pair: str) -> int:
    if not OCTET.fullmatch(pair):
        raise ValueError(pair)
    return int(pair, 16)


def text_of(block: Known, *, unknown: str = "--", between: str = "") -> str:
    """The block in capital digits."""
    return between.join(unknown if byte is None else f"{byte:02X}" for byte in block)


def chip_for(count: int) -> str:
    """The smallest chip with so many blocks. Raises `DumpUnreadable`."""
    fits = [blocks for blocks in sorted(CHIP_OF_BLOCKS) if blocks >= count]
    if not fits:
        raise DumpUnreadable(f"{count} blocks")
    return CHIP_OF_BLOCKS[fits[0]]


def filled(found: dict[int, Known], *, chip: str | None = None) -> tuple[Known, ...]:
    """The blocks by number, those that are missing unknown. Without `chip`: of the smallest one
    that has them all, a 1K at least unless block 0 is a Mini's. Raises `DumpUnreadable`."""
    if not found or min(found) < 0:
        raise DumpUnreadable("no block")
    count = max(found) + 1
    if chip is None:
        chip = CHIP_MINI if _is_mini(found, count) else chip_for(max(count, 64))
    if count > BLOCKS[chip]:
        raise DumpUnreadable(f"block {count - 1} of a {chip}")
    return tuple(found.get(block, UNKNOWN_BLOCK) for block in range(BLOCKS[chip]))


def _is_mini(found: dict[int, Known], count: int) -> bool:
    """As many blocks as a Mini has, and its SAK after the BCC or after a UID of 7 bytes."""
    sak = SAKS[CHIP_MINI]
    return count == BLOCKS[CHIP_MINI] and 0 in found and sak in (found[0][5], found[0][7])


@dataclass(frozen=True, slots=True, kw_only=True)
class SectorSaid:
    """What a list of keys says of a sector: 6, 6 and 4 bytes, None where it says nothing."""

    key_a: bytes | None = None
    key_b: bytes | None = None
    access: bytes | None = None


def with_keys(
    blocks: tuple[Known, ...], said: dict[int, SectorSaid]
) -> tuple[tuple[Known, ...], tuple[Contradiction, ...]]:
    """The blocks with what a list of keys adds to their trailers, and where the two differ. A key
    of zeros in a trailer is what a card shows in its place, and says nothing."""
    memory, differ = list(blocks), []
    chip = CHIP_OF_BLOCKS[len(blocks)]
    for sector, its in said.items():
        if sector not in sectors(chip):
            raise DumpUnreadable(f"sector {sector} of a {chip}")
        trailer = blocks_of(sector)[-1]
        parts = (("key_a", KEY_A, its.key_a), ("access", ACCESS_AND_USER, its.access),
                 ("key_b", KEY_B, its.key_b))  # fmt: skip
        for what, where, value in parts:
            if value is None:
                continue
            found = all_known(memory[trailer][where])
            if found is None or (what != "access" and not any(found)):
                changed = list(memory[trailer])
                changed[where] = value
                memory[trailer] = tuple(changed)
            elif found != value:
                differ.append(Contradiction(what=what, said=value, found=found, sector=sector))
    return tuple(memory), tuple(differ)


def uid_of_text(text: str) -> bytes:
    """A UID of 4, 7 or 10 bytes. Raises `DumpUnreadable`."""
    uid = all_known(hex_bytes(text))
    if uid is None or len(uid) not in (4, 7, 10) or (len(uid) == 4 and uid[0] == CASCADE_TAG):
        raise DumpUnreadable("a UID that no card has")
    return uid
