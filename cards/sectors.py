"""Our three sectors of a Classic: which key opens each, reads, writes, key changes.

Nothing here can address a block outside them. Keys tried are our own, always as key B: per sector
this card's of the current version, of the version before it, and the stock's transport key (whose
key A is unknown to us); no fourth (cards.md 2.9). Each refusal costs a selection, so the key that
opened the sector before comes first: only a tear leaves a card under several.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from apdu.classic.access import VALUE_BY_B, access_of, trailer
from apdu.classic.geometry import BLOCK_BYTES, data_blocks_of, sector_of, trailer_of
from apdu.secret import Secret
from cards.errors import ReadBackDiffers, SectorLocked
from drivers.contract import ClassicPort
from drivers.errors import BlockRefused
from drivers.keys.contract import KeyStore

USER_BYTE = 0xFF  # byte 9 of the stock's trailers (cards.md 2.8)
FACTORY_KEY = Secret(b"\xff" * 6)
TRANSPORT: Final = 0  # stands where a key version stands (1 to 255): the stock's key

Blocks = tuple[bytes, ...]  # the three data blocks of a sector


class OwnSectors:
    """Reads and writes data blocks of `sectors`, opening each with the key that fits."""

    def __init__(
        self, port: ClassicPort, *, keys: KeyStore, uid: bytes, sectors: tuple[int, ...]
    ) -> None:
        self._port = port
        self._keys = keys
        self._uid = uid
        self._under: dict[int, int | None] = dict.fromkeys(sectors)  # key versions; None: unknown
        self._derived: dict[tuple[int, int, bool], Secret] = {}  # this card's keys, made once
        self._opened_last: int | None = None  # the key version that opened a sector last
        self._rewritable: set[int] = set()  # trailers that were looked at, and are as they must be
        self._open: int | None = None

    @property
    def newest_version(self) -> int:
        """The version under which keys are made now."""
        return self._keys.card_key_version

    def look(self, sector: int) -> Blocks | None:
        """The three data blocks; None: none of our keys opens this sector.
        Raises `SectorLocked` where it opens and yet cannot be read."""
        if not self._unlock(sector):
            return None
        return tuple(self._read(block) for block in data_blocks_of(sector))

    def version_of(self, sector: int) -> int:
        """The version of the sector's keys, `TRANSPORT` on stock. It must have been opened."""
        version = self._under[sector]
        if version is None:
            raise ValueError(f"sector {sector} was never opened")
        return version

    def write(self, block: int, data: bytes, *, checked: bool) -> None:
        """Write one data block; `checked`: read it back. Raises `ReadBackDiffers`,
        `SectorLocked`."""
        sector = sector_of(block)
        if block == trailer_of(sector):
            raise ValueError("a trailer is written by change_key alone")
        self._reopen(sector)
        self._write(block, data)
        if checked and self._read(block) != data:
            raise ReadBackDiffers(block=block)

    def fill(self, sector: int, data: bytes, *, checked: bool) -> None:
        """Write the three data blocks (48 bytes), the last one last."""
        for i, block in enumerate(data_blocks_of(sector)):
            self.write(block, data[i * BLOCK_BYTES : (i + 1) * BLOCK_BYTES], checked=checked)

    def check_trailer(self, sector: int) -> None:
        """Raises `SectorLocked` unless the access bits are those under which our records and keys
        can be written. Looked at once in a presentation; key B must open the sector."""
        if sector in self._rewritable:
            return
        self._reopen(sector)
        if access_of(self._read(trailer_of(sector))) != VALUE_BY_B:
            raise SectorLocked(sector=sector)
        self._rewritable.add(sector)

    def change_key(self, sector: int, version: int) -> None:
        """Put the sector under this card's keys of `version`, or back under the stock's key B; done
        only when the card has taken both new keys.

        The trailer goes whole, both keys from the plan, after its access bits were looked at; key
        A is always this card's own, since the stock's is unknown. A tear leaves the old trailer
        or the new one, and `look` then finds out which.
        """
        self.check_trailer(sector)
        self._reopen(sector)
        key_a, key_b = (self._key(sector, version, key_b=is_b) for is_b in (False, True))
        self._write(
            trailer_of(sector),
            trailer(key_a=key_a, access=VALUE_BY_B, user_byte=USER_BYTE, key_b=key_b),
        )
        self._under[sector] = version
        self.prove(sector)

    def prove(self, sector: int) -> None:
        """Authenticate with both keys that the sector is under, B last. Raises
        `ReadBackDiffers`."""
        self._open, version = None, self.version_of(sector)
        for is_b in (False, True):
            key = self._key(sector, version, key_b=is_b)
            if not self._port.authenticate(trailer_of(sector), key, key_b=is_b):
                raise ReadBackDiffers(block=trailer_of(sector))
        self._open = sector

    def opens_with_factory_key(self) -> bool:
        """Whether the first of our sectors is as the chip's maker delivers it. Asked only when no
        key of ours opened anything: it tells a blank chip from stock without a free sector."""
        first, *_ = self._under
        self._open = None
        return self._port.authenticate(trailer_of(first), FACTORY_KEY, key_b=False)

    def _unlock(self, sector: int) -> bool:
        known = self._under[sector]
        tries = self._tries() if known is None else (known,)
        return any(self._try(sector, version) for version in tries)

    def _tries(self) -> Iterator[int]:
        last = self._opened_last
        if last is not None:
            yield last
        for version in (self.newest_version, self._keys.previous_key_version, TRANSPORT):
            if version is not None and version != last:
                yield version

    def _reopen(self, sector: int) -> None:
        if self._open != sector and not self._unlock(sector):
            raise SectorLocked(sector=sector)

    def _try(self, sector: int, version: int) -> bool:
        self._open = None
        key = self._key(sector, version, key_b=True)
        if not self._port.authenticate(trailer_of(sector), key, key_b=True):
            return False
        self._under[sector] = self._opened_last = version
        self._open = sector
        return True

    def _key(self, sector: int, version: int, *, key_b: bool) -> Secret:
        if version == TRANSPORT:
            if key_b:
                return self._keys.transport_key()
            version = self.newest_version
        which = sector, version, key_b
        if which not in self._derived:
            self._derived[which] = self._keys.card_key(
                self._uid, sector, key_b=key_b, version=version
            )
        return self._derived[which]

    def _read(self, block: int) -> bytes:
        try:
            return self._port.read(block)
        except BlockRefused as refused:
            raise self._locked(block) from refused

    def _write(self, block: int, data: bytes) -> None:
        try:
            self._port.write(block, data)
        except BlockRefused as refused:
            raise self._locked(block) from refused

    def _locked(self, block: int) -> SectorLocked:
        self._open = None  # a refusal ends the session (cards.md 2.6)
        return SectorLocked(sector=sector_of(block))
