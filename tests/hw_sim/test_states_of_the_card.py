"""Every state, every frame: what a card answers, and what a wrong move costs."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw_sim.classic import MOVES, State
from hw_sim.frames import ACK, HLTA, REQA, WUPA, bcc, crc_a, crc_fits, proof, with_crc
from tests.hw_sim.rig import FREE, KEY_A, UID, A, Air, B, card_image, name, trailer, vectors

NAK, NAK_CRC = b"\x04", b"\x05"  # nothing in the transfer buffer


def in_state(state: State) -> Air:
    """A card brought into `state` by frames alone."""
    uid = bytes.fromhex("04112233445566") if state is State.READY_2 else UID
    air = Air(card_image(blocks={5: bytes(4) + b"\xff" * 4 + bytes(4) + b"\x00\xff" * 2}, uid=uid))
    if state in (State.READY, State.READY_2):
        air.raw(WUPA)
    if state is State.READY_2:
        level = air.raw(b"\x93\x20")
        assert level is not None
        air.ask(0x93, 0x70, data=level)
    if state not in (State.IDLE, State.READY, State.READY_2):
        air.select()
    if state is State.CHALLENGED:
        air.ask(A, 5)
    if state in (State.OPEN, State.WRITING, State.COUNTING):
        assert air.prove(5)
    if state is State.WRITING:
        air.ask(0xA0, 5)
    if state is State.COUNTING:
        air.ask(0xC0, 5)
    if state is State.HALTED:
        air.raw(with_crc(HLTA))
    assert air.card.state is state
    return air


def known(state: State, frame: bytes) -> bool:
    return any((state, frame[:n]) in MOVES for n in (2, 1, 0))


@pytest.mark.parametrize("state", State, ids=lambda s: s.value)
def test_what_is_not_in_the_table_is_met_with_silence(state: State) -> None:
    """Every first byte, alone and with a sound CRC behind it."""
    quiet = State.HALTED if state is State.HALTED else State.IDLE
    tried = 0
    for first in range(256):
        for frame in (bytes((first,)), with_crc(bytes((first, 0x05)))):
            if not known(state, frame):
                air = in_state(state)
                before = list(air.image.blocks)
                assert air.raw(frame) is None, f"{state} {frame.hex()}"
                assert air.card.state is quiet
                assert air.image.blocks == before
                tried += 1
    assert tried or state in (State.CHALLENGED, State.WRITING, State.COUNTING)


@pytest.mark.parametrize("move", MOVES, ids=lambda m: f"{m[0].value}-{m[1].hex()}")
def test_a_known_frame_of_the_wrong_length_or_crc_is_refused(move: tuple[State, bytes]) -> None:
    state, opcode = move
    size, crc = MOVES[move].size or 2, MOVES[move].crc
    spoken = state not in (State.IDLE, State.HALTED, State.READY, State.READY_2)
    for length in {max(size - 1, len(opcode)), size + 1} - {size}:
        body = opcode.ljust(length, b"\x00")
        air = in_state(state)
        assert air.raw(with_crc(body) if crc else body) is None
        assert air.card.state in (State.IDLE, State.HALTED)
    if crc:
        air = in_state(state)
        good = with_crc(opcode.ljust(size, b"\x00"))
        answer = air.raw(good[:-1] + bytes((good[-1] ^ 1,)))
        assert answer == (NAK_CRC if spoken else None)
        assert air.card.state is State.IDLE


@given(st.lists(st.binary(max_size=20), max_size=6), st.sampled_from(State))
def test_any_bytes_get_an_answer_or_silence(frames: list[bytes], state: State) -> None:
    air = in_state(state)
    for frame in frames:
        answer = air.raw(frame)
        assert answer is None or len(answer) in (1, 2, 3, 4, 5, 18)
        air.raw(with_crc(frame))


def test_thousands_of_random_frames_leave_other_sectors_alone() -> None:
    rng = Random(7)
    air = in_state(State.OPEN)
    others = air.image.blocks[:4] + air.image.blocks[8:]
    for _ in range(5_000):
        if air.card.state in (State.IDLE, State.HALTED):
            air.field.off()
            air.open(5)
        opcode = rng.choice((0x30, 0xA0, 0xB0, 0xC0, 0xC1, 0xC2, rng.randrange(256)))
        air.ask(opcode, rng.choice((4, 5, 6, rng.randrange(256))))
        air.ask(data=rng.randbytes(rng.choice((4, 16))))
        air.image.blocks[7] = trailer(FREE)
    assert air.image.blocks[:4] + air.image.blocks[8:] == others


@pytest.mark.parametrize("v", vectors("crc_a"), ids=name)
def test_crc_a_as_published(v: Any) -> None:
    assert crc_a(bytes.fromhex(v["data"])).hex() == v["expected"], v["source"]


@pytest.mark.parametrize("v", vectors("bcc"), ids=name)
def test_bcc_as_published(v: Any) -> None:
    assert bcc(bytes.fromhex(v["uid"])) == int(v["expected"], 16), v["source"]


@pytest.mark.parametrize("v", vectors("crc_a_frames"), ids=name)
def test_selection_as_in_a_published_trace(v: Any) -> None:
    assert all(crc_fits(bytes.fromhex(frame)) for frame in v["frames"])
    select, sak, auth, halt, *_ = (bytes.fromhex(f) for f in v["frames"])
    air = Air(card_image(uid=UID))
    assert air.raw(REQA) == b"\x04\x00"
    assert air.raw(b"\x93\x20") == select[2:7]
    assert air.raw(select) == sak, v["source"]
    assert air.raw(auth) == bytes(4)
    assert air.raw(proof(KEY_A)) == bytes(4)
    assert air.raw(halt) is None
    assert air.card.state is State.HALTED


def test_a_published_session_once_deciphered() -> None:
    """Four READs and the next AUTH of a real card, its blocks and key put into ours."""
    v = next(v for v in vectors("crypto1_session") if "frames" in v)
    key, uid = bytes.fromhex(v["key"]), bytes.fromhex(v["uid"])
    asked = [bytes.fromhex(f) for f in v["frames"][:-1:2]]
    answers = [bytes.fromhex(f) for f in v["frames"][1::2]]
    blocks = {frame[1]: answer[:16] for frame, answer in zip(asked, answers, strict=True)}
    # As the card showed it: key A and key B are zeros there.
    blocks[0x17] = key + blocks[0x17][6:10] + b"unseen"
    air = Air(card_image(blocks=blocks, uid=uid))
    air.select()
    assert air.prove(0x14, A, key)
    for frame, answer in zip(asked, answers, strict=True):
        assert air.raw(frame) == answer, v["source"]
    assert air.raw(bytes.fromhex(v["frames"][-1])) == bytes(4), "the nested AUTH is taken"


@pytest.mark.parametrize("uid", [UID, bytes.fromhex("04112233445566")], ids=["4", "7"])
def test_selection_takes_the_whole_uid(uid: bytes) -> None:
    air = Air(card_image(uid=uid))
    air.select()
    assert air.field.frames == (3 if len(uid) == 4 else 5)
    air.field.off()
    air.raw(WUPA)
    assert air.ask(0x93, 0x70, data=b"other") is None
    assert air.card.state is State.IDLE, "another card was meant"


def test_a_halted_card_hears_wupa_alone_and_goes_back_to_sleep() -> None:
    air = in_state(State.HALTED)
    assert air.raw(REQA) is None
    air.select()
    assert air.ask(0x30, 5) == NAK  # nothing is open
    assert air.card.state is State.HALTED
    assert air.raw(REQA) is None
    assert air.raw(WUPA) == air.image.atqa
    air.field.off()
    assert air.raw(REQA) == air.image.atqa


@pytest.mark.parametrize("opcode", [0x30, 0xA0, 0xB0, 0xC0, 0xC1, 0xC2])
def test_memory_is_refused_before_a_sector_is_open(opcode: int) -> None:
    air = in_state(State.ACTIVE)
    assert air.ask(opcode, 5) == NAK
    assert air.card.state is State.IDLE


def test_a_wrong_key_is_silence_and_a_new_selection() -> None:
    air = in_state(State.ACTIVE)
    assert not air.prove(5, A, b"wrong-")
    assert air.ask(A, 5) is None, "the card has left"
    air.select()
    assert air.prove(5)


def test_key_a_is_not_key_b() -> None:
    air = in_state(State.ACTIVE)
    assert not air.prove(5, B, KEY_A)


def test_a_nested_authentication_moves_to_the_next_sector() -> None:
    air = in_state(State.OPEN)
    assert air.prove(9)
    assert air.read(9) == bytes(16)
    assert air.read(5) is None, "sector 1 was left"


def test_a_nak_costs_the_session() -> None:
    air = in_state(State.OPEN)
    assert air.ask(0x30, 9) == NAK
    assert air.ask(0x30, 5) is None
    air.open(5)
    assert air.read(5) is not None


@pytest.mark.parametrize("block", [64, 128, 255])
def test_addresses_beyond_the_chip_are_refused(block: int) -> None:
    assert in_state(State.ACTIVE).ask(A, block) == NAK
    assert in_state(State.OPEN).ask(0x30, block) == NAK


def test_a_write_is_done_when_its_second_frame_has_come() -> None:
    air = in_state(State.OPEN)
    assert air.ask(0xA0, 5) == ACK
    before = air.image.blocks[5]
    assert air.image.writes == 0
    assert air.ask(data=b"x" * 16) == ACK
    assert (before != air.image.blocks[5], air.image.blocks[5]) == (True, b"x" * 16)
    assert air.image.writes == 1
    assert air.read(5) == b"x" * 16


def test_the_manufacturers_block_is_read_only_whatever_the_bits_say() -> None:
    air = Air(card_image())
    air.open(0)
    assert air.read(0) == air.image.blocks[0]
    assert air.ask(0xA0, 0) == NAK


def test_new_keys_hold_from_the_next_authentication() -> None:
    air = in_state(State.OPEN)
    assert air.write(7, trailer(FREE, b"new-a-", b"new-b-"))
    assert air.read(5) is not None
    assert not air.prove(5)
    air.select()
    assert air.prove(5, A, b"new-a-")


@pytest.mark.parametrize("frame", [b"\xe0\x50", b"\xe0\x80", b"\x40", b"\x43"], ids=bytes.hex)
def test_a_genuine_classic_is_mute_to_rats_and_magic(frame: bytes) -> None:
    for state in (State.IDLE, State.ACTIVE, State.OPEN):
        for sent in (frame, with_crc(frame)):
            assert in_state(state).raw(sent) is None


def test_no_power_no_memory_of_anything_but_blocks() -> None:
    air = in_state(State.OPEN)
    air.field.off()
    assert air.ask(0x30, 5) is None
    assert air.card.state is State.IDLE
