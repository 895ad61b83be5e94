"""Entries as terminals write them, and what the hub makes of them."""

from __future__ import annotations

from typing import Any

from sync.hub.schema import claim as claims
from tests.sync.hubrig import HubRig, Terminal

HOUR = "2026-11-25T10+08"


def issued(counter: Terminal, claim: int, tokens: list[int], *, basis: str = "hub") -> None:
    counter.claim_entry(claim, tokens, basis=basis)
    confirmed(counter, claim)


def confirmed(counter: Terminal, claim: int) -> int:
    return counter.write("confirm", claim=f"{claim:032x}", hour=HOUR, mode="record", card="issued")


def voided(counter: Terminal, claim: int, evidence: str = "unwritten") -> int:
    return counter.write("void", claim=f"{claim:032x}", hour=HOUR, evidence=evidence)


def states(hub: HubRig) -> dict[int, str]:
    return {int(row["claim"].hex(), 16): row["state"] for row in hub.rows(claims)}


def tapped(validator: Terminal, n: int, **changed: Any) -> int:
    content: dict[str, Any] = {
        "n": n,
        "trip": n,
        "card_ref": f"{7:016x}",
        "at": "2026-11-25T02:00:00Z",
        "route": "300",
        "stop": "A",
        "vehicle": None,
        "outcome": "off",
        "rule": "R1",
        "class": "full",
        "binding": None,
        "purse_before": 100,
        "purse_after": 80,
        "lines": [],
        "distance_m": 9000,
        "fare_ntd": 20,
        "charged_ntd": 20,
        "policy": 1,
        "state": "done",
    }
    return validator.write("tap", **(content | changed))
