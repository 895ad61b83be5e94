"""The thread behind the clerk's screens, over a real home and a card in a file."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, Queue
from typing import TypeVar

import pytest
from textual.message import Message

from terminal.counter.owner import Owner
from terminal.counter.port import Apply, CardGone, CardSeen, Done, End, ReaderState, StatusNow
from terminal.home import Home
from tests.spine.rig import citizen, flora, make_card, make_home, on, person

M = TypeVar("M", bound=Message)


class Desk:
    """An owner, and what it tells."""

    def __init__(self, home: Home, card: Path, tear: str = "") -> None:
        self.told: Queue[Message] = Queue()
        self.owner = Owner(home, on(card, tear))
        self.owner.start(self.told.put)

    def next(self, kind: type[M]) -> M:
        """The next message of a kind."""
        until = time.monotonic() + 10
        while time.monotonic() < until:
            try:
                message = self.told.get(timeout=0.5)
            except Empty:
                continue
            if isinstance(message, kind):
                return message
        raise AssertionError(f"no {kind.__name__}")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Home.open(make_home(tmp_path, "C-01")) as home:
        yield home


def apply(number: str) -> Apply:
    return Apply(verb="issue", application=json.dumps(citizen(number)).encode())


def test_cards_come_and_go_and_one_is_issued(home: Home, tmp_path: Path) -> None:
    card = tmp_path / "a.card"
    desk = Desk(home, card)
    try:
        status = desk.next(StatusNow)
        assert (status.hub, status.waiting, status.unfinished) == ("alone", 0, ())
        make_card(tmp_path, "a")
        seen = desk.next(CardSeen)
        assert seen.facts is not None
        assert seen.facts["issued"] is False
        desk.owner.submit(apply(person(1)))
        done = desk.next(Done)
        assert (done.kind, done.lines) == ("done", ["Rule F1 (report.3.1.2.1)"]), done.parts
        after = desk.next(CardSeen)
        assert after.facts is not None
        assert after.facts["issued"] is True
        card.rename(tmp_path / "away")
        desk.next(CardGone)
        make_card(tmp_path, "a")
        desk.next(CardSeen)
        desk.owner.submit(apply(person(1)))
        assert desk.next(Done).kind == "refused"
    finally:
        desk.owner.close()


def test_a_card_pulled_half_way_is_finished_by_its_row(home: Home, tmp_path: Path) -> None:
    card = make_card(tmp_path, "a")
    desk = Desk(home, card, tear="90")  # reading it first takes its frames too
    try:
        desk.next(CardSeen)
        desk.owner.submit(apply(person(1)))
        done = desk.next(Done)
        assert done.kind == "fault"
        assert "left the reader" in done.parts.what
        desk.next(CardGone)
    finally:
        desk.owner.close()
    again = Desk(home, card)
    try:
        (row,) = again.next(StatusNow).unfinished
        again.owner.submit(End(verb="finish", n=row.n))
        assert again.next(Done).kind == "done"
    finally:
        again.owner.close()
    shown = flora("card", "show", "--reader", on(card), home=home.path)
    assert shown["issued"] is True


def test_leaving_does_not_wait_for_a_card(home: Home, tmp_path: Path) -> None:
    desk = Desk(home, tmp_path / "nothing")
    desk.next(StatusNow)
    desk.owner.submit(apply(person(1)))  # waits ten seconds for a card
    time.sleep(0.4)  # so that it does wait by now
    began = time.monotonic()
    desk.owner.close()
    assert time.monotonic() - began < 1.0


def test_garbage_for_a_card_is_told_and_the_counter_lives(home: Home, tmp_path: Path) -> None:
    card = tmp_path / "a.card"
    card.write_bytes(b"garbage")
    desk = Desk(home, card)
    try:
        assert desk.next(ReaderState).fault is not None
        card.unlink()
        assert desk.next(ReaderState).fault is None
        make_card(tmp_path, "a")
        assert desk.next(CardSeen).facts is not None
    finally:
        desk.owner.close()


def test_an_nhi_card_is_read_for_the_form_and_shown_masked(home: Home, tmp_path: Path) -> None:
    card = tmp_path / "a.card"
    given = {"name": "王小明", "id_no": "B100000002", "born": "1990-01-02", "sex": "M"}
    assert flora("card", "new", "nhi", str(card), "--holder", "-", given=given).code == 0
    desk = Desk(home, card)
    try:
        seen = desk.next(CardSeen)
        assert seen.holder is not None
        assert (seen.holder.id_no, seen.holder.born.isoformat()) == ("B100000002", "1990-01-02")
        assert seen.facts is not None
        assert "B100000002" not in str(seen.facts) + repr(seen)
    finally:
        desk.owner.close()
