"""`nfc:` readers over a PN532 in memory and behind a pseudo-terminal."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

import pytest

from apdu.secret import Secret
from drivers.errors import (
    BlockRefused,
    NoSuchReader,
    ReaderBusy,
    ReaderGone,
    UnknownScheme,
)
from drivers.nfc import wake
from drivers.pn532_frames import first_frame
from drivers.registry import open_reader, readers
from hw_sim.picc import card_of
from hw_sim.pn532.chip import RATES
from hw_sim.pn532.frames import ACK, framed
from tests.drivers.cards import blank
from tests.drivers.contract_suite import (
    DATA,
    FACTORY,
    OTHER,
    ReaderContract,
    classic,
)
from tests.drivers.pn532_rig import Pn532, Pty, Said, Wire, WireRig, chipset


@pytest.fixture
def rig() -> WireRig:
    return WireRig((blank(0), blank(1)))


class TestNfcReader(ReaderContract):
    """The contract, on a PN532."""


def test_of_a_long_uid_the_last_four_bytes_take_part(rig: WireRig) -> None:
    rig.chip.put(card_of(blank(0, uid=bytes.fromhex("04112233445566"))))
    connection = rig.reader.wait_for_card(timeout_s=0)
    assert connection.uid.hex() == "04112233445566"
    assert classic(connection).authenticate(4, FACTORY, key_b=True)


def test_a_card_that_is_no_classic_has_no_classic_port(rig: WireRig) -> None:
    rig.chip.put(Said(card_of(blank(0)), 0x00))
    connection = rig.reader.wait_for_card(timeout_s=0)
    assert connection.classic is None
    assert connection.iso_dep is None
    assert connection.atr[13:15] == bytes(2)
    assert not rig.reader.wait_for_removal(timeout_s=0)


def test_an_unplugged_reader_is_gone_for_good(rig: WireRig) -> None:
    rig.put(0)
    port = classic(rig.reader.wait_for_card(timeout_s=0))
    rig.wire.plugged = False
    with pytest.raises(ReaderGone):
        port.read(4)
    rig.wire.plugged = True
    with pytest.raises(ReaderGone):
        port.read(4)
    rig.wire.plugged = False
    assert rig.reader.wait_for_removal(timeout_s=0)
    with pytest.raises(ReaderGone):
        rig.reader.wait_for_card(timeout_s=0)
    rig.reader.close()


def test_no_key_reaches_a_log(rig: WireRig, caplog: pytest.LogCaptureFixture) -> None:
    # nfcpy logs every frame below DEBUG, keys included.
    caplog.set_level(1)
    logging.getLogger().setLevel(1)
    rig.put(0)
    port = classic(rig.reader.wait_for_card(timeout_s=0))
    assert not port.authenticate(4, OTHER, key_b=False)
    with pytest.raises(BlockRefused):
        port.read(4)
    rig.wire.plugged = False
    with pytest.raises(ReaderGone) as caught:
        port.authenticate(4, OTHER, key_b=False)
    assert OTHER.reveal() in b"".join(rig.chip.heard)
    assert OTHER.reveal().hex() not in caplog.text.lower()
    assert caught.value.__suppress_context__
    for name in ("nfc", "nfc.clf.transport", "nfc.clf.pn532"):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
    assert not logging.getLogger("nfc").propagate


@pytest.mark.parametrize("rate", RATES[4:8])
def test_a_chip_left_at_another_rate_is_found_and_brought_back(rate: int) -> None:
    # Known from the field: works once, then silent until power is cut.
    chip = Pn532()
    chip.rate = rate
    wire = Wire(chip)
    assert wake(chipset(wire))
    assert chip.rate == wire.baudrate == 115_200


def test_the_first_command_may_be_swallowed() -> None:
    chip = Pn532()
    chip.swallow = 1
    assert wake(chipset(Wire(chip)))


def test_a_silent_line_is_no_reader() -> None:
    chip = Pn532()
    chip.rate = 9600
    assert not wake(chipset(Wire(chip)))


ANSWER = framed(bytes.fromhex("d50332010607"))


@pytest.mark.parametrize("noise", ["", "00", "00" * 6, "ff00ff", "aa", "0000ff", "0000ff05fa"])
@pytest.mark.parametrize("frame", [ACK, ANSWER])
def test_a_frame_is_found_behind_stray_bytes(noise: str, frame: bytes) -> None:
    seen = bytearray(bytes.fromhex(noise) + frame)
    found = first_frame(seen + ACK)
    assert found is not None
    assert bytes(seen[found]) == frame
    assert first_frame(seen[:-1]) is None


def test_a_long_frame_is_found() -> None:
    data = b"\xd5\x01" + bytes(262)
    head = b"\x00\x00\xff\xff\xff" + len(data).to_bytes(2, "big")
    frame = head + bytes((-sum(head[5:]) & 0xFF,)) + data + bytes((-sum(data) & 0xFF, 0))
    assert first_frame(bytearray(b"\x00\xff" + frame)) == slice(2, 2 + len(frame))


@pytest.fixture
def pty() -> Iterator[Pty]:
    chip = Pn532()
    chip.put(card_of(blank(0)))
    line = Pty(chip, noise=b"\x00\xaa\x00")
    yield line
    line.unplug()


def test_a_card_is_read_over_a_noisy_line_twice(pty: Pty) -> None:
    for turn in range(2):
        reader = open_reader(f"nfc:tty:{pty.path}", must_exist=True)
        port = classic(reader.wait_for_card(timeout_s=5))
        assert port.authenticate(4, FACTORY, key_b=False)
        assert port.read(4) == (DATA if turn else bytes(16))
        port.write(4, DATA)
        reader.close()


def test_a_line_held_by_another_program_is_busy(pty: Pty) -> None:
    held = open_reader(f"nfc:tty:{pty.path}")
    with pytest.raises(ReaderBusy):
        open_reader(f"nfc:tty:{pty.path}")
    held.close()


def test_a_line_pulled_out_is_a_reader_gone(pty: Pty) -> None:
    reader = open_reader(f"nfc:tty:{pty.path}")
    connection = reader.wait_for_card(timeout_s=5)
    pty.unplug()
    with pytest.raises(ReaderGone):
        classic(connection).authenticate(4, Secret(b"\x01" * 6), key_b=False)
    reader.close()


def test_a_line_that_is_not_there_is_no_reader() -> None:
    with pytest.raises(NoSuchReader):
        open_reader("nfc:tty:ttyNONE9")


@pytest.mark.parametrize(
    "uri",
    ["nfc:", "nfc:tty:", "nfc:tty:a b", "nfc:tty:x;reboot", "nfc:tty:$(id)", "nfc:i2c", "nfc"],
)
def test_other_places_are_bad_usage(uri: str) -> None:
    with pytest.raises(UnknownScheme):
        open_reader(uri)


@pytest.mark.parametrize("uri", ["", "sim", "sim:", "pcsc:", "file:x", "SIM:x", ":x"])
def test_other_schemes_are_bad_usage(uri: str) -> None:
    with pytest.raises(UnknownScheme):
        open_reader(uri)


def test_readers_never_fails() -> None:
    assert all(reader["uri"] for reader in readers())
    assert os.path.sep not in "".join(r["uri"].partition(":")[0] for r in readers())
