"""The terminal's side of DESFire against the card's side, which was written apart from it.

Every family of sessions, every kind of file in every mode; whatever is bent on the air is found.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apdu.desfire import status
from apdu.desfire.card import Session
from apdu.desfire.files import FREE, NEVER, DataFile, Mode, Rights, ValueFile
from apdu.errors import DesfireAnswerWrong
from tests.cards.desfire_both import (
    AID,
    FAMILIES,
    MODES,
    RECORD,
    SIZE,
    Family,
    kinds,
    number,
    of_each_family,
    refused,
    with_application,
    with_files,
)

# One step of a life: a verb, and numbers that each verb takes as it can.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("write", "value", "record", "clear", "commit", "abort", "read")),
        st.sampled_from(MODES),
        st.integers(0, SIZE - 1),
        st.binary(min_size=1, max_size=SIZE),
    ),
    max_size=12,
)


@dataclass
class Model:
    """What must be on the card: committed, and waiting for the commit."""

    data: dict[int, bytes] = field(default_factory=dict)
    values: dict[int, int] = field(default_factory=dict)
    records: dict[int, deque[bytes]] = field(default_factory=dict)
    waiting: dict[int, object] = field(default_factory=dict)

    @classmethod
    def fresh(cls) -> Model:
        model = cls()
        for mode in MODES:
            for kind, file in kinds(mode).items():
                no = number(kind, mode)
                if isinstance(file, DataFile):
                    model.data[no] = bytes(SIZE)
                elif isinstance(file, ValueFile):
                    model.values[no] = 0
                else:
                    full = file.records_max - (1 if file.cyclic else 0)
                    model.records[no] = deque(maxlen=full)
        return model

    def commit(self) -> None:
        for no, new in self.waiting.items():
            if isinstance(new, bytes) and no in self.data:
                self.data[no] = new
            elif isinstance(new, int):
                self.values[no] = new
            elif isinstance(new, bytes):
                self.records[no].append(new)
            else:
                self.records[no].clear()
        self.waiting.clear()


def live(session: Session, model: Model, verb: str, mode: Mode, at: int, data: bytes) -> None:
    """Do one step on the card and in the model."""
    piece = data[: SIZE - at]
    if verb == "write":
        session.write(number("standard", mode), piece, mode=mode, offset=at)
        no = number("standard", mode)
        model.data[no] = model.data[no][:at] + piece + model.data[no][at + len(piece) :]
        no = number("backup", mode)
        session.write(no, piece, mode=mode, offset=at)
        old = model.waiting.get(no, model.data[no])
        assert isinstance(old, bytes)
        model.waiting[no] = old[:at] + piece + old[at + len(piece) :]
    elif verb == "value":
        no = number("value", mode)
        now = model.waiting.get(no, model.values[no])
        assert isinstance(now, int)
        if now - at >= -60:
            session.debit(no, at, mode=mode)
            model.waiting[no] = now - at
        else:
            session.credit(no, 3 * at, mode=mode)
            model.waiting[no] = now + 3 * at
    elif verb == "record":
        for kind in ("linear", "cyclic"):
            no = number(kind, mode)
            if model.waiting.get(no, b"") is None:
                continue  # after a clearing in the same transaction the card forbids it
            session.write_record(no, piece[:RECORD], mode=mode)
            old = model.waiting.get(no, bytes(RECORD))
            assert isinstance(old, bytes)
            model.waiting[no] = piece[:RECORD] + old[len(piece[:RECORD]) :]
    elif verb == "clear":
        no = number("linear", mode)
        session.clear_records(no)
        model.waiting[no] = None
    elif verb == "commit" and model.waiting:
        session.commit()
        model.commit()
    elif verb == "abort" and model.waiting:
        session.abort()
        model.waiting.clear()


def compare(session: Session, model: Model, mode: Mode, at: int, length: int) -> None:
    """Everything that one mode's files say, whole and in part."""
    for kind in ("standard", "backup"):
        no = number(kind, mode)
        assert session.read(no, mode=mode) == model.data[no]
        part = session.read(no, mode=mode, offset=at, length=min(length, SIZE - at))
        assert part == model.data[no][at : at + length]
    no = number("value", mode)
    assert session.value(no, mode=mode) == model.values[no]
    for kind in ("linear", "cyclic"):
        no = number(kind, mode)
        kept = tuple(model.records[no])
        assert session.file_settings(no).records_now == len(kept)
        if kept:
            assert session.read_records(no, mode=mode, record_bytes=RECORD) == kept
            newest = session.read_records(no, mode=mode, record_bytes=RECORD, count=1)
            assert newest == kept[-1:]


@of_each_family
@settings(max_examples=12)
@given(steps=STEPS)
def test_the_card_holds_what_a_session_wrote(
    family: Family, steps: list[tuple[str, Mode, int, bytes]]
) -> None:
    """Any life of writes, debits, records, commits and aborts, in any mode."""
    card, _ = with_files(family)
    session = family.open(card, 1)
    model = Model.fresh()
    for verb, mode, at, data in steps:
        if verb == "read":
            compare(session, model, mode, at, len(data))
        else:
            live(session, model, verb, mode, at, data)
    assert session.family == family.name[:3]
    for mode in MODES:
        compare(session, model, mode, 0, SIZE)


@of_each_family
def test_files_are_what_they_were_created_as(family: Family) -> None:
    card, _ = with_files(family)
    session = family.open(card, 1)
    wanted = {number(kind, mode): file for mode in MODES for kind, file in kinds(mode).items()}
    assert sorted(session.files()) == sorted(wanted)
    for no, file in wanted.items():
        assert session.file_settings(no).file == file
    master = family.open(card, 0)
    closed = Rights(read=NEVER, write=FREE, read_write=2, change=0)
    master.change_file_settings(0, Mode.FULL, closed)
    changed = master.file_settings(0).file
    assert isinstance(changed, DataFile)
    assert (changed.mode, changed.rights, changed.size_bytes) == (Mode.FULL, closed, SIZE)
    master.delete_file(0)
    assert 0 not in master.files()
    with refused(status.NO_FILE, command="GetFileSettings"):
        master.file_settings(0)


@of_each_family
def test_a_limited_credit_gives_back_what_was_taken(family: Family) -> None:
    card, _ = with_files(family)
    session = family.open(card, 1)
    for mode in MODES:
        no = number("value", mode)
        session.credit(no, 3000, mode=mode)
        session.commit()
        session.debit(no, 1300, mode=mode)
        session.debit(no, 700, mode=mode)
        session.commit()
        assert session.file_settings(no).limited_credit == 2000
        session.limited_credit(no, 1999, mode=mode)
        session.commit()
        assert session.value(no, mode=mode) == 2999


@of_each_family
def test_a_free_file_is_plain_in_a_session_and_without(family: Family) -> None:
    card, _ = with_application(family)
    session = family.open(card, 0)
    rights = Rights(read=FREE, write=FREE, read_write=FREE, change=0)
    file = DataFile(backup=False, mode=Mode.FULL, rights=rights, size_bytes=SIZE)
    session.create_file(9, file)
    data = bytes(range(SIZE))
    session.write(9, data, mode=Mode.PLAIN)
    assert session.read(9, mode=Mode.PLAIN) == data
    card.select(AID)
    assert card.read(9, mode=Mode.PLAIN, offset=1) == data[1:]


def flipped(message: bytes, *, bit: int, head: int, behind: int) -> bytes:
    """`message` with one bit between its first `head` and last `behind` bytes changed."""
    torn = bytearray(message)
    torn[head + bit // 8 % (len(message) - head - behind)] ^= 1 << bit % 8
    return bytes(torn)


@of_each_family
def test_a_command_with_any_bit_wrong_changes_nothing(family: Family) -> None:
    card, air = with_files(family)
    no = number("standard", Mode.FULL)
    family.open(card, 1).write(no, b"old" * 5, mode=Mode.FULL)
    for bit in range(8 * 24):
        session = family.open(card, 1)
        air.bend_out = partial(flipped, bit=bit, head=12, behind=1)
        with refused(status.INTEGRITY, command="WriteData"):
            session.write(no, b"new" * 5, mode=Mode.FULL)
        air.bend_out = bytes
    assert family.open(card, 1).read(no, mode=Mode.FULL, length=15) == b"old" * 5


@of_each_family
@pytest.mark.parametrize("mode", [Mode.MAC, Mode.FULL], ids=["mac", "full"])
def test_an_answer_with_any_bit_wrong_is_not_believed(family: Family, mode: Mode) -> None:
    card, air = with_files(family)
    no = number("standard", mode)
    family.open(card, 1).write(no, b"old" * 5, mode=mode)
    for bit in range(8 * 19):
        session = family.open(card, 1)
        air.bend_back = partial(flipped, bit=bit, head=0, behind=2)
        with pytest.raises(DesfireAnswerWrong):
            session.read(no, mode=mode, length=15)
        air.bend_back = bytes
        assert session.over


@pytest.mark.parametrize("family", [f for f in FAMILIES if not f.legacy], ids=lambda f: f.name)
def test_a_bent_answer_to_a_write_is_found(family: Family) -> None:
    """EV1 and EV2 prove that a write arrived; D40 has no such proof."""
    card, air = with_files(family)
    session = family.open(card, 1)
    air.bend_back = lambda answer: bytes((answer[0] ^ 1,)) + answer[1:]
    with pytest.raises(DesfireAnswerWrong) as found:
        session.write(number("backup", Mode.MAC), b"new", mode=Mode.MAC)
    assert (found.value.command, found.value.wrong) == ("WriteData", "mac")
    assert session.over
