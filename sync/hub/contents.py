"""What the hub reads of journal entries (ledger.md A.4): only the fields it acts upon.

Terminals may write more; whatever cannot be read is kept, acknowledged and becomes a case, since
content never makes a push fail (S35).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from sync.wire.messages import Hex16, WireForm, Word, decode

Ref = Annotated[str, Meta(pattern="^[0-9a-f]{16}$", max_length=16)]
BindingId = Annotated[str, Meta(pattern="^[0-9a-f]{8}$", max_length=8)]
Tokens = Annotated[list[Hex16], Meta(min_length=1, max_length=8)]
Hour = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}\+08$", max_length=16)]
Instant = Annotated[datetime, Meta(tz=True)]
Ntd = Annotated[int, Meta(ge=-(1 << 31), le=(1 << 31) - 1)]


class Content(Struct, frozen=True, kw_only=True):
    """Root of the contents. `kind` stands inside, since the chain covers the content alone."""

    kind: str


class ClaimMade(Content, frozen=True, kw_only=True):
    claim: Hex16
    product: Word
    tokens: Tokens
    hour: Hour
    basis: Word


class Confirmed(Content, frozen=True, kw_only=True):
    claim: Hex16


class Voided(Content, frozen=True, kw_only=True):
    claim: Hex16
    hour: Hour
    evidence: Literal["unwritten", "blanked", "kept"]


class Spoiled(Content, frozen=True, kw_only=True):
    refs: Annotated[list[Ref], Meta(max_length=1000)]


class Refused(Content, frozen=True, kw_only=True):
    tokens: Tokens | None = None


class Linked(Content, frozen=True, kw_only=True):
    tokens: Tokens


class Bind(Content, frozen=True, kw_only=True):
    binding: BindingId
    tokens: Tokens
    card_ref: Ref
    card_number: Annotated[str, Meta(max_length=32)] | None
    mode: Literal["record", "ledger"]
    policy: Annotated[int, Meta(ge=0, le=255)]
    class_: Literal["full", "half"] = field(name="class")
    expires_on: date | None
    at: Instant
    # `card_ref:binding` of what its terminal knew to be active: it is later, whatever clocks say.
    ends: list[Annotated[str, Meta(max_length=32)]] = []


class Unbind(Content, frozen=True, kw_only=True):
    binding: BindingId
    tokens: Tokens
    card_ref: Ref
    at: Instant


class Tap(Content, frozen=True, kw_only=True):
    n: Annotated[int, Meta(ge=0, le=0xFFFFFFFF)]
    card_ref: Ref
    route: str | int
    stop: str | int
    purse_before: Ntd | None
    purse_after: Ntd | None
    charged_ntd: Ntd
    state: Literal["done", "torn"]


CONTENTS: dict[str, type[Content]] = {
    "claim": ClaimMade,
    "confirm": Confirmed,
    "void": Voided,
    "spoiled": Spoiled,
    "refusal": Refused,
    "link": Linked,
    "bind": Bind,
    "unbind": Unbind,
    "tap": Tap,
}
# Kept, and without effect here as yet.
SILENT = {
    "stock",
    "started",
    "restored",
    "erased",
    "policy_seen",
    "case_seen",
    "lease_taken",
    "lease_closed",
    "recalled",
}
_EVERYONE = SILENT - {"stock", "lease_taken", "lease_closed", "recalled"}
_ISSUING = {"claim", "confirm", "void", "spoiled", "refusal", "link", "bind", "unbind"}
KINDS_OF_ROLE: dict[str | None, set[str]] = {
    None: set(CONTENTS) | SILENT,  # a simulation home does everything
    "counter": _EVERYONE | _ISSUING | SILENT,
    "import": _EVERYONE | {"claim", "link"},
    "validator": _EVERYONE | {"tap"},
    "kiosk": _EVERYONE | {"bind", "unbind"},
}
# Their receipt is kept as the hour: at 25 cards a day two neighbouring facts name a person.
HOUR_ONLY = {"claim", "confirm", "void", "refusal"}


def read(kind: str, role: str | None, content: bytes) -> Content | None:
    """The content to act upon; None where this entry has no effect here. Raises `WireForm` for a
    kind that is unknown or not this role's, and for a content that cannot be read."""
    if kind not in KINDS_OF_ROLE.get(role, set()):
        raise WireForm("kind")
    if kind in SILENT:
        return None
    found = decode(CONTENTS[kind], content)
    if found.kind != kind:
        raise WireForm("kind")
    return found
