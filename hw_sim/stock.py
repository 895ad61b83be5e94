"""Cards as they come from the box, and the card company's top-up machine.

The Flora stock is what public sources show of EasyCards (cards.md 2.8); nothing here is a claim
about what the city's own stock holds. Keys and company data are invented.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hw_sim import value
from hw_sim.desfire.image import CHIP_EV1, CHIP_EV2, UID_BYTES, DesfireImage, Value
from hw_sim.frames import CASCADE_TAG, bcc
from hw_sim.geometry import (
    BLOCK_BYTES,
    BLOCKS,
    CHIP_CLASSIC_1K,
    CHIP_CLASSIC_4K,
    SAKS,
    atqa,
    blocks_of,
    sectors,
)
from hw_sim.image import CardImage, Image

PURSE_NTD_MIN, PURSE_NTD_MAX = -60, 32_767
SECTORS = 16
STOCK_BLOCK_1 = bytes.fromhex("0e140001070208030904081000000000")
STOCK_ACCESS = bytes.fromhex("08778fff")
"""Access bits and user byte of every stock trailer: all blocks value-type, trailer by key B."""
STOCK_SAK_IN_MEMORY = 0x88  # on the air it says 08
COMPANY_SECTORS = frozenset((*range(8), 15))
COMPANY_PURSE = (8, 9)
FACTORY_KEY = b"\xff" * 6
FACTORY_ACCESS = bytes.fromhex("ff078069")


def new_flora(
    rng: Random,
    *,
    uid: bytes | None,
    purse_ntd: int,
    sectors: tuple[int, ...],
    transport_key_b: bytes,
    free_sector: bool,
) -> CardImage:
    """A card of the Flora stock, before issuing.

    `sectors` (of 1…15) are empty under `transport_key_b` (6 bytes) and an unknown key A; the
    2nd and 3rd data block of the last one are a purse of `purse_ntd` (NT$ -60…32,767), address
    byte 0. With `free_sector` False the company holds all 16 sectors, and there is no purse.
    Raises ValueError.
    """
    if not PURSE_NTD_MIN <= purse_ntd <= PURSE_NTD_MAX:
        raise ValueError(f"purse_ntd={purse_ntd}")
    if not sectors or len(set(sectors)) != len(sectors) or not set(sectors) <= set(range(1, 16)):
        raise ValueError(f"sectors={sectors}")
    if len(transport_key_b) != 6:
        raise ValueError("a key has 6 bytes")
    image = _blank(rng, uid, kind="flora", chip=CHIP_CLASSIC_1K, sak_in_memory=STOCK_SAK_IN_MEMORY)
    ours = sectors if free_sector else ()
    for sector in range(SECTORS):
        _company_sector(image, sector, rng, empty=sector in ours)
    for sector in ours:
        trailer = _unknown_key(rng, transport_key_b) + STOCK_ACCESS + transport_key_b
        image.blocks[4 * sector + 3] = trailer
    if ours:
        for block in (4 * ours[-1] + 1, 4 * ours[-1] + 2):
            image.blocks[block] = value.encode(purse_ntd, 0)
    return image


def new_blank_classic(rng: Random, *, uid: bytes | None, chip: str = CHIP_CLASSIC_1K) -> CardImage:
    """A MIFARE Classic 1K or 4K as its maker sells it: empty, both keys FF…FF. Raises
    ValueError."""
    kind = "blank-classic-4k" if chip == CHIP_CLASSIC_4K else "blank-classic"
    image = _blank(rng, uid, kind=kind, chip=chip, sak_in_memory=SAKS[chip])
    for sector in sectors(chip):
        image.blocks[blocks_of(sector)[-1]] = FACTORY_KEY + FACTORY_ACCESS + FACTORY_KEY
    return image


def new_desfire(
    rng: Random, *, uid: bytes | None, ev1: bool, random_uid: bool = False
) -> DesfireImage:
    """A MIFARE DESFire EV1 or EV2 of 8K as its maker sells it: DES master key of zeros, nothing on
    it. `uid` 7 bytes; with `random_uid` the air shows another one each time. Raises ValueError."""
    uid = _drawn_uid(rng) if uid is None else uid
    if len(uid) != UID_BYTES or not is_uid(uid):
        raise ValueError(f"a UID of {len(uid)} bytes that no DESFire can have")
    week, year = rng.randrange(1, 53), rng.randrange(12, 26)
    bcd = bytes(number // 10 << 4 | number % 10 for number in (week, year))
    return DesfireImage(
        kind="blank-desfire",
        chip=CHIP_EV1 if ev1 else CHIP_EV2,
        uid=uid,
        seed=rng.getrandbits(64),
        production=rng.randbytes(5) + bcd,
        random_uid=random_uid,
    )


class NoPurseThere(Exception):
    """The card company's machine finds no purse on the card."""


def topup(image: CardImage, ntd: int, *, blocks: tuple[int, int]) -> int:
    """What the card company's machine does: add NT$ `ntd` (1…) to both value blocks.

    Each keeps its address byte; a block that is no valid value block is left alone. Returns the
    smaller value afterwards. Raises `NoPurseThere` if neither is valid, ValueError if one would
    hold more than NT$32,767; nothing has changed then.
    """
    purse = {block: found for block in blocks if (found := value.decode(image.blocks[block]))}
    if not purse:
        raise NoPurseThere
    after = {block: amount + ntd for block, (amount, _) in purse.items()}
    if ntd < 1 or max(after.values()) > PURSE_NTD_MAX:
        raise ValueError(f"ntd={ntd}")
    for block, amount in after.items():
        image.program(block, value.encode(amount, purse[block][1]))
    return min(after.values())


def credit(image: Image, ntd: int, *, aid: bytes, file: int) -> int:
    """The same machine on a DESFire: add NT$ `ntd` (1…) to a value file. Returns its amount.
    Raises `NoPurseThere`, and ValueError beyond the file's upper end."""
    app = image.application(aid) if isinstance(image, DesfireImage) else None
    found = app.files.get(file) if app is not None else None
    if found is None or not isinstance(found.content, Value):
        raise NoPurseThere
    amount = found.content.amount + ntd
    if ntd < 1 or amount > found.content.upper:
        raise ValueError(f"ntd={ntd}")
    found.content = replace(found.content, amount=amount)
    image.writes += 1
    return amount


def _blank(
    rng: Random, uid: bytes | None, *, kind: str, chip: str, sak_in_memory: int
) -> CardImage:
    uid = _random_uid(rng) if uid is None else uid
    if not is_uid(uid):
        raise ValueError(f"a UID of {len(uid)} bytes that no card can have")
    on_air = atqa(chip, uid)
    head = uid + (bytes((bcc(uid),)) if len(uid) == 4 else b"")
    head += bytes((sak_in_memory,)) + on_air
    blocks = [bytes(BLOCK_BYTES)] * BLOCKS[chip]
    blocks[0] = head + rng.randbytes(BLOCK_BYTES - len(head))
    return CardImage(
        kind=kind, chip=chip, uid=uid, atqa=on_air, sak=SAKS[chip],
        seed=rng.getrandbits(64), blocks=blocks,
    )  # fmt: skip


def is_uid(uid: bytes) -> bool:
    """Whether a card can have this UID of 4 or 7 bytes: none of its levels begins with the cascade
    tag, or a reader would look for one level more (ISO/IEC 14443-3 6.5.4)."""
    return len(uid) in (4, 7) and uid[3 if len(uid) == 7 else 0] != CASCADE_TAG


def _drawn_uid(rng: Random) -> bytes:
    """7 bytes of NXP."""
    while not is_uid(uid := b"\x04" + rng.randbytes(UID_BYTES - 1)):
        pass
    return uid


def _random_uid(rng: Random) -> bytes:
    """4 bytes that stay: first byte neither 08 (random UIDs), nor xF (not unique), nor 88."""
    first = rng.choice(
        [b for b in range(1, 256) if b not in (0x08, CASCADE_TAG) and b & 0xF != 0xF]
    )
    return bytes((first,)) + rng.randbytes(3)


def _unknown_key(rng: Random, *others: bytes) -> bytes:
    """6 bytes that are none of `others`, nor a key that everyone knows."""
    while (key := rng.randbytes(6)) in (FACTORY_KEY, bytes(6), *others):
        pass
    return key


def _company_sector(image: CardImage, sector: int, rng: Random, *, empty: bool) -> None:
    key_a = _unknown_key(rng)
    image.blocks[4 * sector + 3] = key_a + STOCK_ACCESS + _unknown_key(rng, key_a)
    if empty or sector not in COMPANY_SECTORS:
        return
    for block in range(4 * sector, 4 * sector + 3):
        if block == 1:
            image.blocks[block] = STOCK_BLOCK_1
        elif block in COMPANY_PURSE:
            image.blocks[block] = value.encode(rng.randrange(1_000), 0)
        elif block > 2:
            image.blocks[block] = rng.randbytes(8) + bytes(8)
