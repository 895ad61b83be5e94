"""A card and a ledger in memory, small enough to be seen to be right, and places to hold the card.

The card models what the gate leans on: a state record that is old or new, two purse blocks with a
mark, and a tear before, during or after any of its writes. Written from cards.md 2.10, not from
the real handle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Literal

from cards.state import BindingMark, CardState, Directory, Purse
from drivers.errors import CardRemoved
from validation.gate import Gate, TapOutcome
from validation.network import Network
from validation.policy import FarePolicy
from validation.tap_time import TAIPEI

NETWORK = Network.load()
POLICY = FarePolicy()
ROUTE = NETWORK.route("300")
STOP_AT = {stop.distance_m: stop for stop in ROUTE.stops}
DAY = date(2026, 11, 25)
BINDING = BindingMark(binding_id=b"\x01\x02\x03\x04", policy=1, expires_on=None, half=False)
REF = bytes(range(8))


class Killed(BaseException):
    """The process ended here: not even a handler ran."""


class FakeLedger:
    def __init__(self) -> None:
        self.spoiled_refs: set[bytes] = set()
        self.ended_bindings: set[tuple[bytes, bytes]] = set()
        self.entries: list[dict[str, Any]] = []
        self._mark: dict[str, Any] | None = None

    def spoiled(self, card_ref: bytes) -> bool:
        return card_ref in self.spoiled_refs

    def ended(self, card_ref: bytes, binding_id: bytes) -> bool:
        return (card_ref, binding_id) in self.ended_bindings

    def journal_tap(self, content: dict[str, Any]) -> int:
        self.entries.append(content)
        self._mark = content
        return len(self.entries)

    def tap_done(self) -> None:
        self._mark = None

    def unfinished_tap(self) -> dict[str, Any] | None:
        return self._mark

    def counted(self) -> dict[int, dict[str, Any]]:
        """Of equal n the last entry counts (ledger.md A.4)."""
        return {entry["n"]: entry for entry in self.entries}


class FakeCard:
    """Record mode. `tear` = (write, moment): at that write of its life from now on it is lifted
    (before, during, after) or the process is killed (killed: before it)."""

    mode: Literal["record", "ledger"] = "record"
    kind = "flora"
    chip = "MIFARE Classic 1K"
    uid = b"\x04\xa1\xb2\xc3"
    card_ref = REF

    def __init__(self, *, purse_ntd: int, binding: BindingMark | None = None) -> None:
        self.state: CardState | None = CardState(issued=True, binding=binding, purse_mark=7)
        self.blocks: list[tuple[int, int] | None] = [(purse_ntd, 7), (purse_ntd, 7)]
        self.directory: Directory | None = None
        self.newer = False
        self.layout_version = 1
        self.tear: tuple[int, str] | None = None
        self.writes = 0

    @property
    def issued(self) -> bool | None:
        return self.state is not None and self.state.issued

    @property
    def purse(self) -> Purse | None:
        ntd, mark = self._counting()
        return Purse(ntd=ntd, settled=mark == self._state().purse_mark)

    def put(self, state: CardState) -> None:
        self.settle()
        self._write(lambda: setattr(self, "state", state), lambda: None)
        self.settle()

    def settle(self) -> None:
        state, (ntd, mark) = self._state(), self._counting()
        owed_ntd = 0 if mark == state.purse_mark else state.purse_before - state.purse_after
        whole = (ntd - owed_ntd, state.purse_mark)
        counting = self.blocks.index((ntd, mark))
        for block in (1 - counting, counting):  # the one that counts is written last
            if self.blocks[block] != whole:
                self._write(*self._block_write(block, whole))

    def top_up(self, ntd: int) -> None:
        """The card company's machine: both blocks, the mark stays, a broken block is left alone."""
        self.blocks = [None if b is None else (b[0] + ntd, b[1]) for b in self.blocks]

    def _block_write(
        self, block: int, value: tuple[int, int]
    ) -> tuple[Callable[[], None], Callable[[], None]]:
        def write() -> None:
            self.blocks[block] = value

        def tear() -> None:
            self.blocks[block] = None

        return write, tear

    def _write(self, whole: Callable[[], None], torn: Callable[[], None]) -> None:
        self.writes += 1
        if self.tear is None or self.tear[0] != self.writes:
            whole()
            return
        moment = self.tear[1]
        if moment == "killed":
            raise Killed
        {"before": lambda: None, "during": torn, "after": whole}[moment]()
        raise CardRemoved(frames_done=self.writes)

    def _counting(self) -> tuple[int, int]:
        good = [block for block in self.blocks if block is not None]
        return max(good, key=lambda block: block[1] == self._state().purse_mark)

    def _state(self) -> CardState:
        assert self.state is not None
        return self.state


class FakeLedgerCard:
    """Ledger mode: nothing on the card; `state` is what the ledger keeps."""

    mode: Literal["record", "ledger"] = "ledger"
    kind = "flora"
    chip = "MIFARE Classic 1K"
    uid = b"\x04\xa1\xb2\xc4"
    card_ref = REF
    directory: Directory | None = None
    purse: Purse | None = None
    newer = False
    layout_version = 1
    issued: bool | None = None

    def __init__(self, *, binding: BindingMark | None = None) -> None:
        self.state: CardState | None = CardState(binding=binding)

    def put(self, state: CardState) -> None:
        self.state = state

    def settle(self) -> None: ...


def gate(ledger: FakeLedger, terminal: str = "T-01") -> Gate:
    return Gate(ledger, network=NETWORK, policy=POLICY, terminal=terminal)


def at(clock: str, day: date = DAY) -> datetime:
    """`D 08:40`, `D+1 00:50`: a time in Taipei, as aware UTC."""
    days, _, hour = clock.rpartition(" ")
    local = datetime.combine(day + timedelta(days=int(days or 0)), time.fromisoformat(hour))
    return local.replace(tzinfo=TAIPEI).astimezone(UTC)


def hold(
    the_gate: Gate, card: FakeCard | FakeLedgerCard, clock: str, stop_m: int, vehicle: str
) -> TapOutcome:
    """Hold the card to the validator of `vehicle` at the stop `stop_m` metres down route 300."""
    stop = STOP_AT[stop_m].stop
    return the_gate.tap(card, route="300", stop=stop, vehicle=vehicle, at=at(clock))


def lines(said: str) -> tuple[dict[str, Any], ...]:
    """`distance_fare 20; charge 0` as the outcome's lines."""
    steps = [step.rsplit(" ", 1) for step in said.split("; ") if step]
    return tuple({"name": name, "amount_ntd": int(amount)} for name, amount in steps)


def bound(**changes: Any) -> BindingMark:
    return replace(BINDING, **changes)
