"""Any bytes to every parser: a value that holds, or one of the faults that it names."""

from __future__ import annotations

import json
from collections import Counter
from itertools import repeat
from random import Random

import pytest

from tests.fuzz.mangle import MANY, SEED, SOAK, Record, anything, chance, mangled, misjudged
from tests.fuzz.parsers import PARSERS, Parser

LONGEST = 300


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except ValueError:
        return False
    return True


def spoiled(rng: Random, samples: tuple[bytes, ...]) -> bytes:
    """One in eight is anything, one a whole sample, the rest samples with harm."""
    kind = rng.randrange(8)
    sample = rng.choice(samples)
    if kind == 0:
        return anything(rng, LONGEST)
    if kind == 1:
        return sample
    if kind < 5 and sample.startswith(b"{") and _is_json(sample):
        return misjudged(rng, sample)
    return mangled(rng, sample, samples)


def feed(parser: Parser, data: bytes) -> str:
    """`read`, or the name of the fault."""
    try:
        parser.feed(data)
    except parser.says_no as fault:
        return type(fault).__name__
    except Exception as crash:
        crash.add_note(f"{parser.name}, seed {SEED}: {data[:2000]!r}")
        raise
    return "read"


@pytest.mark.parametrize("parser", PARSERS, ids=lambda parser: parser.name)
def test_any_bytes_are_read_or_refused(parser: Parser, record_property: Record) -> None:
    rng = chance(parser.name)
    assert {feed(parser, sample) for sample in parser.samples} == {"read"}
    many = MANY if SOAK else MANY // parser.share
    ends = Counter(feed(parser, spoiled(rng, parser.samples)) for _ in range(many))
    record_property("documents_fuzzed", ends.total())
    assert ends["read"] >= ends.total() / 10
    assert not parser.says_no or ends.total() > ends["read"]


def test_a_crash_is_found_and_told_with_its_bytes() -> None:
    crashing = Parser(name="crashing", samples=(bytes(8),), feed=lambda data: 1 // len(data))
    rng = chance(crashing.name)
    with pytest.raises(ZeroDivisionError) as crash:
        list(map(feed, repeat(crashing), (spoiled(rng, crashing.samples) for _ in range(MANY))))
    assert crash.value.__notes__ == [f"crashing, seed {SEED}: b''"]
