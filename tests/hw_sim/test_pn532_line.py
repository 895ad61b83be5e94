"""The PN532's line: its name, the card file behind it, hosts that die and cards that are lifted."""

from __future__ import annotations

import os
import termios
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from random import Random
from select import select

import pytest

from hw_sim import ImageCorrupt, load, new_blank_classic, save
from hw_sim.image import load_classic
from hw_sim.pn532 import Notice, Pn532Server
from hw_sim.pn532.frames import Inbox, framed

WAIT_S = 10.0
UID = bytes.fromhex("04a1b2c3")
FOUND = f"4b010100040804{UID.hex()}"
AUTH = "40016004" + "ff" * 6 + UID.hex()


class Line:
    """A server on a card file, and a host at the other end."""

    def __init__(self, folder: Path) -> None:
        self.card, self.link = folder / "card", folder / "chip"
        save(self.card, new_blank_classic(Random(1), uid=UID))
        self.told: SimpleQueue[Notice] = SimpleQueue()
        self.server = Pn532Server(self.card, link=self.link, tell=self.told.put)
        self.server.start()
        assert self.told.get(timeout=WAIT_S) is Notice.READY
        self.host = self.open()
        self.inbox = Inbox()
        assert self.ask("3205000000") == "33"

    def open(self) -> int:
        return os.open(self.link, os.O_RDWR | os.O_NOCTTY)

    def ask(self, command: str) -> str | None:
        """One command and its answer; None where none comes."""
        os.write(self.host, framed(bytes.fromhex("d4" + command)))
        while select([self.host], [], [], 0.3)[0]:
            for found in self.inbox.feed(os.read(self.host, 4096)):
                if isinstance(found, bytes):
                    return found[1:].hex()
        return None

    def ask_until(self, command: str, answer: str) -> None:
        """Ask until that is the answer: a lifted card is gone a moment later."""
        for _ in range(100):
            if self.ask(command) == answer:
                return
        raise AssertionError(f"{command} never gave {answer}")

    def close(self) -> None:
        self.server.stop()
        os.close(self.host)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    line = Line(tmp_path)
    yield line
    line.close()


def test_the_name_is_there_while_the_line_is(line: Line) -> None:
    assert str(line.link.readlink()).startswith("/dev/pts/")
    line.server.stop()
    assert not line.link.is_symlink()
    line.server.stop()


def test_the_name_of_a_line_that_is_gone_is_taken_over(tmp_path: Path) -> None:
    (tmp_path / "chip").symlink_to("/dev/pts/none")
    Line(tmp_path).close()
    assert not (tmp_path / "chip").is_symlink()


def test_what_has_the_name_already_stays(tmp_path: Path, line: Line) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "other").symlink_to(tmp_path / "file")
    for taken in (tmp_path / "file", tmp_path / "other", line.link):
        server = Pn532Server(line.card, link=taken, tell=line.told.put)
        with pytest.raises(FileExistsError):
            server.start()
        server.stop()
    assert (tmp_path / "other").read_text() == "mine"
    assert line.ask("02") == "0332010607"


def test_another_name_put_in_its_place_is_left_there(line: Line, tmp_path: Path) -> None:
    line.link.unlink()
    line.link.symlink_to(tmp_path)
    line.server.stop()
    assert line.link.readlink() == tmp_path


def test_a_file_that_is_no_card_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("{")
    with pytest.raises(ImageCorrupt):
        Pn532Server(tmp_path / "x", link=tmp_path / "chip", tell=lambda _: None)
    assert not (tmp_path / "chip").is_symlink()


def test_what_was_answered_is_in_the_file(line: Line) -> None:
    assert line.ask("4a0100") == FOUND
    assert line.ask(AUTH) == "4100"
    assert line.ask("4001a004" + "5a" * 16) == "4100"
    assert load_classic(line.card).blocks[4] == b"\x5a" * 16


def test_the_file_is_read_again_when_the_field_comes_on(line: Line) -> None:
    assert line.ask("4a0100") == FOUND
    image = load_classic(line.card)
    image.program(4, b"\x77" * 16)
    save(line.card, image)
    assert line.ask("320100") == "33"
    assert line.ask("4a0100") == FOUND
    assert line.ask(AUTH) == "4100"
    assert line.ask("40013004") == "4100" + "77" * 16


def test_cards_are_lifted_and_put(line: Line, tmp_path: Path) -> None:
    other = tmp_path / "other"
    save(other, new_blank_classic(Random(2), uid=b"\x01\x02\x03\x04"))
    assert line.ask("4a0100") == FOUND
    line.server.lift()
    line.ask_until("4a0100", "4b00")
    line.server.put(other)
    line.ask_until("4a0100", "4b01010004080401020304")
    with pytest.raises(OSError, match="none"):
        line.server.put(tmp_path / "none")
    assert line.ask("02") == "0332010607"
    line.server.put()
    line.ask_until("4a0100", "4b01010004080401020304")


def test_a_card_file_lost_is_told_and_the_card_is_gone(line: Line) -> None:
    assert line.ask("4a0100") == FOUND
    line.card.unlink()
    assert line.ask("320100") == "33"
    assert line.ask("4a0100") == "4b00"
    assert line.told.get(timeout=WAIT_S) is Notice.FILE_LOST


def test_a_write_that_cannot_be_kept_is_not_answered(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "no space")

    assert line.ask("4a0100") == FOUND
    assert line.ask(AUTH) == "4100"
    before = load(line.card)
    monkeypatch.setattr("hw_sim.pn532.line.save", full)
    assert line.ask("4001a004" + "5a" * 16) is None
    assert line.told.get(timeout=WAIT_S) is Notice.FILE_LOST
    assert load(line.card) == before
    line.ask_until("4a0100", "4b00")


def test_a_host_that_dies_inside_a_command_does_no_harm(line: Line) -> None:
    os.write(line.host, bytes.fromhex("0000ff8080d440"))
    os.close(line.host)
    line.host = line.open()
    assert select([line.host], [], [], 0.3) == ([], [], [])  # the chip gives that frame up
    assert line.ask("02") == "0332010607"


def test_a_host_that_never_reads_does_not_stop_the_chip(line: Line) -> None:
    for _ in range(60):
        os.write(line.host, framed(b"\xd4\x00\x00" + bytes(250)))
    termios.tcflush(line.host, termios.TCIFLUSH)
    line.inbox.clear()
    line.ask_until("02", "0332010607")


def test_a_line_at_another_rate_is_silent(line: Line) -> None:
    attributes = termios.tcgetattr(line.host)
    for speed, answer in ((termios.B230400, None), (termios.B115200, "0332010607")):
        attributes[4] = attributes[5] = speed
        termios.tcsetattr(line.host, termios.TCSANOW, attributes)
        assert line.ask("02") == answer


def test_a_search_goes_on_until_a_card_is_put(line: Line) -> None:
    line.server.lift()
    line.ask_until("4a0100", "4b00")
    assert line.ask("32050000ff") == "33"
    assert line.ask("4a0100") is None
    line.server.put()
    assert select([line.host], [], [], WAIT_S)[0]
    assert line.inbox.feed(os.read(line.host, 4096)) == [bytes.fromhex("d5" + FOUND)]
