"""nfcpy over our PN532: a raised rate, sensing, Classic by the chip, ISO-DEP by nfcpy itself."""

from __future__ import annotations

import errno
import termios
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

import pytest

from hw_sim import new_blank_classic, save
from hw_sim.image import load_classic
from hw_sim.stock import new_desfire
from tests.real.pn532 import Bench

pytestmark = pytest.mark.real
UID = bytes.fromhex("04a1b2c3")
FACTORY = b"\xff" * 6
# Imported by name: the package has no types.
CLF, TAG = import_module("nfc.clf"), import_module("nfc.tag")
PN532, TRANSPORT = import_module("nfc.clf.pn532"), import_module("nfc.clf.transport")
WAIT_S = 5.0


@contextmanager
def frontend(bench: Bench) -> Iterator[Any]:
    """nfcpy on the line, by its own way of opening one (its names take no path outside /dev)."""
    device = PN532.init(TRANSPORT.TTY(str(bench.link)))
    device._path = str(bench.link)
    clf = CLF.ContactlessFrontend()
    clf.device = device
    try:
        yield clf
    finally:
        clf.close()


@pytest.fixture
def classic(tmp_path: Path) -> Iterator[Bench]:
    save(tmp_path / "card", new_blank_classic(Random(1), uid=UID))
    bench = Bench(tmp_path / "card", tmp_path)
    yield bench
    bench.stop()


@pytest.fixture
def desfire(tmp_path: Path) -> Iterator[Bench]:
    save(tmp_path / "card", new_desfire(Random(1), uid=bytes.fromhex("04112233445566"), ev1=False))
    bench = Bench(tmp_path / "card", tmp_path)
    yield bench
    bench.stop()


def sense(clf: Any) -> Any:
    return clf.sense(CLF.RemoteTarget("106A"))


def turn(clf: Any, frame: bytes) -> bytes:
    """One command by the chip's own InDataExchange."""
    answer, _more = clf.device.chipset.in_data_exchange(bytearray(frame), WAIT_S)
    return bytes(answer)


def test_the_chip_is_opened_fast_and_left_slow(classic: Bench) -> None:
    for _ in range(2):
        with frontend(classic) as clf:
            assert classic.chip.rate == 921_600
            assert sense(clf).sdd_res == UID
        assert classic.chip.rate == 115_200


def test_a_classic_is_read_and_written_by_the_chip(classic: Bench, tmp_path: Path) -> None:
    with frontend(classic) as clf:
        assert sense(clf).sel_res == b"\x08"
        assert turn(clf, b"\x60\x04" + FACTORY + UID) == b""
        assert turn(clf, b"\xa0\x04" + bytes(range(16))) == b""
        assert turn(clf, b"\x30\x04") == bytes(range(16))
    assert load_classic(tmp_path / "card").blocks[4] == bytes(range(16))


def test_a_wrong_key_is_error_14_and_the_card_has_to_be_selected_again(classic: Bench) -> None:
    with frontend(classic) as clf:
        assert sense(clf) is not None
        with pytest.raises(PN532.Chipset.Error) as refused:
            turn(clf, b"\x60\x04" + b"\x01" * 6 + UID)
        assert refused.value.errno == 0x14
        with pytest.raises(PN532.Chipset.Error) as mute:
            turn(clf, b"\x60\x04" + FACTORY + UID)
        assert mute.value.errno == 0x01
        assert sense(clf).sdd_res == UID
        turn(clf, b"\x60\x04" + FACTORY + UID)


def test_no_card_is_nothing_sensed(classic: Bench) -> None:
    classic.lift()
    with frontend(classic) as clf:
        assert sense(clf) is None
        classic.put()
        assert sense(clf).sdd_res == UID


def test_a_line_pulled_out_is_gone_for_good(classic: Bench) -> None:
    with suppress(OSError, termios.error), frontend(classic) as clf:
        assert sense(clf) is not None
        classic.stop()
        with pytest.raises((OSError, termios.error)):
            turn(clf, b"\x30\x04")
    assert not classic.link.is_symlink()
    with pytest.raises(OSError, match="No such file") as gone, frontend(classic):
        pass
    assert gone.value.errno == errno.ENOENT


def test_iso_dep_is_spoken_by_nfcpy_itself(desfire: Bench) -> None:
    with frontend(desfire) as clf:
        target = sense(clf)
        assert (target.sel_res, target.sdd_res.hex()) == (b"\x20", "04112233445566")
        tag = TAG.activate(clf, target)
        assert tag.type == "Type4Tag"
        assert bytes(tag.transceive(bytearray.fromhex("9060000000")))[-2:] == b"\x91\xaf"
        assert bytes(tag.transceive(bytearray.fromhex("90af000000")))[-2:] == b"\x91\xaf"
        last = bytes(tag.transceive(bytearray.fromhex("90af000000")))
        assert last[:7].hex() == "04112233445566"
        assert tag.is_present


def test_what_libfreefare_wrote_is_an_ndef_tag_to_nfcpy(desfire: Bench, tmp_path: Path) -> None:
    message = bytes.fromhex("d1010b5503666c6f72612e74657374")
    (tmp_path / "in").write_bytes(message)
    desfire.run("mifare-desfire-create-ndef", "-y")
    desfire.run("mifare-desfire-write-ndef", "-y", "-i", tmp_path / "in")
    with frontend(desfire) as clf:
        tag = TAG.activate(clf, sense(clf))
        assert tag.ndef is not None
        assert bytes(tag.ndef.octets) == message
        tag.ndef.octets = message.replace(b"flora", b"aroli")
    desfire.run("mifare-desfire-read-ndef", "-y", "-o", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == message.replace(b"flora", b"aroli")
