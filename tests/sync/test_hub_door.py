"""What does not pass the hub's door, and that it changes nothing (L15, L16, L24)."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync.hub.door import Incoming
from sync.wire.signatures import content_digest
from tests.sync.hubrig import HubRig, Terminal, city_bytes

OTHER = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubRig]:
    rig = HubRig.make(tmp_path / "hub")
    yield rig
    rig.city.store.close()


@pytest.fixture
def counter(hub: HubRig) -> Terminal:
    return hub.join("T-01", role="counter")


def with_header(request: Incoming, name: str, value: str) -> Incoming:
    headers = [(key, value if key == name else old) for key, old in request.headers]
    return replace(request, headers=headers)


def claim(counter: Terminal, **changed: Any) -> Incoming:
    return counter.request("POST", "/v1/claims", counter.claim_body(1, [5]), **changed)


def flipped(body: bytes, at: int) -> bytes:
    return body[:at] + bytes((body[at] ^ 1,)) + body[at + 1 :]


def test_one_byte_changed_anywhere_changes_nothing(hub: HubRig, counter: Terminal) -> None:
    good = claim(counter)
    before = hub.everything()
    for at in range(0, len(good.body), 7):
        assert hub.knock(replace(good, body=flipped(good.body, at))).status == 401
    for name, value in good.headers:
        changed = with_header(good, name, chr(ord(value[0]) ^ 1) + value[1:])
        assert hub.knock(changed).status == 401, name
    assert hub.knock(replace(good, query="a")).status == 401
    assert hub.everything() == before
    assert counter.answered(good).body["result"] == "granted"


def test_a_digest_that_was_signed_and_not_compared(hub: HubRig, counter: Terminal) -> None:
    # L16: the attacker changes the body and the digest field alike; the signature is over the old.
    good = claim(counter)
    body = flipped(good.body, 12)
    changed = with_header(replace(good, body=body), "content-digest", content_digest(body))
    assert hub.knock(changed).status == 401


@pytest.mark.parametrize(
    "uncovered", ['"@method" "@path" "@query" ', '"@method" ', '"@path" ', '"content-digest" ']
)
def test_a_signature_that_covers_less_is_none(
    hub: HubRig, counter: Terminal, uncovered: str
) -> None:
    good = claim(counter)
    old = dict(good.headers)["signature-input"]
    assert hub.knock(with_header(good, "signature-input", old.replace(uncovered, ""))).status == 401


def test_an_empty_coverage_with_a_right_signature_over_it_is_none(
    hub: HubRig, counter: Terminal
) -> None:
    good = claim(counter)
    params = "()" + dict(good.headers)["signature-input"].partition(")")[2]
    signature = counter.key.sign(f'"@signature-params": {params}'.encode())
    empty = with_header(good, "signature-input", f"flora={params}")
    text = base64.b64encode(signature).decode()
    before = hub.everything()
    assert hub.knock(with_header(empty, "signature", f"flora=:{text}:")).status == 401
    assert hub.everything() == before


def test_another_key_is_refused(hub: HubRig, counter: Terminal) -> None:
    before = hub.everything()
    assert counter.answered(claim(counter, sign=OTHER.sign)).code == "signature"
    assert hub.everything() == before


def test_an_unknown_key_is_refused(hub: HubRig, counter: Terminal) -> None:
    assert counter.answered(claim(counter, keyid="T-02.1")).code == "signature"
    assert counter.answered(claim(counter, keyid="T-01.2")).code == "signature"


def test_the_same_request_twice_is_refused_the_second_time(hub: HubRig, counter: Terminal) -> None:
    request = claim(counter)
    assert counter.answered(request).status == 200
    before = hub.everything()
    again = counter.answered(request)
    assert (again.status, again.code) == (401, "replayed")
    assert hub.everything() == before


def test_a_replayed_push_is_refused(hub: HubRig, counter: Terminal) -> None:
    counter.claim_entry(1, [5])
    request = counter.request("POST", "/v1/journal", counter.push_body())
    assert counter.answered(request).status == 200
    before = hub.everything()
    assert counter.answered(request).code == "replayed"
    assert hub.everything() == before


def test_used_nonces_are_forgotten_after_their_time(hub: HubRig, counter: Terminal) -> None:
    from sync.hub.schema import nonce

    counter.claim(1, [5])
    hub.clock.move(seconds=901)
    counter.claim(2, [6])
    assert len(hub.rows(nonce)) == 1


@pytest.mark.parametrize("off_s", [-299, 299])
def test_a_clock_may_be_five_minutes_off(hub: HubRig, counter: Terminal, off_s: int) -> None:
    assert counter.answered(claim(counter, created=counter.seconds() + off_s)).status == 200


@pytest.mark.parametrize("off_s", [-301, 301])
def test_a_clock_that_is_further_off_is_told_the_time(
    hub: HubRig, counter: Terminal, off_s: int
) -> None:
    answer = counter.answered(claim(counter, created=counter.seconds() + off_s))
    assert (answer.status, answer.code) == (401, "clock")


def test_a_request_for_another_city_is_a_strangers(hub: HubRig, counter: Terminal) -> None:
    answer = counter.answered(claim(counter, city="0" * 64))
    assert (answer.status, answer.code) == (403, "stranger")


@pytest.mark.parametrize(("field", "code"), [("era", "era"), ("epoch", "fenced")])
def test_another_era_or_epoch_is_over(
    hub: HubRig, counter: Terminal, field: str, code: str
) -> None:
    answer = counter.answered(claim(counter, **{field: 2}))
    assert (answer.status, answer.code) == (409, code)


@pytest.mark.parametrize("role", ["validator", "kiosk"])
def test_a_role_that_does_not_claim(hub: HubRig, role: str) -> None:
    other = hub.join("V-01", role=role)
    answer = other.claim(1, [5])
    assert (answer.status, answer.code) == (403, "role")


def test_a_name_that_joins_again_leaves_its_old_key_behind(hub: HubRig, counter: Terminal) -> None:
    newer = Terminal(hub=hub, name="T-01", role="counter", seed=b"\x09" * 32)
    newer.enrol(hub.invite("T-01"))
    assert (newer.keyid, newer.epoch) == ("T-01.2", 2)
    before = hub.everything()
    answer = counter.claim(1, [5])
    assert (answer.status, answer.code) == (403, "revoked")
    after = hub.everything()
    assert {name for name in after if after[name] != before[name]} == {"nonce"}
    assert newer.claim(1, [5]).body["result"] == "granted"


def test_what_a_revoked_terminal_brings_is_kept_and_not_applied(
    hub: HubRig, counter: Terminal
) -> None:
    from sync.hub.schema import claim as claims
    from sync.hub.schema import journal, journal_orphan

    counter.claim_entry(1, [5])
    Terminal(hub=hub, name="T-01", seed=b"\x09" * 32).enrol(hub.invite("T-01"))
    assert counter.push().code == "revoked"
    assert [row["seq"] for row in hub.rows(journal_orphan)] == [1]
    assert hub.rows(journal) == hub.rows(claims) == []
    assert hub.cases() == [("revoked_journal", "terminal:T-01", "entry:T-01/1")]


def test_the_hubs_time_never_goes_back(tmp_path: Path, hub: HubRig, counter: Terminal) -> None:
    hub.clock.move(hours=2)
    first = hub.city.time.now_ms()
    hub.clock.move(hours=-5)
    assert hub.city.time.now_ms() == first
    reopened = HubRig.make(tmp_path / "hub", clock=hub.clock)
    assert reopened.city.time.now_ms() == first
    reopened.city.store.close()


@pytest.mark.parametrize(
    "query",
    [
        "",
        "era=1&after=0",
        "era=1&after=-1&limit=5",
        "era=1&after=0&limit=x",
        "era=1&after=²&limit=1",
    ],
)
def test_a_feed_query_that_is_none(hub: HubRig, counter: Terminal, query: str) -> None:
    if query.isascii():
        answer = counter.answered(counter.request("GET", "/v1/feed", None, query=query))
        assert (answer.status, answer.code) == (400, "form")
    else:
        good = counter.request("GET", "/v1/feed", None, query="era=1")
        assert hub.knock(replace(good, query=query)).status == 401


def test_a_real_city_wants_a_role(tmp_path: Path) -> None:
    hub = HubRig.make(tmp_path / "real", profile=city_bytes(simulation=False))
    answer = Terminal(hub=hub, name="T-01").enrol(hub.invite("T-01"))
    assert (answer.status, b'"role"' in answer.body) == (403, True)
    assert Terminal(hub=hub, name="T-01", role="counter").enrol(hub.invite("T-01")).status == 200
    hub.city.store.close()
