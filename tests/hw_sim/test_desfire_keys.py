"""ChangeKey both ways in every generation, and who may change what (cards.md 5.6, 5.7)."""

from __future__ import annotations

import pytest

from hw_sim.frames import crc_a
from tests.hw_sim.desfire_rig import (
    AUTHENTICATION,
    DENIED,
    INTEGRITY,
    NO_KEY,
    OK,
    ZERO,
    Ev1,
    Terminal,
    aes_key,
    blank,
    crc32,
    d40_send,
    des_key,
)

NEW = b"a key of 16 byte"
GENERATIONS = ("d40", "ev1", "ev2")


def xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


def changed(terminal: Terminal, generation: str, by: int, number: int, old: bytes = ZERO) -> int:
    """Authenticate with key `by` (of zeros) and change key `number` from `old` to NEW, version 5
    where it has one; the status."""
    own = by == number
    value = NEW if own else xor(NEW, old)
    head = bytes((0xC4, number))
    if generation == "d40":
        session = terminal.d40(by)
        plain = value + crc_a(value) + (b"" if own else crc_a(NEW))
        return terminal.raw(head + d40_send(session.key, plain + bytes(-len(plain) % 8)))[0]
    value += b"\x05"
    if generation == "ev1":
        made = terminal.ev1(by)
        answer = terminal.raw(made.sealed(head, value, b"" if own else crc32(NEW)))
        if answer[0] == OK and not own:
            assert made.answer(answer[1:]) == b""
        return answer[0]
    inside = terminal.ev2(by)
    answer = terminal.raw(inside.sealed(head, value + (b"" if own else crc32(NEW))))
    inside.counter += 1
    if answer[0] == OK:
        assert answer[1:] == (b"" if own else inside.mac(0, b""))
    return answer[0]


def laid(generation: str, ks1: int) -> Terminal:
    terminal = Terminal(blank())
    terminal.application(ks1=ks1, ks2=0x04 if generation == "d40" else 0x84)
    return terminal


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(
    ("ks1", "by", "number", "status"),
    [
        (0x0F, 0, 0, OK),
        (0x0F, 0, 2, OK),
        (0x0F, 2, 2, AUTHENTICATION),
        (0x0F, 0, 9, NO_KEY),
        (0x0E, 0, 0, DENIED),  # the master key is frozen
        (0x2F, 2, 1, OK),
        (0x2F, 0, 1, AUTHENTICATION),
        (0x2F, 0, 2, OK),  # the change key itself, by the master
        (0x2F, 2, 2, AUTHENTICATION),
        (0x2F, 2, 0, AUTHENTICATION),
        (0xEF, 1, 1, OK),
        (0xEF, 0, 1, AUTHENTICATION),
        (0xFF, 0, 1, DENIED),  # all but the master are frozen
        (0xFF, 0, 0, OK),
    ],
)
def test_who_may_change_which_key(
    generation: str, ks1: int, by: int, number: int, status: int
) -> None:
    terminal = laid(generation, ks1)
    before = terminal.image.copied()
    assert changed(terminal, generation, by, number) == status
    if status != OK:
        assert terminal.image == before
        return
    want = des_key(NEW) if generation == "d40" else aes_key(NEW, 5)
    keys = terminal.image.applications[0].keys
    assert keys[number] == want
    assert [k for n, k in enumerate(keys) if n != number] == [
        k for n, k in enumerate(before.applications[0].keys) if n != number
    ]
    terminal.select()
    assert terminal.ask(bytes((0x64, number))) == bytes((want.version,))


@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_wrong_old_key_is_1e_and_changes_nothing(generation: str) -> None:
    terminal = laid(generation, 0x0F)
    before = terminal.image.copied()
    assert changed(terminal, generation, 0, 1, old=NEW) == INTEGRITY
    assert terminal.image == before


def test_the_session_lives_when_another_key_was_changed() -> None:
    terminal = laid("ev1", 0x0F)
    made = terminal.ev1()
    for number in (1, 2):
        answer = terminal.raw(made.sealed(bytes((0xC4, number)), NEW + b"\x07", crc32(NEW)))
        assert made.answer(answer[1:]) == b""
    assert made.plain(b"\x64\x01") == b"\x07"
    assert terminal.raw(made.sealed(b"\xc4\x00", NEW + b"\x09")) == b"\x00"
    assert terminal.desfire.runner.core.session is None
    terminal.ev1(key=NEW)


def test_the_default_key_is_what_new_applications_begin_with() -> None:
    terminal = Terminal(blank())
    session = terminal.d40()
    assert session.full(b"\x5c\x01", NEW + bytes(8) + b"\x21") == OK
    terminal.application(ks2=0x81)
    assert terminal.image.applications[0].keys == [aes_key(NEW, 0x21)]
    made: Ev1 = terminal.ev1(key=NEW)
    assert made.plain(b"\x64\x00") == b"\x21"


def test_only_the_cards_own_key_number_0_is_changed_at_card_level() -> None:
    terminal = Terminal(blank())
    session = terminal.d40()
    assert session.full(b"\xc4\x01", NEW) == NO_KEY
    session = terminal.d40()
    assert session.full(b"\xc4\xc0", NEW) == 0x9E
