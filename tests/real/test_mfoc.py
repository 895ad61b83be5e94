"""mfoc over our PN532: a nested attack needs the cipher, its parity and the nonces as they are."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from hw_sim import load, new_blank_classic, save
from hw_sim.geometry import CHIP_CLASSIC_4K
from hw_sim.image import CardImage
from tests.real.pn532 import Bench
from tests.spine.rig import flora

pytestmark = pytest.mark.real
UNKNOWN_KEY = bytes.fromhex("1a2b3c4d5e6f")
SECTOR = 5


def test_one_key_that_nobody_told_is_found_from_the_others(tmp_path: Path) -> None:
    image = new_blank_classic(Random(1), uid=bytes.fromhex("04a1b2c3"))
    trailer = 4 * SECTOR + 3
    image.program(trailer, UNKNOWN_KEY + image.blocks[trailer][6:])
    image.program(4 * SECTOR, b"behind the key..")
    save(tmp_path / "card", image)
    bench = Bench(tmp_path / "card", tmp_path)
    try:
        # Half a dozen probes are enough nearly always; it stops with the first that is.
        printed = bench.run("mfoc", "-P", "40", "-O", tmp_path / "dump.mfd")
    finally:
        bench.stop()
    dump = (tmp_path / "dump.mfd").read_bytes()
    assert UNKNOWN_KEY.hex() in printed, printed[-2_000:]
    after = load(tmp_path / "card")
    assert isinstance(after, CardImage)
    assert dump == b"".join(after.blocks)
    assert after.blocks == image.blocks


def test_a_4k_is_dumped_whole_and_the_dump_says_what_it_is(tmp_path: Path) -> None:
    """libnfc's own nfc-mfclassic stops at a genuine 4K: it tries to write block 0, and goes on
    after the NAK without selecting the card again."""
    image = new_blank_classic(Random(1), uid=bytes.fromhex("04a1b2c3"), chip=CHIP_CLASSIC_4K)
    save(tmp_path / "card", image)
    bench = Bench(tmp_path / "card", tmp_path)
    try:
        bench.run("mfoc", "-O", tmp_path / "dump.mfd")
    finally:
        bench.stop()
    assert (tmp_path / "dump.mfd").read_bytes() == b"".join(image.blocks)
    shown = flora("card", "show", "--dump", str(tmp_path / "dump.mfd"))
    assert (shown["kind"], shown["uid"]) == ("blank-classic-4k", "04a1b2c3")
