"""One office with one card, in memory but for its ledger: what the counters and validators do to a
card, torn wherever a test wants, with the office started anew afterwards.

The desk, the binder, the gate and the ledger are the product's; the card is the other side's.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, Literal
from unittest import mock

from cards.card import Card
from cards.open import open_card
from cards.rekey import rekey
from cards.state import CardState
from drivers.errors import CardRemoved
from drivers.keys.material import KeyMaterial
from drivers.keys.memory import MemoryKeyStore
from hw_sim.desfire.image import DesfireImage
from hw_sim.field import Field, Tear
from hw_sim.image import CardImage
from hw_sim.picc import card_of
from hw_sim.stock import new_desfire, new_flora, topup
from issuance.application import parse
from issuance.bind import Binder
from issuance.desk import Desk
from issuance.products import PRODUCTS
from sync.ledger.ledger import Ledger
from tests.cards.air import money
from tests.cards.desfire_air import top_up
from tests.cards.over_air import AirLink
from tests.cards.rig import OURS
from tests.sync.rig import (
    FIXTURES,
    PROFILE,
    SEED,
    START,
    LedgerHome,
    SetClock,
    development_keys,
)
from validation.gate import Gate, TapOutcome
from validation.network import Network
from validation.policy import FarePolicy

PURSE_NTD = 50
UIDS = {"Classic": bytes.fromhex("04a1b2c3"), "DESFire": bytes.fromhex("04112233445566")}
PRODUCT = {"Classic": "flora", "DESFire": "child"}
Moment = Literal["before", "during", "after"]
# A DESFire's transaction is old or new as the seed falls, a Classic's block may also be garbage.
MOMENTS: dict[str, tuple[tuple[Moment, int], ...]] = {
    "Classic": (("before", 0), ("during", 1), ("during", 2), ("after", 0)),
    "DESFire": (("before", 0), ("during", 1), ("after", 0)),
}
NETWORK, POLICY = Network.load(), FarePolicy()
STOPS = {stop.distance_m: stop.stop for stop in NETWORK.route("300").stops}


KEYS = development_keys()


def _rotated() -> MemoryKeyStore:
    """The same keys after a `keys rotate`: the card master has a second version."""
    said = json.loads((FIXTURES / "profile.keys.json").read_bytes())
    material = KeyMaterial.from_json(json.dumps(said | {"terminal_seed": SEED.hex()}).encode())
    masters = material.card_masters | {2: b"\x48" * 16}
    return MemoryKeyStore(replace(material, card_masters=masters))


ROTATED = _rotated()


class Unsynced(sqlite3.Connection):
    """A ledger that does not wait for the disk: what a power cut takes is not asked here."""

    def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
        return super().execute(sql.replace("synchronous = FULL", "synchronous = OFF"), *rest)


def stock(chip: str) -> CardImage | DesfireImage:
    """A card as it comes from the box."""
    if chip == "DESFire":
        return new_desfire(Random(7), uid=UIDS[chip], ev1=False)
    return new_flora(
        Random(7),
        uid=UIDS[chip],
        purse_ntd=PURSE_NTD,
        sectors=OURS.sectors,
        transport_key_b=KEYS.transport_key().reveal(),
        free_sector=True,
    )


@dataclass(kw_only=True)
class Office:
    """`image` is the card that lies there, `tear` what happens to it next time, once."""

    folder: Path
    image: CardImage | DesfireImage
    at: datetime = START
    keys: MemoryKeyStore = field(default_factory=lambda: KEYS)
    tear: Tear | None = None
    seed: int = 0  # how a torn block falls
    opened: int = 0  # how often: no two processes draw the same chance

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._open()

    def restart(self) -> None:
        """The process ends, and a new one begins on the same files."""
        self._home.close()
        self._open()

    def close(self) -> None:
        self._home.close()

    def copy(self, folder: Path) -> Office:
        """Another office just like it. This one is closed by it."""
        self.close()
        folder.mkdir(parents=True)
        shutil.copy(self.folder / "ledger.db", folder / "ledger.db")
        return Office(
            folder=folder,
            image=deepcopy(self.image),
            at=self.at,
            keys=self.keys,
            opened=self.opened,
        )

    @property
    def chip(self) -> str:
        return "Classic" if isinstance(self.image, CardImage) else "DESFire"

    # --- what is done to the card

    def issue(self, given: dict[str, object]) -> str:
        product = PRODUCTS[PRODUCT[self.chip]]
        return self._desk.issue(_application(given), self.lay, product=product).outcome

    def bind(self, given: dict[str, object]) -> str:
        return self._binder.bind(_application(given), self.lay).outcome

    def tap(self, stop_m: int, *, minutes: int, vehicle: str = "A") -> TapOutcome:
        """So long after the office's time."""
        at = self.at + timedelta(minutes=minutes)
        gate = Gate(self.ledger, network=NETWORK, policy=POLICY, terminal="T-01")
        return gate.tap(self.lay(), route="300", stop=STOPS[stop_m], vehicle=vehicle, at=at)

    def rekey(self) -> bool:
        self.keys = ROTATED
        return rekey(self.lay(), version=2, journal=self.ledger)

    def pay_in(self, ntd: int) -> None:
        """As the card company's machine."""
        if isinstance(self.image, CardImage):
            topup(self.image, ntd, blocks=OURS.purse_blocks)
        else:
            top_up(self.image, ntd)

    def lay(self) -> Card:
        """The card on the reader; a tear that is due happens to this presentation."""
        due, self.tear = self.tear, None
        found = Field(card_of(self.image), tear=due, rng=Random(self.seed))
        link = AirLink(found).connect()
        return open_card(link, keys=self.keys, shelf=self.ledger.shelf, ours=OURS)

    # --- what is seen of it

    def seen(self) -> tuple[CardState | None, int | None]:
        """The record of a card that was handed out, its binding by what the ledger calls it, and
        the holder's money; (None, None) before."""
        card = self.lay()
        if card.state is None or not card.issued:
            return None, None
        state = card.state
        if state.binding is not None:
            known = self.ledger.binding_by_id(card.card_ref, state.binding.binding_id)
            assert known is not None, "a binding that no ledger knows"
            state = replace(state, binding=replace(state.binding, binding_id=bytes(4)))
        # Between a torn charge and its end the record is the truth, and the mark says so.
        return replace(state, purse_mark=0), money(card)

    def taps(self) -> dict[int, dict[str, Any]]:
        """The journal's taps; of equal numbers the last entry counts."""
        return {e["n"]: e for e in self._home.entries() if e["kind"] == "tap"}

    @property
    def versions(self) -> frozenset[int]:
        """Of the card's keys."""
        found: frozenset[int] = self.lay().key_versions  # type: ignore[attr-defined]
        return found

    def _open(self) -> None:
        self.opened += 1
        fast = partial(sqlite3.connect, factory=Unsynced)
        with mock.patch.object(sqlite3, "connect", fast):
            self._home = LedgerHome(
                self.folder, seed=self.opened, clock=SetClock(self.at), keys=self.keys
            )
            self.ledger: Ledger = self._home.open()
        clock, chance = self._home.clock, self._home.random
        self._desk = Desk(
            ledger=self.ledger,
            keys=self.keys,
            profile=PROFILE,
            authority=None,
            clock=clock,
            random=chance,
        )
        self._binder = Binder(ledger=self.ledger, keys=self.keys, profile=PROFILE, clock=clock)


def _application(given: dict[str, object]) -> Any:
    return parse(json.dumps(given).encode())


def every_tear(
    start: Office, folder: Path, work: Callable[[Office], object]
) -> Iterator[tuple[str, Office]]:
    """`work` in a copy of the office, torn at frame 1, 2, … and each moment until it gets
    through: where, and the office, started anew, as the tear left it."""
    frame, hit = 0, True
    while hit:
        frame, hit = frame + 1, False
        for moment, seed in MOMENTS[start.chip]:
            office = start.copy(folder / f"{frame}{moment}{seed}")
            office.tear, office.seed = Tear(frame=frame, moment=moment), seed + frame
            try:
                work(office)
            except CardRemoved:
                hit = True
                office.tear = None
                office.restart()
                yield f"{moment} frame {frame} seed {seed}", office
            office.close()
            shutil.rmtree(office.folder)
