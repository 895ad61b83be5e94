"""Our own `nfc:tty:` driver over our PN532, each command in a process of its own: showing a card,
issuing one, a wrong key, a killed program, an adapter pulled out, two programs on one line."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Literal

import pytest

from apdu.secret import Secret
from drivers.contract import ClassicPort
from drivers.errors import CardRemoved, ReaderBusy, ReaderGone
from drivers.nfc import NfcReader
from drivers.registry import open_reader
from hw_sim.field import Field, Picc, Tear
from tests.drivers.pn532_rig import MET_FRAMES, TALK_FRAMES, TornOnce, talk
from tests.real.pn532 import TIMEOUT_S, Bench, Served
from tests.spine.children import child
from tests.spine.rig import (
    Answer,
    citizen,
    command,
    flora,
    flora_process,
    make_card,
    make_home,
    person,
    tomorrow,
)

pytestmark = pytest.mark.real
FACTORY, OTHER = Secret(b"\xff" * 6), Secret(b"\x01\x02\x03\x04\x05\x06")
UID = "04a1b2c3"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(make_card(tmp_path, "c", "--uid", UID, kind="blank-classic"), tmp_path)
    yield bench
    bench.stop()


def reader_on(bench: Bench) -> NfcReader:
    reader = open_reader(f"nfc:tty:{bench.link}")
    assert isinstance(reader, NfcReader)
    return reader


def met(reader: NfcReader) -> ClassicPort:
    port = reader.wait_for_card(timeout_s=5).classic
    assert port is not None
    return port


def test_a_whole_job_over_a_served_pn532(tmp_path: Path) -> None:
    home = make_home(tmp_path, "T-01")
    card = make_card(tmp_path, "c", "--purse", "100")
    link = tmp_path / "chip"
    reader = f"nfc:tty:{link}"

    def run(*argv: str, given: object = None) -> Answer:
        return flora_process(*argv, home=home, given=given)

    served = Served(card, link)
    try:
        shown = run("card", "show", "--reader", reader)
        assert shown.code == 0, shown.out
        issued = run("issue", "flora", "--reader", reader, "--applicant", "-", given=citizen())
        assert (issued.code, issued["outcome"]) == (0, "issued"), issued.out + issued.err
        bound = run("bind", "--reader", reader, "--applicant", "-", given=citizen())
        assert bound["outcome"] == "bound", bound.out + bound.err
        stops = run("network", "stops", "--route", "300").json
        tap = ("tap", "--reader", reader, "--route", "300", "--vehicle", "A", "--stop")
        on = run(*tap, stops[0]["stop"], "--at", f"{tomorrow()}T08:00")
        assert (on.code, on["outcome"]) == (0, "on"), on.out + on.err
        off = run(*tap, stops[-2]["stop"], "--at", f"{tomorrow()}T08:40")
        assert (off["outcome"], off["charged_ntd"], off["purse_ntd"]) == ("off", 10, 90), off.out
        served.say("lift")
        gone = run("card", "show", "--reader", reader)
        assert (gone.code, gone["error"]["code"]) == (4, "no_card"), gone.out
        served.say("put")
        shown = run("card", "show", "--reader", reader)
        assert (shown["issued"], shown["purse_ntd"]) == (True, 90), shown.out
    finally:
        assert served.stop() == 0
    assert not link.is_symlink()
    # What was answered over the line is in the file: the same card by another way.
    again = flora("card", "show", "--reader", f"sim:{card}", home=home)
    assert (again["issued"], again["purse_ntd"]) == (True, 90)


def test_after_a_wrong_key_the_next_sector_opens(bench: Bench) -> None:
    # Known from the field (C19): after one wrong key every later authentication fails.
    reader = reader_on(bench)
    try:
        port = met(reader)
        for block in (4, 8, 12):
            assert not port.authenticate(block, OTHER, key_b=False)
        assert port.authenticate(8, FACTORY, key_b=False)
        assert port.read(8) == bytes(16)
    finally:
        reader.close()


def test_a_chip_left_asleep_or_fast_is_opened(bench: Bench) -> None:
    # Known from the field (S1, S6): the first command after sleep is swallowed; a killed program
    # leaves the chip at its raised rate.
    for left in (b"\x16\xf0", b"\x10\x07"):
        sum_ = -sum(b"\xd4" + left) & 0xFF
        size = len(left) + 1
        frame = b"\x00\x00\xff" + bytes((size, -size & 0xFF)) + b"\xd4" + left + bytes((sum_, 0))
        ack = bytes.fromhex("0000ff00ff00")
        assert bench.chip.hear(frame, rate=115_200)
        bench.chip.hear(ack, rate=115_200)
        reader = reader_on(bench)
        assert met(reader).authenticate(4, FACTORY, key_b=False)
        assert bench.chip.rate == 115_200
        reader.close()


def test_a_program_killed_in_the_middle_leaves_a_line_that_works(bench: Bench) -> None:
    uri = f"nfc:tty:{bench.link}"
    for _ in range(3):
        bench.heard.clear()
        first = subprocess.Popen(
            command("card", "show", "--reader", uri),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + TIMEOUT_S
        while not bench.heard and first.poll() is None:
            assert time.monotonic() < deadline
        first.send_signal(signal.SIGKILL)
        first.wait()
    # And half a command, as a program leaves that dies while it writes.
    line = os.open(bench.link, os.O_RDWR | os.O_NOCTTY)
    os.write(line, bytes.fromhex("0000ff8080d440"))
    os.close(line)
    shown = flora_process("card", "show", "--reader", uri)
    assert (shown.code, shown["uid"]) == (0, UID), shown.out + shown.err


def test_an_adapter_pulled_out_is_a_reader_gone(bench: Bench) -> None:
    # Known from the field (S7): SerialException, and a traceback on the clerk's screen.
    reader = reader_on(bench)
    port = met(reader)
    bench.stop()
    with pytest.raises(ReaderGone):
        port.read(4)
    reader.close()
    told = flora("card", "show", "--reader", f"nfc:tty:{bench.link}")
    assert (told.code, told["error"]["code"]) == (4, "no_such_reader")


def test_two_programs_on_one_line(bench: Bench) -> None:
    held = reader_on(bench)
    try:
        with pytest.raises(ReaderBusy):
            reader_on(bench)
        told = flora_process("card", "show", "--reader", f"nfc:tty:{bench.link}")
        assert (told.code, told["error"]["code"]) == (4, "reader_busy"), told.out + told.err
        assert "Traceback" not in told.err
        assert met(held).authenticate(4, FACTORY, key_b=False)
    finally:
        held.close()


def test_a_card_lifted_is_gone_and_the_next_is_met(bench: Bench) -> None:
    reader = reader_on(bench)
    try:
        port = met(reader)
        assert port.authenticate(4, FACTORY, key_b=False)
        bench.lift()
        with pytest.raises(CardRemoved):
            _read_on(port)
        bench.put()
        assert met(reader).authenticate(4, FACTORY, key_b=False)
    finally:
        reader.close()


def _read_on(port: ClassicPort) -> None:
    """Read until the card is found gone: lifting reaches the chip a moment later."""
    while True:
        port.read(4)


def test_a_card_is_served_in_one_place_of_a_free_name(tmp_path: Path) -> None:
    card = make_card(tmp_path, "c", kind="blank-classic")
    (tmp_path / "taken").write_text("mine")
    taken = flora("card", "serve", str(card), "--pn532", str(tmp_path / "taken"))
    assert (taken.code, taken["error"]["code"]) == (4, "file_trouble")
    assert (tmp_path / "taken").read_text() == "mine"
    for places in ([], ["--vpcd", "--pn532", str(tmp_path / "chip")]):
        told = flora("card", "serve", str(card), *places)
        assert (told.code, told["error"]["code"]) == (2, "argument_bad"), places


def test_a_card_with_applications_is_shown_as_over_any_other_reader(tmp_path: Path) -> None:
    card = make_card(tmp_path, "c", kind="blank-desfire")
    bench = Bench(card, tmp_path)
    try:
        shown = flora_process("card", "show", "--reader", f"nfc:tty:{bench.link}")
        assert shown.code == 0, shown.out + shown.err
    finally:
        bench.stop()
    assert shown.json == flora("card", "show", "--reader", f"sim:{card}").json
    assert shown["chip"] == "MIFARE DESFire EV2"


def test_a_childs_whole_day_over_a_served_pn532(tmp_path: Path) -> None:
    home = make_home(tmp_path, "T-01")
    card = make_card(tmp_path, "c", kind="child")
    link = tmp_path / "chip"
    reader, girl = f"nfc:tty:{link}", child(person(1))

    def run(*argv: str, given: object = None) -> Answer:
        return flora_process(*argv, "--reader", reader, home=home, given=given)

    served = Served(card, link)
    try:
        issued = run("issue", "child", "--applicant", "-", given=girl)
        assert (issued.code, issued["outcome"]) == (0, "issued"), issued.out + issued.err
        bound = run("bind", "--applicant", "-", given=girl)
        assert bound["outcome"] == "bound", bound.out + bound.err
        shown = run("card", "show")
        assert shown["issued"], shown.out
        assert shown["binding"], shown.out
        stop = flora("network", "stops", "--route", "300", home=home).json[0]["stop"]
        tap = ("--route", "300", "--vehicle", "A", "--stop", stop)
        on = run("tap", *tap, "--at", f"{tomorrow()}T08:00")
        assert (on.code, on["outcome"]) == (0, "on"), on.out + on.err
    finally:
        assert served.stop() == 0
    again = flora("card", "show", "--reader", f"sim:{card}", home=home)
    (event,) = again["events"]
    assert (event["outcome"], event["stop"], event["class"]) == ("on", stop, "half"), again.out


def test_a_card_pulled_at_every_frame_is_removed_and_met_again(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    fields = Fields()
    bench = Bench(make_card(tmp_path, "c", kind="blank-desfire"), tmp_path, field_of=fields)
    moments: tuple[Literal["before", "during", "after"], ...] = ("before", "during", "after")
    reader = reader_on(bench)
    pulled = 0
    try:
        for frame, moment in product(range(MET_FRAMES + 1, TALK_FRAMES + 1), moments):
            fields.next = torn = TornOnce(Tear(frame=frame, moment=moment))
            connection = reader.wait_for_card(timeout_s=5)
            with pytest.raises(CardRemoved):
                talk(connection)
            with pytest.raises(CardRemoved):
                talk(connection)
            connection.close()
            assert reader.wait_for_removal(timeout_s=5)
            torn.away = False
            talk(reader.wait_for_card(timeout_s=5))
            pulled += 1
    finally:
        reader.close()
        bench.stop()
    record_property("cards pulled at a frame over the PN532, all met again", pulled)


class Fields:
    """The fields that a bench's cards lie in: those of `next`."""

    def __init__(self) -> None:
        self.next = TornOnce(Tear(frame=1))

    def __call__(self, card: Picc | None) -> Field:
        return self.next.field_of(card)
