"""Every signed request passes here: its form, its key, its time, its signature, its body, and that
it comes once; then one handler in one transaction; then the answer is signed (ledger.md A.1).

No web framework in here: a request and an answer are values, so that tests and simulated worlds
can knock without a socket.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from sqlalchemy import Connection, bindparam, select
from sqlalchemy.engine import Row

from sync import chain
from sync.hub import claims, feed, ingest, recovery
from sync.hub.answers import Reply, no, ok
from sync.hub.city import City, instant
from sync.hub.enrolment import enrol
from sync.hub.feed import view_of
from sync.hub.schema import hub_state, nonce, terminal, terminal_key
from sync.hub.store import insert_new
from sync.wire.messages import (
    COUNT_MAX,
    ClaimRequest,
    JournalAck,
    JournalPush,
    Message,
    WireAck,
    WireForm,
    b64,
    decode,
)
from sync.wire.signatures import NotSigned, SignedRequest, parse_request, sign_answer

CLOCK_MS_MAX = 300_000  # how far a request's `created` may be from the hub's time
JSON_HEADERS = {"content-type": "application/json"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One request as bytes came: `path` and `query` raw, header names lower case."""

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One answer ready to be sent."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Caller:
    """A terminal whose signature was good, and the moment of its request."""

    row: Row[Any]
    era: int
    now_ms: int


_CALLER = (
    select(
        terminal,
        terminal_key.c.public_key,
        terminal_key.c.revoked,
        select(hub_state.c.recovering).scalar_subquery().label("recovering"),
    )
    .join(terminal_key, terminal_key.c.terminal == terminal.c.terminal)
    .where(terminal.c.terminal == bindparam("name"), terminal_key.c.number == bindparam("number"))
)

Handler = Callable[[Connection, _Caller, Any], Reply]


class Door:
    """Answers requests. Thread-safe."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._keys: dict[tuple[str, int], bytes] = {}
        self._era = city.store.read(
            lambda tx: int(tx.execute(select(hub_state.c.era)).scalar_one())
        )

    def enrol(self, request: Incoming) -> Outgoing:
        """`POST /v1/enrol`: not signed, MACed."""
        given = [value for name, value in request.headers if name == "flora-mac"]
        made = enrol(self._city, request.body, given[0] if len(given) == 1 else "")
        headers = JSON_HEADERS | ({} if made.mac is None else {"flora-mac": made.mac})
        return Outgoing(status=made.reply.status, headers=headers, body=made.reply.body)

    def claim(self, request: Incoming) -> Outgoing:
        """`POST /v1/claims`."""
        return self._signed(request, ClaimRequest, self._claim)

    def push(self, request: Incoming) -> Outgoing:
        """`POST /v1/journal`."""
        return self._signed(request, JournalPush, self._push)

    def feed(self, request: Incoming) -> Outgoing:
        """`GET /v1/feed`."""
        return self._signed(request, None, self._feed)

    def _signed(self, request: Incoming, kind: type[Message] | None, handle: Handler) -> Outgoing:
        try:
            signed = parse_request(
                method=request.method,
                path=request.path,
                query=request.query,
                headers=request.headers,
                has_body=kind is not None,
            )
        except NotSigned as fault:
            reply = no(401, "signature", fault.why)
            return Outgoing(status=reply.status, headers=JSON_HEADERS, body=reply.body)
        now_ms = self._city.time.now_ms()
        reply = self._judge(request, signed, kind, handle, now_ms)
        headers = sign_answer(
            signed.question,
            status=reply.status,
            body=reply.body,
            era=self._era,
            time_ms=now_ms,
            sign=self._city.key.sign,
        )
        return Outgoing(status=reply.status, headers=headers, body=reply.body)

    def _judge(
        self,
        request: Incoming,
        signed: SignedRequest,
        kind: type[Message] | None,
        handle: Handler,
        now_ms: int,
    ) -> Reply:
        key = self._key(signed.terminal, signed.key_number)
        if key is None:
            return no(401, "signature", "keyid")
        if abs(signed.created * 1000 - now_ms) > CLOCK_MS_MAX:
            return no(401, "clock", "created is too far from the hub's time")
        try:
            signed.verify(key, request.body)
            message: Any = request.query if kind is None else decode(kind, request.body)
        except NotSigned as fault:
            return no(401, "signature", fault.why)
        except WireForm as fault:
            return no(400, "form", fault.why)
        return self._city.store.write(lambda tx: self._once(tx, signed, message, handle, now_ms))

    def _once(
        self, tx: Connection, signed: SignedRequest, message: Any, handle: Handler, now_ms: int
    ) -> Reply:
        row = {"terminal": signed.terminal, "nonce": signed.question.nonce, "seen_ms": now_ms}
        # A replayed GET reads nothing that its replayer could take for new: no row for it.
        if signed.digest is not None and not insert_new(tx, nonce, [row]):
            return no(401, "replayed", "this request was here before")
        asked = {"name": signed.terminal, "number": signed.key_number}
        caller = tx.execute(_CALLER, asked).one()
        if signed.city != self._city.fingerprint:
            return no(403, "stranger", "this hub is another city's")
        if caller.revoked:
            if isinstance(message, JournalPush):
                ingest.keep_revoked(tx, _sender(caller, now_ms), message)
            return no(403, "revoked", "this terminal was revoked")
        if signed.era != self._era:
            return no(409, "era", "the hub is in another era")
        if signed.epoch != caller.epoch:
            return no(409, "fenced", "this epoch is over")
        return handle(tx, _Caller(row=caller, era=self._era, now_ms=now_ms), message)

    def _claim(self, tx: Connection, caller: _Caller, request: ClaimRequest) -> Reply:
        row = caller.row
        if row.role in ("validator", "kiosk"):
            return no(403, "role", "this terminal's role does not claim")
        if request.tokens != sorted(set(request.tokens)):
            return no(400, "form", "tokens")
        if self._is_behind(tx, row, request.ack):
            return no(503, "recovering", "this hub was restored and is being checked")
        asker = claims.Asker(
            terminal=row.terminal, site=row.site, epoch=row.epoch, at=instant(caller.now_ms)
        )
        if (known := claims.answer_known(tx, request, asker)) is not None:
            return known
        if request.generation != self._city.generation:
            return no(409, "generation", "tokens are of another generation")
        if row.recovering:
            return no(503, "recovering", "this hub was restored and is being checked")
        return claims.decide(tx, request, asker)

    def _push(self, tx: Connection, caller: _Caller, push: JournalPush) -> Reply:
        name = caller.row.terminal
        mine = select(terminal).where(terminal.c.terminal == name).with_for_update()
        row = tx.execute(mine).one()
        if push.epoch != row.epoch:
            return no(409, "fenced", "this epoch is over")
        self._is_behind(tx, row, push.ack)
        sender = _sender(row, caller.now_ms, public_key=caller.row.public_key)
        taken = ingest.take(tx, sender, push)
        if isinstance(taken, Reply):
            return taken
        if recovery.is_recovering(tx) and not self._is_behind(tx, row, push.ack, seq=taken.seq):
            recovery.check_in(tx, row.terminal)
        return ok(JournalAck(ack=self._ack(row.terminal, taken), era=caller.era))

    def _feed(self, tx: Connection, caller: _Caller, query: str) -> Reply:
        asked = dict(parse_qsl(query, keep_blank_values=True))
        try:
            era, after, limit = (_number(asked, name) for name in ("era", "after", "limit"))
        except WireForm as fault:
            return no(400, "form", fault.why)
        if era != caller.era:
            return no(409, "era", "the hub is in another era")
        view = view_of(caller.row.role)
        return ok(feed.page(tx, feed.Cut(view=view, era=era, after=after, limit=limit)))

    def _is_behind(
        self, tx: Connection, row: Row[Any], ack: WireAck | None, *, seq: int | None = None
    ) -> bool:
        here = row.seq if seq is None else seq
        return recovery.show(tx, row.terminal, seq=here, ack=ack, hub_key=self._city.public_key)

    def _ack(self, name: str, taken: ingest.Taken) -> WireAck:
        message = chain.ack_message(name, seq=taken.seq, head=taken.head, era=self._era)
        sig = b64(self._city.key.sign(message))
        return WireAck(seq=taken.seq, head=b64(taken.head), era=self._era, sig=sig)

    def _key(self, name: str, number: int) -> bytes | None:
        known = self._keys.get((name, number))
        if known is None:
            found = self._city.store.read(
                lambda tx: tx.execute(
                    select(terminal_key.c.public_key).where(
                        terminal_key.c.terminal == name, terminal_key.c.number == number
                    )
                ).scalar_one_or_none()
            )
            if found is None:
                return None
            # A key number means one key for ever; whether it is revoked is asked each time.
            known = self._keys[name, number] = bytes(found)
        return known


def _sender(row: Row[Any], now_ms: int, *, public_key: bytes | None = None) -> ingest.Sender:
    return ingest.Sender(
        terminal=row.terminal,
        role=row.role,
        site=row.site,
        epoch=row.epoch,
        seq=row.seq,
        head=row.head,
        public_key=row.public_key if public_key is None else public_key,
        at=instant(now_ms),
    )


def _number(asked: dict[str, str], name: str) -> int:
    text = asked.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and int(text) <= COUNT_MAX):
        raise WireForm(name)
    return int(text)
