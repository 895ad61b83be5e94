"""The PN532's host frames, by their vectors and behind noise."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hw_sim.pn532.frames import ACK, ERROR, NACK, Inbox, Mark, framed
from tests.hw_sim.rig import name, vectors

MARKS = {ACK: Mark.ACK, NACK: Mark.NACK}


@pytest.mark.parametrize("v", vectors("pn532_frames"), ids=name)
def test_frames_of_the_vectors(v: Any) -> None:
    for case in v["frames"]:
        frame = bytes.fromhex(case["frame"])
        if case.get("fixed"):
            assert Inbox().feed(frame) == [MARKS[frame]], v["source"]
            continue
        data = bytes.fromhex(case["data"])
        assert Inbox().feed(frame) == [data], v["source"]
        if case.get("extended"):
            assert framed(data + bytes(254)).startswith(bytes.fromhex("0000ffffff0100ff"))
        else:
            assert framed(data) == frame, v["source"]


def test_the_error_frame_is_a_frame_of_its_one_byte() -> None:
    assert framed(b"\x7f") == ERROR


def test_a_frame_has_room_for_so_much() -> None:
    for size in (1, 255, 256, 265):
        assert Inbox().feed(framed(bytes(size))) == [bytes(size)]
    for size in (0, 266):
        with pytest.raises(ValueError, match="bytes"):
            framed(bytes(size))


@given(st.lists(st.binary(min_size=1, max_size=265)), st.integers(1, 40))
def test_frames_are_found_however_they_are_cut(sent: list[bytes], step: int) -> None:
    inbox, found = Inbox(), []
    line = b"".join(b"\x55\x55\x00\x00" + framed(data) for data in sent)
    for start in range(0, len(line), step):
        found += inbox.feed(line[start:][:step])
    assert found == sent


@pytest.mark.parametrize("noise", ["", "00", "00" * 6, "ff00ff", "aa", "00ff05fa", "00ff01ff00"])
def test_a_frame_is_found_behind_noise(noise: str) -> None:
    found = Inbox().feed(
        bytes.fromhex(noise) + framed(b"\xd4\x02") + framed(b"\xd4\x04") + bytes(9)
    )
    assert found[-1] == b"\xd4\x04"


@given(st.binary(min_size=1, max_size=40), st.data())
def test_a_frame_with_one_wrong_bit_is_none(data: bytes, pick: st.DataObject) -> None:
    frame = bytearray(framed(data))
    place = pick.draw(st.integers(3, len(frame) - 2))
    frame[place] ^= 1 << pick.draw(st.integers(0, 7))
    assert data not in Inbox().feed(bytes(frame))


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_any_bytes_are_taken(pieces: list[bytes]) -> None:
    inbox = Inbox()
    for piece in pieces:
        inbox.feed(piece)
    inbox.clear()
    assert not inbox.waiting
    assert inbox.feed(framed(b"\xd4\x02")) == [b"\xd4\x02"]
