"""What terminals write into their journals is what the hub reads there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sync.errors import HubDatabase
from sync.hub import admin
from sync.hub.contents import CONTENTS, KINDS_OF_ROLE, SILENT, read
from sync.ledger import contents
from sync.wire.messages import WireForm
from tests.sync.hubrig import city_bytes

CLAIM, TOKENS, REF = bytes(16), frozenset({b"\x05" * 16, b"\x06" * 16}), bytes(8)
HOUR, AT = "2026-11-25T10+08", "2026-11-25T02:03:04Z"
WRITTEN: dict[str, dict[str, Any]] = {
    "claim": contents.claim(CLAIM, "flora", TOKENS, hour=HOUR, basis="hub"),
    "confirm": contents.confirm(CLAIM, hour=HOUR, mode="record", card="issued", by=None),
    "void": contents.void(CLAIM, hour=HOUR, evidence="kept", by=None),
    "spoiled": contents.spoiled(REF),
    "refusal": contents.refusal("flora", rule="F15", hour=HOUR, tokens=TOKENS),
    "link": contents.link(TOKENS, hour=HOUR),
    "bind": contents.bind(
        bytes(4),
        TOKENS,
        card_ref=REF,
        card_number="0123456789",
        mode="record",
        policy=1,
        klass="half",
        expires_on="2027-06-30",
        rule="B1",
        at=AT,
        by=None,
        ends=[],
    ),
    "unbind": contents.unbind(bytes(4), TOKENS, card_ref=REF, at=AT, by=None),
}


@pytest.mark.parametrize("kind", WRITTEN)
def test_the_hub_reads_what_a_ledger_writes(kind: str) -> None:
    raw = json.dumps({"kind": kind} | WRITTEN[kind]).encode()
    assert isinstance(read(kind, "counter", raw), CONTENTS[kind])


def test_every_kind_is_written_by_somebody() -> None:
    assert set(WRITTEN) | {"tap"} == set(CONTENTS)  # taps are the gate's: tests/spine


def test_roles_know_known_kinds_only() -> None:
    for kinds in KINDS_OF_ROLE.values():
        assert kinds <= set(CONTENTS) | SILENT
    with pytest.raises(WireForm):
        read("claim", "nobody", b"{}")


@pytest.mark.parametrize(
    "url",
    ["nonsense", "oracle://a", "sqlite:////nowhere/at/all/hub.db", "postgresql://127.0.0.1:1/a"],
)
def test_a_database_that_cannot_be_opened_is_said_without_its_url(tmp_path: Path, url: str) -> None:
    admin.init(tmp_path / "hub", city_bytes())
    with pytest.raises(HubDatabase) as fault:
        admin.invite(tmp_path / "hub", "T-01", database=url)
    assert "//" not in str(fault.value)


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    admin.init(tmp_path / "hub", city_bytes())
    other = tmp_path / "other.db"
    other.write_bytes(b"no database at all" * 500)
    with pytest.raises(HubDatabase):
        admin.invite(tmp_path / "hub", "T-01", database=f"sqlite:///{other}")
    assert other.read_bytes() == b"no database at all" * 500
