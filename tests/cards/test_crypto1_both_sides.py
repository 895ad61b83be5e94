"""Crypto1 written twice, apart: the reader's side of `apdu` talks to the card's side of `hw_sim`.

Raw frames with their parity bits, from selection to a nested authentication.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apdu.checks import bcc, crc_a
from apdu.classic.crypto1 import Bits, Crypto1, odd
from hw_sim.classic import ClassicCard
from hw_sim.field import Field
from hw_sim.raw import RawPort
from tests.hw_sim.rig import KEY_A, KEY_B, card_image

A, B = 0x60, 0x61
ACK = 0xA
UIDS = st.one_of(
    st.binary(min_size=4, max_size=4).filter(lambda uid: uid[0] != 0x88),
    st.binary(min_size=7, max_size=7).filter(lambda uid: 0x88 not in uid[:4:3]),
)


class RawReader:
    """A reader that has no Classic in its chip: everything by itself, bit by bit."""

    def __init__(self, uid: bytes) -> None:
        self.image = card_image(uid=uid)
        self._air = RawPort(Field(ClassicCard(self.image)))
        self._uid = uid
        self._cipher: Crypto1 | None = None

    def select(self) -> None:
        assert self._bits((0, 1, 0, 0, 1, 0, 1)) is not None  # WUPA, lowest bit first
        levels = [self._uid] if len(self._uid) == 4 else [b"\x88" + self._uid[:3], self._uid[3:]]
        for sel, level in zip((0x93, 0x95), levels, strict=False):
            whole = level + bytes((bcc(level),))
            assert self._clear(bytes((sel, 0x20))) == whole
            assert self._clear(with_crc(bytes((sel, 0x70)) + whole)) is not None

    def authenticate(self, kind: int, block: int, key: bytes) -> bool:
        """The first one, or nested in the session that is open."""
        asked, fresh = with_crc(bytes((kind, block))), Crypto1(key)
        if self._cipher is None:
            nonce = self._clear(asked)
            assert nonce is not None
            fresh.start(self._uid[-4:], nonce)
        else:
            answer = self._ask(asked)
            assert answer is not None
            fresh.start_nested(self._uid[-4:], answer)
        answer = self._send(fresh.prove(b"\x12\x34\x56\x78"))
        self._cipher = fresh if answer is not None else None
        return answer is not None and fresh.is_proven(answer)

    def read(self, block: int) -> bytes | None:
        answer = self._ask(with_crc(bytes((0x30, block))))
        assert answer is not None
        assert self._cipher is not None
        found = self._cipher.receive(answer)
        assert found is not None
        assert crc_a(found[:-2]) == found[-2:]
        return found[:-2]

    def write(self, block: int, data: bytes) -> bool:
        return self._acked(bytes((0xA0, block))) and self._acked(data)

    def _acked(self, frame: bytes) -> bool:
        assert self._cipher is not None
        bits = self._bits(on_air(self._cipher.send(with_crc(frame))))
        assert bits is not None
        assert len(bits) == 4
        nibble = sum(bit << n for n, bit in enumerate(bits))
        return self._cipher.receive_nibble(nibble) == ACK

    def _ask(self, frame: bytes) -> Bits | None:
        assert self._cipher is not None
        return self._send(self._cipher.send(frame))

    def _send(self, frame: Bits) -> Bits | None:
        bits = self._bits(on_air(frame))
        if bits is None:
            return None
        nines = [bits[n : n + 9] for n in range(0, len(bits), 9)]
        data = bytes(sum(bit << n for n, bit in enumerate(nine[:8])) for nine in nines)
        return Bits(data, tuple(nine[8] for nine in nines))

    def _clear(self, frame: bytes) -> bytes | None:
        answer = self._send(Bits(frame, tuple(odd(byte) for byte in frame)))
        assert answer is None or not any(answer.broken)
        return None if answer is None else answer.data

    def _bits(self, bits: tuple[int, ...]) -> tuple[int, ...] | None:
        return self._air.exchange(bits)


def on_air(frame: Bits) -> tuple[int, ...]:
    """Nine bits a byte, lowest first, its parity bit last."""
    found: list[int] = []
    for byte, parity in zip(frame.data, frame.parity, strict=True):
        found += [*(byte >> n & 1 for n in range(8)), parity]
    return tuple(found)


def with_crc(frame: bytes) -> bytes:
    return frame + crc_a(frame)


@given(UIDS, st.binary(min_size=16, max_size=16))
@settings(max_examples=30)
def test_a_whole_session_and_a_nested_one(uid: bytes, data: bytes) -> None:
    reader = RawReader(uid)
    reader.select()
    assert reader.authenticate(A, 4, KEY_A)
    assert reader.write(5, data)
    assert reader.read(5) == data == reader.image.blocks[5]
    assert reader.authenticate(A, 8, KEY_A), "nested, in another sector"
    assert reader.write(9, data[::-1])
    assert reader.read(9) == data[::-1] == reader.image.blocks[9]
    assert reader.authenticate(B, 12, KEY_B), "a key B that is data opens"
    assert not reader.write(13, data), "and may do nothing"


@pytest.mark.parametrize("nested", [True, False])
def test_a_wrong_key_is_met_with_silence(*, nested: bool) -> None:
    reader = RawReader(bytes.fromhex("9c599b32"))
    reader.select()
    if nested:
        assert reader.authenticate(A, 4, KEY_A)
    before = list(reader.image.blocks)
    assert not reader.authenticate(A, 8, Random(1).randbytes(6))
    assert reader.image.blocks == before
    reader.select()
    assert reader.authenticate(A, 8, KEY_A)
