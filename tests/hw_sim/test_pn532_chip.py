"""The PN532 by its commands: the line and sleep, searches, Classic and DESFire cards."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hw_sim import CardImage, ClassicCard, Field
from hw_sim.classic import State
from hw_sim.image import Image
from hw_sim.iso_dep import IsoDepCard
from hw_sim.picc import card_of
from hw_sim.pn532 import Pn532
from hw_sim.pn532.frames import ACK, ERROR, NACK, Inbox, framed
from hw_sim.stock import new_desfire
from tests.hw_sim.rig import KEY_A, UID, card_image

SLOW, FAST = 115_200, 921_600
DESFIRE_UID = bytes.fromhex("04112233445566")
FIRMWARE = "0332010607"


class Host:
    """A host on the line: commands out, answers back, hexadecimal from the command's code on."""

    def __init__(self, card: Image | None = None) -> None:
        self.image = card
        self.chip = Pn532(self._field)
        self.rate = SLOW

    def _field(self) -> Field:
        self.card = None if self.image is None else card_of(self.image)
        return Field(self.card)

    def lay(self, card: Image | None) -> None:
        """Another card, or none, before the chip."""
        self.image = card
        self.chip.field_changed()

    def send(self, frame: bytes) -> list[bytes]:
        return self.chip.hear(frame, rate=self.rate)

    def ask(self, command: str) -> str:
        """One command and its answer; "error" for the error frame."""
        sent = self.send(framed(bytes.fromhex("d4" + command)))
        assert sent[0] == ACK
        if sent[1:] == [ERROR]:
            return "error"
        (answer,) = Inbox().feed(b"".join(sent[1:]))
        assert isinstance(answer, bytes)
        assert answer[:1] == b"\xd5"
        return answer[1:].hex()

    def once(self) -> None:
        """A search looks once."""
        assert self.ask("3205000000") == "33"


@pytest.fixture
def classic() -> Host:
    host = Host(card_image())
    host.once()
    return host


@pytest.fixture
def desfire() -> Host:
    host = Host(new_desfire(Random(1), uid=DESFIRE_UID, ev1=False))
    host.once()
    return host


FOUND = f"4b010100040804{UID.hex()}"
AUTH = f"400160{{:02x}}{KEY_A.hex()}{UID.hex()}"


def test_the_chip_is_a_pn532() -> None:
    host = Host()
    assert host.ask("02") == FIRMWARE
    assert host.ask("00006c69626e6663") == "01006c69626e6663"
    assert host.ask("0001") == host.ask("0002") == "0100"
    assert host.ask("04") == "0500000000"
    assert host.ask("1401") == "15"
    assert host.ask("0c") == "0d3f0600"
    assert host.ask("08630233630d30") == "09"
    assert host.ask("066302630d") == "073330"


UNKNOWN = [
    "03",
    "10",
    "1009",
    "12",
    "4a",
    "4a0300",
    "06",
    "0663",
    "8c00",
    "3209",
    "4a010001",
    "40",
    "4401aa",
    "1400",
]


@pytest.mark.parametrize("command", ["", *UNKNOWN])
def test_what_it_does_not_know_is_an_error_frame(command: str) -> None:
    assert Host().ask(command) == "error"


def test_a_nack_brings_the_last_answer_again() -> None:
    host = Host()
    assert host.send(NACK) == []
    sent = host.send(framed(b"\xd4\x02"))
    assert host.send(NACK) == sent[1:]


def test_in_sleep_the_first_bytes_are_lost() -> None:
    host = Host()
    assert host.ask("16f0") == "1700"
    assert host.send(framed(b"\xd4\x02")) == []  # swallowed: no preamble
    assert host.ask("02") == FIRMWARE
    for preamble in (bytes(10), b"\x55\x55" + bytes(14)):
        host.ask("16f0")
        assert len(host.send(preamble + framed(b"\xd4\x02"))) == 2


def test_a_rate_takes_effect_with_the_hosts_ack() -> None:
    host = Host()
    assert host.ask("1007") == "11"
    assert host.chip.rate == SLOW
    assert host.send(ACK) == []
    assert host.chip.rate == FAST
    assert host.send(framed(b"\xd4\x02")) == []  # noise to it
    host.rate = FAST
    assert host.ask("02") == FIRMWARE


def test_a_rate_takes_effect_with_the_first_bytes_at_it() -> None:
    host = Host()
    host.ask("1007")
    host.rate = FAST
    assert host.ask("02") == FIRMWARE
    assert host.chip.rate == FAST


def test_a_rate_without_an_ack_is_forgotten_by_the_next_command() -> None:
    host = Host()
    host.ask("1007")
    host.ask("02")
    host.send(ACK)
    assert host.chip.rate == SLOW


@pytest.mark.parametrize(("rate", "code"), [(SLOW, "04"), (FAST, "07")])
def test_a_byte_is_ten_bits_on_the_line(rate: int, code: str) -> None:
    host = Host()
    host.ask(f"10{code}")
    host.send(ACK)
    host.rate = rate
    bytes_before, us_before = host.chip.wire_bytes, host.chip.wire_us
    host.ask("02")
    assert host.chip.wire_bytes - bytes_before == 9 + 6 + 13
    assert host.chip.wire_us - us_before == pytest.approx(28 * 10 / rate * 1e6)


def test_a_classic_is_found_read_and_written(classic: Host) -> None:
    assert classic.ask("4a0100") == FOUND
    assert classic.ask("42e050") == "4301"  # no RATS; the card is idle after that
    assert classic.ask("4a0100") == FOUND
    assert classic.ask(AUTH.format(7)) == "4100"
    assert classic.ask("4001a004" + "5a" * 16) == "4100"
    assert classic.ask("40013004") == "4100" + "5a" * 16
    assert isinstance(classic.image, CardImage)
    assert classic.image.blocks[4] == b"\x5a" * 16


def test_value_operations_are_two_commands(classic: Host) -> None:
    classic.ask("4a0100")
    classic.ask(AUTH.format(7))
    value = "0a000000f5ffffff0a00000004fb04fb"
    assert classic.ask("4001a004" + value) == "4100"
    assert classic.ask("4001c00403000000") == "4100"
    assert classic.ask("4001b004") == "4100"
    assert classic.ask("40013004").startswith("410007000000")
    lowest = "00000080ffffff7f0000008004fb04fb"
    assert classic.ask("4001a005" + lowest) == "4100"
    assert classic.ask("4001c00501000000") == "4101"  # below the lowest: refused at the operand
    assert classic.ask(f"4a0100{UID.hex()}") == FOUND
    assert classic.ask(AUTH.format(7)) == "4100"
    assert classic.ask("4001c00603000000") == "4101"  # no value block: refused
    assert classic.ask("40013004") == "4101"  # and nothing is open


def test_a_refused_key_is_status_14_and_costs_the_selection(classic: Host) -> None:
    classic.ask("4a0100")
    wrong_uid = AUTH.format(4)[:-8] + "00000000"
    for wrong in (AUTH.format(4).replace(KEY_A.hex(), "00" * 6), wrong_uid):
        assert classic.ask(wrong) == "4114"
        assert classic.ask(AUTH.format(4)) == "4101"
        assert classic.ask(f"4a0100{UID.hex()}") == FOUND
    assert classic.ask(AUTH.format(4)) == "4100"
    assert classic.ask(AUTH.format(4)[:-2]) == "4110"


def test_no_such_card_and_no_card(classic: Host) -> None:
    assert classic.ask("40013004") == "4127"
    assert classic.ask("4a010001020304") == "4b00"
    for other in ("0100ffff0100", "0200ffff0100", "0300", "04"):
        assert classic.ask("4a01" + other) == "4b00"
    classic.ask("4a0100")
    classic.lay(None)
    assert classic.ask(AUTH.format(4)) == "4101"
    assert classic.ask("4a0100") == "4b00"
    assert classic.ask("066339") == "0726"  # SENS_REQ is still in the FIFO: nobody answered


def test_the_field_switched_off_forgets_the_session(classic: Host) -> None:
    classic.ask("4a0100")
    classic.ask(AUTH.format(4))
    assert classic.ask("320100") == "33"
    assert classic.ask("40013004") == "4101"
    assert classic.ask("320101") == "33"
    assert classic.ask("40013004") == "4101"


def test_a_card_that_loses_the_field_loses_its_power() -> None:
    card = card_of(card_image())
    chip = Pn532(lambda: Field(card))
    for command in ("4a0100", AUTH.format(4), "320100"):
        chip.hear(framed(bytes.fromhex("d4" + command)), rate=SLOW)
    assert isinstance(card, ClassicCard)
    assert card.state is State.IDLE


def test_a_halted_card_answers_to_its_uid_alone(classic: Host) -> None:
    classic.ask("4a0100")
    assert classic.ask("4400") == "4500"
    assert classic.ask("4a0100") == "4b00"
    assert classic.ask(f"4a0100{UID.hex()}") == FOUND
    assert classic.ask("5200") == "5300"
    assert classic.ask("40013004") == "4127"


def test_a_deselected_card_comes_back_when_it_is_used(desfire: Host) -> None:
    desfire.ask("4a0100")
    assert desfire.ask("4401") == "4500"
    assert desfire.ask("40019060000000")[-4:] == "91af"
    desfire.ask("4401")
    assert desfire.ask("5401") == "5500"
    assert desfire.ask("5402") == "5527"


def test_a_search_without_end_goes_on_until_a_card_comes() -> None:
    host = Host()
    assert host.send(framed(bytes.fromhex("d44a0100"))) == [ACK]
    assert host.chip.again_after_s is not None
    assert host.chip.step() == []
    host.lay(card_image())
    (frame,) = host.chip.step()
    assert Inbox().feed(frame) == [bytes.fromhex("d5" + FOUND)]
    assert host.chip.again_after_s is None


def test_a_search_ends_with_the_hosts_ack() -> None:
    host = Host()
    host.send(framed(bytes.fromhex("d44a0100")))
    assert host.send(ACK) == []
    assert host.chip.again_after_s is None
    assert host.chip.step() == []


def test_a_poll_ends_after_its_rounds() -> None:
    host = Host()
    assert host.send(framed(bytes.fromhex("d460030120"))) == [ACK]
    assert host.chip.step() == []
    assert Inbox().feed(host.chip.step()[0]) == [bytes.fromhex("d56100")]


def test_a_poll_tells_the_kind_of_card(classic: Host, desfire: Host) -> None:
    assert classic.ask("6001012010").startswith("61011009")
    assert desfire.ask("6001012010").startswith("61012012")
    assert classic.send(framed(bytes.fromhex("d460010120"))) == [ACK, framed(b"\xd5\x61\x00")]


ATS = "067577810280"
DESFIRE_FOUND = "4b010103442007" + DESFIRE_UID.hex()


def test_rats_goes_out_by_itself_unless_told_not_to(desfire: Host) -> None:
    assert desfire.ask("4a0100") == DESFIRE_FOUND + ATS
    assert desfire.ask("0006") == "0100"
    assert desfire.ask("320100") == "33"
    assert desfire.ask("1200") == "13"
    assert desfire.ask("4a010088" + DESFIRE_UID.hex()) == DESFIRE_FOUND
    assert desfire.ask("0006") == "0101"
    assert desfire.ask("42e080") == "4300" + ATS
    assert desfire.ask("42029060000000").startswith("430002")


def test_whole_messages_go_to_a_desfire(desfire: Host) -> None:
    desfire.ask("4a0100")
    assert desfire.ask("40019060000000")[-4:] == "91af"
    assert desfire.ask("404190af") == "4100"  # bit 6: more of the message comes
    assert desfire.ask("4001000000")[-4:] == "91af"
    assert desfire.ask("4001" + "90f00000" + "64" + "00" * 101)[:4] == "4100"  # many blocks
    desfire.lay(None)
    assert desfire.ask("40019060000000") == "4101"


def test_rates_are_set_once_after_rats(desfire: Host) -> None:
    desfire.ask("4a0100")
    assert desfire.ask("4e010303") == "4f26"  # not the chip's
    assert desfire.ask("4e010002") == "4f00"
    assert isinstance(desfire.card, IsoDepCard)
    assert desfire.card.rates_kbps == (106, 424)
    assert desfire.ask("04") == "050001010100020000"
    assert desfire.ask("4e010101") == "4f01"  # the card takes no second one
    assert desfire.ask("40019060000000")[-4:] == "91af"


def test_raw_frames_follow_the_registers(classic: Host) -> None:
    classic.ask("320101")
    assert classic.ask("08630200630300633d07") == "09"
    assert classic.ask("4226") == "43000400"  # REQA by hand: seven bits, no CRC
    assert classic.ask("08633d00") == "09"
    assert classic.ask("4226") == "4301"  # eight bits are no REQA
    assert classic.ask("429320") == "4301"  # and the card is no longer ready
    assert classic.ask("08633d07") == "09"
    assert classic.ask("4226") == "43000400"
    assert classic.ask("08633d00") == "09"
    assert classic.ask("429320").startswith("4300" + UID.hex())
    assert classic.ask("4a0100") == "4b00"  # a card that is ready falls back to idle
    assert classic.ask("4a0100") == FOUND
    assert classic.ask("08630280630300") == "09"
    assert classic.ask("423004") == "430004"  # nothing is open: a NAK, which is four bits
    assert classic.ask("06633c") == "0704"
    assert classic.ask("08630283630300") == "09"
    assert classic.ask("429320") == "4301"  # type B


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=20), max_size=8), st.booleans())
def test_any_command_at_all_is_answered(commands: list[bytes], is_classic: bool) -> None:  # noqa: FBT001
    card = card_image() if is_classic else new_desfire(Random(1), uid=DESFIRE_UID, ev1=False)
    host, writes = Host(card), card.writes
    host.send(framed(bytes.fromhex("d44a0100")))
    for command in commands:
        assert host.send(framed(b"\xd4" + command))[:1] == [ACK]
        host.send(command)
        host.chip.idle()
        # An ACK ends what the command began; five bytes more, for it may have been PowerDown.
        host.send(bytes(5) + ACK)
        host.rate = host.chip.rate
    assert card.writes == writes  # nobody had a key
