"""The block protocol before a card of our own making: every length, losses, waits, rates, leaving.

The card is `hw_sim`'s, written from the other side of the standard; it never asks for more time,
so a card that does stands between (`Slow`).
"""

from __future__ import annotations

from itertools import accumulate
from typing import Final, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.iso_dep import Blocks, activate
from hw_sim.field import Field, Noise
from hw_sim.frames import REQA, SEL, bcc, crc_fits, with_crc
from hw_sim.iso_dep import Identity, IsoDepCard, State

UID = bytes.fromhex("04112233")
DESFIRE_ATS = bytes.fromhex("067577810280")
FIRST_FRAME = 5  # after selection (three frames) and RATS
LONGEST_BYTES = 65_538
OUT: Final = "out"
BACK: Final = "back"
LOST: Final = "lost"
BROKEN: Final = "broken"


class Echo:
    """An applet that says back what it is told, or `says`; it keeps what it was told."""

    work_us = 0.0

    def __init__(self, ats: bytes = DESFIRE_ATS, says: bytes | None = None) -> None:
        self._ats = ats
        self._says = says
        self.told: list[bytes] = []

    def identity(self) -> Identity:
        return Identity(uid=UID, atqa=b"\x04\x00", ats=self._ats)

    def reset(self) -> None:
        """Nothing is kept but what it was told."""

    def transmit(self, message: bytes) -> bytes:
        self.told.append(message)
        return message if self._says is None else self._says


class Chip:
    """It adds and takes off CRCs before the selected card (drivers.iso_dep.Air). Above rate
    `deaf_above` nothing is heard."""

    def __init__(
        self,
        applet: Echo,
        *,
        noise: tuple[Noise, ...] = (),
        frame_bytes: int = 264,
        deaf_above: int = 3,
    ) -> None:
        self.card = IsoDepCard(applet)
        self._field = Field(self.card, noise=noise)
        self._deaf_above = deaf_above
        self.frame_bytes = frame_bytes
        self.rate_index = 0
        self.sent: list[bytes] = []
        self.waits_s: list[float] = []
        level = UID + bytes((bcc(UID),))
        for frame in (REQA, bytes((SEL[0], 0x20)), with_crc(bytes((SEL[0], 0x70)) + level)):
            self._field.exchange(frame)
        assert self.card.state is State.ACTIVE

    def turn(self, frame: bytes, wait_s: float) -> bytes | None:
        self.sent.append(frame)
        self.waits_s.append(wait_s)
        assert len(frame) + 2 <= self.frame_bytes
        answer = self._field.exchange(with_crc(frame))
        if answer is None or not crc_fits(answer) or self.rate_index > self._deaf_above:
            return None
        assert len(answer) <= self.frame_bytes
        return answer[:-2]

    def set_rate(self, index: int) -> None:
        self.rate_index = index


class Slow(Chip):
    """Before the answer to a whole message its card asks for more time: the multipliers, one
    request after the other. `lost`: of these requests (0…) none is heard the first time."""

    def __init__(self, applet: Echo, *wants: int, lost: tuple[int, ...] = ()) -> None:
        super().__init__(applet)
        self._wants = wants
        self._lost = set(lost)
        self._asked = len(wants)
        self._held: bytes | None = None

    def turn(self, frame: bytes, wait_s: float) -> bytes | None:
        if frame[0] & 0xF6 == 0xB2:  # R(NAK): the last block again
            self.sent.append(frame)
        elif frame[0] == 0xF2:
            self.sent.append(frame)
            self.waits_s.append(wait_s)
            assert frame == bytes((0xF2, self._wants[self._asked] & 0x3F))
            self._asked += 1
        else:
            self._held = super().turn(frame, wait_s)
            if frame[0] & 0xF2 == 0x02:
                self._asked = 0
        if frame[0] != 0xE0 and self._asked in self._lost:
            self._lost.discard(self._asked)
            return None
        wanted = self._wants[self._asked : self._asked + 1]
        return bytes((0xF2, *wanted)) if wanted else self._held


def activated(chip: Chip, rate_index: int = 0) -> Blocks:
    blocks = activate(chip, rate_index=rate_index)
    assert blocks is not None
    chip.sent.clear()
    chip.waits_s.clear()
    return blocks


def test_activation_asks_for_the_frames_that_the_chip_carries() -> None:
    for frame_bytes, rats in ((264, "e080"), (253, "e070"), (64, "e050"), (63, "e040")):
        chip = Chip(Echo(), frame_bytes=frame_bytes)
        assert activate(chip, rate_index=0) is not None
        assert [frame.hex() for frame in chip.sent] == [rats]


@given(st.binary(max_size=700), st.integers(0, 8), st.integers(16, 264))
def test_every_message_comes_through_whole_both_ways(
    message: bytes, fsci: int, frame_bytes: int
) -> None:
    # The chip's own frames may be shorter than the card's, and the other way round.
    echo = Echo(bytes((2, fsci)))
    blocks = activated(Chip(echo, frame_bytes=frame_bytes))
    for _ in range(2):
        assert blocks.transmit(message) == message
    assert echo.told == [message, message]


@pytest.mark.parametrize("size", [60, 61, 62, 253, 254, 255, LONGEST_BYTES])
def test_chains_meet_the_frames_to_the_byte(size: int) -> None:
    # A DESFire takes 64 bytes and the chip 256, PCB and CRC included: 61 and 253 of a message.
    chip = Chip(Echo())
    assert activated(chip).transmit(bytes(size)) == bytes(size)
    out, back = -(-size // 61), -(-size // 253)
    assert len(chip.sent) == out + back - 1
    assert [len(frame) for frame in chip.sent[:out]] == [62] * (out - 1) + [size - 61 * out + 62]


def test_an_answer_without_an_end_is_none() -> None:
    assert activated(Chip(Echo(says=bytes(LONGEST_BYTES + 2)))).transmit(b"\x00") is None


@given(st.data())
def test_what_is_lost_is_asked_for_again_and_nothing_is_done_twice(data: st.DataObject) -> None:
    messages = data.draw(st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=3))
    gaps = data.draw(st.lists(st.integers(3, 9), max_size=8))
    noise = tuple(
        Noise(
            frame=FIRST_FRAME - 1 + frame,
            way=data.draw(st.sampled_from((OUT, BACK))),
            harm=data.draw(st.sampled_from((LOST, BROKEN))),
        )
        for frame in accumulate(gaps)
    )
    echo = Echo()
    blocks = activated(Chip(echo, noise=noise))
    for message in messages:
        assert blocks.transmit(message) == message
    assert echo.told == messages


@pytest.mark.parametrize("frame", range(FIRST_FRAME, FIRST_FRAME + 4))
@pytest.mark.parametrize("harm", [LOST, BROKEN])
@pytest.mark.parametrize("way", [OUT, BACK])
def test_each_single_loss_of_a_chained_exchange_is_mended(
    frame: int, harm: Literal["lost", "broken"], way: Literal["out", "back"]
) -> None:
    # Three blocks out (61 bytes each) and two back (253 each) are four frames.
    echo = Echo(says=bytes(300))
    chip = Chip(echo, noise=(Noise(frame=frame, way=way, harm=harm),))
    assert activated(chip).transmit(bytes(150)) == bytes(300)
    assert len(echo.told) == 1
    assert len(chip.sent) in (5, 6)


@pytest.mark.parametrize("way", [OUT, BACK])
def test_in_the_middle_of_an_answer_the_acknowledgement_goes_again(
    way: Literal["out", "back"],
) -> None:
    # Rule 5: no R(NAK) while the card chains.
    noise = Noise(frame=FIRST_FRAME + 1, way=way, harm=LOST)
    chip = Chip(Echo(says=bytes(300)), noise=(noise,))
    assert activated(chip).transmit(b"\x01") == bytes(300)
    assert [frame.hex() for frame in chip.sent] == ["0201", "a3", "a3"]


def test_a_card_that_has_gone_is_given_up_after_three_frames() -> None:
    chip = Chip(Echo())
    blocks = activated(chip)
    chip.card.power_off()
    assert blocks.transmit(b"\x00") is None
    assert [frame.hex() for frame in chip.sent] == ["0200", "b2", "b2"]
    assert not blocks.there()


def test_more_time_is_given_as_it_is_asked_for() -> None:
    echo = Echo()
    chip = Slow(echo, 2, 59, 0xC1)  # the upper bits of a request tell the card's power
    blocks = activated(chip)
    for _ in range(2):
        assert blocks.transmit(b"\x01") == b"\x01"
    assert [frame.hex() for frame in chip.sent[:4]] == ["0201", "f202", "f23b", "f201"]
    fwt_s = blocks.ats.fwt_s
    assert chip.waits_s[:4] == pytest.approx([fwt_s, 2 * fwt_s, 59 * fwt_s, fwt_s])
    assert echo.told == [b"\x01", b"\x01"]


@pytest.mark.parametrize("lost", [(0,), (1,), (2,), (0, 1, 2)])
def test_a_request_for_time_that_is_lost_is_asked_for_again(lost: tuple[int, ...]) -> None:
    echo = Echo()
    chip = Slow(echo, 1, 2, lost=lost)
    blocks = activated(chip)
    assert blocks.transmit(b"\x01") == b"\x01"
    assert blocks.transmit(b"\x02") == b"\x02"
    assert echo.told == [b"\x01", b"\x02"]


def test_no_card_holds_off_its_answer_for_ever() -> None:
    chip = Slow(Echo(), *[59] * 100)
    assert activated(chip).transmit(b"\x01") is None
    assert sum(chip.waits_s) < 40


def test_a_look_changes_nothing() -> None:
    echo = Echo(says=bytes(300))
    blocks = activated(Chip(echo))
    for turn in range(3):
        assert blocks.there()
        assert blocks.transmit(bytes(150)) == bytes(300)
        assert len(echo.told) == turn + 1


def test_a_look_bears_a_loss() -> None:
    noise = Noise(frame=FIRST_FRAME, way="back", harm="broken")
    assert activated(Chip(Echo(), noise=(noise,))).there()


def test_a_card_that_is_let_go_is_halted() -> None:
    chip = Chip(Echo())
    activated(chip).deselect()
    assert [frame.hex() for frame in chip.sent] == ["c2"]
    assert chip.card.state is State.HALTED


@pytest.mark.parametrize(
    ("ta", "asked", "rates", "sent"),
    [
        (0x77, 0, (106, 106), ["e080"]),
        (0x77, 2, (424, 424), ["e080", "d0110a", "b2"]),
        (0x11, 2, (212, 212), ["e080", "d01105", "b2"]),
        (0x80, 2, (106, 106), ["e080"]),
        (0x24, 2, (106, 106), ["e080"]),  # 424 one way and 848 the other: none both ways
    ],
)
def test_the_fastest_rate_that_both_can_is_asked_for(
    ta: int, asked: int, rates: tuple[int, int], sent: list[str]
) -> None:
    chip = Chip(Echo(bytes((3, 0x15, ta))))
    blocks = activate(chip, rate_index=asked)
    assert blocks is not None
    assert chip.card.rates_kbps == rates
    assert [frame.hex() for frame in chip.sent] == sent
    assert blocks.transmit(bytes(100)) == bytes(100)


def test_a_rate_at_which_nothing_is_heard_is_told() -> None:
    assert activate(Chip(Echo(), deaf_above=1), rate_index=2) is None
    assert activate(Chip(Echo(), deaf_above=1), rate_index=1) is not None


def test_a_lost_answer_to_the_rate_is_no_activation() -> None:
    # The card may have changed its rate, or not: it is selected again by who activates.
    noise = Noise(frame=FIRST_FRAME, way="back", harm="lost")
    assert activate(Chip(Echo(), noise=(noise,)), rate_index=2) is None


@pytest.mark.parametrize("harm", [LOST, BROKEN])
def test_no_ats_is_no_activation(harm: Literal["lost", "broken"]) -> None:
    noise = Noise(frame=FIRST_FRAME - 1, way=BACK, harm=harm)
    assert activate(Chip(Echo(), noise=(noise,)), rate_index=0) is None


class Babble:
    """A chip whose card says whatever it likes, one answer after the other."""

    frame_bytes = 264
    rate_index = 0

    def __init__(self, answers: list[bytes]) -> None:
        self._answers = [DESFIRE_ATS, *answers]

    def turn(self, frame: bytes, wait_s: float) -> bytes | None:
        return self._answers.pop(0) if self._answers else None

    def set_rate(self, index: int) -> None:
        raise AssertionError("nobody asked")


@given(st.lists(st.binary(max_size=5), max_size=12))
def test_no_card_makes_it_fail_or_hang(answers: list[bytes]) -> None:
    blocks = activate(Babble(answers), rate_index=0)
    assert blocks is not None
    blocks.transmit(bytes(100))
    blocks.there()
    blocks.deselect()


@pytest.mark.parametrize(
    "answers",
    [
        ["a3", "0390", "0390", "0390"],  # an answer in the middle of our chain
        ["a2", "a3"],  # an acknowledgement where the answer belongs
        ["c2", "c2", "c2"],
        ["0390", "0390", "0390"],  # another block's number
        ["f2", "f2", "f2"],  # a request for time without a time
    ],
)
def test_moves_that_no_card_makes_end_the_exchange(answers: list[str]) -> None:
    blocks = activate(Babble([bytes.fromhex(answer) for answer in answers]), rate_index=0)
    assert blocks is not None
    assert blocks.transmit(bytes(61 if answers[0] == "0390" else 100)) is None
