"""The hub over HTTP, as a terminal sees it: ask, and believe only what the hub has signed.

Every question is signed by the terminal's key and every answer must be signed for that question by
the hub (ledger.md A.1); whatever else comes back is `Rubbish`.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar, cast

import httpx2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from sync.chain import ack_message
from sync.errors import (
    EntryRefused,
    HubRole,
    InviteCode,
    InviteRefused,
    NotEnrolled,
    Recovering,
    Revoked,
    Rubbish,
    Stranger,
)
from sync.ledger.journal import Ack, Entry
from sync.wire.invite import mac, mac_is, parse_code
from sync.wire.line import TIMEOUT_S, Line
from sync.wire.messages import (
    ClaimAnswer,
    ClaimRequest,
    EnrolAnswer,
    EnrolRequest,
    ErrorAnswer,
    ErrorBody,
    FeedPage,
    JournalAck,
    JournalPush,
    Message,
    Role,
    WireAck,
    WireEntry,
    WireForm,
    b64,
    decode,
    encode,
    first_feed_head,
    next_feed_head,
    unb64,
)
from sync.wire.signatures import NotSigned, Question, nonce_text, sign_request, verify_answer

if TYPE_CHECKING:
    from apdu.errors import Fault
    from drivers.keys.contract import KeyStore
    from sync.clock import Clock
    from sync.ledger.claims import OpenRow
    from sync.ledger.standing import Cursor, Standing
    from sync.profile import Profile

PAGE_ROWS_MAX = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

M = TypeVar("M", bound=Message)
Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """What a terminal keeps of its enrolment."""

    hub_url: str
    keyid: str
    hub_key: bytes
    era: int
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """What a terminal says of itself when it enrols. `home_id`: 16 bytes."""

    terminal: str
    role: str | None
    site: str
    home_id: bytes
    sequence: int
    head: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """The hub's answer to a push that it cannot join: this is where it stands."""

    seq: int
    head: bytes


class HubClient:
    """One enrolled terminal's line to its hub.

    Every verb raises `HubSilent`, `Rubbish`, `Revoked`, `Stranger`, and nothing has changed here.
    `acked` gives the latest acknowledgement: shown with each request, it tells a hub that was
    restored from an older copy that it is one.
    """

    def __init__(
        self,
        *,
        standing: Standing,
        acked: Callable[[], Ack | None],
        keys: KeyStore,
        profile: Profile,
        clock: Clock,
        random: Random,
        timeout_s: float = TIMEOUT_S,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        if standing.hub_url is None or standing.keyid is None or standing.hub_key is None:
            raise NotEnrolled()
        self._line = Line(standing.hub_url, transport)
        self._keyid, self._hub_key = standing.keyid, standing.hub_key
        self._epoch, self._era = standing.epoch, standing.era
        self._acked = acked
        self._keys = keys
        self._profile = profile
        self._clock = clock
        self._random = random
        self._timeout_s = timeout_s
        self._behind_s = 0  # how far our clock is behind the hub's, once it has said so

    @property
    def era(self) -> int:
        """The hub's era in its last answer."""
        return self._era

    def claim(self, row: OpenRow) -> ClaimAnswer:
        """Ask for the right to one card; asked again with the same row, the answer is the same.
        Raises also `Recovering`, `HubRole`."""
        request = ClaimRequest(
            claim=row.claim_id.hex(),
            product=row.product,
            tokens=sorted(token.hex() for token in row.tokens),
            generation=self._profile.generation.gen,
            ack=self._ack(),
        )
        answer = self._post("/v1/claims", request, ClaimAnswer, self._timeout_s)
        if isinstance(answer, ErrorBody):
            raise _fault(answer)
        if answer.claim != request.claim:
            raise Rubbish(why="claim")
        return answer

    def push(
        self,
        entries: list[Entry],
        *,
        from_seq: int,
        prev_head: bytes,
        within_s: float | None = None,
    ) -> Ack | Gap:
        """Send entries from `from_seq` on; none only shows where we stand. Raises also
        `EntryRefused`."""
        last = entries[-1] if entries else None
        request = JournalPush(
            epoch=self._epoch,
            from_=from_seq,
            prev_head=b64(prev_head),
            entries=[_wire(entry) for entry in entries],
            head=b64(last.head if last else prev_head),
            seal=b64(last.seal) if last and last.seal else None,
            ack=self._ack(),
        )
        answer = self._post("/v1/journal", request, JournalAck, within_s or self._timeout_s)
        if isinstance(answer, JournalAck):
            return self._believed(answer.ack)
        if answer.code == "gap" and answer.seq is not None and answer.head is not None:
            return Gap(seq=answer.seq, head=_bytes(answer.head))
        if answer.code in ("chain", "fork", "form"):
            seq = from_seq if answer.seq is None else answer.seq
            raise EntryRefused(seq=seq, why=answer.code)
        raise _fault(answer)

    def feed(self, cursor: Cursor, *, role: str | None, within_s: float | None = None) -> FeedPage:
        """The next page after `cursor`, whose chain of heads was recomputed."""
        query = f"era={cursor.era}&after={cursor.pos}&limit={PAGE_ROWS_MAX}"
        page = self._ask("GET", "/v1/feed", query, None, FeedPage, within_s or self._timeout_s)
        if isinstance(page, ErrorBody):
            raise _fault(page)
        head = cursor.head
        if head is None:
            head = first_feed_head("validate" if role in ("validator", "kiosk") else "issue")
        pos = cursor.pos
        for row in page.rows:
            if row.pos <= pos:
                raise Rubbish(why="feed")
            pos = row.pos
            head = next_feed_head(head, pos=pos, kind=row.kind, key=row.key, body=bytes(row.body))
        fits = page.era == cursor.era and page.from_ == cursor.pos and pos <= page.to
        if not fits or not hmac.compare_digest(head, _bytes(page.head)):
            raise Rubbish(why="feed")
        return page

    def _post(self, path: str, message: Message, kind: type[M], within_s: float) -> M | ErrorBody:
        return self._ask("POST", path, "", encode(message), kind, within_s)

    def _ask(
        self, method: str, path: str, query: str, body: bytes | None, kind: type[M], within_s: float
    ) -> M | ErrorBody:
        until = time.monotonic() + within_s
        answer = self._ask_once(method, path, query, body, kind, until)
        if isinstance(answer, ErrorBody) and answer.code == "clock":
            # Our clock is wrong; the answer carried the hub's time, signed.
            answer = self._ask_once(method, path, query, body, kind, until)
        return answer

    def _ask_once(
        self, method: str, path: str, query: str, body: bytes | None, kind: type[M], until: float
    ) -> M | ErrorBody:
        question = Question(method=method, path=path, nonce=nonce_text(self._random(16)))
        headers = sign_request(
            question,
            query=query,
            body=body,
            city=self._profile.fingerprint,
            epoch=self._epoch,
            era=self._era,
            keyid=self._keyid,
            created=self._seconds() + self._behind_s,
            sign=self._keys.sign,
        )
        target = f"{path}?{query}" if query else path
        got = self._line.send(method, target, headers=headers, body=body, until=until)
        try:
            said = verify_answer(
                question,
                status=got.status,
                headers=got.headers,
                body=got.body,
                hub_key=self._hub_key,
            )
            if got.status == 200:
                return decode(kind, got.body)
            error = decode(ErrorAnswer, got.body).error
        except NotSigned as fault:
            raise Rubbish(why=fault.why) from None
        except WireForm as fault:
            raise Rubbish(why=fault.why) from None
        if error.code == "clock":
            self._behind_s = said.time_ms // 1000 - self._seconds()
        return error

    def _seconds(self) -> int:
        return (self._clock.now() - _EPOCH) // timedelta(seconds=1)

    def _ack(self) -> WireAck | None:
        ack = self._acked()
        if ack is None:
            return None
        return WireAck(seq=ack.seq, head=b64(ack.head), era=ack.era, sig=b64(ack.sig))

    def _believed(self, ack: WireAck) -> Ack:
        """The acknowledgement, if the hub's own signature is on it: else it could not be shown."""
        head, sig = _bytes(ack.head), _bytes(ack.sig)
        name = self._keyid.rpartition(".")[0]
        message = ack_message(name, seq=ack.seq, head=head, era=ack.era)
        if not _is_signed(self._hub_key, sig, message):
            raise Rubbish(why="ack")
        return Ack(seq=ack.seq, head=head, era=ack.era, sig=sig)


def enrol(
    line: Line,
    code: str,
    joining: Joining,
    *,
    keys: KeyStore,
    profile: Profile,
    clock: Clock,
    timeout_s: float = TIMEOUT_S,
) -> Enrolled:
    """Join the hub with an invite code. Raises `InviteCode`, `InviteRefused`, `Stranger`,
    `HubRole`, `HubSilent`, `Rubbish`; nothing was joined then, and the code still works unless it
    was refused."""
    try:
        invite = parse_code(code)
    except WireForm:
        raise InviteCode() from None
    created = (clock.now() - _EPOCH) // timedelta(seconds=1)
    body = encode(_request(joining, keys.public_key, profile.fingerprint, created))
    until = time.monotonic() + timeout_s
    headers = {"content-type": "application/json", "flora-mac": mac(invite.mac_key(), body)}
    got = line.send("POST", "/v1/enrol", headers=headers, body=body, until=until)
    try:
        if got.status != 200:
            raise _enrol_fault(decode(ErrorAnswer, got.body).error)
        answer = decode(EnrolAnswer, got.body)
    except WireForm as fault:
        raise Rubbish(why=fault.why) from None
    hub_key = _bytes(answer.hub_key)
    if not invite.is_of(hub_key):
        raise Stranger()
    given = [value for name, value in got.headers if name.lower() == "flora-mac"]
    if len(given) != 1 or not mac_is(invite.mac_key(), got.body, given[0]):
        raise Rubbish(why="mac")
    certificate = answer.certificate
    ours = (joining.terminal, joining.role, b64(keys.public_key), profile.fingerprint)
    theirs = (certificate.terminal, certificate.role, certificate.key, certificate.city)
    signed = _is_signed(hub_key, _bytes(certificate.sig), certificate.signed_bytes())
    if theirs != ours or not signed or certificate.epoch != answer.epoch:
        raise Rubbish(why="certificate")
    return Enrolled(
        hub_url=line.url,
        keyid=certificate.keyid,
        hub_key=hub_key,
        era=answer.era,
        epoch=answer.epoch,
    )


def _request(joining: Joining, key: bytes, fingerprint: str, created: int) -> EnrolRequest:
    return EnrolRequest(
        terminal=joining.terminal,
        role=cast("Role | None", joining.role),
        public_key=b64(key),
        profile=fingerprint,
        site=joining.site,
        home_id=joining.home_id.hex(),
        sequence=joining.sequence,
        head=b64(joining.head),
        created=created,
    )


def _enrol_fault(error: ErrorBody) -> Fault:
    return InviteRefused() if error.code == "invite" else _fault(error)


def _fault(error: ErrorBody) -> Fault:
    match error.code:
        case "revoked":
            return Revoked()
        case "stranger":
            return Stranger()
        case "role":
            return HubRole()
        case "recovering":
            return Recovering()
    return Rubbish(why=error.code)


def _wire(entry: Entry) -> WireEntry:
    if entry.content is None or entry.salt is None:
        return WireEntry(seq=entry.seq, epoch=entry.epoch, kind=entry.kind, leaf=b64(entry.leaf))
    return WireEntry(
        seq=entry.seq,
        epoch=entry.epoch,
        kind=entry.kind,
        salt=b64(entry.salt),
        content=b64(entry.content),
    )


def _is_signed(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _bytes(text: str) -> bytes:
    try:
        return unb64(text)
    except WireForm as fault:
        raise Rubbish(why=fault.why) from None
