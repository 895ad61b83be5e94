"""A simulated card in memory and in a file. The file is JSON, described in hw_sim/README.md.

A file is replaced by rename, so that whoever is killed between two commands leaves the card as
the last command that was answered left it.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hw_sim import nhi
from hw_sim.access import conditions
from hw_sim.desfire import document as desfire
from hw_sim.desfire.image import CHIP_EV1, CHIP_EV2, DesfireImage
from hw_sim.document import (
    FORMAT,
    HEADER,
    VERSION,
    check_fields,
    check_header,
    label,
    no_doubles,
    octets,
    seed_of,
    unhex,
)
from hw_sim.document import ImageCorrupt as ImageCorrupt
from hw_sim.frames import CASCADE_TAG, bcc
from hw_sim.geometry import BLOCK_BYTES, BLOCKS, CHIP_CLASSIC_1K, blocks_of, sectors, trailer_of
from hw_sim.nhi import CHIP_NHI, NhiImage

FILE_BYTES_MAX = 262_144

_FIELDS = HEADER | {"uid", "atqa", "sak", "seed", "blocks"}


@dataclass(slots=True, kw_only=True)
class CardImage:
    """Everything a MIFARE Classic keeps without power. `chip`: `classic-1k` or `classic-4k`.

    `uid` 4 or 7 bytes, `atqa` 2 bytes in the order of the air (low byte first), `blocks` 64 or
    256 of 16 bytes each. `seed` (0…2**64 - 1) is what chance on this card starts from. `writes`
    counts the blocks programmed since the image was made or loaded; it is not kept in the file.
    """

    kind: str
    chip: str = CHIP_CLASSIC_1K
    uid: bytes
    atqa: bytes
    sak: int
    seed: int
    blocks: list[bytes]
    writes: int = field(default=0, compare=False)

    def program(self, block: int, data: bytes) -> None:
        """Put 16 bytes into `block` (0…), whatever the access bits say. Raises ValueError."""
        if len(data) != BLOCK_BYTES or not 0 <= block < len(self.blocks):
            raise ValueError(f"block={block} bytes={len(data)}")
        self.blocks[block] = bytes(data)
        self.writes += 1

    def trailer(self, block: int) -> bytes:
        """The trailer of the sector that `block` is in."""
        return self.blocks[trailer_of(block)]

    def locked_sectors(self) -> tuple[int, ...]:
        """Sectors lost for good: an access bit and its inverted copy disagree (cards.md 2.2).
        Over the air this cannot be told from a wrong key."""
        trailers = ((s, self.blocks[blocks_of(s)[-1]]) for s in sectors(self.chip))
        return tuple(sector for sector, trailer in trailers if conditions(trailer) is None)


Image = CardImage | DesfireImage | NhiImage
"""What a card file holds, one kind a chip."""


def load(path: str | os.PathLike[str]) -> Image:
    """Read a card file. Raises `ImageCorrupt`, and OSError where the file cannot be read."""
    with Path(path).open("rb") as file:
        data = file.read(FILE_BYTES_MAX + 1)
    if len(data) > FILE_BYTES_MAX:
        raise ImageCorrupt(f"longer than {FILE_BYTES_MAX} bytes")
    try:
        document = json.loads(data.decode("utf-8"), object_pairs_hook=no_doubles)
    except (ValueError, RecursionError):
        raise ImageCorrupt("not a JSON document in UTF-8") from None
    return _from_document(document)


def looks_like_a_card_file(data: bytes) -> bool:
    """Whether these bytes mean to be a card file, however damaged; a dump in JSON is none."""
    return data.lstrip().startswith(b"{") and json.dumps(FORMAT).encode() in data[:FILE_BYTES_MAX]


def save(path: str | os.PathLike[str], image: Image) -> None:
    """Replace the card file at once. Raises OSError, and then the old file is still there."""
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    try:
        beside.write_text(json.dumps(_to_document(image), indent=1) + "\n", encoding="utf-8")
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def load_classic(path: str | os.PathLike[str]) -> CardImage:
    """Read the card file of a MIFARE Classic. Raises as `load` does."""
    image = load(path)
    if not isinstance(image, CardImage):
        raise ImageCorrupt("chip is no MIFARE Classic")
    return image


def _to_document(image: Image) -> dict[str, object]:
    if isinstance(image, DesfireImage):
        return desfire.to_document(image)
    if isinstance(image, NhiImage):
        return nhi.to_document(image)
    return {
        "format": FORMAT,
        "version": VERSION,
        "kind": image.kind,
        "chip": image.chip,
        "uid": image.uid.hex(),
        "atqa": image.atqa.hex(),
        "sak": f"{image.sak:02x}",
        "seed": image.seed,
        "blocks": [block.hex() for block in image.blocks],
    }


def _from_document(found: object) -> Image:
    document = check_header(found)
    chip = document.get("chip")
    if not isinstance(chip, str):
        raise ImageCorrupt("chip is no name")
    if chip in (CHIP_EV1, CHIP_EV2):
        return desfire.from_document(document)
    if chip == CHIP_NHI:
        return nhi.from_document(document)
    check_fields(document, _FIELDS)
    if chip not in BLOCKS:
        raise ImageCorrupt("chip is unknown")
    return _classic(document)


def _classic(document: Mapping[str, Any]) -> CardImage:
    kind, seed, blocks = label(document), seed_of(document), document["blocks"]
    chip = document["chip"]
    if not isinstance(blocks, list) or len(blocks) != BLOCKS[chip]:
        raise ImageCorrupt(f"blocks are not a list of {BLOCKS[chip]}")
    image = CardImage(
        kind=kind,
        chip=chip,
        uid=octets(document, "uid", 4, 7),
        atqa=octets(document, "atqa", 2),
        sak=octets(document, "sak", 1)[0],
        seed=seed,
        blocks=[unhex(text, f"block {n}", BLOCK_BYTES) for n, text in enumerate(blocks)],
    )
    if not uid_fits(image.uid, image.blocks[0]):
        raise ImageCorrupt("block 0 does not begin with the UID")
    return image


def uid_fits(uid: bytes, block_0: bytes) -> bool:
    """True if block 0 begins as that of a card with this UID does (cards.md 2.1): a UID of 4
    bytes and its BCC, or one of 7 bytes. A 4-byte one never begins with the cascade tag."""
    if len(uid) == 4:
        return uid[0] != CASCADE_TAG and block_0.startswith(uid + bytes((bcc(uid),)))
    return block_0.startswith(uid)
