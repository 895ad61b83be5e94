"""Files of every kind and mode in sessions of every generation, by a terminal of the tests' own;
and authentication itself."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.hw_sim.desfire_rig import (
    AUTHENTICATION,
    D40,
    ILLEGAL,
    LENGTH,
    MORE,
    OK,
    ZERO,
    Ev1,
    Ev2,
    Terminal,
    aes_key,
    at,
    blank,
    data_file,
    des_key,
    little,
    record_file,
    value_file,
)

GENERATIONS = ("d40", "ev1", "ev2")
COMMS = (0, 1, 3)
EIGHT = b"12345678"


def laid(generation: str, *files: bytes) -> Terminal:
    """A card with an application of one key, and these files in it."""
    terminal = Terminal(blank(ev1=generation != "ev2"), Random(3))
    terminal.application(ks2=0x01 if generation == "d40" else 0x81)
    for file in files:
        terminal.ask(file)
    return terminal


class Talk:
    """One session of any generation: write and read with the mode of a file."""

    def __init__(self, terminal: Terminal, generation: str, comm: int) -> None:
        self.terminal, self.comm = terminal, comm
        self.session: D40 | Ev1 | Ev2 = getattr(terminal, generation)()

    def send(self, head: bytes, data: bytes) -> None:
        """A command with data for a file."""
        session, comm = self.session, self.comm
        if isinstance(session, D40):
            tail = {0: data, 1: data + session.mac(data), 3: session.sealed(data)}[comm]
            assert self.terminal.write(head + tail) == OK
        elif isinstance(session, Ev1):
            if comm == 3:
                message = session.sealed(head, data)
            else:
                mac = session.cmac(head + data)
                message = head + data + (mac if comm == 1 else b"")
            assert self.terminal.write(message[:60]) in (OK, MORE)
            session.iv = self._iv()
        elif comm == 0:
            assert self.terminal.write(head + data) == OK
            session.counter += 1
        else:
            session.send(session.sealed(head, data) if comm == 3 else session.sealed(head + data))

    def _iv(self) -> bytes:
        """The card's own IV: what it answered is checked by the reads that follow."""
        from hw_sim.desfire.session import Ev1Session

        inside = self.terminal.desfire.runner.core.session
        assert isinstance(inside, Ev1Session)
        return inside.iv

    def read(self, message: bytes, size: int) -> bytes:
        session, comm = self.session, self.comm
        if isinstance(session, D40):
            sent = self.terminal.ask(message)
            if comm == 1:
                assert sent[-4:] == session.mac(sent[:-4])
                return sent[:-4]
            return session.opened(sent, size) if comm == 3 else sent
        if isinstance(session, Ev1):
            return session.read(message, size) if comm == 3 else session.plain(message)
        if comm == 0:
            session.counter += 1
            return self.terminal.ask(message)
        return session.send(session.sealed(message), size=size if comm == 3 else None)

    def plain(self, message: bytes) -> None:
        """A command that writes no data."""
        if isinstance(self.session, D40):
            self.terminal.ask(message)
        elif isinstance(self.session, Ev1):
            self.session.plain(message)
        else:
            self.session.macked(message)


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("comm", COMMS)
def test_every_kind_of_file_in_every_mode(generation: str, comm: int) -> None:
    terminal = laid(
        generation,
        data_file(1, "0000", comm=comm),
        data_file(2, "0000", comm=comm, code=0xCB),
        value_file(3, "0000", comm=comm),
        record_file(4, "0000", comm=comm, size=8, most=3, code=0xC0),
    )
    talk = Talk(terminal, generation, comm)
    for number in (1, 2):
        talk.send(at(0x3D, number, 3, 8), EIGHT)
    talk.send(b"\x0c\x03", little(700, 4))
    talk.send(b"\xdc\x03", little(42, 4))
    talk.send(at(0x3B, 4, 0, 8), EIGHT)
    assert talk.read(at(0xBD, 1, 3, 8), 8) == EIGHT
    assert talk.read(at(0xBD, 2, 3, 8), 8) == bytes(8)
    talk.plain(b"\xc7")
    assert talk.read(at(0xBD, 2, 3, 8), 8) == EIGHT
    assert talk.read(b"\x6c\x03", 4) == little(658, 4)
    assert talk.read(at(0xBB, 4, 0, 1), 8) == EIGHT
    talk.plain(b"\xeb\x04")
    talk.plain(b"\xa7")
    assert talk.read(at(0xBB, 4, 0, 0), 8) == EIGHT
    assert talk.read(at(0xBD, 1, 0, 0), 32) == bytes(3) + EIGHT + bytes(21)


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("comm", COMMS)
def test_long_data_come_and_go_in_many_frames(generation: str, comm: int) -> None:
    terminal = laid(generation, data_file(1, "0000", comm=comm, size=500))
    data = Random(5).randbytes(500)
    talk = Talk(terminal, generation, comm)
    if isinstance(talk.session, Ev1):
        head = at(0x3D, 1, 0, 500)
        made = talk.session
        message = made.sealed(head, data) if comm == 3 else head + data
        if comm != 3:
            mac = made.cmac(message)
            message += mac if comm == 1 else b""
        assert terminal.write(message) == OK
        made.iv = talk._iv()
    else:
        talk.send(at(0x3D, 1, 0, 500), data)
    assert talk.read(at(0xBD, 1, 0, 500), 500) == data


def test_ev2_takes_long_data_in_one_message() -> None:
    terminal = laid("ev2", data_file(1, "0000", comm=3, size=300))
    session = terminal.ev2()
    data = Random(5).randbytes(300)
    answer = terminal.raw(session.sealed(at(0x8D, 1, 0, 300), data))
    session.counter += 1
    assert answer == b"\x00" + session.mac(0, b"")
    answer = terminal.raw(session.sealed(at(0xAD, 1, 0, 0)))
    assert len(answer) == 1 + 304 + 8
    terminal = laid("ev1", data_file(1, "EEEE"))
    assert terminal.raw(at(0xAD, 1, 0, 0)) == bytes((ILLEGAL,))
    terminal = laid("ev2", data_file(1, "EEEE"))
    assert terminal.raw(at(0x8D, 1, 0, 8, b"short")) == bytes((LENGTH,))


def test_ev2_next_keeps_the_transaction_and_the_counter() -> None:
    terminal = laid("ev2")
    session = terminal.ev2()
    session.macked(b"\x6f")
    after = terminal.ev2(before=session)
    assert (after.ti, after.counter) == (session.ti, 1)
    assert after.enc != session.enc
    after.macked(b"\x6f")
    terminal.select()
    assert terminal.raw("7700") == bytes((AUTHENTICATION,))  # no session before it


def test_ev2_is_told_the_terminals_capabilities_back() -> None:
    terminal = laid("ev2")
    assert terminal.raw("71000701020304050607") == bytes((LENGTH,))
    assert terminal.raw("710003010203")[0] == MORE
    assert laid("ev1").raw("710000") == bytes((ILLEGAL,))


def test_the_true_uid_needs_a_session() -> None:
    image = blank()
    image.master = aes_key()
    terminal = Terminal(image)
    assert terminal.raw("51") == bytes((AUTHENTICATION,))
    session = terminal.ev2()
    assert session.send(session.sealed(b"\x51"), size=7) == image.uid
    assert terminal.ev1().read(b"\x51", 7) == image.uid
    image.master = des_key()
    assert terminal.d40().opened(terminal.ask(b"\x51"), 7) == image.uid


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_any_aes_key_opens_and_any_other_does_not(key: bytes, a: bytes) -> None:
    image = blank()
    image.master = aes_key(key)
    terminal = Terminal(image)
    terminal.ev1(key=key, a=a)
    terminal.ev2(key=key, a=a)
    terminal.raw("aa00")
    wrong = bytes((key[0] ^ 1,)) + key[1:]
    image.master = aes_key(wrong)
    assert terminal.raw(b"\xaf" + a + a) == bytes((AUTHENTICATION,))
    assert terminal.desfire.runner.core.session is None


@given(st.binary(min_size=16, max_size=16), st.binary(min_size=8, max_size=8))
def test_any_des_key_opens_in_d40(key: bytes, a: bytes) -> None:
    image = blank()
    image.master = des_key(key)
    session = Terminal(image).d40(key=key, a=a)
    assert session.full(b"\x54", b"\x0d") == OK
    assert image.ks1 == 0x0D


def test_a_command_that_must_be_enciphered_is_ae_without_a_session() -> None:
    terminal = laid("ev1", data_file(1, "0000", comm=3))
    for message in (b"\x54" + ZERO, b"\xc4\x00" + ZERO, b"\x5f\x01" + ZERO, at(0xBD, 1, 0, 0)):
        assert terminal.status(message) == AUTHENTICATION
