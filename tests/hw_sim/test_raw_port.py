"""Crypto1 at the bit-level port: recorded traces replay, and a reader of raw frames talks to it."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw_sim.classic import ClassicCard, State
from hw_sim.crypto1 import NONCES, nonce_at, successor
from hw_sim.desfire.card import DesfireCard
from hw_sim.field import Field, Tear
from hw_sim.frames import cascade, crc_fits, with_crc
from hw_sim.geometry import CHIP_CLASSIC_4K
from hw_sim.image import CardImage
from hw_sim.raw import Bits, RawPort, bits_of, bytes_of
from hw_sim.stock import new_blank_classic, new_desfire
from tests.hw_sim.raw_reader import Cipher, RawReader, bit_list, later, to_bytes
from tests.hw_sim.rig import FREE, KEY_A, KEY_B, UID, VALUE, card_image, name, trailer, vectors

BLOCK = 4


def h(text: str) -> bytes:
    return bytes.fromhex(text)


def rig(
    image: CardImage, *nonces: bytes, tear: Tear | None = None
) -> tuple[RawReader, ClassicCard, Field]:
    """A reader at the port of a card, which draws these nonces if any."""
    card = ClassicCard(image)
    field = Field(card, tear=tear, rng=Random(1))
    drawn: Iterator[bytes] | None = iter(nonces) if nonces else None
    return RawReader(RawPort(field, nonces=drawn), image.uid), card, field


def as_recorded(data: bytes, differs: list[int] | None = None) -> Bits:
    """Bits of a trace: bytes, and where their parity was marked as wrong."""
    marks = differs or [0] * len(data)
    nines = [[*bit_list(bytes((byte,))), 1 ^ byte.bit_count() & 1 ^ mark]
             for byte, mark in zip(data, marks, strict=True)]  # fmt: skip
    return tuple(bit for nine in nines for bit in nine)


def octets(bits: Bits | None) -> bytes:
    """The bytes of an enciphered answer as a trace shows them, parity left out."""
    assert bits is not None
    return to_bytes([bit for n, bit in enumerate(bits) if n % 9 != 8])


def with_parity(plain: bytes, enciphered: bytes, cipher: Cipher) -> Bits:
    """A recorded frame with the parity that a trace of bytes does not show."""
    sent = cipher.send(plain)
    assert octets(sent) == enciphered
    return sent


# --- the vectors


@pytest.mark.parametrize("v", vectors("crypto1_prng"), ids=name)
def test_the_nonces_follow_each_other_as_published(v: Any) -> None:
    for case in v["cases"]:
        assert successor(h(case["nt"]), case["steps"]) == h(case["expected"]), v["source"]
    assert v["period"] == NONCES
    assert len({nonce_at(step) for step in range(NONCES)}) == NONCES
    assert nonce_at(NONCES) == nonce_at(0)
    assert nonce_at(3 * NONCES + 5) == nonce_at(5)
    assert all(nonce_at(step) == successor(nonce_at(0), step) for step in (1, 15, 16, 33, 5_000))


@pytest.mark.parametrize("v", vectors("crypto1_session"), ids=name)
def test_a_recorded_session_replays(v: Any) -> None:
    """What the reader sent goes in as it was recorded; what the card sent comes out."""
    asked, answers = ([h(f) for f in v.get("frames", ())[n::2]] for n in (0, 1))
    blocks = {frame[1]: answer[:16] for frame, answer in zip(asked, answers, strict=False)}
    blocks[0x17] = h(v["key"]) + blocks.get(0x17, trailer(FREE))[6:10] + b"unseen"
    reader, card, _ = rig(card_image(blocks=blocks, uid=h(v["uid"])), h(v["nt"]), h(v["nt"]))
    reader.select()
    cipher = reader.challenge(0x14, h(v["key"]))
    assert cipher is not None
    assert reader.nonce == h(v["nt"])
    nr = with_parity_of_nr(h(v["nr"]), h(v["nr_enc"]), cipher)
    proof = nr + with_parity(later(h(v["nt"]), 64), h(v["ar_enc"]), cipher)
    answer = reader.port.exchange(proof)
    assert octets(answer) == h(v["at_enc"]) if "at_enc" in v else answer is not None, v["source"]
    cipher.hear(answer or ())
    sent, heard = ([h(f) for f in v.get("frames_enc", ())[n::2]] for n in (0, 1))
    for plain, frame, came in zip(asked, sent, heard, strict=False):
        answer = reader.port.exchange(with_parity(plain, frame, cipher))
        assert octets(answer) == came, v["source"]
        assert crc_fits(cipher.hear(answer or ()))
    if len(asked) > len(heard):  # the next AUTH, enciphered
        reader.port.exchange(with_parity(asked[-1], sent[-1], cipher))
        assert card.state is State.CHALLENGED


def with_parity_of_nr(plain: bytes, enciphered: bytes, cipher: Cipher) -> Bits:
    sent = cipher.send(plain, fed=True)
    assert octets(sent) == enciphered
    return sent


@pytest.mark.parametrize("v", vectors("crypto1_nested"), ids=name)
def test_a_recorded_nested_authentication_replays_with_its_parity(v: Any) -> None:
    key, differs = h(v["key"]), v["parity_differs"]
    image = card_image(blocks={0x17: key + trailer(FREE)[6:]}, uid=h(v["uid"]))
    reader, card, _ = rig(image, b"\x01\x20\x01\x45", h(v["nt"]))
    reader.select()
    assert reader.open(4, KEY_A)
    assert reader.cipher is not None
    nonce = reader.port.exchange(reader.cipher.send(with_crc(b"\x60\x14")))
    assert nonce == as_recorded(h(v["nt_enc"]), differs["nt"]), v["source"]
    proof = as_recorded(h(v["nr_enc"]), differs["nr"]) + as_recorded(h(v["ar_enc"]), differs["ar"])
    assert reader.port.exchange(proof) is not None
    assert card.state is State.OPEN


@pytest.mark.parametrize("at", [0, 8, 9, 40, 44, 71])
def test_a_proof_of_which_one_bit_or_parity_bit_differs_gets_silence(at: int) -> None:
    (v,) = vectors("crypto1_nested")
    reader, card, _ = rig(card_image(blocks={7: h(v["key"]) + trailer(FREE)[6:]}), h(v["nt"]))
    reader.select()
    cipher = reader.challenge(4, h(v["key"]))
    assert cipher is not None
    proof = list(cipher.send(h(v["nr"]), fed=True) + cipher.send(later(reader.nonce, 64)))
    proof[at] ^= 1
    assert reader.port.exchange(proof) is None
    assert card.state is State.IDLE


# --- a reader that speaks it


def test_a_session_of_its_own_reads_writes_counts_and_goes_on() -> None:
    image = card_image(VALUE, {5: bytes.fromhex("640000009bffffff6400000005fa05fa")})
    reader, card, _ = rig(image)
    reader.select()
    assert reader.open(BLOCK, KEY_B, b=True)
    assert reader.ask(b"\xa0\x04") == b"\x0a"
    assert reader.ask(b"sixteen bytes...") == b"\x0a"
    assert reader.ask(b"\x30\x04") == with_crc(b"sixteen bytes...")
    assert reader.ask(b"\xc0\x05") == b"\x0a"
    assert reader.ask(b"\x0a\x00\x00\x00") is None
    assert reader.ask(b"\xb0\x05") == b"\x0a"
    assert reader.open(8, KEY_A), "nested"
    assert reader.open(BLOCK, KEY_A), "and back"
    assert reader.ask(b"\x30\x05") == with_crc(bytes.fromhex("5a000000a5ffffff5a00000005fa05fa"))
    assert reader.ask(b"\xa0\x04") == b"\x04", "key A may not write: NAK, enciphered"
    reader.select()
    assert reader.open(BLOCK, KEY_A)
    assert reader.ask(b"\x50\x00") is None
    assert card.state is State.HALTED


@settings(max_examples=20, deadline=None)
@given(st.binary(min_size=6, max_size=6), st.sampled_from([UID, h("04112233445566")]),
       st.binary(min_size=4, max_size=4), st.integers(0, NONCES))  # fmt: skip
def test_any_key_uid_and_nonce(key: bytes, uid: bytes, chosen: bytes, step: int) -> None:
    image = card_image(blocks={7: key + trailer(FREE)[6:]}, uid=uid)
    reader, _, _ = rig(image, *[nonce_at(step)] * 3)
    reader.select()
    assert reader.open(BLOCK, key, chosen=chosen)
    assert reader.ask(b"\x30\x04") == with_crc(bytes(16))
    reader.select()
    assert reader.open(BLOCK, bytes(k ^ 1 for k in key)) is False


def test_a_4k_is_spoken_to_in_its_large_sectors() -> None:
    image = new_blank_classic(Random(1), uid=None, chip=CHIP_CLASSIC_4K)
    reader, _, _ = rig(image)
    reader.select()
    for block in (255, 130, 3):
        assert reader.open(block, b"\xff" * 6)
        assert reader.ask(bytes((0x30, block))) is not None


def test_a_wrong_key_is_silence_and_a_new_selection() -> None:
    reader, card, _ = rig(card_image())
    reader.select()
    assert reader.open(BLOCK, b"wrong!") is False
    assert card.state is State.IDLE
    reader.select()
    assert reader.open(BLOCK, KEY_A, wrong_parity=True) is False
    reader.select()
    assert reader.open(BLOCK, KEY_A)


def test_the_right_proof_in_the_clear_opens_nothing() -> None:
    """What reader chips of this package show to the card is no frame of the air."""
    reader, card, _ = rig(card_image())
    for fake in (KEY_A + bytes(2), bytes(8), KEY_A):
        reader.select()
        assert reader.challenge(BLOCK, KEY_A) is not None
        assert reader.clear(fake) is None
        assert card.state is State.IDLE


def test_in_a_session_a_frame_in_the_clear_is_noise_and_ends_it() -> None:
    reader, card, _ = rig(card_image())
    reader.select()
    assert reader.open(BLOCK, KEY_A)
    answer = reader.port.exchange(bits_of(with_crc(b"\x30\x04")))
    assert answer is None or len(answer) == 4, "at most a NAK"
    assert card.state is State.IDLE


def test_wrong_parity_is_a_nak_once_selected_and_silence_before() -> None:
    reader, card, _ = rig(card_image())
    bad = list(bits_of(b"\x93\x20"))
    bad[8] ^= 1
    reader.port.exchange(bits_of(b"\x52"))
    assert reader.port.exchange(bad) is None
    assert card.state is State.IDLE
    reader.select()
    bad = list(bits_of(with_crc(b"\x60\x04")))
    bad[17] ^= 1
    assert bytes_of(reader.port.exchange(bad) or ()) == b"\x05"
    reader.select()
    assert reader.open(BLOCK, KEY_A)
    assert reader.cipher is not None
    answer = reader.port.exchange(reader.cipher.send(with_crc(b"\x30\x04"), wrong_parity=True))
    assert answer is not None
    nak = sum((bit ^ reader.cipher.clock()) << n for n, bit in enumerate(answer))
    assert (len(answer), nak, card.state) == (4, 5, State.IDLE)


def test_a_short_frame_has_seven_bits() -> None:
    reader, card, _ = rig(card_image())
    for bits in ((*bit_list(b"\x26"), 0), (*bit_list(b"\x26"), 1), bit_list(b"\x26"),
                 bit_list(b"\x26")[:6], (), bit_list(b"\x40")[:7], bit_list(b"\x43")):  # fmt: skip
        assert reader.port.exchange(bits) is None
        assert card.state is State.IDLE
    assert reader.port.exchange(bits_of(b"\x26")) is not None


@pytest.mark.parametrize("known", range(1, 32))
def test_anticollision_goes_on_in_the_middle_of_a_byte(known: int) -> None:
    reader, _, _ = rig(card_image())
    (level,) = cascade(UID)
    whole, bits = divmod(known, 8)
    start = bytes((0x93, 0x20 + 0x10 * whole + bits)) + level[:whole]
    reader.port.exchange(bits_of(b"\x26"))
    answer = reader.port.exchange([*bits_of(start), *bit_list(level[whole:])[:bits]])
    assert answer == as_recorded(level[whole:])[bits:]


def test_a_card_without_a_cipher_is_reached_as_well() -> None:
    image = new_desfire(Random(1), uid=h("04010203040506"), ev1=False)
    reader = RawReader(RawPort(Field(DesfireCard(image))), image.uid)
    reader.select()
    assert reader.clear(with_crc(b"\xe0\x50")) == with_crc(image.ats)


def test_one_bit_of_noise_anywhere_never_raises_and_never_writes() -> None:
    draw = Random(5)
    reader, _, field = rig(card_image())
    before = list(field_image(field).blocks)
    for _ in range(300):
        reader.select()
        assert reader.open(BLOCK, KEY_A)
        assert reader.cipher is not None
        sent = list(reader.cipher.send(with_crc(b"\xa0\x05")))
        sent[draw.randrange(len(sent))] ^= 1
        reader.port.exchange(sent)
        reader.port.exchange([draw.randrange(2) for _ in range(draw.randrange(200))])
        field.off()
    assert field_image(field).blocks == before


def field_image(field: Field) -> CardImage:
    (card,) = field.cards
    assert isinstance(card, ClassicCard)
    return card.image


def test_frames_are_counted_and_torn_as_ever() -> None:
    image = card_image()
    reader, _, field = rig(image, tear=Tear(frame=7))
    reader.select()
    assert reader.open(BLOCK, KEY_A)
    assert reader.ask(b"\xa0\x04") == b"\x0a"
    assert reader.ask(b"\xaa" * 16) is None
    assert (field.frames, field.present) == (7, False)
    assert all(not byte & ~0xAA for byte in image.blocks[4])
    assert reader.port.exchange(bits_of(b"\x52")) is None


def test_the_nonce_runs_with_the_time_of_the_field() -> None:
    """The same frames meet the same nonces, as public notes tell of the real chip."""
    drawn = []
    for _ in range(2):
        reader, _, _ = rig(card_image())
        seen = []
        for _ in range(2):
            reader.select()
            reader.open(BLOCK, KEY_A)
            seen.append(reader.nonce)
        drawn.append(seen)
    assert drawn[0] == drawn[1]
    assert drawn[0][0] != drawn[0][1]
