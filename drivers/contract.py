"""How a card is reached, whatever the stack: readers, connections and their two ports.

One thread owns a reader and its connections; only `Reader.cancel` may be called from another.
Drivers: `sim`, `pcsc`, `nfc`; `registry.open_reader` picks one by the URI's scheme.
"""

from __future__ import annotations

from typing import Protocol

from apdu.secret import Secret


class IsoDepPort(Protocol):
    """A card that speaks ISO/IEC 14443-4 or 7816-3: whole APDUs, however many frames they take.

    The verb may also raise what `Connection` names.
    """

    def transmit(self, apdu: bytes) -> bytes:
        """One command APDU out, the response with its two status bytes back. What the card refuses
        is an answer."""
        ...


class ClassicPort(Protocol):
    """A MIFARE Classic's memory. Blocks count from 0; a block is 16 bytes.

    Every verb may also raise what `Connection` names.
    """

    def authenticate(self, block: int, key: Secret, *, key_b: bool) -> bool:
        """Open the sector of `block` with a 6-byte key. False: the card refused the key; it has
        then been selected again and nothing is open (cards.md 2.4)."""
        ...

    def read(self, block: int) -> bytes:
        """16 bytes. Raises `BlockRefused` where the access bits or an unopened sector forbid it."""
        ...

    def write(self, block: int, data: bytes) -> None:
        """Write 16 bytes, trailers whole as well. Raises `BlockRefused`."""
        ...


class Connection(Protocol):
    """One card in the field, exclusively ours until `close()` (idempotent). It begins anew: no
    sector open, no session, no application selected.

    A verb of its ports returns the card's answer or raises `CardRemoved` (gone; whether it
    executed the last frame is unknown), `CardMute` (there, silent until the deadline),
    `ReaderGone` or `ServiceGone`. After any of them the connection is dead: every later verb
    raises the same error and sends nothing. Not thread-safe: one thread owns it.
    """

    @property
    def uid(self) -> bytes:
        """4, 7 or 10 bytes, as the card sent it; may be random."""
        ...

    @property
    def atr(self) -> bytes:
        """The ATR as PC/SC part 3 forms it for contactless cards (cards.md 3.1)."""
        ...

    @property
    def iso_dep(self) -> IsoDepPort | None:
        """None: the card has no ISO/IEC 14443-4."""
        ...

    @property
    def classic(self) -> ClassicPort | None:
        """None: not a MIFARE Classic."""
        ...

    def close(self) -> None: ...


class Reader(Protocol):
    """One reader, or one card file standing for it."""

    @property
    def uri(self) -> str: ...

    def wait_for_card(self, *, timeout_s: float) -> Connection:
        """Block until a card answers. Raises `NoCard` at the deadline or after `cancel`; where
        something else stood in the way to the end, that: `ServiceGone`, `ReaderGone`,
        `NoSuchReader`, `ReaderBusy`, `ReaderDenied`. It waits through all of these, so calling it
        again is all that a screen has to do. `ReaderAmbiguous`, `CardFileCorrupt` and a card torn
        away while it was met (`CardRemoved`) come at once."""
        ...

    def wait_for_removal(self, *, timeout_s: float) -> bool:
        """Block until no card answers (True), the deadline passes or `cancel` is called (False).
        A card swapped for another counts as removed."""
        ...

    def cancel(self) -> None:
        """Wake whoever waits, from any thread; every later wait returns at once as well."""
        ...

    def close(self) -> None: ...
