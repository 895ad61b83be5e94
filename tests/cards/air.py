"""Cards on the simulated reader: the verbs that are torn, the cards they start from.

The card's side is `hw_sim`, reached through the reader registry as every command reaches it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random

from cards.card import Card
from cards.open import open_card
from cards.personalise import blank, issue, prepare
from cards.state import BindingMark, CardState, Trip
from drivers.errors import CardRemoved
from drivers.registry import open_reader
from hw_sim.image import load_classic, save
from hw_sim.stock import new_flora
from tests.cards.rig import DIRECTORY, KEYS, MOMENTS, OURS, UID, FakeShelf

PURSE_NTD = 100
CHARGES_NTD = (15, 10)  # of the first tap and of the second
BINDING = BindingMark(
    binding_id=b"\x0a\x0b\x0c\x0d", policy=1, expires_on=date(2027, 3, 31), half=False
)
_AT = datetime(2026, 11, 25, 0, 0, tzinfo=UTC)
BOARDED = Trip(
    open=True,
    bound=True,
    half=False,
    route=300,
    vehicle=b"bus1",
    boarded_stop=1,
    boarded_at=_AT,
    paid_ntd=15,
    last_stop=1,
    last_at=_AT,
)

Verb = Callable[[Card], None]


def lay(file: Path, tear: str = "") -> Card:
    """Put the card in `file` on a reader and open it. `tear`: as in a reader's URI."""
    reader = open_reader(f"sim:{file}{tear}", must_exist=True)
    connection = reader.wait_for_card(timeout_s=1)
    return open_card(connection, keys=KEYS, shelf=FakeShelf(), ours=OURS)


def money(card: Card) -> int:
    """NT$ of the holder: the purse, less a charge that is still to be taken from it."""
    assert card.purse is not None
    if card.purse.settled or card.state is None:
        return card.purse.ntd
    return card.purse.ntd - (card.state.purse_before - card.state.purse_after)


def seen(file: Path) -> tuple[CardState | None, int]:
    """What a reader sees now, and the money."""
    card = lay(file)
    return card.state, money(card)


def foreign_blocks(file: Path) -> list[bytes]:
    """All blocks outside our sectors."""
    return [data for b, data in enumerate(load_classic(file).blocks) if b // 4 not in OURS.sectors]


def prepare_it(card: Card) -> None:
    prepare(card, directory=DIRECTORY)


def bind(card: Card) -> None:
    assert card.state is not None
    card.put(replace(card.state, binding=BINDING))


def tap(card: Card, n: int) -> None:
    """The card's tap number `n`, or the rest of it: presented again, a validator finds the tap in
    the record and settles."""
    assert card.state is not None
    card.settle()
    if card.state.n == n:
        return
    now = money(card)
    card.put(
        replace(
            card.state,
            n=n,
            trip=replace(BOARDED, open=n == 1, last_stop=n),
            purse_before=now,
            purse_after=now - CHARGES_NTD[n - 1],
            purse_mark=card.state.purse_mark + 1,
        )
    )


def tap_on(card: Card) -> None:
    tap(card, 1)


def tap_off(card: Card) -> None:
    tap(card, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """Stock that went through `verbs`, the last of them torn at the frame `torn` says."""

    verbs: tuple[Verb, ...] = ()
    torn: str = ""

    def make(self, file: Path) -> bytes:
        """The card's file as it lies there, also left in `file`."""
        image = new_flora(
            Random(7),
            uid=UID,
            purse_ntd=PURSE_NTD,
            sectors=OURS.sectors,
            transport_key_b=KEYS.transport_key().reveal(),
            free_sector=True,
        )
        save(file, image)
        for verb in self.verbs:
            with suppress(CardRemoved):
                verb(lay(file, self.torn if verb is self.verbs[-1] else ""))
        return file.read_bytes()


STARTS = {
    "blank": Start(),
    "half written": Start(verbs=(prepare_it,), torn="?tear=43:after"),
    "prepared": Start(verbs=(prepare_it,)),
    "issued": Start(verbs=(prepare_it, issue)),
    "bound": Start(verbs=(prepare_it, issue, bind)),
    "trip open": Start(verbs=(prepare_it, issue, bind, tap_on)),
    "charge torn": Start(verbs=(prepare_it, issue, bind, tap_on), torn="?tear=24:after"),
}
CASES: tuple[tuple[Verb, str], ...] = (
    (prepare_it, "blank"),
    (prepare_it, "half written"),
    (prepare_it, "prepared"),
    (issue, "prepared"),
    (issue, "issued"),
    (blank, "prepared"),
    (blank, "half written"),
    (bind, "issued"),
    (bind, "bound"),
    (bind, "trip open"),
    (bind, "charge torn"),
    (tap_on, "issued"),
    (tap_on, "bound"),
    (tap_on, "charge torn"),
    (tap_off, "trip open"),
    (tap_off, "charge torn"),
)


def tears(file: Path, start: bytes, verb: Verb) -> Iterator[str]:
    """Tear `verb` on the card `start` at frame 1, 2, … and each moment, until it gets through.
    Yields where it was torn, with the card in `file` as the tear left it."""
    frame, hit = 0, True
    while hit:
        frame, hit = frame + 1, False
        for moment in MOMENTS:
            file.write_bytes(start)
            try:
                verb(lay(file, f"?tear={frame}:{moment}"))
            except CardRemoved:
                hit = True
                yield f"{moment} frame {frame}"
