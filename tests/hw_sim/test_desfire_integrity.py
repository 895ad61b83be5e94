"""One wrong bit in a sealed command is 1E and changes nothing; the master key's type changes."""

from __future__ import annotations

import pytest

from hw_sim.desfire.image import Bytes, DesfireImage, File, FileKind
from hw_sim.desfire.session import Ev2Session
from tests.hw_sim.desfire_rig import (
    AUTHENTICATION,
    INTEGRITY,
    OK,
    ZERO,
    Terminal,
    aes_key,
    at,
    blank,
    d40_send,
    des_key,
    write,
)


def with_files(ks2: int, *comms: int) -> DesfireImage:
    """An application with a file of each mode, from number 1 on, all under key 0."""
    image = blank()
    Terminal(image).application(ks2=ks2)
    image.applications[0].files.update(
        {
            n: File(kind=FileKind.STANDARD, comm=c, rights=0, iso_id=None, content=Bytes(bytes(20)))
            for n, c in enumerate(comms, start=1)
        }
    )
    return image


def d40_message(terminal: Terminal, name: str) -> tuple[bytes, bytes]:
    """Head and sealed part of a command in a session of its own."""
    session = terminal.d40()
    if name == "settings":
        return b"\x54", session.sealed(b"\x09")
    if name == "mac":
        return write(1, b"hello"), session.mac(b"hello")
    return at(0x3D, 2, 0, 5), session.sealed(b"hello")


@pytest.mark.parametrize("name", ["settings", "mac", "full"])
def test_one_wrong_bit_in_d40_is_1e_and_changes_nothing(name: str) -> None:
    image = with_files(0x02, 1, 3)
    for bit in range(64 if name != "mac" else 32):
        terminal = Terminal(image.copied())
        terminal.select()
        head, tail = d40_message(terminal, name)
        before = terminal.image.copied()
        wrong = bytearray(tail)
        wrong[bit // 8] ^= 1 << bit % 8
        assert terminal.raw(head + bytes(wrong)) == bytes((INTEGRITY,))
        assert terminal.image == before
        assert terminal.raw(head + tail) == bytes((OK,))  # the session lives
        assert terminal.image != before


def written(terminal: Terminal, generation: str, comm: int) -> tuple[bytes, int]:
    """A write in a session of its own, and where what is sealed begins."""
    data = b"hello, world"
    head = at(0x3D, 1, 0, len(data))
    if generation == "ev2":
        session = terminal.ev2()
        message = session.sealed(head, data) if comm == 3 else session.sealed(head + data)
    else:
        made = terminal.ev1()
        plain = head + data
        message = made.sealed(head, data) if comm == 3 else plain + made.cmac(plain)
    return message, len(head)


@pytest.mark.parametrize("generation", ["ev1", "ev2"])
@pytest.mark.parametrize("comm", [1, 3])
def test_one_wrong_bit_in_a_session_is_1e_and_changes_nothing(generation: str, comm: int) -> None:
    image = with_files(0x81, comm)
    terminal = Terminal(image.copied())
    terminal.select()
    message, start = written(terminal, generation, comm)
    for bit in range(8 * start, 8 * len(message), 3):
        terminal = Terminal(image.copied())
        terminal.select()
        assert written(terminal, generation, comm)[0] == message
        wrong = bytearray(message)
        wrong[bit // 8] ^= 1 << bit % 8
        assert terminal.raw(bytes(wrong)) == bytes((INTEGRITY,))
        assert terminal.image == image
        assert terminal.raw(message) == bytes((AUTHENTICATION,))  # and the session is gone


def test_a_wrong_bit_in_the_head_is_seen_too() -> None:
    """The offset stands outside the cryptogram, but inside its check sum."""
    for generation in ("ev1", "ev2"):
        terminal = Terminal(with_files(0x81, 3))
        terminal.select()
        message, _ = written(terminal, generation, 3)
        wrong = bytearray(message)
        wrong[2] ^= 1
        before = terminal.image.copied()
        assert terminal.raw(bytes(wrong)) == bytes((INTEGRITY,))
        assert terminal.image == before


def test_a_command_sent_again_is_refused_in_ev2() -> None:
    terminal = Terminal(with_files(0x81, 1))
    terminal.select()
    session = terminal.ev2()
    message = session.sealed(write(1, b"once"))
    session.send(message)
    assert terminal.raw(message) == bytes((INTEGRITY,))


def test_the_counter_of_ev2_does_not_wrap() -> None:
    terminal = Terminal(with_files(0x81, 1))
    terminal.select()
    session = terminal.ev2()
    inside = terminal.desfire.runner.core.session
    assert isinstance(inside, Ev2Session)
    inside.counter = session.counter = 0xFFFE
    session.macked(b"\x6f")
    assert session.counter == 0xFFFF
    assert terminal.raw(session.sealed(b"\x6f")) == bytes((AUTHENTICATION,))


def test_key_number_80_makes_the_master_key_aes_and_00_makes_it_des_again() -> None:
    terminal = Terminal(blank())
    session = terminal.d40()
    new = b"a new AES master"
    plain = new + b"\x2a"
    assert session.full(b"\xc4\x80", plain) == OK
    assert terminal.image.master == aes_key(new, 0x2A)
    assert terminal.status(b"\x45") == OK
    assert terminal.ask(b"\x45") == b"\x0f\x81"
    made = terminal.ev1(key=new)
    assert terminal.raw(made.sealed(b"\xc4\x00", ZERO)) == b"\x00"
    assert terminal.image.master == des_key()
    terminal.d40()


def test_a_cryptogram_chained_wrongly_is_1e() -> None:
    terminal = Terminal(blank())
    session = terminal.d40()
    whole = session.sealed(b"\x09")
    assert len(whole) == 8
    key = d40_send(session.key, bytes(24))
    assert terminal.raw(b"\xc4\x00" + key[:8] + key[8:][::-1]) == bytes((INTEGRITY,))
    assert terminal.image == blank()
