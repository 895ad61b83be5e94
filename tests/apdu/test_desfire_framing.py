"""Frames of DESFire: split and put together, both ways, in both forms; and what is no answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu.desfire import status
from apdu.desfire.card import Desfire
from apdu.desfire.framing import NATIVE, WRAPPED, Channel, Framing
from apdu.desfire.status import NAMES, Status
from apdu.errors import DesfireAnswerWrong, DesfireRefused
from apdu.iso7816 import Command
from tests.apdu.desfire_rig import Script

FRAME_BYTES_MAX = {NATIVE: 60, WRAPPED: 61}
both_forms = pytest.mark.parametrize("framing", [NATIVE, WRAPPED], ids=["native", "wrapped"])


def answer(framing: Framing, code: int, data: bytes) -> bytes:
    return bytes((code,)) + data if framing is NATIVE else data + bytes((0x91, code))


class Echo:
    """A card that takes a command in parts and answers its parameters in others, of `cut` bytes."""

    def __init__(self, framing: Framing, cut: int) -> None:
        self.framing, self.cut = framing, cut
        self.taken, self.left, self.whole = b"", b"", 0

    def __call__(self, frame: bytes) -> bytes:
        assert len(frame) <= FRAME_BYTES_MAX[self.framing]
        if self.framing is NATIVE:
            code, body = frame[0], frame[1:]
        else:
            assert (frame[0], frame[2:4], frame[-1]) == (0x90, bytes(2), 0)
            code, body = frame[1], frame[5:-1]
            assert len(frame) == 5 or frame[4] == len(body)
        assert code == (0xAF if self.taken or self.left else 0x3D)
        if self.left:
            assert not body
            return self.say()
        self.taken += body
        if len(self.taken) < self.whole:
            return answer(self.framing, 0xAF, b"")
        self.left, self.taken = self.taken, b""
        return self.say()

    def say(self) -> bytes:
        part, self.left = self.left[: self.cut], self.left[self.cut :]
        return answer(self.framing, 0xAF if self.left else 0x00, part)


@both_forms
@given(
    body=st.integers(0, 400).map(lambda n: bytes(i % 251 for i in range(n))), cut=st.integers(1, 59)
)
def test_long_messages_go_in_parts_both_ways(framing: Framing, body: bytes, cut: int) -> None:
    card = Echo(framing, cut)
    card.whole = len(body)
    frames = Channel(card, framing).ask("x", 0x3D, body)
    assert b"".join(frames) == body
    assert all(len(frame) == cut for frame in frames[:-1])


@given(code=st.integers(0, 0xFF), body=st.binary(max_size=WRAPPED.body_bytes_max))
def test_a_wrapped_frame_is_a_short_apdu_that_wants_all(code: int, body: bytes) -> None:
    assert WRAPPED.command(code, body) == bytes(Command(cla=0x90, ins=code, data=body, ne=0x100))


@both_forms
@given(code=st.integers(1, 0xFF).filter(lambda code: code != status.MORE))
def test_a_status_is_a_refusal_with_its_command(framing: Framing, code: int) -> None:
    channel = Channel(lambda _: answer(framing, code, b""), framing)
    with pytest.raises(DesfireRefused) as refused:
        channel.ask("Debit", 0xDC, b"\x01")
    assert (refused.value.command, refused.value.status) == ("Debit", code)


def test_who_is_no_desfire_answers_with_iso_words() -> None:
    with pytest.raises(DesfireRefused) as refused:
        Desfire(lambda _: bytes.fromhex("6e00")).version()
    assert refused.value.status == 0x6E00
    assert refused.value.status.in_words == ("6E00 類別不支援", "6E00 class not supported")


ENDLESS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("chain", lambda _: bytes.fromhex("0191af")),
    ("length", lambda _: b""),
    ("length", lambda _: b"\x00"),
)


@pytest.mark.parametrize(("wrong", "card"), ENDLESS, ids=["endless", "mute", "half a status"])
def test_what_is_no_answer_is_found(wrong: str, card: Callable[[bytes], bytes]) -> None:
    with pytest.raises(DesfireAnswerWrong) as found:
        Desfire(card).free_memory()
    assert (found.value.command, found.value.wrong) == ("FreeMem", wrong)


def test_an_empty_native_frame_is_no_answer() -> None:
    with pytest.raises(DesfireAnswerWrong):
        Desfire(lambda _: b"", framing=NATIVE).free_memory()


def test_done_before_all_was_sent_is_found() -> None:
    for early in ("9100", "0191af"):  # the second: data while we still send
        channel = Channel(lambda _, early=early: bytes.fromhex(early), WRAPPED)  # type: ignore[misc]
        with pytest.raises(DesfireAnswerWrong) as found:
            channel.ask("WriteData", 0x3D, bytes(100))
        assert found.value.wrong == "length"


def test_a_refusal_amid_the_parts_ends_them() -> None:
    script = Script(("3d" + "00" * 59, "be"))
    with pytest.raises(DesfireRefused) as refused:
        Channel(script, NATIVE).ask("WriteData", 0x3D, bytes(100))
    assert refused.value.status == status.BOUNDARY
    assert script.done


def test_statuses_have_names_in_both_languages() -> None:
    assert status.AUTHENTICATION.in_words == (
        "AE 未通過認證",
        "AE authentication missing or failed",
    )
    assert Status(0x77).in_words == ("77", "77")
    assert str(status.NO_APPLICATION) == "A0"
    for zh, en in NAMES.values():
        assert zh
        assert en
