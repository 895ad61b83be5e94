"""The Classic port before readers of several makers."""

from __future__ import annotations

from typing import NoReturn

import pytest

from apdu.iso7816 import Command, Response
from drivers.errors import BlockRefused, CardRemoved, ReaderProtocol
from drivers.storage_card import StorageCardPort
from tests.drivers.contract_suite import DATA, FACTORY


class Maker:
    """A reader that answers by the first bytes of a command; all else is done."""

    def __init__(self, **answers: str) -> None:
        self._answers = {bytes.fromhex(k.strip("x")): bytes.fromhex(v) for k, v in answers.items()}
        self.sent: list[bytes] = []
        self.reselected = 0

    def exchange(self, command: Command) -> Response:
        self.sent.append(raw := bytes(command))
        for start, answer in self._answers.items():
            if raw.startswith(start):
                return Response.parse(answer)
        return Response(b"", 0x9000)

    def reselect(self) -> None:
        self.reselected += 1

    def lost(self) -> NoReturn:
        raise CardRemoved(frames_done=0)


def test_a_reader_with_non_volatile_keys_only_is_found_once() -> None:
    reader = Maker(xff8200="6986")
    port = StorageCardPort(reader)
    for _ in range(2):
        assert port.authenticate(4, FACTORY, key_b=True)
    assert [raw[:4].hex() for raw in reader.sent] == [
        "ff820000",
        "ff822000",
        "ff860000",
        "ff822000",
        "ff860000",
    ]


@pytest.mark.parametrize("sw", ["6300", "6982", "6382", "6400", "6981"])
def test_a_wrong_key_is_said_in_many_ways(sw: str) -> None:
    reader = Maker(xff86=sw)
    assert not StorageCardPort(reader).authenticate(4, FACTORY, key_b=False)
    assert reader.reselected == 1


@pytest.mark.parametrize("sw", ["6983", "6986", "6388", "6389", "6D00", "6A81", "6700"])
def test_what_blames_the_reader_is_no_wrong_key(sw: str) -> None:
    with pytest.raises(ReaderProtocol) as caught:
        StorageCardPort(Maker(xff86=sw)).authenticate(4, FACTORY, key_b=False)
    assert (caught.value.verb, caught.value.sw) == ("authenticate", sw)


def test_a_reader_that_takes_no_key_is_named() -> None:
    with pytest.raises(ReaderProtocol) as caught:
        StorageCardPort(Maker(xff82="6D00")).authenticate(4, FACTORY, key_b=False)
    assert (caught.value.verb, caught.value.sw) == ("load_key", "6D00")


@pytest.mark.parametrize("sw", ["6300", "6982", "6581", "6A82", "6400"])
def test_a_refused_read_names_its_block(sw: str) -> None:
    reader = Maker(xffb0=sw)
    with pytest.raises(BlockRefused):
        StorageCardPort(reader).read(9)
    assert reader.reselected == 1


def test_a_short_block_is_no_block() -> None:
    with pytest.raises(ReaderProtocol):
        StorageCardPort(Maker(xffb0="00112233" + "9000")).read(9)


def test_a_write_that_nobody_answered_is_never_taken_for_a_refusal() -> None:
    with pytest.raises(CardRemoved):
        StorageCardPort(Maker(xffd6="6400")).write(9, DATA)
    with pytest.raises(BlockRefused):
        StorageCardPort(Maker(xffd6="6300")).write(9, DATA)
