"""The key store in a PKCS#11 token: it says what a file of the same keys says, and gives none."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import pkcs11
import pytest
from pkcs11.constants import Attribute
from pkcs11.types import Key, SignMixin

from drivers.errors import KeyHeld, KeyMissing, KeyNameBad, Keystore, KeyToken, KeyUnguarded
from drivers.keys.contract import KeyStore, TokenAt
from drivers.keys.material import KeyMaterial
from drivers.keys.memory import MemoryKeyStore
from drivers.keys.names import KeyName, fingerprint
from drivers.keys.pkcs11 import TokenCustody, TokenVault, log_in, open_token_store
from tests.apdu.vectors import Vector, published
from tests.real.softhsm import LABELS, LIBRARY, PIN, UNTOUCHED, shared

pytestmark = pytest.mark.real
UIDS = (bytes.fromhex("04a1b2c3"), bytes(range(7)), bytes(range(10)))
AID = bytes.fromhex("f48120")
LONG = [v for v in published("an10922", alg="AES-128") if len(v["m"]) >= 16]
assert LONG
_labels = itertools.cycle(LABELS)


def new_token() -> TokenAt:
    """An empty token; another one each of three times."""
    shared()
    at = TokenAt(str(LIBRARY), next(_labels))
    for one in objects(at):
        one.destroy()
    return at


def random_material() -> KeyMaterial:
    return KeyMaterial(
        token={1: os.urandom(32), 2: os.urandom(32)},
        ref=os.urandom(32),
        card_masters={1: os.urandom(16), 2: os.urandom(16)},
        record_master=os.urandom(16),
        transport_b=os.urandom(6),
        terminal_seed=os.urandom(32),
    )


def custody_of(at: TokenAt, material: KeyMaterial, folder: Path) -> TokenCustody:
    """A token with all of `material` in it."""
    custody = TokenCustody(at, PIN, folder / "keys.terminal")
    custody.keep(material)
    for name, key in material.by_name().items():
        custody.add(name, key)
    return custody


def objects(at: TokenAt) -> list[Any]:
    """Everything in a token, as another program that knows the PIN sees it."""
    log_in(at, PIN)
    token = pkcs11.lib(at.library).get_token(token_label=at.label)
    return list(token.open(rw=True).get_objects({}))


def put(at: TokenAt, label: str, **other: bool) -> None:
    """A key that somebody else put into the token, with `other` rights than ours."""
    log_in(at, PIN)
    rights = {"EXTRACTABLE": False, "SENSITIVE": True, "SIGN": True, "ENCRYPT": False}
    rights |= {"DECRYPT": False, "WRAP": False, "UNWRAP": False, "DERIVE": False}
    with pkcs11.lib(at.library).get_token(token_label=at.label).open(rw=True) as session:
        session.create_object(
            {
                Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY,
                Attribute.KEY_TYPE: pkcs11.KeyType.AES,
                Attribute.ID: b"flora",
                Attribute.LABEL: label,
                Attribute.VALUE: os.urandom(16),
                Attribute.TOKEN: True,
                Attribute.PRIVATE: True,
                Attribute.MODIFIABLE: False,
                **{Attribute[name]: value for name, value in {**rights, **other}.items()},
            }
        )


def said(keys: KeyStore) -> list[object]:
    """What a store answers, to everything it can be asked."""
    answers: list[object] = [
        keys.can_issue,
        keys.card_key_version,
        keys.previous_key_version,
        keys.transport_key().reveal(),
        keys.public_key,
        keys.sign(b"entry"),
        keys.token(1, bytes(32)),
        keys.token(2, b"\x01" * 32),
    ]
    for uid in UIDS:
        answers += [keys.card_ref(uid), keys.record_mac(uid, b"state\0body")]
        for version in (1, 2):
            answers += [
                keys.card_key(uid, 12, key_b=True, version=version).reveal(),
                keys.card_key(uid, 14, key_b=False, version=version).reveal(),
                keys.desfire_key(uid, AID, 2, version=version).reveal(),
            ]
        answers.append(keys.card_key(uid, 13, key_b=True).reveal())
    return answers


def test_a_token_says_what_a_file_of_the_same_keys_says(tmp_path: Path) -> None:
    material, at = random_material(), new_token()
    custody_of(at, material, tmp_path)
    wanted = said(MemoryKeyStore(material))
    assert said(open_token_store(at, PIN, tmp_path / "keys.terminal")) == wanted


@pytest.mark.parametrize("v", LONG, ids=repr)
def test_the_token_diversifies_as_published(v: Vector, tmp_path: Path) -> None:
    at = new_token()
    TokenCustody(at, PIN, tmp_path / "keys.terminal").add(KeyName("card", 1), v["master"])
    assert TokenVault(at).derive(KeyName("card", 1), v["m"]) == v["expected"], v.source


def test_an_input_that_plain_cmac_would_get_wrong_is_not_derived(tmp_path: Path) -> None:
    at = new_token()
    TokenCustody(at, PIN, tmp_path / "keys.terminal").generate(KeyName("card", 1))
    with pytest.raises(ValueError, match="15 bytes"):
        TokenVault(at).derive(KeyName("card", 1), bytes(15))


def test_no_key_leaves_the_token(tmp_path: Path) -> None:
    at = new_token()
    custody_of(at, random_material(), tmp_path).generate(KeyName("card", 3))
    keys = [one for one in objects(at) if isinstance(one, Key)]
    assert len(keys) == 8  # card 1-3, record, ref, token 1-2, seal
    wrapping = next(key for key in keys if key.key_type is pkcs11.KeyType.AES)
    for key in keys:
        with pytest.raises(pkcs11.AttributeSensitive):
            _ = key[Attribute.VALUE]
        for attribute, weaker in ((Attribute.EXTRACTABLE, True), (Attribute.SENSITIVE, False)):
            with pytest.raises(pkcs11.PKCS11Error):
                key[attribute] = weaker
        assert isinstance(key, SignMixin)
        for verb in ("encrypt", "decrypt", "wrap_key", "unwrap_key", "derive_key"):
            assert not hasattr(key, verb), verb
    assert wrapping[Attribute.EXTRACTABLE] is False


@pytest.mark.parametrize(
    "other",
    [
        {"EXTRACTABLE": True},
        {"SENSITIVE": False},
        {"ENCRYPT": True},
        {"DECRYPT": True},
        {"WRAP": True},
        {"DERIVE": True},
        {"SIGN": False},
    ],
    ids=str,
)
def test_a_key_that_could_leave_or_do_more_is_not_used(other: dict[str, bool]) -> None:
    at = new_token()
    put(at, "card.1", **other)
    with pytest.raises(KeyUnguarded) as caught:
        TokenVault(at)
    assert caught.value.key == "card.1"


def test_two_keys_of_one_name_are_not_guessed_between() -> None:
    at = new_token()
    put(at, "record")
    assert TokenVault(at).names == {KeyName("record")}
    put(at, "record")
    with pytest.raises(KeyUnguarded):
        TokenVault(at)


def test_a_key_of_ours_with_another_label_is_said() -> None:
    at = new_token()
    put(at, "card 1")
    with pytest.raises(KeyNameBad):
        TokenVault(at)


def test_check_values_are_those_of_the_keys(tmp_path: Path) -> None:
    material, at = random_material(), new_token()
    held = custody_of(at, material, tmp_path).fingerprints()
    seal = held.pop(KeyName("seal"))
    assert held == {name: fingerprint(name, key) for name, key in material.by_name().items()}
    assert seal not in held.values()


def test_a_key_is_never_written_over(tmp_path: Path) -> None:
    material, at = random_material(), new_token()
    custody = custody_of(at, material, tmp_path)
    before = custody.fingerprints()
    for name, key in material.by_name().items():
        assert custody.add(name, key) is False
        with pytest.raises(KeyHeld):
            custody.add(name, os.urandom(len(key)))
    with pytest.raises(KeyHeld):
        custody.generate(KeyName("card", 2))
    assert custody.fingerprints() == before


def test_what_the_token_keeps_back_is_missing_and_said(tmp_path: Path) -> None:
    at = new_token()
    TokenCustody(at, PIN, tmp_path / "keys.terminal").keep(
        KeyMaterial.of_a_terminal(os.urandom(32))
    )
    keys = open_token_store(at, PIN, tmp_path / "keys.terminal")
    assert not keys.can_issue
    with pytest.raises(KeyMissing):
        keys.card_ref(UIDS[0])
    with pytest.raises(KeyMissing):
        keys.record_mac(UIDS[0], b"")


def test_the_file_beside_it_opens_with_its_token_alone(tmp_path: Path) -> None:
    first, second = new_token(), new_token()
    custody_of(first, random_material(), tmp_path)
    (tmp_path / "other").mkdir()
    custody_of(second, random_material(), tmp_path / "other")
    with pytest.raises(Keystore) as caught:
        open_token_store(second, PIN, tmp_path / "keys.terminal")
    assert caught.value.why == "passphrase"
    with pytest.raises(Keystore) as caught:
        open_token_store(new_token(), PIN, tmp_path / "keys.terminal")
    assert caught.value.why == "missing"


def test_a_wrong_pin_opens_nothing(tmp_path: Path) -> None:
    shared()
    at = TokenAt(str(LIBRARY), UNTOUCHED)
    for _ in range(2):
        with pytest.raises(Keystore) as caught:
            log_in(at, "000000")
        assert caught.value.why == "passphrase"
    log_in(at, PIN)
    with pytest.raises(Keystore):  # this process is in, and still
        log_in(at, "000000")


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (TokenAt("/nowhere/lib.so", "flora"), "library"),
        (TokenAt("/etc/hostname", "flora"), "library"),
        (TokenAt(str(LIBRARY), "no such label"), "token"),
    ],
    ids=str,
)
def test_a_token_that_is_not_there_is_said(at: TokenAt, why: str) -> None:
    shared()
    with pytest.raises(KeyToken) as caught:
        log_in(at, PIN)
    assert caught.value.why == why
