"""The city profile: exact bytes, strictly read."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from drivers.keys.material import KeyMaterial
from sync.errors import ProfileBad
from sync.profile import Profile, new_profile
from tests.sync.rig import FIXTURES, SEED

PUBLIC = (FIXTURES / "profile.json").read_bytes()


def changed(**fields: Any) -> bytes:
    return json.dumps(json.loads(PUBLIC) | fields).encode()


def without(field: str) -> bytes:
    said = json.loads(PUBLIC)
    del said[field]
    return json.dumps(said).encode()


def test_the_development_profile_says_that_it_is_one() -> None:
    profile = Profile.load(PUBLIC)
    assert profile.simulation
    assert profile.salt == b"flora-test-salt!"
    assert (profile.generation.memory_kib, profile.generation.passes) == (1024, 1)
    assert profile.sectors == (12, 13, 14)
    assert profile.policies[1] == "double-ten"


def test_the_fingerprint_is_of_the_exact_bytes() -> None:
    assert Profile.load(PUBLIC).fingerprint != Profile.load(PUBLIC + b"\n").fingerprint


def test_the_development_keys_are_patterns_that_nobody_would_draw() -> None:
    keys = json.loads((FIXTURES / "profile.keys.json").read_bytes())
    plain = {**keys, "token": keys["token"]["1"]}
    assert all(len(set(bytes.fromhex(key))) == 1 for key in plain.values()), plain


def test_no_key_stands_in_a_public_profile() -> None:
    public, keys = new_profile(Random(3))
    secrets = [*keys["token"].values(), *(v for v in keys.values() if isinstance(v, str))]
    assert len(secrets) == 5
    assert not [secret for secret in secrets if secret.encode() in public]


def test_a_new_city_is_real_costly_and_its_own() -> None:
    public, keys = new_profile(Random(3))
    profile = Profile.load(public)
    assert not profile.simulation
    assert not profile.ledger_mode
    assert (profile.generation.memory_kib, profile.generation.passes) == (65536, 3)
    assert new_profile(Random(4))[0] != public
    material = json.dumps(keys | {"terminal_seed": SEED.hex()}).encode()
    assert KeyMaterial.from_json(material).token is not None
    assert KeyMaterial.from_json(material).without_token().token is None


BAD: dict[str, bytes] = {
    "no JSON": b"{",
    "no object": b"[]",
    "no text": b"\xff\xfe",
    "a name twice": PUBLIC.replace(
        b'"simulation": true', b'"simulation": true, "simulation": true'
    ),
    "an unknown name": changed(extra=1),
    "another format": changed(format="flora-profile-2"),
    "no salt": without("salt"),
    "a short salt": changed(salt="00" * 15),
    "a salt with a line break": changed(salt="00" * 16 + "\n"),
    "simulation is a word": changed(simulation="no"),
    "no generation": changed(generations=[]),
    "generations begin at 2": changed(
        generations=[{"gen": 2, "memory_kib": 1024, "passes": 1, "lanes": 1}]
    ),
    # Costs that can be hashed by some and verified by none (memory under 8 x lanes).
    "too little memory": changed(
        generations=[{"gen": 1, "memory_kib": 7, "passes": 1, "lanes": 1}]
    ),
    "too little memory for its lanes": changed(
        generations=[{"gen": 1, "memory_kib": 31, "passes": 1, "lanes": 4}]
    ),
    "no pass": changed(generations=[{"gen": 1, "memory_kib": 1024, "passes": 0, "lanes": 1}]),
    "a sector that is not there": changed(stock={"sectors": [12, 13, 16], "ledger_mode": True}),
    "a sector twice": changed(stock={"sectors": [12, 12, 14], "ledger_mode": True}),
    "policy 0": changed(policies={"0": "none"}),
    "a role's key is short": changed(roles={"root": "00"}),
}


@pytest.mark.parametrize("name", BAD)
def test_anything_else_is_no_profile(name: str) -> None:
    with pytest.raises(ProfileBad):
        Profile.load(BAD[name])


def test_a_whole_cost_at_the_edge_is_taken() -> None:
    edge = changed(generations=[{"gen": 1, "memory_kib": 32, "passes": 1, "lanes": 4}])
    assert Profile.load(edge).generation.lanes == 4


def test_deep_nesting_is_no_profile(tmp_path: Path) -> None:
    with pytest.raises(ProfileBad):
        Profile.load(b"[" * 100_000)
