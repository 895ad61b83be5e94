"""libnfc's own programs over our PN532, judged by the card and by what went on air."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from hw_sim import load, new_blank_classic, save
from hw_sim.image import load_classic
from hw_sim.stock import new_desfire
from tests.hw_sim.rig import card_image
from tests.real.pn532 import TIMEOUT_S, Bench, environment

pytestmark = pytest.mark.real
UID = bytes.fromhex("04a1b2c3")


def classic_file(folder: Path) -> Path:
    """A factory card with something in every data block."""
    image = new_blank_classic(Random(1), uid=UID)
    for block in range(1, 64):
        if block % 4 != 3:
            image.program(block, bytes((block,)) * 16)
    save(folder / "card", image)
    return folder / "card"


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(classic_file(tmp_path), tmp_path)
    yield bench
    bench.stop()


def desfire(folder: Path, *, ev1: bool = False) -> Bench:
    save(folder / "card", new_desfire(Random(1), uid=bytes.fromhex("04112233445566"), ev1=ev1))
    return Bench(folder / "card", folder)


def hexed(line: bytes) -> str:
    """As libnfc prints bytes."""
    return "".join(f"{byte:02x}  " for byte in line)


def test_nfc_list_finds_the_card(bench: Bench) -> None:
    printed = bench.run("nfc-list")
    assert "1 ISO14443A passive target(s) found" in printed
    assert f"UID (NFCID1): {hexed(UID)}" in printed
    assert "ATQA (SENS_RES): 00  04" in printed
    assert "SAK (SEL_RES): 08" in printed
    bench.lift()
    assert "found" not in bench.run("nfc-list")
    bench.put()
    assert hexed(UID) in bench.run("nfc-list")


def test_nfc_list_shows_the_ats_of_a_desfire(tmp_path: Path) -> None:
    bench = desfire(tmp_path)
    try:
        printed = bench.run("nfc-list")
        assert f"UID (NFCID1): {hexed(bytes.fromhex('04112233445566'))}" in printed
        assert "SAK (SEL_RES): 20" in printed
        assert "ATS: 75  77  81  02  80" in printed
        found = bench.run("nfc-anticol")  # every frame of the activation by the host itself
        assert "UID: 04112233445566" in found
        assert "ATS: 06  75  77  81  02  80" in found
        assert "Received bits: 04  da  17" in found
    finally:
        bench.stop()


def test_the_chip_tells_what_it_is(bench: Bench) -> None:
    assert "chip: PN532 v1.6" in bench.run("nfc-scan-device", "-v")


def test_nfc_mfclassic_reads_the_whole_card(bench: Bench, tmp_path: Path) -> None:
    dump = tmp_path / "dump.mfd"
    printed = bench.run("nfc-mfclassic", "r", "a", "u", dump)
    assert "Done, 64 of 64 blocks read." in printed
    assert "RATS support: no" in printed
    got, blocks = dump.read_bytes(), load_classic(tmp_path / "card").blocks
    assert len(got) == 1024
    for block, data in enumerate(blocks):
        # Keys in the dump are what the tool was given, whatever the card shows of them.
        seen = slice(6, 10) if block % 4 == 3 else slice(0, 16)
        assert got[16 * block :][seen] == data[seen], block
    assert not bench.heard.written()


@pytest.mark.parametrize("key", ["A", "B"])
def test_what_nfc_mfclassic_puts_on_air_is_on_the_card(tmp_path: Path, key: str) -> None:
    # Its count of written blocks is not true (libnfc issues 629, 632, 684): the air is.
    by_b = (0b100, 0b100, 0b100, 0b011)
    image = card_image(by_b) if key == "B" else new_blank_classic(Random(1), uid=UID)
    save(tmp_path / "card", image)
    bench = Bench(tmp_path / "card", tmp_path)
    kept = [n == 0 or n % 4 == 3 for n in range(64)]
    before = list(image.blocks)
    wanted = [before[n] if kept[n] else bytes((255 - n,)) * 16 for n in range(64)]
    dump = tmp_path / "other.mfd"
    dump.write_bytes(b"".join(wanted))
    try:
        printed = bench.run("nfc-mfclassic", "w", key, "u", dump, dump, "f")
    finally:
        bench.stop()
    assert "Done, " in printed
    written = bench.heard.written()
    after = load_classic(tmp_path / "card").blocks
    assert len(written) >= 15
    for block in range(64):
        assert after[block] == written.get(block, before[block]), block
    # Key A reads as zeros; what was read and written back must not have wiped it (C3).
    assert all(after[trailer] == before[trailer] for trailer in range(3, 64, 4))


def test_a_wrong_key_fails_as_on_hardware(tmp_path: Path) -> None:
    save(tmp_path / "card", card_image())
    bench = Bench(tmp_path / "card", tmp_path)
    try:
        printed = bench.run("nfc-mfclassic", "r", "a", "u", tmp_path / "none.mfd", log=True)
        assert "Mifare Authentication Failed" in printed
        assert "Error: authentication failed for block 0x3f" in printed
        assert "d5 41" in printed
        assert re.search(r"RX: 14 ", printed)
        assert not (tmp_path / "none.mfd").exists()
        assert load(tmp_path / "card") == card_image()
    finally:
        bench.stop()


def test_no_card_is_said(bench: Bench, tmp_path: Path) -> None:
    bench.lift()
    printed = bench.run("nfc-mfclassic", "r", "a", "u", tmp_path / "none.mfd")
    assert "no tag was found" in printed


def test_nfc_poll_waits_for_a_card_and_for_its_going(bench: Bench) -> None:
    bench.lift()
    poll = subprocess.Popen(
        ["nfc-poll"],
        env=environment(bench.link),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert poll.stdout is not None
        _until(bench, 1)
        bench.put()
        _until(bench, 40)  # found, and asked over and over whether it is still there
        bench.lift()
        printed, _ = poll.communicate(timeout=TIMEOUT_S)
    finally:
        poll.kill()
        poll.wait()
    assert f"UID (NFCID1): {hexed(UID)}".encode() in printed
    assert printed.rstrip().endswith(b"Waiting for card removing...done.")


def _until(bench: Bench, frames: int) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while len(bench.heard) < frames:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_another_rate_than_the_chips_is_no_device(bench: Bench) -> None:
    env = environment(bench.link)
    env["LIBNFC_DEFAULT_DEVICE"] += ":230400"
    run = subprocess.run(
        ["nfc-list"], env=env, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert "Unable to open NFC device" in run.stdout + run.stderr
    assert not bench.heard
    assert hexed(UID) in bench.run("nfc-list")


def test_every_byte_of_a_session_takes_its_time_on_the_line(bench: Bench, tmp_path: Path) -> None:
    bench.run("nfc-mfclassic", "r", "a", "u", tmp_path / "dump.mfd")
    # 64 reads of 44 bytes and 16 authentications of 38, by cards.md 8, and the rest of a session.
    assert bench.chip.wire_bytes > 64 * 44 + 16 * 38
    assert bench.chip.wire_us == pytest.approx(bench.chip.wire_bytes * 10 / 115_200 * 1e6)
