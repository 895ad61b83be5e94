"""libfreefare's programs over our PN532: Classic and DESFire, judged by the card."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from hw_sim import load, new_blank_classic, save
from hw_sim.desfire.image import DesfireImage
from hw_sim.image import load_classic
from hw_sim.stock import new_desfire
from tests.hw_sim.rig import card_image
from tests.real.pn532 import Bench

pytestmark = pytest.mark.real
MESSAGE = bytes.fromhex("d1010b5503666c6f72612e74657374")
MAD_KEY_A, NDEF_KEY_A = bytes.fromhex("a0a1a2a3a4a5"), bytes.fromhex("d3f7d3f7d3f7")


@pytest.fixture
def classic(tmp_path: Path) -> Iterator[Bench]:
    save(tmp_path / "card", new_blank_classic(Random(1), uid=bytes.fromhex("04a1b2c3")))
    bench = Bench(tmp_path / "card", tmp_path)
    yield bench
    bench.stop()


def test_a_classic_is_formatted(classic: Bench, tmp_path: Path) -> None:
    image = load_classic(tmp_path / "card")
    for block in (1, 4, 62):
        image.program(block, b"\x55" * 16)
    save(tmp_path / "card", image)
    printed = classic.run("mifare-classic-format", "-y")
    assert "Formatting 16 sectors [...4...8...12...16] done." in printed
    blocks = load_classic(tmp_path / "card").blocks
    assert all(not any(blocks[n]) for n in range(1, 64) if n % 4 != 3)
    assert all(blocks[n].hex() == "ff" * 6 + "ff0780" + "69" + "ff" * 6 for n in range(3, 64, 4))
    _as_on_air(classic, blocks, least=63)


def test_ndef_goes_onto_a_classic_and_comes_back(classic: Bench, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(MESSAGE)
    classic.run("mifare-classic-write-ndef", "-y", "-i", tmp_path / "in")
    blocks = load_classic(tmp_path / "card").blocks
    _as_on_air(classic, blocks, least=6)
    assert blocks[3].startswith(MAD_KEY_A)
    assert blocks[7].startswith(NDEF_KEY_A)
    assert blocks[1].startswith(bytes.fromhex("db0003e1"))
    assert blocks[4].startswith(bytes((3, len(MESSAGE))) + MESSAGE[:14])
    printed = classic.run("mifare-classic-read-ndef", "-y", "-o", tmp_path / "out")
    assert 'contains a "NDEF Message TLV"' in printed
    assert (tmp_path / "out").read_bytes() == MESSAGE


def _as_on_air(bench: Bench, blocks: list[bytes], *, least: int) -> None:
    """Every block that was put on air is on the card."""
    written = bench.heard.written()
    assert len(written) >= least
    for block, data in written.items():
        assert blocks[block] == data, block


def test_a_card_with_other_keys_is_left_alone(tmp_path: Path) -> None:
    save(tmp_path / "card", card_image())
    bench = Bench(tmp_path / "card", tmp_path)
    try:
        printed = bench.run("mifare-classic-format", "-y")
        assert "done." not in printed
        assert not bench.heard.written()
        assert load(tmp_path / "card") == card_image()
    finally:
        bench.stop()


@pytest.fixture(params=[False, True], ids=["ev2", "ev1"])
def desfire(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    uid = bytes.fromhex("04112233445566")
    save(tmp_path / "card", new_desfire(Random(1), uid=uid, ev1=request.param))
    bench = Bench(tmp_path / "card", tmp_path)
    yield bench
    bench.stop()


def image_of(folder: Path) -> DesfireImage:
    image = load(folder / "card")
    assert isinstance(image, DesfireImage)
    return image


def test_a_desfire_tells_what_it_is(desfire: Bench) -> None:
    printed = desfire.run("mifare-desfire-info")
    assert "Vendor ID:            0x04" in printed
    assert "=8192 bytes" in printed
    assert "Free memory: 7936 bytes" in printed
    assert "Master Key settings (0x0f)" in printed


def test_ndef_goes_onto_a_desfire_and_comes_back(desfire: Bench, tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(MESSAGE)
    assert "failed" not in desfire.run("mifare-desfire-create-ndef", "-y")
    (application,) = image_of(tmp_path).applications
    assert application.aid.hex() == "010000"
    assert sorted(application.files) == [1, 2]
    printed = desfire.run("mifare-desfire-write-ndef", "-y", "-i", tmp_path / "in")
    assert "Max NDEF size: 7680 bytes" in printed
    content = image_of(tmp_path).applications[0].files[2].content
    whole = len(MESSAGE).to_bytes(2, "big") + MESSAGE
    assert getattr(content, "data", b"").startswith(whole)
    printed = desfire.run("mifare-desfire-read-ndef", "-y", "-o", tmp_path / "out")
    assert f"NDEF size: {len(MESSAGE)} bytes" in printed
    assert (tmp_path / "out").read_bytes() == MESSAGE


def test_a_long_message_goes_in_many_frames(desfire: Bench, tmp_path: Path) -> None:
    message = bytes.fromhex("c101000003e0") + b"T" + b"\x02en" + bytes(Random(2).randbytes(989))
    (tmp_path / "in").write_bytes(message)
    desfire.run("mifare-desfire-create-ndef", "-y")
    desfire.run("mifare-desfire-write-ndef", "-y", "-i", tmp_path / "in")
    printed = desfire.run("mifare-desfire-read-ndef", "-y", "-o", tmp_path / "out")
    assert f"NDEF size: {len(message)} bytes" in printed
    assert (tmp_path / "out").read_bytes() == message


def test_a_desfire_is_formatted(desfire: Bench, tmp_path: Path) -> None:
    desfire.run("mifare-desfire-create-ndef", "-y")
    assert image_of(tmp_path).applications
    desfire.run("mifare-desfire-format", "-y")
    assert not image_of(tmp_path).applications


def test_a_desfire_with_another_master_key_refuses(desfire: Bench, tmp_path: Path) -> None:
    desfire.run("mifare-desfire-create-ndef", "-y")
    before = image_of(tmp_path)
    printed = desfire.run("mifare-desfire-format", "-y", "-K", "1122334455667788")
    assert "Can't authenticate on Mifare DESFire target." in printed
    assert image_of(tmp_path) == before


def test_a_desfire_is_configured(desfire: Bench, tmp_path: Path) -> None:
    # The tools print nothing where it went well: the card and the next activation tell.
    assert desfire.run("mifare-desfire-ev1-configure-ats", "-y").startswith("Found")
    assert image_of(tmp_path).ats.hex() == "067577810280"
    desfire.run("mifare-desfire-ev1-configure-default-key", "-y")
    assert image_of(tmp_path).default_key == bytes(24)
    desfire.run("mifare-desfire-ev1-configure-random-uid", "-y")
    first, second = (desfire.run("nfc-list") for _ in range(2))
    assert "UID (NFCID3): 08" in first
    assert "UID (NFCID3): 08" in second
    assert first != second
