"""Any bytes at all are a dump or are refused, and what is read can be looked at and written."""

from __future__ import annotations

from random import Random

import pytest

from hw_sim.dumps import (
    Dump,
    DumpIncomplete,
    DumpUnreadable,
    Form,
    dump_of_card,
    look_at,
    read_dump,
    write_dump,
)
from hw_sim.raw import RawPort
from hw_sim.stock import new_blank_classic, new_desfire
from tests.hw_sim.rig import KEY_A, card_image
from tests.hw_sim.test_raw_port import rig

ROUNDS = 400
TOKENS = (b"\n", b":", b"-", b"??", b"FF", b"{", b"}", b'"', b"+Sector: ", b"Block ", b"0", b" ")


def samples() -> list[bytes]:
    classic = new_blank_classic(Random(1), uid=None)
    found = [write_dump(dump_of_card(classic, form)) for form in Form]
    desfire = new_desfire(Random(1), uid=None, ev1=False)
    return [*found, write_dump(dump_of_card(desfire, Form.FLIPPER))]


def mutated(data: bytes, draw: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(draw.randint(1, 6)):
        at = draw.randrange(len(changed) + 1)
        match draw.randrange(4):
            case 0:
                changed[at : at + draw.randrange(40)] = b""
            case 1:
                changed[at:at] = draw.choice(TOKENS)
            case 2:
                changed[at : at + 1] = bytes((draw.randrange(32, 127),))
            case _:
                start = draw.randrange(len(changed) + 1)
                changed[at:at] = changed[start : start + draw.randrange(80)]
    return bytes(changed)


@pytest.mark.parametrize("sample", samples(), ids=["mfd", "mct", "eml", "json", "nfc", "desfire"])
def test_a_damaged_dump_is_read_or_refused(sample: bytes) -> None:
    draw, read = Random(7), 0
    for _ in range(ROUNDS):
        try:
            dump = read_dump(mutated(sample, draw))
        except DumpUnreadable:
            continue
        read += 1
        holds(dump)
    assert read, "none was still a dump"


def holds(dump: Dump) -> None:
    """Nothing of it raises, nothing unknown is made up, and it is written as it was read."""
    assert look_at(dump).chip
    assert all(each.said != each.found for each in dump.contradictions())
    if dump.chip is None or dump.unknown_bytes:
        with pytest.raises(DumpIncomplete):
            dump.image()
    else:
        assert tuple(map(tuple, dump.image().blocks)) == dump.blocks
    try:
        again = read_dump(write_dump(dump))
    except DumpIncomplete:
        return
    assert (again.chip, again.uid) == (dump.chip, dump.uid)


def test_any_bits_at_all_get_bits_or_silence_and_write_nothing() -> None:
    draw = Random(9)
    reader, card, field = rig(card_image())
    before = list(card.image.blocks)
    port = reader.port
    assert isinstance(port, RawPort)
    for _ in range(ROUNDS):
        if draw.random() < 0.3:
            field.off()
            reader.select()
            if draw.random() < 0.7:
                assert reader.open(4, KEY_A)
        size = draw.choice((0, 1, 4, 7, 8, 9, 27, 36, 72, 81, 162, draw.randrange(300)))
        answer = port.exchange([draw.randrange(2) for _ in range(size)])
        assert answer is None or set(answer) <= {0, 1}
    assert card.image.blocks == before
