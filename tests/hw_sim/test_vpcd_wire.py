"""The wire to pcscd's virtual reader, against a scripted vpcd in this process.

The waits of `hw_sim.vpcd` are shortened; nothing here waits for a time, only for an event.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from queue import Empty, Queue

import pytest

from hw_sim import image, vpcd
from hw_sim.image import ImageCorrupt
from hw_sim.reader_chip import storage_card_atr
from hw_sim.vpcd import ATR, OFF, ON, RESET, Notice, VpcdServer
from tests.hw_sim.rig import KEY_B, UID, VALUE, card_image

DEADLINE_S = 10
LOAD_KEY = bytes.fromhex("ff82000006") + KEY_B
OPEN = bytes.fromhex("ff860000050100056100")
WRITE = bytes.fromhex("ffd6000510") + b"x" * 16
GET_UID = bytes.fromhex("ffca000000")


class Vpcd:
    """The reader's side: one card at a time, as vpcd behaves."""

    def __init__(self, port: int = 0) -> None:
        self._listening = socket.create_server(("127.0.0.1", port))
        self._listening.settimeout(DEADLINE_S)
        self.port: int = self._listening.getsockname()[1]
        self.card = socket.socket()

    def accept(self) -> None:
        self.card.close()
        self.card, _ = self._listening.accept()
        self.card.settimeout(DEADLINE_S)

    def send(self, message: bytes) -> None:
        self.card.sendall(len(message).to_bytes(2, "big") + message)

    def ask(self, message: bytes) -> bytes:
        self.send(message)
        return self._exactly(int.from_bytes(self._exactly(2), "big"))

    def inserted(self) -> None:
        """What pcscd does with a card that it sees: it asks, gives power and asks again."""
        self.accept()
        assert self.ask(ATR) == storage_card_atr(0x08)
        self.send(ON)
        assert self.ask(ATR) == storage_card_atr(0x08)

    def lifted(self) -> bool:
        """True once the card has closed its connection."""
        return self.card.recv(1) == b""

    def close(self) -> None:
        self.card.close()
        self._listening.close()

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = self.card.recv(count - len(data))
            assert piece, "the card has gone"
            data += piece
        return data


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vpcd, "RETRY_S", 0.01)
    monkeypatch.setattr(vpcd, "SILENCE_S", 0.1)
    monkeypatch.setattr(vpcd, "UNNOTICED_S", 0.02)


@pytest.fixture
def reader() -> Iterator[Vpcd]:
    with closing(Vpcd()) as reader:
        yield reader


@pytest.fixture
def told() -> Queue[Notice]:
    return Queue()


@pytest.fixture
def card(tmp_path: Path) -> Path:
    image.save(tmp_path / "one.card", card_image(VALUE))
    image.save(tmp_path / "two.card", card_image(VALUE, uid=b"\1\2\3\4"))
    return tmp_path / "one.card"


@pytest.fixture
def server(card: Path, reader: Vpcd, told: Queue[Notice]) -> Iterator[VpcdServer]:
    serving = VpcdServer(card, port=reader.port, tell=told.put)
    serving.start()
    yield serving
    serving.stop()


def next_notice(told: Queue[Notice]) -> Notice:
    return told.get(timeout=DEADLINE_S)


@pytest.mark.usefixtures("server")
def test_it_is_ready_when_it_has_been_asked_for_its_atr(reader: Vpcd, told: Queue[Notice]) -> None:
    reader.accept()
    assert told.empty()
    assert reader.ask(ATR) == storage_card_atr(0x08)
    assert next_notice(told) is Notice.READY
    reader.send(ON)
    assert reader.ask(ATR) == storage_card_atr(0x08)
    assert reader.ask(GET_UID) == UID + b"\x90\x00"
    assert told.empty(), "told once"


@pytest.mark.usefixtures("server")
def test_the_file_holds_a_change_before_its_answer_is_given(reader: Vpcd, card: Path) -> None:
    reader.inserted()
    before = card.stat().st_ino
    assert reader.ask(LOAD_KEY) == b"\x90\x00"
    assert reader.ask(OPEN) == b"\x90\x00"
    assert card.stat().st_ino == before, "nothing changed, nothing written"
    assert reader.ask(WRITE) == b"\x90\x00"
    assert image.load_classic(card).blocks[5] == b"x" * 16


@pytest.mark.usefixtures("server")
def test_a_reset_ends_the_session_and_keeps_the_readers_keys(reader: Vpcd) -> None:
    reader.inserted()
    reader.ask(LOAD_KEY)
    reader.ask(OPEN)
    reader.send(RESET)
    assert reader.ask(WRITE) == b"\x63\x00"
    assert reader.ask(OPEN) == b"\x90\x00"


@pytest.mark.usefixtures("server")
def test_what_others_did_to_the_file_is_seen_when_the_card_gets_power(
    reader: Vpcd, card: Path
) -> None:
    reader.inserted()
    reader.send(OFF)
    other = image.load_classic(card)
    other.program(6, b"o" * 16)
    image.save(card, other)
    reader.send(ON)
    reader.ask(LOAD_KEY)
    reader.ask(OPEN)
    assert reader.ask(bytes.fromhex("ffb0000610")) == b"o" * 16 + b"\x90\x00"


@pytest.mark.usefixtures("server")
def test_an_apdu_before_power_makes_the_card_leave_and_come_back(reader: Vpcd) -> None:
    # Else pcscd takes it for the card that lay here before (stacks.md 1.2).
    reader.accept()
    reader.send(GET_UID)
    assert reader.lifted()
    reader.inserted()
    reader.send(OFF)
    reader.send(GET_UID)
    assert reader.lifted()
    reader.inserted()


def test_lift_and_put(reader: Vpcd, server: VpcdServer, card: Path, told: Queue[Notice]) -> None:
    reader.inserted()
    server.lift()
    assert reader.lifted()
    server.put()
    reader.inserted()
    assert reader.ask(GET_UID) == UID + b"\x90\x00"
    server.put(card.with_name("two.card"))
    assert reader.lifted(), "the card that lay there goes first"
    reader.inserted()
    assert reader.ask(GET_UID) == b"\1\2\3\4\x90\x00"
    server.lift()
    server.put()
    reader.inserted()
    assert reader.ask(GET_UID) == b"\1\2\3\4\x90\x00", "the last one again"
    server.stop()
    assert [told.get_nowait() for _ in range(told.qsize())] == [Notice.READY] * 4


def test_a_file_that_is_no_card_is_not_put(reader: Vpcd, server: VpcdServer, card: Path) -> None:
    reader.inserted()
    (bad := card.with_name("bad")).write_text("{}")
    with pytest.raises(ImageCorrupt):
        server.put(bad)
    with pytest.raises(FileNotFoundError):
        server.put(card.with_name("none"))
    assert reader.ask(GET_UID) == UID + b"\x90\x00", "the old one still lies there"
    with pytest.raises(ImageCorrupt):
        VpcdServer(bad, port=reader.port, tell=print)


def test_pcscd_may_go_and_come_back(card: Path, told: Queue[Notice]) -> None:
    # Field report P2: a refused connection was taken as fatal.
    with closing(Vpcd()) as reader:
        port = reader.port
    serving = VpcdServer(card, port=port, tell=told.put)
    tries: Queue[None] = Queue()
    miss = serving._miss

    def missed() -> None:
        tries.put(None)
        miss()

    serving._miss = missed  # type: ignore[method-assign]
    serving.start()
    for _ in range(3):
        assert next_notice(told) is Notice.NO_SERVICE
        for _ in range(3):  # it has tried again, and again
            tries.get(timeout=DEADLINE_S)
        with closing(Vpcd(port)) as reader:
            reader.inserted()
            assert next_notice(told) is Notice.READY
    assert next_notice(told) is Notice.NO_SERVICE
    serving.stop()
    assert told.empty(), "and each told once"


def test_it_can_be_stopped_in_every_state(card: Path, told: Queue[Notice]) -> None:
    with closing(Vpcd()) as reader:
        unstarted = VpcdServer(card, port=reader.port, tell=told.put)
        unstarted.stop()
        unstarted.stop()
        lying = VpcdServer(card, port=reader.port, tell=told.put)
        lying.start()
        reader.inserted()
        lying.stop()
        assert reader.lifted()
        lifted = VpcdServer(card, port=reader.port, tell=told.put)
        lifted.start()
        lifted.lift()
        lifted.stop()
        port = reader.port
    waiting = VpcdServer(card, port=port, tell=told.put)
    waiting.start()
    waiting.stop()


@pytest.mark.usefixtures("server")
def test_a_reader_that_never_asks_is_held_by_another_card(
    reader: Vpcd, told: Queue[Notice]
) -> None:
    assert next_notice(told) is Notice.PORT_HELD
    with pytest.raises(Empty):
        told.get(timeout=3 * vpcd.SILENCE_S)  # said once
    reader.inserted()  # the other one has left
    assert next_notice(told) is Notice.READY


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("harm", ["gone", "corrupt"])
def test_a_file_that_is_lost_takes_the_card_from_the_reader(
    reader: Vpcd, card: Path, told: Queue[Notice], harm: str
) -> None:
    reader.inserted()
    assert next_notice(told) is Notice.READY
    card.unlink() if harm == "gone" else card.write_text("{")
    reader.send(RESET)
    assert reader.lifted()
    assert next_notice(told) is Notice.FILE_LOST


@pytest.mark.usefixtures("server")
def test_a_change_that_cannot_be_kept_is_not_answered(
    reader: Vpcd, card: Path, told: Queue[Notice], monkeypatch: pytest.MonkeyPatch
) -> None:
    reader.inserted()
    reader.ask(LOAD_KEY)
    reader.ask(OPEN)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(vpcd, "save", full)
    reader.send(WRITE)
    assert reader.lifted()
    assert [next_notice(told), next_notice(told)] == [Notice.READY, Notice.FILE_LOST]
    assert image.load_classic(card).blocks[5] == bytes(16)


def test_a_lost_file_can_be_put_again(
    reader: Vpcd, server: VpcdServer, card: Path, told: Queue[Notice]
) -> None:
    reader.inserted()
    good = card.read_bytes()
    card.unlink()
    reader.send(RESET)
    assert [next_notice(told), next_notice(told)] == [Notice.READY, Notice.FILE_LOST]
    card.write_bytes(good)
    server.put()
    reader.inserted()


@pytest.mark.usefixtures("server")
def test_messages_come_in_any_pieces(reader: Vpcd) -> None:
    reader.inserted()
    for byte in b"\x00\x05" + GET_UID:
        reader.card.sendall(bytes((byte,)))
    assert reader.card.recv(2, socket.MSG_WAITALL) == b"\x00\x06"
    assert reader.card.recv(6, socket.MSG_WAITALL) == UID + b"\x90\x00"
    assert reader.ask(b"") == b"\x67\x00"
    assert reader.ask(b"\x07") == b"\x67\x00", "one byte that is no control code is an APDU"
    assert reader.ask(b"\xff" * 65_000) == b"\x6d\x00"


@pytest.mark.usefixtures("server")
def test_no_command_is_held_back_by_a_late_acknowledgement(reader: Vpcd) -> None:
    """Length and body in two segments, Nagle on, as vpcd sends them: 40 ms each without
    TCP_QUICKACK, a fraction of one with it."""
    reader.inserted()
    took_s = []
    for _ in range(21):
        start = time.perf_counter()
        reader.card.sendall(len(GET_UID).to_bytes(2, "big"))
        reader.card.sendall(GET_UID)
        assert reader.card.recv(8, socket.MSG_WAITALL)[2:] == UID + b"\x90\x00"
        took_s.append(time.perf_counter() - start)
    assert sorted(took_s)[10] < 0.02
