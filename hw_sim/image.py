"""A simulated card in memory and in a file. The file is JSON, described in hw_sim/README.md.

A file is replaced by rename, so that whoever is killed between two commands leaves the card as
the last command that was answered left it.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hw_sim.access import conditions
from hw_sim.frames import CASCADE_TAG, bcc

FORMAT = "hw_sim card"
VERSION = 1
BLOCK_BYTES = 16
BLOCKS = 64
FILE_BYTES_MAX = 65_536
CHIP_CLASSIC_1K = "classic-1k"

_KIND = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_FIELDS = frozenset({"format", "version", "kind", "chip", "uid", "atqa", "sak", "seed", "blocks"})


class ImageCorrupt(Exception):
    """A card file that is none. `why` says in a few English words what does not fit."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(slots=True, kw_only=True)
class CardImage:
    """Everything a MIFARE Classic 1K keeps without power.

    `uid` 4 or 7 bytes, `atqa` 2 bytes in the order of the air (low byte first), `blocks` 64 of
    16 bytes each. `seed` (0…2**64 - 1) is what chance on this card starts from. `writes` counts
    the blocks programmed since the image was made or loaded; it is not kept in the file.
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
        """Put 16 bytes into `block` (0…63), whatever the access bits say."""
        if len(data) != BLOCK_BYTES or not 0 <= block < BLOCKS:
            raise ValueError(f"block={block} bytes={len(data)}")
        self.blocks[block] = bytes(data)
        self.writes += 1

    def trailer(self, block: int) -> bytes:
        """The trailer of the sector that `block` is in."""
        return self.blocks[block | 3]

    def locked_sectors(self) -> tuple[int, ...]:
        """Sectors lost for good: an access bit and its inverted copy disagree (cards.md 2.2).
        Over the air this cannot be told from a wrong key."""
        return tuple(s for s in range(16) if conditions(self.trailer(4 * s)) is None)


def load(path: str | os.PathLike[str]) -> CardImage:
    """Read a card file. Raises `ImageCorrupt`, and OSError where the file cannot be read."""
    with Path(path).open("rb") as file:
        data = file.read(FILE_BYTES_MAX + 1)
    if len(data) > FILE_BYTES_MAX:
        raise ImageCorrupt(f"longer than {FILE_BYTES_MAX} bytes")
    try:
        document = json.loads(data.decode("utf-8"), object_pairs_hook=_no_doubles)
    except (ValueError, RecursionError):
        raise ImageCorrupt("not a JSON document in UTF-8") from None
    return _from_document(document)


def save(path: str | os.PathLike[str], image: CardImage) -> None:
    """Replace the card file at once. Raises OSError, and then the old file is still there."""
    target = Path(os.path.realpath(path))
    beside = target.with_name(f".{target.name}.{secrets.token_hex(6)}")
    try:
        beside.write_text(json.dumps(_to_document(image), indent=1) + "\n", encoding="utf-8")
        beside.replace(target)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise


def _to_document(image: CardImage) -> dict[str, object]:
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


def _from_document(document: object) -> CardImage:
    if not isinstance(document, dict):
        raise ImageCorrupt("not a JSON object")
    if document.get("format") != FORMAT:
        raise ImageCorrupt(f'format is not "{FORMAT}"')
    if not _is(document.get("version"), VERSION):
        raise ImageCorrupt(f"version is not {VERSION}")
    if odd := sorted(_FIELDS ^ document.keys()):
        raise ImageCorrupt(f"field missing or unknown: {odd[0][:32]!r}")
    kind, seed, blocks = document["kind"], document["seed"], document["blocks"]
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        raise ImageCorrupt("kind is no label")
    if document["chip"] != CHIP_CLASSIC_1K:
        raise ImageCorrupt("chip is unknown")
    if type(seed) is not int or not 0 <= seed < 2**64:
        raise ImageCorrupt("seed is no number of 64 bits")
    if not isinstance(blocks, list) or len(blocks) != BLOCKS:
        raise ImageCorrupt(f"blocks are not a list of {BLOCKS}")
    image = CardImage(
        kind=kind,
        uid=_hex(document, "uid", 4, 7),
        atqa=_hex(document, "atqa", 2),
        sak=_hex(document, "sak", 1)[0],
        seed=seed,
        blocks=[_unhex(text, f"block {n}", BLOCK_BYTES) for n, text in enumerate(blocks)],
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


def _is(value: object, wanted: int) -> bool:
    return type(value) is int and value == wanted  # True == 1, yet it is no version


def _hex(document: Mapping[str, Any], name: str, *sizes: int) -> bytes:
    return _unhex(document[name], name, *sizes)


def _unhex(text: object, name: str, *sizes: int) -> bytes:
    if not isinstance(text, str) or not re.fullmatch(r"(?:[0-9a-fA-F]{2})*", text):
        raise ImageCorrupt(f"{name} is not hexadecimal")
    if len(text) // 2 not in sizes:
        raise ImageCorrupt(f"{name} has {len(text) // 2} bytes")
    return bytes.fromhex(text)


def _no_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a name twice")
    return document
