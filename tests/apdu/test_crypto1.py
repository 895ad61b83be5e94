"""Crypto1 from the reader's side, against traces of real cards."""

from __future__ import annotations

from copy import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu.checks import crc_a
from apdu.classic.crypto1 import Bits, Crypto1, odd, successor
from tests.apdu.vectors import Vector, published


def heard(data: bytes, broken: list[int] | None = None) -> Bits:
    """Bytes of a trace; `broken`: 1 where their parity was marked as wrong."""
    marks = broken or [0] * len(data)
    return Bits(data, tuple(odd(byte) ^ mark for byte, mark in zip(data, marks, strict=True)))


def said(cipher: Crypto1, frame: bytes) -> Bits:
    """What the other side would send for `frame` in this state: the cipher is its own inverse."""
    return copy(cipher).send(frame)


@pytest.mark.parametrize("v", published("crypto1_session"), ids=repr)
def test_a_session_as_recorded(v: Vector) -> None:
    cipher = Crypto1(v["key"])
    cipher.start(v["uid"], v["nt"])
    proof = cipher.prove(v["nr"])
    assert proof.data == v["nr_enc"] + v["ar_enc"], v.source
    if "at_enc" in v.raw:
        answer = said(cipher, successor(v["nt"], 96))
        assert answer.data == v["at_enc"], v.source
        assert cipher.is_proven(answer)
    enciphered, plain = v.raw.get("frames_enc", ()), v.raw.get("frames", ())
    for n, (on_air, frame) in enumerate(zip(enciphered, map(bytes.fromhex, plain), strict=True)):
        assert crc_a(frame[:-2]) == frame[-2:]
        bits = said(cipher, frame)
        assert bits.data.hex() == on_air, v.source
        if n % 2:
            assert cipher.receive(bits) == frame
        else:
            assert cipher.send(frame) == bits


@pytest.mark.parametrize("v", published("crypto1_nested"), ids=repr)
def test_a_nested_authentication_with_its_parity_bits(v: Vector) -> None:
    differs = v.raw["parity_differs"]
    cipher = Crypto1(v["key"])
    assert cipher.start_nested(v["uid"], heard(v["nt_enc"], differs["nt"])) == v["nt"], v.source
    proof = cipher.prove(v["nr"])
    assert proof.data == v["nr_enc"] + v["ar_enc"], v.source
    assert list(proof.broken) == [bool(bit) for bit in differs["nr"] + differs["ar"]], v.source


@given(st.binary(min_size=6, max_size=6), st.binary(min_size=4, max_size=4), st.data())
def test_one_bit_wrong_in_an_answer_is_seen_or_changes_it(
    key: bytes, nonce: bytes, data: st.DataObject
) -> None:
    cipher = Crypto1(key)
    cipher.start(b"\x01\x02\x03\x04", nonce)
    frame = data.draw(st.binary(min_size=1, max_size=18))
    bits = said(cipher, frame)
    at = data.draw(st.integers(0, len(frame) - 1))
    wrong = bytearray(bits.data)
    wrong[at] ^= 1 << data.draw(st.integers(0, 7))
    assert copy(cipher).receive(Bits(bytes(wrong), bits.parity)) is None
    parity = tuple(bit ^ (n == at) for n, bit in enumerate(bits.parity))
    assert copy(cipher).receive(Bits(bits.data, parity)) is None
    assert copy(cipher).receive(bits) == frame


def test_another_key_proves_nothing() -> None:
    v = published("crypto1_session")[0]
    cipher = Crypto1(bytes(6))
    cipher.start(v["uid"], v["nt"])
    assert cipher.prove(v["nr"]).data != v["nr_enc"] + v["ar_enc"]
    assert not cipher.is_proven(heard(v["at_enc"]))


def test_the_cards_generator_comes_round_after_65535_steps() -> None:
    assert successor(b"\x01\x20\x01\x45", 65_535) == b"\x01\x20\x01\x45"


def test_four_bits_are_enciphered_without_parity() -> None:
    cipher = Crypto1(bytes(range(6)))
    other = copy(cipher)
    assert other.receive_nibble(cipher.receive_nibble(0xA)) == 0xA
