"""What a journal entry says, kind by kind, in the order of ledger.md A.4 and without the kind.

No card in any entry of an issuance, and the hour only: order comes from the sequence (8.4).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sync.tokens import GENERATION

Content = dict[str, Any]


def hexes(tokens: Iterable[bytes]) -> list[str]:
    """A token set as the wire has it: sorted, in hex."""
    return sorted(token.hex() for token in tokens)


def claim(
    claim_id: bytes,
    product: str,
    tokens: frozenset[bytes],
    *,
    hour: str,
    basis: str,
    rule: str | None = None,
    proxy: str = "none",
    by: str | None = None,
) -> Content:
    """`basis`: hub, alone, import (confirmed by itself)."""
    return {
        "claim": claim_id.hex(),
        "product": product,
        "tokens": hexes(tokens),
        "generation": GENERATION,
        "hour": hour,
        "basis": basis,
        "lease": None,
        "policy": None,
        "rule": rule,
        "proxy": proxy,
        "by": by,
    }


def confirm(claim_id: bytes, *, hour: str, mode: str, card: str, by: str | None) -> Content:
    """One card out of the stock. `card`: issued, left."""
    return {
        "claim": claim_id.hex(),
        "hour": hour,
        "stock": {"box": None, "out": 1},
        "mode": mode,
        "card": card,
        "by": by,
    }


def void(claim_id: bytes, *, hour: str, evidence: str, by: str | None) -> Content:
    """`evidence`: unwritten, blanked, kept (one card spoiled)."""
    return {
        "claim": claim_id.hex(),
        "hour": hour,
        "evidence": evidence,
        "spoiled": {"box": None, "n": 1} if evidence == "kept" else None,
        "by": by,
    }


def spoiled(card_ref: bytes) -> Content:
    """A card that is nobody's: the one entry that may name one, and never with a claim (4.5)."""
    return {"refs": [card_ref.hex()]}


def refusal(product: str, *, rule: str, hour: str, tokens: frozenset[bytes]) -> Content:
    """A single number is not stored."""
    said: Content = {"product": product, "rule": rule, "hour": hour}
    return said | {"tokens": hexes(tokens)} if len(tokens) > 1 else said


def link(tokens: frozenset[bytes], *, hour: str) -> Content:
    """Numbers shown together where no other entry says so."""
    return {"tokens": hexes(tokens), "hour": hour, "documents": []}


def bind(
    binding_id: bytes,
    tokens: frozenset[bytes],
    *,
    card_ref: bytes,
    card_number: str | None,
    mode: str,
    policy: int,
    klass: str,
    expires_on: str | None,
    rule: str | None,
    at: str,
    by: str | None,
    ends: list[str],
) -> Content:
    """The holder's own act, so it names the card and the second."""
    return {
        "binding": binding_id.hex(),
        "tokens": hexes(tokens),
        "card_ref": card_ref.hex(),
        "card_number": card_number,
        "mode": mode,
        "policy": policy,
        "class": klass,
        "expires_on": expires_on,
        "rule": rule,
        "at": at,
        "by": by,
        "ends": ends,
    }


def unbind(
    binding_id: bytes, tokens: frozenset[bytes], *, card_ref: bytes, at: str, by: str | None
) -> Content:
    """Names the one binding that it ends."""
    return {
        "binding": binding_id.hex(),
        "tokens": hexes(tokens),
        "card_ref": card_ref.hex(),
        "at": at,
        "by": by,
    }
