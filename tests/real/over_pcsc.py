"""The PC/SC driver over a real pcscd. Run in a process of its own by `test_pcsc.py`, since the
service's socket is read once a process; `pytest tests/real/over_pcsc.py` works as well.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from threading import Thread

import pytest

from drivers.contract import Connection, Reader
from drivers.errors import (
    CardRemoved,
    NoCard,
    NoSuchReader,
    ReaderAmbiguous,
    ReaderBusy,
    ServiceGone,
)
from drivers.registry import open_reader, readers
from hw_sim import load, save
from hw_sim.image import Image
from hw_sim.vpcd import Notice, VpcdServer
from tests.drivers.cards import blank, desfire
from tests.drivers.contract_suite import (
    DATA,
    FACTORY,
    SEEN_S,
    IsoDepContract,
    ReaderContract,
    classic,
)
from tests.real.pcscd import Pcscd

URI = "pcsc:Virtual PCD 00 00"


@pytest.fixture(scope="session")
def pcscd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pcscd]:
    pcscd = Pcscd.start(tmp_path_factory.mktemp("s"))
    os.environ["PCSCLITE_CSOCK_NAME"] = pcscd.env["PCSCLITE_CSOCK_NAME"]
    yield pcscd
    pcscd.stop()


def box(folder: Path, number: int, card: Image | None = None) -> Path:
    """A card in its box: a blank Classic where it is not said which."""
    path = folder / f"card-{number}"
    save(path, card or blank(number))
    return path


class VpcdRig:
    """Two cards and the virtual reader's first slot."""

    def __init__(self, folder: Path, pcscd: Pcscd, cards: tuple[Image, Image]) -> None:
        self.reader = open_reader(URI)
        self._boxed = (box(folder, 0, cards[0]), box(folder, 1, cards[1]))
        self.uids = (load(self._boxed[0]).uid, load(self._boxed[1]).uid)
        self._port = pcscd.port0
        self._server: VpcdServer | None = None

    def put(self, card: int) -> None:
        if self._server is None:
            self._server = VpcdServer(self._boxed[card], port=self._port, tell=_untold)
            self._server.start()
        else:
            self._server.put(self._boxed[card])

    def lift(self) -> None:
        if self._server is not None:
            self._server.lift()

    def close(self) -> None:
        self.reader.close()
        if self._server is not None:
            self._server.stop()


def _untold(_notice: Notice) -> None:
    """Tests look at the card and the reader instead."""


@pytest.fixture
def rig(tmp_path: Path, pcscd: Pcscd) -> Iterator[VpcdRig]:
    rig = VpcdRig(tmp_path, pcscd, (blank(0), blank(1)))
    yield rig
    rig.close()
    gone(rig.reader.uri)


@pytest.fixture
def desfire_rig(tmp_path: Path, pcscd: Pcscd) -> Iterator[VpcdRig]:
    rig = VpcdRig(tmp_path, pcscd, (desfire(0), desfire(1)))
    yield rig
    rig.close()
    gone(rig.reader.uri)


def gone(uri: str) -> None:
    """Wait until the service has noticed that the slot is empty."""
    deadline = time.monotonic() + SEEN_S
    while any((r["uri"], r.get("card")) == (uri, "yes") for r in readers()):
        assert time.monotonic() < deadline
        time.sleep(0.02)


class TestPcscReader(ReaderContract):
    """The contract, over pcscd and its virtual reader."""


class TestPcscIsoDep(IsoDepContract):
    """The contract of cards with applications, over pcscd and its virtual reader."""


def test_cards_swapped_without_a_gap_are_all_seen(rig: VpcdRig) -> None:
    # Known from the field: removal told late after key loading, next customer's card missed.
    rig.put(0)
    for turn in range(10):
        connection = rig.reader.wait_for_card(timeout_s=SEEN_S)
        assert connection.uid == rig.uids[turn % 2]
        assert classic(connection).authenticate(4, FACTORY, key_b=False)
        rig.put(1 - turn % 2)
        with pytest.raises(CardRemoved):
            # An APDU at once: the service itself never notices this swap.
            classic(connection).read(4)
        connection.close()
        assert rig.reader.wait_for_removal(timeout_s=SEEN_S)


def test_a_card_lifted_at_any_moment_confuses_nobody(rig: VpcdRig) -> None:
    # Known from the field: card pulled in a transaction, and the reader never recovered.
    chance = Random(5)
    lost = 0
    for _ in range(10):
        rig.put(0)
        connection = rig.reader.wait_for_card(timeout_s=SEEN_S)
        lifter = Thread(target=_later, args=(rig.lift, chance.random() * 0.02))
        lifter.start()
        try:
            for _turn in range(100):
                write_once(connection)
        except CardRemoved:
            lost += 1
        lifter.join()
        connection.close()
        gone(rig.reader.uri)
    assert lost > 5
    rig.put(0)
    write_once(rig.reader.wait_for_card(timeout_s=SEEN_S))


def write_once(connection: Connection) -> None:
    port = classic(connection)
    assert port.authenticate(4, FACTORY, key_b=False)
    port.write(4, DATA)


def _later(what: object, after_s: float) -> None:
    time.sleep(after_s)
    assert callable(what)
    what()


def test_one_name_means_the_slot_that_holds_a_card(tmp_path: Path, pcscd: Pcscd) -> None:
    reader = open_reader("pcsc:virtual pcd")
    second = VpcdServer(box(tmp_path, 1), port=pcscd.port1, tell=_untold)
    second.start()
    connection = reader.wait_for_card(timeout_s=SEEN_S)
    assert connection.uid == load(tmp_path / "card-1").uid
    connection.close()
    first = VpcdServer(box(tmp_path, 0), port=pcscd.port0, tell=_untold)
    first.start()
    try:
        deadline = time.monotonic() + SEEN_S
        while sum(r.get("card") == "yes" for r in readers()) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        with pytest.raises(ReaderAmbiguous) as caught:
            reader.wait_for_card(timeout_s=0)
        assert caught.value.readers == "Virtual PCD 00 00, Virtual PCD 00 01"
        with suppress(NoCard):  # an exact name means one slot, whatever lies on the other
            open_reader(URI).wait_for_card(timeout_s=SEEN_S).close()
    finally:
        first.stop()
        second.stop()
        reader.close()
    gone(URI)


def test_a_card_held_by_another_program_is_busy(rig: VpcdRig) -> None:
    rig.put(0)
    held = rig.reader.wait_for_card(timeout_s=SEEN_S)
    with pytest.raises(ReaderBusy):
        open_reader(URI).wait_for_card(timeout_s=0.3)
    held.close()
    open_reader(URI).wait_for_card(timeout_s=SEEN_S).close()


def test_no_such_reader(pcscd: Pcscd) -> None:
    with pytest.raises(NoSuchReader):
        open_reader("pcsc:Nobody", must_exist=True)
    with pytest.raises(NoSuchReader):
        open_reader("pcsc:Nobody").wait_for_card(timeout_s=0.1)
    assert [r["uri"] for r in readers() if r["uri"].startswith("pcsc:")] == [
        URI,
        "pcsc:Virtual PCD 00 01",
    ]


def test_what_is_known_of_the_virtual_reader_is_that_it_is_none_of_the_table(rig: VpcdRig) -> None:
    # It has no features to tell of (stacks.md 2); a card that is held does not hinder the asking.
    said = {"model": "generic", "known_by": "none", "keys": "00/00, 20/00"}
    for holds in (False, True):
        if holds:
            rig.put(0)
            connection = rig.reader.wait_for_card(timeout_s=SEEN_S)
        found = [r for r in readers() if r["uri"].startswith(URI[:-2])]
        assert [said | r for r in found] == found
        assert len(found) == 2
    write_once(connection)


def test_the_service_may_go_and_come_back(rig: VpcdRig, pcscd: Pcscd) -> None:
    # Known from the field: the monitor dies when the service restarts.
    rig.put(0)
    connection = rig.reader.wait_for_card(timeout_s=SEEN_S)
    pcscd.stop()
    with pytest.raises(ServiceGone):
        classic(connection).authenticate(4, FACTORY, key_b=False)
    with pytest.raises(ServiceGone):
        classic(connection).read(4)
    connection.close()
    assert rig.reader.wait_for_removal(timeout_s=SEEN_S)
    with pytest.raises(ServiceGone):
        rig.reader.wait_for_card(timeout_s=0.2)
    with pytest.raises(ServiceGone):
        open_reader(URI, must_exist=True)
    assert not [r for r in readers() if r["uri"].startswith("pcsc:")]
    found: list[Connection] = []
    waiting = Thread(target=lambda: found.append(_wait(rig.reader)))
    waiting.start()
    pcscd.restart()
    back = time.monotonic()
    waiting.join(20)
    assert found, "the wait did not survive the service's absence"
    assert time.monotonic() - back < 4
    write_once(found[0])


def _wait(reader: Reader) -> Connection:
    return reader.wait_for_card(timeout_s=20)
