"""Our three sectors of a Classic: which key opens each, reads, checked writes, key changes.

Nothing here can address a block outside them. Keys tried are our own: per sector the current one,
then the transport key of the stock, always as key B (transport's key A is unknown to us). Each
refusal costs a selection, so no third is tried (cards.md 2.9).
"""

from __future__ import annotations

from enum import Enum

from apdu.classic.access import VALUE_BY_B, access_of, trailer
from apdu.classic.geometry import BLOCK_BYTES, data_blocks_of, sector_of, trailer_of
from apdu.secret import Secret
from cards.errors import ReadBackDiffers, SectorLocked
from drivers.contract import ClassicPort
from drivers.errors import BlockRefused
from drivers.keys.contract import KeyStore

USER_BYTE = 0xFF  # byte 9 of the stock's trailers (cards.md 2.8)
FACTORY_KEY = Secret(b"\xff" * 6)

Blocks = tuple[bytes, ...]  # the three data blocks of a sector


class Role(Enum):
    """Whose key B a sector is under."""

    OURS = "ours"
    TRANSPORT = "transport"


class OwnSectors:
    """Reads and writes data blocks of `sectors`, opening each with the key that fits."""

    def __init__(
        self, port: ClassicPort, *, keys: KeyStore, uid: bytes, sectors: tuple[int, ...]
    ) -> None:
        self._port = port
        self._keys = keys
        self._uid = uid
        self._roles: dict[int, Role | None] = dict.fromkeys(sectors)
        self._open: int | None = None

    def look(self, sector: int) -> Blocks | None:
        """The three data blocks; None: none of our keys opens this sector.
        Raises `SectorLocked` where it opens and yet cannot be read."""
        if not self._unlock(sector):
            return None
        return tuple(self._read(block) for block in data_blocks_of(sector))

    def is_ours(self, sector: int) -> bool:
        """Whether the sector is under this card's own keys already."""
        return self._roles[sector] is Role.OURS

    def write(self, block: int, data: bytes) -> None:
        """Write one data block, read it back. Raises `ReadBackDiffers`, `SectorLocked`."""
        if block == trailer_of(sector_of(block)):
            raise ValueError("a trailer is written by change_key alone")
        self._reopen(sector_of(block))
        self._write(block, data)
        if self._read(block) != data:
            raise ReadBackDiffers(block=block)

    def fill(self, sector: int, data: bytes) -> None:
        """Write the three data blocks (48 bytes), the last one last, each read back."""
        for i, block in enumerate(data_blocks_of(sector)):
            self.write(block, data[i * BLOCK_BYTES : (i + 1) * BLOCK_BYTES])

    def check_trailer(self, sector: int) -> None:
        """Raises `SectorLocked` unless the access bits are those under which our records and keys
        can be written. Reads the trailer, so key B must open the sector."""
        self._reopen(sector)
        if access_of(self._read(trailer_of(sector))) != VALUE_BY_B:
            raise SectorLocked(sector=sector)

    def change_key(self, sector: int, role: Role) -> None:
        """Put the sector under other keys; done only when the card has taken the new ones.

        The trailer goes whole, both keys from the plan, after its access bits were looked at; key
        A is always this card's own, since the stock's is unknown. A tear leaves the old trailer
        or the new one, and `look` then finds out which.
        """
        self.check_trailer(sector)
        key_a = self._keys.card_key(self._uid, sector, key_b=False)
        key_b = self._key_b(sector, role)
        block = trailer_of(sector)
        self._write(
            block, trailer(key_a=key_a, access=VALUE_BY_B, user_byte=USER_BYTE, key_b=key_b)
        )
        self._open = None
        for key, is_b in ((key_a, False), (key_b, True)):
            if not self._port.authenticate(block, key, key_b=is_b):
                raise ReadBackDiffers(block=block)
        self._roles[sector], self._open = role, sector

    def opens_with_factory_key(self) -> bool:
        """Whether the first of our sectors is as the chip's maker delivers it. Asked only when no
        key of ours opened anything: it tells a blank chip from stock without a free sector."""
        first, *_ = self._roles
        self._open = None
        return self._port.authenticate(trailer_of(first), FACTORY_KEY, key_b=False)

    def _unlock(self, sector: int) -> bool:
        known = self._roles[sector]
        return any(self._try(sector, role) for role in ([known] if known else Role))

    def _reopen(self, sector: int) -> None:
        if self._open != sector and not self._unlock(sector):
            raise SectorLocked(sector=sector)

    def _try(self, sector: int, role: Role) -> bool:
        self._open = None
        key = self._key_b(sector, role)
        if not self._port.authenticate(trailer_of(sector), key, key_b=True):
            return False
        self._roles[sector], self._open = role, sector
        return True

    def _key_b(self, sector: int, role: Role) -> Secret:
        if role is Role.TRANSPORT:
            return self._keys.transport_key()
        return self._keys.card_key(self._uid, sector, key_b=True)

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
