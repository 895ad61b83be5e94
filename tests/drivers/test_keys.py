"""Key material, key store and its sealed file."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC

from drivers.errors import KeyMissing, Keystore, NoCardKey, NoTokenKey
from drivers.keys.contract import KeyStore
from drivers.keys.material import KeyMaterial
from drivers.keys.sealed_file import MemoryKeyStore, open_store, seal, unseal, write_store

CHEAP = {"memory_kib": 1024, "passes": 1}
MATERIAL = KeyMaterial(
    token={1: b"\x11" * 32, 2: b"\x22" * 32},
    ref=b"\x33" * 32,
    card_masters={1: b"\x44" * 16},
    record_master=b"\x55" * 16,
    transport_b=b"\x66" * 6,
    terminal_seed=bytes(range(32)),
)
UID = bytes.fromhex("04a1b2c3")


def store() -> KeyStore:
    return MemoryKeyStore(MATERIAL)


def test_tokens_and_references_as_the_protocol_page_lists_them() -> None:
    # ledger.md A.6, computed there by other code.
    stretched = bytes.fromhex("002e6677a4551a11b6aa33a5fc5cac0f1e7f6b3b7d54f05c1961e4251c1c6c31")
    first = store().token(1, stretched)
    assert first.hex() == "8212b800c87ae450929c737b7d7b4a66"
    assert store().token(2, first).hex() == "5561424a9cb830043e500452580be038"
    assert store().card_ref(UID).hex() == "3e5e25c215d88c32"
    public = store().public_key.hex()
    assert public.startswith("03a107bf")
    assert public.endswith("31b8")


def test_signatures_are_those_of_the_public_key() -> None:
    keys = store()
    signature = keys.sign(b"entry")
    Ed25519PublicKey.from_public_bytes(keys.public_key).verify(signature, b"entry")
    assert len(signature) == 64


def test_every_card_sector_and_letter_has_a_key_of_its_own() -> None:
    keys = store()
    made = {
        keys.card_key(uid, sector, key_b=key_b).reveal()
        for uid in (UID, UID[::-1], bytes(7))
        for sector in (12, 13, 14)
        for key_b in (False, True)
    }
    assert len(made) == 18
    assert {len(key) for key in made} == {6}


def test_every_desfire_application_and_key_number_has_a_key_of_its_own() -> None:
    made = {
        store().desfire_key(uid, aid, key_no, version=1).reveal()
        for uid in (UID, bytes(7), bytes(10))
        for aid in (bytes(3), bytes.fromhex("f48120"))
        for key_no in (0, 1, 2)
    }
    assert len(made) == 18
    assert {len(key) for key in made} == {16}


@pytest.mark.parametrize("uid", [UID, bytes(range(7)), bytes(range(10))], ids=len)
def test_card_keys_are_what_a_token_makes_with_plain_cmac(uid: bytes) -> None:
    # cards.md 6: the input has 16 to 31 bytes, so AN10922 is CMAC(K, 01 || M).
    mac = CMAC(algorithms.AES(MATERIAL.card_masters[1]))
    mac.update(b"\x01" + uid + bytes.fromhex("f48120") + b"\x02" + b"flora desfire")
    aid = bytes.fromhex("f48120")
    assert store().desfire_key(uid, aid, 2, version=1).reveal() == mac.finalize()


def test_a_new_master_is_current_and_the_old_one_still_opens() -> None:
    rolled = MemoryKeyStore(replace(MATERIAL, card_masters={2: b"\x77" * 16, 1: b"\x44" * 16}))
    assert (rolled.card_key_version, rolled.previous_key_version) == (2, 1)
    assert (store().card_key_version, store().previous_key_version) == (1, None)
    before = store().card_key(UID, 12, key_b=True)
    assert rolled.card_key(UID, 12, key_b=True, version=1) == before
    assert rolled.card_key(UID, 12, key_b=True) != before
    aid = bytes.fromhex("f48120")
    assert rolled.desfire_key(UID, aid, 0, version=1) == store().desfire_key(UID, aid, 0, version=1)
    with pytest.raises(NoCardKey) as caught:
        rolled.desfire_key(UID, aid, 0, version=3)
    assert caught.value.version == 3


def test_a_store_without_a_card_master_says_so() -> None:
    with pytest.raises(KeyMissing):
        MemoryKeyStore(replace(MATERIAL, card_masters={})).card_key(UID, 12, key_b=True)


def test_record_macs_belong_to_one_card_and_one_body() -> None:
    keys = store()
    made = {keys.record_mac(u, b) for u in (UID, bytes(10)) for b in (b"state", b"statf")}
    assert len(made) == 4
    assert {len(mac) for mac in made} == {16}


@pytest.mark.parametrize(
    "material", [MATERIAL.without_token(), replace(MATERIAL, token={2: b"\x01" * 32})]
)
def test_a_home_without_the_token_key_says_so(material: KeyMaterial) -> None:
    keys = MemoryKeyStore(material)
    assert keys.can_issue == (material.token is not None)
    with pytest.raises(NoTokenKey):
        keys.token(1, bytes(32))


def test_nothing_shows_a_key() -> None:
    keys = store()
    key = keys.card_key(UID, 1, key_b=True)
    shown = f"{MATERIAL!r} {keys!r} {keys.transport_key()!r} {key}"
    for byte in ("11", "22", "33", "44", "55", "66"):
        assert byte * 6 not in shown
    assert "\\x" not in shown
    assert "fff" not in shown


def test_material_survives_its_json() -> None:
    assert KeyMaterial.from_json(MATERIAL.to_json()) == MATERIAL
    rolled = replace(MATERIAL, card_masters={1: b"\x44" * 16, 255: b"\x77" * 16})
    assert KeyMaterial.from_json(rolled.to_json()) == rolled
    bare = MATERIAL.without_token()
    assert KeyMaterial.from_json(bare.to_json()) == bare


def test_a_file_of_before_there_were_versions_is_version_1() -> None:
    said = json.loads(MATERIAL.to_json())
    said["card_master"] = said.pop("card_masters")["1"]
    assert KeyMaterial.from_json(json.dumps(said).encode()) == MATERIAL


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b"null", MATERIAL.to_json().replace(b"33", b"3", 1), b'{"ref": 1}']
)
def test_damaged_material_is_a_fault_without_a_key_in_it(data: bytes) -> None:
    with pytest.raises(Keystore) as caught:
        KeyMaterial.from_json(data)
    assert caught.value.why == "damaged"
    assert caught.value.__suppress_context__


def test_wrong_lengths_are_our_fault() -> None:
    with pytest.raises(ValueError, match="ref wants 32"):
        replace(MATERIAL, ref=b"short")
    with pytest.raises(ValueError, match=r"token\.1 wants 32"):
        replace(MATERIAL, token={1: b"short"})
    for version, master in ((1, b"short"), (0, bytes(16)), (256, bytes(16))):
        with pytest.raises(ValueError, match=r"card.* wants 16"):
            replace(MATERIAL, card_masters={version: master})


def test_a_store_written_is_the_store_opened(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    write_store(path, MATERIAL, "一個密語", **CHEAP)
    assert open_store(path, "一個密語").card_ref(UID) == store().card_ref(UID)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["keys"]
    assert b"\x33" * 32 not in path.read_bytes()


def test_a_store_that_is_not_there_or_not_ours(tmp_path: Path) -> None:
    with pytest.raises(Keystore) as missing:
        open_store(tmp_path / "none", "x")
    assert missing.value.why == "missing"
    (tmp_path / "keys").write_bytes(b"\x00" * 200)
    with pytest.raises(Keystore) as damaged:
        open_store(tmp_path / "keys", "x")
    assert damaged.value.why == "damaged"


def test_the_wrong_passphrase_opens_nothing() -> None:
    with pytest.raises(Keystore) as caught:
        unseal(seal(b"content", "right", **CHEAP), "wrong")
    assert caught.value.why == "passphrase"


def test_every_byte_of_the_file_is_guarded() -> None:
    blob = seal(b"content", "right", **CHEAP)
    assert unseal(blob, "right") == b"content"
    for at in range(0, len(blob), 3):
        changed = bytearray(blob)
        changed[at] ^= 0x01
        with pytest.raises(Keystore):
            unseal(bytes(changed), "right")


def test_a_later_version_is_named_and_a_mad_cost_is_not_paid() -> None:
    blob = bytearray(seal(b"content", "right", **CHEAP))
    later = bytes(blob[:8]) + (2).to_bytes(2, "big") + bytes(blob[10:])
    with pytest.raises(Keystore) as caught:
        unseal(later, "right")
    assert caught.value.why == "newer"
    costly = bytes(blob[:10]) + (1 << 30).to_bytes(4, "big") + bytes(blob[14:])
    with pytest.raises(Keystore) as caught:
        unseal(costly, "right")
    assert caught.value.why == "damaged"


def test_two_files_of_the_same_keys_differ() -> None:
    assert seal(b"content", "x", **CHEAP) != seal(b"content", "x", **CHEAP)
