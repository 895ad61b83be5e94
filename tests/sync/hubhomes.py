"""Whole terminals against a hub in this process: a real ledger, a real client, no socket."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

import httpx2

from drivers.keys.material import KeyMaterial
from drivers.keys.memory import MemoryKeyStore
from sync.client import HubClient
from sync.ledger.claims import OpenRow, Taken
from sync.ledger.ledger import Ledger
from sync.profile import Profile
from sync.run import RunResult, join, run
from tests.sync.hubrig import HubRig, SetClock, city_bytes

PERSON = frozenset({b"\x05" * 16})
OTHER = frozenset({b"\x06" * 16})
HUB_URL = "http://127.0.0.1:1"


@dataclass
class HomeRig:
    """One terminal's home."""

    ledger: Ledger
    keys: MemoryKeyStore
    profile: Profile
    clock: SetClock
    folder: Path
    random: Random

    @classmethod
    def make(
        cls,
        folder: Path,
        name: str,
        *,
        role: str | None = None,
        clock: SetClock | None = None,
        profile: bytes | None = None,
    ) -> HomeRig:
        folder.mkdir()
        random = Random(f"{folder.name}/{name}")
        city = Profile.load(profile or city_bytes())
        Ledger.create(
            folder / "ledger.db",
            terminal=name,
            site="D66000060",
            role=role,
            profile_fingerprint=city.fingerprint,
            home_id=random.randbytes(16),
        )
        material = KeyMaterial(
            token={1: b"\x11" * 32},
            ref=b"\x33" * 32,
            card_masters={1: b"\x44" * 16},
            record_master=b"\x55" * 16,
            transport_b=b"\x66" * 6,
            terminal_seed=random.randbytes(32),
        )
        keys = MemoryKeyStore(material)
        clock = clock or SetClock()
        ledger = Ledger.open(
            folder / "ledger.db",
            keys=keys,
            clock=clock,
            random=random.randbytes,
            run_dir=folder / "run",
        )
        return cls(
            ledger=ledger, keys=keys, profile=city, clock=clock, folder=folder, random=random
        )

    def join(self, code: str, transport: httpx2.BaseTransport, *, url: str = HUB_URL) -> None:
        join(
            self.ledger,
            url,
            code,
            home_id=b"\x0f" * 16,
            keys=self.keys,
            profile=self.profile,
            clock=self.clock,
            transport=transport,
        )

    def joined(self, hub: HubRig) -> HomeRig:
        """This home, enrolled and settled."""
        self.join(hub.invite(self.ledger.terminal), hub.transport())
        assert self.run(hub.transport()).done
        return self

    def client(
        self, transport: httpx2.BaseTransport | None, *, timeout_s: float = 8.0
    ) -> HubClient:
        return HubClient(
            standing=self.ledger.standing(),
            acked=self.ledger.acked,
            keys=self.keys,
            profile=self.profile,
            clock=self.clock,
            random=self.random.randbytes,
            timeout_s=timeout_s,
            transport=transport,
        )

    def run(self, transport: httpx2.BaseTransport | None, *, seconds: float = 60) -> RunResult:
        client = self.client(transport)
        return run(self.ledger, client, run_dir=self.folder / "run", seconds=seconds)

    def ask(self, tokens: frozenset[bytes] = PERSON) -> OpenRow:
        """Open an issuance; it stops at `asked`."""
        row = self.ledger.ask("flora", tokens, rule="F1", proxy="none")
        assert isinstance(row, OpenRow)
        return row

    def is_taken(self, tokens: frozenset[bytes] = PERSON) -> str | None:
        """By which rule this home's own ledger refuses the person, without asking anybody."""
        row = self.ledger.ask("flora", tokens, rule="F1", proxy="none")
        if isinstance(row, Taken):
            return row.rule
        self.ledger.drop(row.n)
        return None

    def issue(self, tokens: frozenset[bytes] = PERSON, *, basis: str = "alone") -> OpenRow:
        """One whole issuance, as the desk carries it out."""
        row = self.ask(tokens)
        self.ledger.granted(row.n, basis=basis)  # type: ignore[arg-type]
        self.ledger.begin_writing(row.n, b"\x01\x02\x03\x04")
        self.ledger.confirm(row.n, mode="record", card="issued", handed_out=None)
        self.ledger.clear(row.n)
        return row

    def close(self) -> None:
        self.ledger.close()
