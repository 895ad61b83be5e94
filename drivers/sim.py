"""A card file standing for reader and card: `sim:FILE[?tear=N[:MOMENT[:locks]]]`.

MOMENT is `before`, `during` (if none is said) or `after`. `during` with `locks`: a MIFARE Classic
trailer that is torn takes its sector with it.

The one driver that reaches the other side of the air. The card lies on the reader while FILE is
there; the file is written back after every command that changed the card's memory, by rename. A
file that another program replaces while we hold the card is a card that was lifted meanwhile.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from random import Random
from threading import Event
from time import monotonic
from typing import Literal, cast

from drivers.errors import (
    CardFileCorrupt,
    CardFileUnwritable,
    CardRemoved,
    NoCard,
    NoSuchReader,
    UnknownScheme,
)
from drivers.link import LinkConnection
from hw_sim.field import Field, Tear
from hw_sim.image import Image, ImageCorrupt, load, save
from hw_sim.picc import card_of
from hw_sim.reader_chip import ReaderChip

_POLL_S = 0.1
_TEAR = re.compile(r"([1-9][0-9]{0,5})(?::(before|after)|(?::during)?(:locks)?)")


@dataclass(frozen=True, slots=True)
class _Version:
    """Which writing of the file this is: another program's rename or edit makes it differ."""

    inode: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> _Version | None:
        try:
            found = path.stat()
        except OSError:
            return None
        return cls(found.st_ino, found.st_mtime_ns)


class SimReader:
    """One card file as a reader (drivers.contract.Reader). A tear happens once: the card then
    stays lifted for this reader, and a new process finds it lying there again."""

    def __init__(self, uri: str, *, must_exist: bool = False) -> None:
        """Raises `UnknownScheme` for a tear that says nothing, and with `must_exist`
        `NoSuchReader` and `CardFileCorrupt`."""
        self._uri = uri
        self._path, self._tear = _parse(uri)
        self._cancelled = Event()
        self._link: _SimLink | None = None
        if must_exist and _load(self._path) is None:
            raise NoSuchReader(reader=uri)

    @property
    def uri(self) -> str:
        return self._uri

    def wait_for_card(self, *, timeout_s: float) -> LinkConnection:
        """Also raises `CardFileCorrupt`, and `CardRemoved` once where the tear came before the
        card could say its UID."""
        started = monotonic()
        while not self._cancelled.is_set():
            if not self._lifted() and (image := _load(self._path)) is not None:
                self._link = _SimLink(self._path, image, tear=self._tear)
                return self._link.connect()
            if not self._pause(started + timeout_s):
                break
        raise NoCard(waited_s=round(monotonic() - started, 1))

    def wait_for_removal(self, *, timeout_s: float) -> bool:
        deadline = monotonic() + timeout_s
        while not self._cancelled.is_set():
            if self._lifted() or not self._path.exists():
                return True
            if self._link is not None and not self._link.in_place():
                return True
            if not self._pause(deadline):
                break
        return False

    def cancel(self) -> None:
        self._cancelled.set()

    def close(self) -> None:
        self.cancel()

    def _lifted(self) -> bool:
        return self._link is not None and self._link.torn

    def _pause(self, deadline: float) -> bool:
        """Wait one turn; False once the deadline has passed."""
        left_s = deadline - monotonic()
        if left_s > 0:
            self._cancelled.wait(min(_POLL_S, left_s))
        return left_s > 0


def hold(image: Image) -> LinkConnection:
    """A card that lies in no file, on a reader of its own; what is written to it is in `image`."""
    return _MemoryLink(image).connect()


class _MemoryLink:
    """A card on the simulated reader chip, kept nowhere (drivers.link.Link)."""

    def __init__(self, image: Image, *, tear: Tear | None = None) -> None:
        self._image = image
        # A model's chance, seeded by the card: the same tear on the same card is the same.
        self._field = Field(card_of(image), tear=tear, rng=Random(image.seed))  # noqa: S311
        self._chip = ReaderChip(self._field)

    @property
    def torn(self) -> bool:
        """Whether the card was taken out of the field."""
        return not self._field.present

    def connect(self) -> LinkConnection:
        """Select the card and hold it."""
        atr = self._chip.power_on()
        if not atr:
            raise CardRemoved(frames_done=0)
        return LinkConnection(self, atr=atr)

    def transmit(self, apdu: bytes) -> bytes | None:
        return self._chip.transmit(apdu)

    def reselect(self) -> bool:
        return bool(self._chip.power_on())

    def close(self) -> None:
        self._chip.power_off()


class _SimLink(_MemoryLink):
    """The card of one file on the simulated reader chip."""

    def __init__(self, path: Path, image: Image, *, tear: Tear | None) -> None:
        self._path = path
        self._version = _Version.of(path)
        super().__init__(image, tear=tear)

    def in_place(self) -> bool:
        """Whether the file is still the one that we read or wrote last."""
        return _Version.of(self._path) == self._version

    def transmit(self, apdu: bytes) -> bytes | None:
        if not self.in_place():
            return None
        written = self._image.writes
        answer = super().transmit(apdu)
        if self._image.writes != written:
            self._keep()  # before the answer is handed up: a kill then loses no write
        return answer

    def reselect(self) -> bool:
        return self.in_place() and super().reselect()

    def _keep(self) -> None:
        try:
            save(self._path, self._image)
        except OSError as fault:
            why = os.strerror(fault.errno or 0)
            raise CardFileUnwritable(file=str(self._path), why=why) from None
        self._version = _Version.of(self._path)


def _load(path: Path) -> Image | None:
    """The card in the file; None where there is no file. Raises `CardFileCorrupt`."""
    try:
        return load(path)
    except FileNotFoundError:
        return None
    except ImageCorrupt as fault:
        raise CardFileCorrupt(file=str(path), why=fault.why) from None
    except OSError as fault:
        raise CardFileCorrupt(file=str(path), why=os.strerror(fault.errno or 0)) from None


def _parse(uri: str) -> tuple[Path, Tear | None]:
    """File and tear of a `sim:` URI. Raises `UnknownScheme`."""
    name, mark, said = uri.removeprefix("sim:").partition("?tear=")
    match = _TEAR.fullmatch(said)
    if not name or (mark and match is None):
        raise UnknownScheme(uri=uri)
    if match is None:
        return Path(name), None
    frame, said_moment, locks = match.groups()
    moment = cast(Literal["before", "during", "after"], said_moment or "during")
    return Path(name), Tear(frame=int(frame), moment=moment, locks=locks is not None)
