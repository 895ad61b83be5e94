"""A hub without a socket and terminals without a home: what the hub's tests knock with."""

from __future__ import annotations

import atexit
import hashlib
import itertools
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import httpx2
import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Table, select

from sync import chain
from sync.hub import feed
from sync.hub.admin import init
from sync.hub.city import City, open_city
from sync.hub.door import Door, Incoming, Outgoing
from sync.hub.enrolment import make_invite
from sync.profile import Profile, Said, profile_bytes
from sync.wire.invite import mac, parse_code
from sync.wire.messages import EnrolAnswer, EnrolRequest, WireAck, b64, decode, encode
from sync.wire.signatures import Question, nonce_text, sign_request, verify_answer

RANDOM = Random(8)  # one for all rigs: a hub that is opened again draws other secrets
START = datetime(2026, 11, 25, 2, 0, tzinfo=UTC)


def city_bytes(salt: bytes = b"flora-test-salt!", *, simulation: bool = True) -> bytes:
    """A small city's public profile."""
    return profile_bytes(
        city=Said("臺中市", "Taichung City"),
        contact=Said("承辦", "the office"),
        salt=salt,
        simulation=simulation,
        cost={"memory_kib": 1024, "passes": 1},
    )


@cache
def _made(profile: bytes) -> Path:
    """A hub's home as `hub init` makes it, once a process: migrations are not what is tested."""
    folder = Path(tempfile.mkdtemp(prefix="flora-hub-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    init(folder / "hub", profile, random=Random(7).randbytes)
    return folder / "hub"


@dataclass
class SetClock:
    """A clock that stands until it is moved."""

    at: datetime = START

    def now(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass
class Answer:
    """A verified answer of the hub."""

    status: int
    body: dict[str, Any]

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])


@dataclass
class HubRig:
    """One hub over one database, at a clock that the test moves."""

    city: City
    door: Door
    clock: SetClock
    profile: bytes

    @classmethod
    def make(
        cls,
        home: Path,
        *,
        clock: SetClock | None = None,
        profile: bytes | None = None,
        database: str | None = None,
    ) -> HubRig:
        clock = clock or SetClock()
        profile = profile or city_bytes()
        if not (home / "hub.key").exists():
            shutil.copytree(_made(profile), home)
        city = open_city(home, database=database, clock=clock, random=RANDOM.randbytes)
        return cls(city=city, door=Door(city), clock=clock, profile=profile)

    def invite(self, name: str) -> str:
        return make_invite(self.city, name)[0]

    def join(self, name: str, *, role: str | None = None, site: str = "D66000060") -> Terminal:
        """A terminal that has enrolled."""
        terminal = Terminal(hub=self, name=name, role=role, site=site)
        terminal.enrol(self.invite(name))
        return terminal

    def knock(self, request: Incoming) -> Outgoing:
        """As the application does it."""
        match (request.method, request.path):
            case ("POST", "/v1/enrol"):
                return self.door.enrol(request)
            case ("POST", "/v1/claims"):
                return self.door.claim(request)
            case ("POST", "/v1/journal"):
                return self.door.push(request)
            case ("GET", "/v1/feed"):
                feed.number_rows(self.city.store)
                return self.door.feed(request)
        raise AssertionError(request.path)

    def rows(self, table: Table) -> list[dict[str, Any]]:
        """Everything in one table."""

        def work(tx: Connection) -> list[dict[str, Any]]:
            return [dict(row._mapping) for row in tx.execute(select(table))]

        return self.city.store.read(work)

    def everything(self) -> dict[str, list[dict[str, Any]]]:
        """Everything in all tables, to see that nothing changed."""
        from sync.hub.schema import metadata

        return {name: self.rows(table) for name, table in metadata.tables.items()}

    def cases(self) -> list[tuple[str, str, str]]:
        from sync.hub.schema import case_file

        return [(row["kind"], row["side_a"], row["side_b"]) for row in self.rows(case_file)]

    def transport(self) -> DoorTransport:
        return DoorTransport(self)


class DoorTransport(httpx2.BaseTransport):
    """Carries a client's requests to the door of a hub in this process."""

    def __init__(self, hub: HubRig) -> None:
        self.hub = hub

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = self.hub.knock(
            Incoming(
                method=request.method,
                path=request.url.raw_path.decode().partition("?")[0],
                query=request.url.query.decode(),
                headers=[(name.lower(), value) for name, value in request.headers.multi_items()],
                body=request.read(),
            )
        )
        return httpx2.Response(
            answer.status, headers=answer.headers, stream=httpx2.ByteStream(answer.body)
        )


@dataclass
class Terminal:
    """A terminal's side of the wire: a key, a journal in memory, and nothing else."""

    hub: HubRig
    name: str
    role: str | None = None
    site: str = "D66000060"
    seed: bytes = b""
    keyid: str = ""
    epoch: int = 1
    era: int = 1
    hub_key: bytes = b""
    acked: dict[str, Any] | None = None
    entries: list[dict[str, Any]] = field(default_factory=list)
    heads: list[bytes] = field(default_factory=list)
    _count: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.seed = self.seed or self.name.encode().ljust(32, b"\x01")
        self.heads = [chain.first_head(self.name)]

    @property
    def key(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.seed)

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes_raw()

    @property
    def city(self) -> str:
        return Profile.load(self.hub.profile).fingerprint

    def seconds(self) -> int:
        return int(self.hub.clock.now().timestamp())

    def clone(self) -> Terminal:
        """The same key and name with another journal: a home that was copied at its beginning."""
        twin = Terminal(hub=self.hub, name=self.name, role=self.role, seed=self.seed)
        twin.keyid, twin.epoch, twin._count = self.keyid, self.epoch, itertools.count(1000)
        return twin

    # Enrolment

    def enrol_request(self, code: str, **changed: Any) -> Incoming:
        request = EnrolRequest(
            terminal=self.name,
            role=self.role,  # type: ignore[arg-type]
            public_key=b64(self.public_key),
            profile=self.city,
            site=self.site,
            home_id="0f" * 16,
            sequence=len(self.entries),
            head=b64(self.heads[-1]),
            created=self.seconds(),
        )
        body = encode(msgspec.structs.replace(request, **changed))
        return Incoming(
            method="POST",
            path="/v1/enrol",
            query="",
            headers=[("flora-mac", mac(parse_code(code).mac_key(), body))],
            body=body,
        )

    def enrol(self, code: str, **changed: Any) -> Outgoing:
        answer = self.hub.knock(self.enrol_request(code, **changed))
        if answer.status == 200:
            said = decode(EnrolAnswer, answer.body)
            self.keyid, self.epoch, self.era = said.certificate.keyid, said.epoch, said.era
            self.hub_key = self.hub.city.public_key
        return answer

    # Signed requests

    def request(
        self, method: str, path: str, body: bytes | None, *, query: str = "", **changed: Any
    ) -> Incoming:
        count = next(self._count).to_bytes(8, "big")
        nonce = nonce_text(hashlib.sha256(self.seed + count).digest()[:16])
        fields: dict[str, Any] = {
            "city": self.city,
            "epoch": self.epoch,
            "era": self.era,
            "keyid": self.keyid,
            "created": self.seconds(),
            "sign": self.key.sign,
        } | changed
        question = Question(method=method, path=path, nonce=nonce)
        headers = sign_request(question, query=query, body=body, **fields)
        return Incoming(
            method=method,
            path=path,
            query=query,
            headers=list(headers.items()),
            body=body or b"",
        )

    def answered(self, request: Incoming) -> Answer:
        """Knock, and take the answer only if the hub signed it for this request."""
        out = self.hub.knock(request)
        nonce = dict(request.headers)["signature-input"].partition('nonce="')[2][:22]
        verify_answer(
            Question(method=request.method, path=request.path, nonce=nonce),
            status=out.status,
            headers=out.headers.items(),
            body=out.body,
            hub_key=self.hub.city.public_key,
        )
        return Answer(status=out.status, body=msgspec.json.decode(out.body))

    def claim_body(self, claim: int, tokens: list[int], /, **changed: Any) -> bytes:
        said = {
            "claim": f"{claim:032x}",
            "product": "flora",
            "tokens": sorted(f"{one:032x}" for one in tokens),
            "generation": 1,
            "site": self.site,
            "links": [],
            "documents": 1,
            "ack": self.acked,
        }
        return msgspec.json.encode(said | changed)

    def claim(self, claim: int, tokens: list[int], /, **changed: Any) -> Answer:
        body = self.claim_body(claim, tokens, **changed)
        return self.answered(self.request("POST", "/v1/claims", body))

    # Journal

    def write(self, kind: str, /, **content: Any) -> int:
        """One more entry of the journal; its sequence."""
        seq = len(self.entries) + 1
        salt = seq.to_bytes(16, "big")
        raw = msgspec.json.encode({"kind": kind} | content)
        leaf = chain.leaf(salt, raw)
        self.heads.append(
            chain.next_head(self.heads[-1], seq=seq, epoch=self.epoch, leaf_hash=leaf)
        )
        self.entries.append(
            {
                "seq": seq,
                "epoch": self.epoch,
                "kind": kind,
                "salt": b64(salt),
                "content": b64(raw),
            }
        )
        return seq

    def push_body(self, first: int = 1, last: int | None = None, **changed: Any) -> bytes:
        last = len(self.entries) if last is None else last
        some = self.entries[first - 1 : last]
        message = chain.seal_message(
            self.name,
            seq=last,
            epoch=some[-1]["epoch"] if some else self.epoch,
            head=self.heads[last],
        )
        said = {
            "epoch": self.epoch,
            "from": first,
            "prev_head": b64(self.heads[first - 1]),
            "entries": some,
            "head": b64(self.heads[last]),
            "seal": b64(self.key.sign(message)) if some else None,
            "ack": self.acked,
        }
        return msgspec.json.encode(said | changed)

    def push(self, first: int = 1, last: int | None = None, **changed: Any) -> Answer:
        body = self.push_body(first, last, **changed)
        answer = self.answered(self.request("POST", "/v1/journal", body))
        if answer.status == 200:
            self.acked = answer.body["ack"]
            assert decode(WireAck, msgspec.json.encode(self.acked))
        return answer

    def pull(self, after: int = 0, limit: int = 500) -> Answer:
        query = f"era={self.era}&after={after}&limit={limit}"
        return self.answered(self.request("GET", "/v1/feed", None, query=query))

    def claim_entry(self, claim: int, tokens: list[int], *, basis: str = "hub") -> int:
        """The `claim` entry as a terminal writes it."""
        return self.write(
            "claim",
            claim=f"{claim:032x}",
            product="flora",
            tokens=sorted(f"{one:032x}" for one in tokens),
            generation=1,
            hour=chain_hour(self.hub.clock.now()),
            basis=basis,
            lease=None,
            policy=1,
            rule="F1",
            proxy="none",
            by=None,
        )

    def bind_entry(self, binding: int, token: int, card: int, **changed: Any) -> int:
        """The `bind` entry as a terminal writes it."""
        content: dict[str, Any] = {
            "binding": f"{binding:08x}",
            "tokens": [f"{token:032x}"],
            "card_ref": f"{card:016x}",
            "card_number": "0123456789",
            "mode": "record",
            "policy": 1,
            "class": "full",
            "expires_on": None,
            "rule": "B1",
            "at": self.hub.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
            "by": None,
        }
        return self.write("bind", **(content | changed))


def chain_hour(at: datetime) -> str:
    from sync.clock import hour

    return hour(at)
