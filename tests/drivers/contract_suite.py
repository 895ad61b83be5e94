"""What every driver promises (drivers/contract.py), as tests for whoever has a rig.

A driver's tests subclass `ReaderContract` and give it a fixture `rig`, whose cards are
`blank-classic`: MIFARE Classic 1K, all keys FF…FF, all sectors in transport state. They subclass
`IsoDepContract` and give it a fixture `desfire_rig`, whose cards are `blank-desfire`: EV2 as its
maker sells it.
"""

from __future__ import annotations

from threading import Thread
from time import monotonic
from typing import Protocol

import pytest

from apdu.classic.access import TRANSPORT, trailer
from apdu.secret import Secret
from drivers.contract import ClassicPort, Connection, IsoDepPort, Reader
from drivers.errors import BlockRefused, CardRemoved, NoCard

FACTORY = Secret(b"\xff" * 6)
OTHER = Secret(bytes.fromhex("0123456789AB"))
DATA = bytes(range(16))
SEEN_S = 5.0  # a card that lies there is met long before; a bound, not a pause
PATIENCE_S = 0.3


class Rig(Protocol):
    """A reader and someone who lays cards on it. `uids`: of the two cards, in order."""

    reader: Reader
    uids: tuple[bytes, bytes]

    def put(self, card: int) -> None:
        """Lay card 0 or 1 down, taking away whichever lies there."""
        ...

    def lift(self) -> None: ...


def classic(connection: Connection) -> ClassicPort:
    assert connection.classic is not None
    return connection.classic


class ReaderContract:
    """The suite. Each test starts with an empty reader."""

    def met(self, rig: Rig, card: int = 0) -> Connection:
        rig.put(card)
        return rig.reader.wait_for_card(timeout_s=SEEN_S)

    def test_a_card_is_met_with_its_uid_and_its_kind(self, rig: Rig) -> None:
        connection = self.met(rig)
        assert connection.uid == rig.uids[0]
        assert connection.atr.hex() == "3b8f8001804f0ca000000306030001000000006a"
        assert connection.iso_dep is None

    def test_an_empty_reader_is_waited_for_and_said(self, rig: Rig) -> None:
        started = monotonic()
        with pytest.raises(NoCard):
            rig.reader.wait_for_card(timeout_s=PATIENCE_S)
        assert monotonic() - started >= PATIENCE_S

    def test_cancel_wakes_who_waits_for_a_card(self, rig: Rig) -> None:
        outcome: list[BaseException] = []

        def wait() -> None:
            try:
                rig.reader.wait_for_card(timeout_s=60.0)
            except NoCard as fault:
                outcome.append(fault)

        waiting = Thread(target=wait)
        waiting.start()
        rig.reader.cancel()
        waiting.join(timeout=2.0)
        assert not waiting.is_alive()
        assert len(outcome) == 1
        started = monotonic()
        with pytest.raises(NoCard):
            rig.reader.wait_for_card(timeout_s=60.0)
        assert monotonic() - started < 1.0

    def test_cancel_wakes_who_waits_for_removal(self, rig: Rig) -> None:
        self.met(rig)
        outcome: list[bool] = []
        waiting = Thread(target=lambda: outcome.append(rig.reader.wait_for_removal(timeout_s=60)))
        waiting.start()
        rig.reader.cancel()
        waiting.join(timeout=2.0)
        assert outcome == [False]

    def test_a_card_that_stays_is_not_removed(self, rig: Rig) -> None:
        connection = self.met(rig)
        assert not rig.reader.wait_for_removal(timeout_s=PATIENCE_S)
        connection.close()
        assert not rig.reader.wait_for_removal(timeout_s=PATIENCE_S)

    def test_a_lifted_card_is_removed(self, rig: Rig) -> None:
        self.met(rig).close()
        rig.lift()
        assert rig.reader.wait_for_removal(timeout_s=SEEN_S)

    def test_a_card_swapped_for_another_counts_as_removed(self, rig: Rig) -> None:
        self.met(rig, 0).close()
        rig.put(1)
        assert rig.reader.wait_for_removal(timeout_s=SEEN_S)
        assert rig.reader.wait_for_card(timeout_s=SEEN_S).uid == rig.uids[1]

    def test_what_was_written_is_read(self, rig: Rig) -> None:
        port = classic(self.met(rig))
        assert port.authenticate(4, FACTORY, key_b=False)
        port.write(5, DATA)
        assert port.read(5) == DATA
        assert port.read(4) == bytes(16)

    def test_what_was_written_is_there_for_the_next_connection(self, rig: Rig) -> None:
        connection = self.met(rig)
        port = classic(connection)
        assert port.authenticate(8, FACTORY, key_b=False)
        port.write(8, DATA)
        connection.close()
        again = classic(rig.reader.wait_for_card(timeout_s=SEEN_S))
        assert again.authenticate(8, FACTORY, key_b=False)
        assert again.read(8) == DATA

    def test_a_trailer_is_written_whole(self, rig: Rig) -> None:
        port = classic(self.met(rig))
        assert port.authenticate(12, FACTORY, key_b=False)
        port.write(15, trailer(key_a=OTHER, access=TRANSPORT, user_byte=0, key_b=FACTORY))
        assert not port.authenticate(12, FACTORY, key_b=False)
        assert port.authenticate(12, OTHER, key_b=False)

    @pytest.mark.parametrize("key_b", [False, True])
    def test_a_wrong_key_is_refused_and_the_right_one_then_opens(
        self, rig: Rig, *, key_b: bool
    ) -> None:
        # Known from the field: after one wrong key every later authentication failed.
        port = classic(self.met(rig))
        assert not port.authenticate(4, OTHER, key_b=key_b)
        assert not port.authenticate(8, OTHER, key_b=key_b)
        assert port.authenticate(8, FACTORY, key_b=False)
        assert port.read(8) == bytes(16)

    def test_after_a_wrong_key_nothing_is_open(self, rig: Rig) -> None:
        port = classic(self.met(rig))
        assert port.authenticate(4, FACTORY, key_b=False)
        assert not port.authenticate(8, OTHER, key_b=False)
        with pytest.raises(BlockRefused):
            port.read(4)

    @pytest.mark.parametrize("opened", [None, 4])
    def test_a_block_of_a_sector_not_open_is_refused(self, rig: Rig, opened: int | None) -> None:
        port = classic(self.met(rig))
        if opened is not None:
            assert port.authenticate(opened, FACTORY, key_b=False)
        with pytest.raises(BlockRefused) as read:
            port.read(8)
        assert (read.value.block, read.value.verb) == (8, "read")
        with pytest.raises(BlockRefused) as write:
            port.write(8, DATA)
        assert (write.value.block, write.value.verb) == (8, "write")
        assert port.authenticate(8, FACTORY, key_b=False)
        assert port.read(8) == bytes(16)

    def test_the_makers_block_is_refused(self, rig: Rig) -> None:
        port = classic(self.met(rig))
        assert port.authenticate(0, FACTORY, key_b=False)
        with pytest.raises(BlockRefused):
            port.write(0, DATA)

    def test_a_lifted_card_ends_its_connection_for_good(self, rig: Rig) -> None:
        connection = self.met(rig)
        port = classic(connection)
        assert port.authenticate(4, FACTORY, key_b=False)
        rig.lift()
        with pytest.raises(CardRemoved) as first:
            port.read(4)
        assert first.value.frames_done > 0
        rig.put(0)
        for verb in (
            lambda: port.read(4),
            lambda: port.write(4, DATA),
            lambda: port.authenticate(4, FACTORY, key_b=False),
        ):
            with pytest.raises(CardRemoved) as later:
                verb()
            assert later.value.frames_done == first.value.frames_done
        connection.close()

    def test_after_a_lost_card_the_next_one_is_met(self, rig: Rig) -> None:
        first = self.met(rig, 0)
        rig.put(1)
        with pytest.raises(CardRemoved):
            classic(first).authenticate(4, FACTORY, key_b=False)
        first.close()
        assert rig.reader.wait_for_removal(timeout_s=SEEN_S)
        second = rig.reader.wait_for_card(timeout_s=SEEN_S)
        assert second.uid == rig.uids[1]
        assert classic(second).authenticate(4, FACTORY, key_b=False)

    def test_close_may_come_twice_and_ends_every_verb(self, rig: Rig) -> None:
        connection = self.met(rig)
        connection.close()
        connection.close()
        with pytest.raises(ValueError, match="closed"):
            classic(connection).read(4)


def iso_dep(connection: Connection) -> IsoDepPort:
    assert connection.iso_dep is not None
    return connection.iso_dep


def say(connection: Connection, apdu: str) -> str:
    """One APDU and its answer, in hex."""
    return iso_dep(connection).transmit(bytes.fromhex(apdu)).hex()


GET_VERSION, MORE = "9060000000", "90af000000"
CREATE_APP, SELECT_APP = "90ca0000050100000f0100", "905a00000301000000"
GET_APPS, FREE_FILE = "906a000000", "90cd00000701 00eeee 2c0100 00"  # 300 bytes, free to all
WRITE_240 = "908d0000f7 01 000000 f00000" + "ab" * 240 + "00"
READ_255, READ_1 = "90ad000007 01 000000 ff0000 00", "90ad000007 01 000000 010000 00"


class IsoDepContract:
    """What a card with applications is promised to be, whatever carries its messages."""

    def met(self, rig: Rig, card: int = 0) -> Connection:
        rig.put(card)
        return rig.reader.wait_for_card(timeout_s=SEEN_S)

    def test_a_card_with_applications_is_met(self, desfire_rig: Rig) -> None:
        connection = self.met(desfire_rig)
        assert connection.uid == desfire_rig.uids[0]
        assert connection.atr.hex() == "3b8180018080"
        assert connection.classic is None

    def test_whole_messages_are_answered_one_after_the_other(self, desfire_rig: Rig) -> None:
        connection = self.met(desfire_rig)
        for _ in range(2):
            assert say(connection, GET_VERSION) == "04010112001a05" + "91af"
            assert say(connection, MORE).endswith("91af")
            last = say(connection, MORE)
            assert last.startswith(desfire_rig.uids[0].hex())
            assert last.endswith("9100")

    def test_what_the_card_refuses_is_an_answer(self, desfire_rig: Rig) -> None:
        connection = self.met(desfire_rig)
        assert say(connection, "90ff000000") == "911c"
        assert say(connection, "00a4040007d276000085019900") == "6a82"
        assert say(connection, GET_APPS) == "9100"

    def test_long_messages_go_and_come_whole(self, desfire_rig: Rig) -> None:
        # Longer than a frame of the card (64 bytes), and than one of the reader (at most 256).
        connection = self.met(desfire_rig)
        for made in (CREATE_APP, SELECT_APP, FREE_FILE, WRITE_240):
            assert say(connection, made) == "9100"
        assert say(connection, READ_255) == "ab" * 240 + "00" * 15 + "9100"
        assert say(connection, "905a0000c8" + "00" * 200 + "00") == "917e"

    def test_a_look_leaves_what_is_selected(self, desfire_rig: Rig) -> None:
        connection = self.met(desfire_rig)
        for made in (CREATE_APP, SELECT_APP, FREE_FILE):
            assert say(connection, made) == "9100"
        assert not desfire_rig.reader.wait_for_removal(timeout_s=PATIENCE_S)
        assert say(connection, READ_1) == "009100"

    def test_the_next_connection_begins_anew(self, desfire_rig: Rig) -> None:
        connection = self.met(desfire_rig)
        for made in (CREATE_APP, SELECT_APP, FREE_FILE, WRITE_240):
            assert say(connection, made) == "9100"
        connection.close()
        assert not desfire_rig.reader.wait_for_removal(timeout_s=PATIENCE_S)
        again = desfire_rig.reader.wait_for_card(timeout_s=SEEN_S)
        assert say(again, READ_1) != "ab9100"
        assert say(again, SELECT_APP) == "9100"
        assert say(again, READ_1) == "ab9100"

    def test_a_lifted_card_ends_its_connection_for_good(self, desfire_rig: Rig) -> None:
        connection = self.met(desfire_rig)
        assert say(connection, GET_VERSION).endswith("91af")
        desfire_rig.lift()
        with pytest.raises(CardRemoved) as first:
            say(connection, MORE)
        assert first.value.frames_done > 0
        desfire_rig.put(0)
        with pytest.raises(CardRemoved) as later:
            say(connection, MORE)
        assert later.value.frames_done == first.value.frames_done
        connection.close()

    def test_a_lifted_card_is_removed(self, desfire_rig: Rig) -> None:
        connection = self.met(desfire_rig)
        assert not desfire_rig.reader.wait_for_removal(timeout_s=0)
        desfire_rig.lift()
        assert desfire_rig.reader.wait_for_removal(timeout_s=SEEN_S)
        connection.close()

    def test_after_a_lost_card_the_next_one_is_met(self, desfire_rig: Rig) -> None:
        first = self.met(desfire_rig, 0)
        desfire_rig.put(1)
        with pytest.raises(CardRemoved):
            say(first, GET_VERSION)
        first.close()
        assert desfire_rig.reader.wait_for_removal(timeout_s=SEEN_S)
        second = desfire_rig.reader.wait_for_card(timeout_s=SEEN_S)
        assert second.uid == desfire_rig.uids[1]
        assert say(second, GET_VERSION).endswith("91af")

    def test_close_may_come_twice_and_ends_every_verb(self, desfire_rig: Rig) -> None:
        connection = self.met(desfire_rig)
        port = iso_dep(connection)
        connection.close()
        connection.close()
        with pytest.raises(ValueError, match="closed"):
            port.transmit(bytes.fromhex(GET_VERSION))
