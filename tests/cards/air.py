"""Flora cards on the simulated reader: the verbs that are torn, the cards they start from."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from cards.card import Card
from cards.personalise import blank, issue, prepare
from cards.state import BindingMark, Trip
from drivers.errors import CardRemoved
from hw_sim.field import Tear
from hw_sim.image import CardImage
from tests.cards.over_air import field_of, flora, opened
from tests.cards.rig import DIRECTORY, OURS

PURSE_NTD = 100
CHARGES_NTD = (15, 10)  # of the first tap and of the second
BINDING = BindingMark(
    binding_id=b"\x0a\x0b\x0c\x0d", policy=1, expires_on=date(2027, 3, 31), half=False
)
EXPIRED = replace(BINDING, binding_id=b"\x01\x02\x03\x04", expires_on=date(2026, 3, 31))
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


def money(card: Card) -> int:
    """NT$ of the holder: the purse, less a charge that is still to be taken from it."""
    assert card.purse is not None
    if card.purse.settled or card.state is None:
        return card.purse.ntd
    return card.purse.ntd - (card.state.purse_before - card.state.purse_after)


def foreign_blocks(image: CardImage) -> list[bytes]:
    """All blocks outside our sectors."""
    return [data for b, data in enumerate(image.blocks) if b // 4 not in OURS.sectors]


def prepare_it(card: Card) -> None:
    prepare(card, directory=DIRECTORY)


def bind(card: Card) -> None:
    assert card.state is not None
    card.put(replace(card.state, binding=BINDING))


def bind_expired(card: Card) -> None:
    assert card.state is not None
    card.put(replace(card.state, binding=EXPIRED))


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
    """Stock that went through `verbs`, the last of them torn after frame `torn`."""

    verbs: tuple[Verb, ...] = ()
    torn: int | None = None

    def make(self) -> CardImage:
        """The card as it lies there."""
        image = flora(purse_ntd=PURSE_NTD)
        for verb in self.verbs:
            frame = self.torn if verb is self.verbs[-1] else None
            tear = None if frame is None else Tear(frame=frame, moment="after")
            with suppress(CardRemoved):
                verb(opened(field_of(image, tear)))
        return image


STARTS = {
    "blank": Start(),
    "half written": Start(verbs=(prepare_it,), torn=43),
    "prepared": Start(verbs=(prepare_it,)),
    "issued": Start(verbs=(prepare_it, issue)),
    "bound": Start(verbs=(prepare_it, issue, bind)),
    "expired binding": Start(verbs=(prepare_it, issue, bind_expired)),
    "trip open": Start(verbs=(prepare_it, issue, bind, tap_on)),
    "charge torn": Start(verbs=(prepare_it, issue, bind, tap_on), torn=24),
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
    (bind, "expired binding"),
    (bind, "trip open"),
    (bind, "charge torn"),
    (tap_on, "issued"),
    (tap_on, "bound"),
    (tap_on, "expired binding"),
    (tap_on, "charge torn"),
    (tap_off, "trip open"),
    (tap_off, "charge torn"),
)
