"""The messages between terminals and hub, each declared once (ledger.md A.2 to A.5).

JSON; `hex16` is 32 lower-case hex digits, bytes travel as base64url without padding, all numbers
are integers, unknown fields are ignored. `decode` is the one door for what came from outside: it
turns every way in which text can fail to be a message into `WireForm`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable
from typing import Annotated, Any, Literal, NoReturn, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct, field

DEPTH_MAX = 16
BODY_BYTES_MAX = 1 << 20
COUNT_MAX = (1 << 53) - 1  # what JSON carries exactly everywhere

# Pattern and length together: `$` alone would let a line break in at the end.
Hex16 = Annotated[str, Meta(pattern="^[0-9a-f]{32}$", max_length=32, examples=["00" * 16])]
Hex32 = Annotated[str, Meta(pattern="^[0-9a-f]{64}$", max_length=64)]
Word = Annotated[str, Meta(pattern="^[A-Za-z0-9._-]+$", max_length=64)]
TerminalName = Annotated[str, Meta(pattern="^[A-Za-z0-9-]+$", max_length=32)]
B64 = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]*$", max_length=1 << 20)]
B64Key = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{43}$", max_length=43)]
B64Seal = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{86}$", max_length=86)]
B64Salt = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{22}$", max_length=22)]
Count = Annotated[int, Meta(ge=0, le=COUNT_MAX)]
Epoch = Annotated[int, Meta(ge=0, le=0x7FFFFFFF)]
Role = Literal["counter", "kiosk", "validator", "import"]

M = TypeVar("M")


class WireForm(Exception):
    """What came is not the message that belongs here. `why` names the kind of failure."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


class Message(Struct, frozen=True, kw_only=True):
    """Root of the messages."""


# --- enrolment (A.2) ---------------------------------------------------------------------------


class EnrolRequest(Message, frozen=True, kw_only=True):
    """Body of `POST /v1/enrol`, MACed with the invite's secret. `role` null: a simulation home."""

    terminal: TerminalName
    role: Role | None
    public_key: B64Key
    profile: Hex32
    site: Word
    home_id: Hex16
    sequence: Count
    head: B64Key
    created: Count


class Certificate(Message, frozen=True, kw_only=True):
    """Who a terminal is, signed by the hub over `signed_bytes`."""

    terminal: TerminalName
    role: Role | None
    key: B64Key
    keyid: Word
    site: Word
    epoch: Epoch
    era: Epoch
    city: Hex32
    not_after: Annotated[str, Meta(max_length=32)]
    sig: str = ""

    def signed_bytes(self) -> bytes:
        """What `sig` is made over: the fields before it, as compact JSON in this order."""
        fields = msgspec.structs.asdict(self)
        del fields["sig"]
        return b"flora certificate 1\x00" + msgspec.json.encode(fields)


class EnrolAnswer(Message, frozen=True, kw_only=True):
    """`tls_sha256` null: the hub is reached over loopback or a proxy's own certificate."""

    certificate: Certificate
    hub_key: B64Key
    tls_sha256: Hex32 | None
    era: Epoch
    epoch: Epoch


# --- acknowledgements --------------------------------------------------------------------------


class WireAck(Message, frozen=True, kw_only=True):
    """The hub has a journal up to `seq`. Signed by itself (`sync.chain.ack_message`), so that it
    can be shown to a hub that was restored from an older copy."""

    seq: Count
    head: B64Key
    era: Epoch
    sig: B64Seal


# --- claims (A.3) ------------------------------------------------------------------------------


class ClaimRequest(Message, frozen=True, kw_only=True):
    """Body of `POST /v1/claims`. `tokens` sorted; `documents` the issue policy's version."""

    claim: Hex16
    product: Word
    tokens: Annotated[list[Hex16], Meta(min_length=1, max_length=8)]
    generation: Annotated[int, Meta(ge=1, le=1000)]
    links: Annotated[list[tuple[Hex16, Hex16]], Meta(max_length=28)] = []
    documents: Count = 0
    ack: WireAck | None = None


class ClaimAnswer(Message, frozen=True, kw_only=True):
    """`rule` says why a person is refused (domain.md 3), `office` (site id) and `month`
    ("2026-11") where the card was collected."""

    claim: Hex16
    result: Literal["granted", "refused", "void"]
    state: Literal["open", "confirmed", "void", "refused"]
    reason: Literal["already"] | None = None
    rule: Literal["F14", "F15", "F16"] | None = None
    office: str | None = None
    month: str | None = None


def claim_digest(product: str, tokens: Iterable[str]) -> bytes:
    """What makes two requests with one claim id the same: SHA-256(product, 00, tokens)."""
    return hashlib.sha256(
        product.encode("ascii") + b"\x00" + b"".join(bytes.fromhex(token) for token in tokens)
    ).digest()


# --- journal (A.5, 9) --------------------------------------------------------------------------


class WireEntry(Message, frozen=True, kw_only=True):
    """One journal entry. An erased one travels as its `leaf` alone."""

    seq: Annotated[int, Meta(ge=1, le=COUNT_MAX)]
    epoch: Epoch
    kind: Annotated[str, Meta(pattern="^[a-z_]+$", max_length=32)]
    salt: B64Salt | None = None
    content: B64 | None = None
    leaf: B64Key | None = None


class JournalPush(Message, frozen=True, kw_only=True):
    """Body of `POST /v1/journal`: entries from `from_` on, and the seal of the last one. Without
    entries it only shows where the terminal stands (`ack`), which a restored hub waits for."""

    epoch: Epoch
    from_: Annotated[int, Meta(ge=1, le=COUNT_MAX)] = field(name="from")
    prev_head: B64Key
    entries: list[WireEntry]
    head: B64Key
    seal: B64Seal | None
    ack: WireAck | None = None


class JournalAck(Message, frozen=True, kw_only=True):
    """The answer to a push: everything up to `ack.seq` is durable at the hub."""

    ack: WireAck
    era: Epoch


# --- feed (10) ---------------------------------------------------------------------------------


class FeedRow(Message, frozen=True, kw_only=True):
    """One shared fact. `body` keeps the exact bytes, since the page's head is made over them."""

    pos: Annotated[int, Meta(ge=1, le=COUNT_MAX)]
    kind: Annotated[str, Meta(pattern="^[a-z_]+$", max_length=32)]
    key: Annotated[str, Meta(max_length=128)]
    body: Raw

    def fields(self) -> dict[str, Any]:
        """The body as a mapping. Raises `WireForm`."""
        return decode_plain(bytes(self.body))


class FeedPage(Message, frozen=True, kw_only=True):
    """Rows of the caller's view with `from_ < pos <= to`; `head` is the view's chain at `to`."""

    era: Epoch
    from_: Count = field(name="from")
    to: Count
    rows: list[FeedRow]
    head: B64Key
    more: bool

    def head_bytes(self) -> bytes:
        """The chain's head at `to`, 32 bytes."""
        return unb64(self.head)


def first_feed_head(view: str) -> bytes:
    """The head of an empty feed. `view` is `issue` or `validate` (ledger.md 10.2)."""
    return hashlib.sha256(b"flora feed 1\x00" + view.encode("ascii")).digest()


def next_feed_head(head: bytes, *, pos: int, kind: str, key: str, body: bytes) -> bytes:
    """The head after one more row: each part is led by its length, so none can borrow bytes."""
    parts = (kind.encode("ascii"), key.encode("ascii"), body)
    return hashlib.sha256(
        b"\x02"
        + head
        + pos.to_bytes(8, "big")
        + b"".join(len(part).to_bytes(4, "big") + part for part in parts)
    ).digest()


# --- faults ------------------------------------------------------------------------------------


class ErrorBody(Message, frozen=True, kw_only=True):
    """`error.code` is for programs; `seq` and `head` come with `gap`, `fork` and `chain`."""

    code: str
    message: str
    seq: int | None = None
    head: str | None = None


class ErrorAnswer(Message, frozen=True, kw_only=True):
    """Every answer that is not 200."""

    error: ErrorBody


# --- in and out --------------------------------------------------------------------------------


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """Bytes of base64url without padding; one spelling a value. Raises `WireForm`."""
    try:
        data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        raise WireForm("base64") from None
    if b64(data) != text:
        raise WireForm("base64")
    return data


def encode(message: Struct) -> bytes:
    """The message as compact JSON."""
    return msgspec.json.encode(message)


def decode(kind: type[M], body: bytes) -> M:
    """The message in `body`. Raises `WireForm` for anything that is not exactly one."""
    decode_plain(body)
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise WireForm("fields") from None


def decode_plain(body: bytes) -> dict[str, Any]:
    """A JSON object: UTF-8, no duplicate name, no float, NaN or half a surrogate, nesting at most
    16. Raises `WireForm`."""
    try:
        text = body.decode("utf-8")
        found = json.loads(
            text, object_pairs_hook=_no_doubles, parse_float=_no_float, parse_constant=_no_float
        )
    except WireForm:
        raise
    except (ValueError, RecursionError):
        raise WireForm("json") from None
    if not isinstance(found, dict):
        raise WireForm("object")
    _shallow(found)
    return found


def _no_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise WireForm("duplicate name")
    return found


def _no_float(_: str) -> NoReturn:
    raise WireForm("float")


def _shallow(found: Any) -> None:
    level = [found]
    for _ in range(DEPTH_MAX):
        level = [
            child
            for value in level
            for child in (value.values() if isinstance(value, dict) else value)
            if isinstance(child, (dict, list))
        ]
        if not level:
            return
    raise WireForm("depth")
