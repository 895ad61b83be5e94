"""A home for tests: the development profile's keys, a clock that moves when told, chance from a
seed, and the ledger opened as often as a test wants windows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from drivers.keys.material import KeyMaterial
from drivers.keys.memory import MemoryKeyStore
from sync.ledger.claims import OpenRow
from sync.ledger.journal import Ack
from sync.ledger.ledger import Ledger
from sync.profile import Profile

FIXTURES = Path(__file__).parents[2] / "fixtures"
PROFILE = Profile.load((FIXTURES / "profile.json").read_bytes())
SEED = bytes(range(32))
UID = bytes.fromhex("04a1b2c3")
OTHER_UID = bytes.fromhex("04d4e5f6")
START = datetime(2026, 11, 25, 2, 3, 4, tzinfo=UTC)
TABLES = ("claim", "claim_token", "link", "open_row", "join_row", "binding", "bound", "spoiled")


_MADE: dict[tuple[str, str | None], bytes] = {}


def development_keys() -> MemoryKeyStore:
    """Those of the fixtures, with the terminal key of the published vectors."""
    keys = json.loads((FIXTURES / "profile.keys.json").read_bytes())
    material = json.dumps(keys | {"terminal_seed": SEED.hex()}).encode()
    return MemoryKeyStore(KeyMaterial.from_json(material))


@dataclass
class SetClock:
    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


def token(n: int) -> bytes:
    """The token of person or number `n`: any 16 bytes do."""
    return n.to_bytes(16, "big")


def tokens(*numbers: int) -> frozenset[bytes]:
    return frozenset(token(n) for n in numbers)


def ref(n: int) -> bytes:
    """The card_ref of card `n`."""
    return n.to_bytes(8, "big")


@dataclass
class LedgerHome:
    """One home's folder."""

    folder: Path
    role: str | None = None
    terminal: str = "T-01"
    seed: int = 1
    clock: SetClock = field(default_factory=SetClock)
    keys: MemoryKeyStore = field(default_factory=development_keys)

    def __post_init__(self) -> None:
        self.random: Callable[[int], bytes] = Random(self.seed).randbytes
        self._windows: list[Ledger] = []
        if not self.path.exists():
            self._make()

    def _make(self) -> None:
        """A new ledger's file; the second one alike is a copy of the first, which is quicker."""
        made = _MADE.get((self.terminal, self.role))
        if made is not None:
            self.path.write_bytes(made)
            self.path.chmod(0o600)
            return
        Ledger.create(
            self.path,
            terminal=self.terminal,
            site="D66000060",
            role=self.role,
            profile_fingerprint=PROFILE.fingerprint,
            home_id=bytes(16),
        )
        _MADE[self.terminal, self.role] = self.path.read_bytes()

    @property
    def path(self) -> Path:
        return self.folder / "ledger.db"

    def open(self) -> Ledger:
        """One more window on it: as another process has."""
        ledger = Ledger.open(
            self.path,
            keys=self.keys,
            clock=self.clock,
            random=self.random,
            run_dir=self.folder / "run",
        )
        self._windows.append(ledger)
        return ledger

    def close(self) -> None:
        for ledger in self._windows:
            ledger.close()

    def rows(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """What another program would read from the file now."""
        db = sqlite3.connect(self.path)
        try:
            return db.execute(sql, parameters).fetchall()
        finally:
            db.close()

    def entries(self) -> list[dict[str, Any]]:
        """The contents of the journal."""
        return [json.loads(c) for (c,) in self.rows("SELECT content FROM journal ORDER BY seq")]

    def kinds(self) -> list[str]:
        return [entry["kind"] for entry in self.entries()]

    def everything(self) -> dict[str, list[tuple[Any, ...]]]:
        """All rows that a verb may change."""
        return {name: self.rows(f"SELECT * FROM {name} ORDER BY 1, 2") for name in TABLES}  # noqa: S608

    def damage(self, sql: str, *parameters: Any) -> None:
        """Change the file as a broken disk would: past the triggers."""
        db = sqlite3.connect(self.path, isolation_level=None)
        try:
            for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
                db.execute(f"DROP TRIGGER {name}")
            db.execute(sql, parameters)
        finally:
            db.close()

    def bytes_on_disk(self) -> bytes:
        """Every byte of the ledger's files, the write-ahead log's included."""
        return b"".join(
            path.read_bytes() for path in sorted(self.folder.rglob("*")) if path.is_file()
        )


def asked(ledger: Ledger, *numbers: int, product: str = "flora") -> OpenRow:
    """An issuance that has just been asked for."""
    row = ledger.ask(product, tokens(*numbers), rule="F1", proxy="none")
    assert isinstance(row, OpenRow), row
    return row


def issued(ledger: Ledger, *numbers: int, uid: bytes = UID) -> OpenRow:
    """A whole issuance in record mode."""
    row = asked(ledger, *numbers)
    ledger.granted(row.n, basis="alone")
    ledger.begin_writing(row.n, uid)
    ledger.confirm(row.n, mode="record", card="issued", handed_out=None)
    ledger.clear(row.n)
    return row


def enrol(ledger: Ledger, *, settle: bool = True) -> None:
    """Join a hub that is not there; `settle`: as if it had acknowledged and been pulled."""
    ledger.enrolled(hub_url="http://127.0.0.1:1", keyid="T-01.1", hub_key=bytes(32), era=1, epoch=1)
    if settle:
        acknowledge(ledger)
        ledger.full_pull_done()


def acknowledge(ledger: Ledger) -> None:
    """The hub has everything."""
    ledger.ack(Ack(seq=ledger.seq(), head=ledger.head(), era=1, sig=bytes(64)))


@dataclass(frozen=True, kw_only=True)
class FedRow:
    pos: int
    kind: str
    body: dict[str, Any]

    def fields(self) -> dict[str, Any]:
        return self.body


@dataclass(frozen=True, kw_only=True)
class FedPage:
    """A page of the feed, as the client hands it over."""

    era: int
    from_: int
    to: int
    rows: list[FedRow]

    def head_bytes(self) -> bytes:
        return self.to.to_bytes(32, "big")


def page(*rows: tuple[str, dict[str, Any]], after: int = 0, era: int = 1) -> FedPage:
    """Rows at the positions that follow `after`."""
    fed = [FedRow(pos=after + i, kind=kind, body=body) for i, (kind, body) in enumerate(rows, 1)]
    return FedPage(era=era, from_=after, to=after + len(rows), rows=fed)


def claim_row(
    n: int, state: str, *numbers: int, basis: str = "hub", product: str = "flora"
) -> tuple[str, dict[str, Any]]:
    """A claim of another office."""
    return "claim", {
        "claim": token(1000 + n).hex(),
        "product": product,
        "tokens": sorted(token(number).hex() for number in numbers),
        "state": state,
        "office": "D66000010",
        "month": "2026-10",
        "basis": basis,
    }


def link_row(a: int, b: int, *, active: bool = True) -> tuple[str, dict[str, Any]]:
    return "link", {"a": token(a).hex(), "b": token(b).hex(), "active": active}


def binding_row(
    card: int, binding: int, *numbers: int, active: bool = True, mode: str = "record"
) -> tuple[str, dict[str, Any]]:
    """A binding of another office, in the view of those who issue."""
    return "binding", {
        "card_ref": ref(card).hex(),
        "binding": binding.to_bytes(4, "big").hex(),
        "tokens": sorted(token(number).hex() for number in numbers),
        "policy": 1,
        "class": "full",
        "expires_on": None,
        "card_number": None,
        "mode": mode,
        "active": active,
    }
