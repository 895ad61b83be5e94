"""AN10922 AES-128 and 2K3DES, as published, and where they differ from a plain CMAC."""

from __future__ import annotations

import pytest
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.cmac import CMAC

from apdu.diversify import Diversifier, Diversifier2K3des
from tests.apdu.vectors import Vector, published

AES_128 = published("an10922", alg="AES-128")


def plain_cmac(key: bytes, message: bytes) -> bytes:
    mac = CMAC(algorithms.AES(key))
    mac.update(message)
    return mac.finalize()


@pytest.mark.parametrize("v", AES_128, ids=repr)
def test_diversify_as_published(v: Vector) -> None:
    assert Diversifier(v["master"]).key(v["m"]) == v["expected"], v.source


@pytest.mark.parametrize("v", AES_128, ids=repr)
def test_one_bit_of_the_message_changes_the_key(v: Vector) -> None:
    # Guards the test above, which a table of answers would pass.
    flipped = bytes((v["m"][0] ^ 1,)) + v["m"][1:]
    assert Diversifier(v["master"]).key(flipped) != v["expected"], v.source


@pytest.mark.parametrize("v", published("cmac", id="div-6"), ids=repr)
def test_a_short_input_is_no_plain_cmac(v: Vector) -> None:
    # A known fault of others: the padding of plain CMAC gives a wrong key here.
    assert plain_cmac(v["key"], v["message"]) == v["expected"], v.source
    assert Diversifier(v["key"]).key(v["message"][1:]) != v["expected"], v.source


@pytest.mark.parametrize("v", published("an10922_cmac"), ids=repr)
def test_from_16_bytes_on_a_token_could_do_it_with_cmac(v: Vector) -> None:
    diversifier = Diversifier(v["master"])
    for m_hex, equal in zip(v.raw["ms"], v.raw["equal"], strict=True):
        m = bytes.fromhex(m_hex)
        same = plain_cmac(v["master"], b"\x01" + m) == diversifier.key(m)
        assert same == equal, f"{len(m)} bytes"


def test_one_diversifier_serves_many_cards() -> None:
    v = AES_128[0]
    kept = Diversifier(v["master"])
    kept.key(b"another card")
    assert kept.key(v["m"]) == v["expected"]


@pytest.mark.parametrize("m", [b"", bytes(32)])
def test_inputs_outside_the_note_are_refused(m: bytes) -> None:
    with pytest.raises(ValueError, match="bytes of diversification input"):
        Diversifier(bytes(16)).key(m)


def test_a_master_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="no AES-128 key"):
        Diversifier(bytes(24))


@pytest.mark.parametrize("v", published("an10922", alg="2K3DES"), ids=repr)
def test_2k3des_as_published_with_and_without_the_version(v: Vector) -> None:
    diversifier = Diversifier2K3des(v["master"])
    assert diversifier.key(v["m"]) == v["expected"], v.source
    (version,) = v["master_version"]
    assert diversifier.key(v["m"], version=version) == v["expected_versioned"], v.source


@pytest.mark.parametrize("bytes_of_m", range(1, 16))
def test_2k3des_equals_a_plain_cmac_from_8_bytes_on(bytes_of_m: int) -> None:
    master, m = bytes(range(16)), bytes(range(0x40, 0x40 + bytes_of_m))
    halves = b""
    for constant in (b"\x21", b"\x22"):
        mac = CMAC(TripleDES(master + master[:8]))
        mac.update(constant + m)
        halves += mac.finalize()
    assert (Diversifier2K3des(master).key(m) == halves) == (bytes_of_m >= 8)


def test_2k3des_has_limits_too() -> None:
    with pytest.raises(ValueError, match="no 2K3DES key"):
        Diversifier2K3des(bytes(24))
    with pytest.raises(ValueError, match="16 bytes of diversification input"):
        Diversifier2K3des(bytes(16)).key(bytes(16))
