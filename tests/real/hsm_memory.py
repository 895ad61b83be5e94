"""Does the whole job with keys in tokens, in this process, and then searches its own memory.

    python -m tests.real.hsm_memory   (on stdin: {"counter", "validator", "card", "needles"})

A needle is never whole in this process: its first bytes alone are unmasked to find where it might
be, and what stands there is compared under the mask. That the search can find at all is shown
first, by a copy that is planted byte by byte and wiped again.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.spine.rig import citizen, flora, on, person

_CHUNK = 1 << 22
_START = 4  # bytes of a needle that are unmasked: far fewer than would help anybody
_NEEDLE_MAX = 128


class Needle(NamedTuple):
    name: str
    mask: bytes
    masked: bytes

    @property
    def start(self) -> bytes:
        return bytes(a ^ b for a, b in zip(self.mask[:_START], self.masked, strict=False))

    def stands_at(self, place: memoryview) -> bool:
        return len(place) == len(self.mask) and all(
            a ^ b == c for a, b, c in zip(place, self.mask, self.masked, strict=True)
        )


class Memory:
    """This process's memory, read through one buffer that is not searched itself."""

    def __init__(self) -> None:
        self._buffer = bytearray(_CHUNK + _NEEDLE_MAX)
        self._own = ctypes.addressof(ctypes.c_char.from_buffer(self._buffer))
        self.bytes_read = 0

    def places_of(self, needles: list[Needle]) -> list[tuple[str, int]]:
        """(name, address) of every needle that stands somewhere."""
        found = []
        self.bytes_read = 0
        for address, size in self._chunks():
            for needle in needles:
                found += [(needle.name, address + at) for at in self._in_buffer(needle, size)]
        self._buffer[:] = bytes(len(self._buffer))
        return found

    def _in_buffer(self, needle: Needle, size: int) -> Iterator[int]:
        at = self._buffer.find(needle.start, 0, size)
        while at >= 0:
            if needle.stands_at(memoryview(self._buffer)[at : at + len(needle.mask)]):
                yield at
            at = self._buffer.find(needle.start, at + 1, size)

    def _chunks(self) -> Iterator[tuple[int, int]]:
        """Fill the buffer with one piece of memory after the other, each a needle's length over
        the next one's start: (its address, bytes read)."""
        with open("/proc/self/mem", "rb", buffering=0) as memory:  # noqa: PTH123
            for start, end in self._readable():
                for address in range(start, end, _CHUNK):
                    wanted = min(_CHUNK + _NEEDLE_MAX, end - address)
                    memory.seek(address)
                    size = memory.readinto(memoryview(self._buffer)[:wanted])
                    assert size == wanted, "memory that cannot be read cannot be vouched for"
                    self.bytes_read += size
                    yield address, size

    def _readable(self) -> Iterator[tuple[int, int]]:
        for line in Path("/proc/self/maps").read_text().splitlines():
            span, rights = line.split()[:2]
            if rights.startswith("r") and "[vvar" not in line:  # the kernel's clocks
                start, end = (int(side, 16) for side in span.split("-"))
                yield from self._around_own(start, end)

    def _around_own(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """A span, without the buffer where it lies in it."""
        own_end = self._own + len(self._buffer)
        if own_end <= start or end <= self._own:
            yield start, end
            return
        if start < self._own:
            yield start, self._own
        if own_end < end:
            yield own_end, end


def do_the_job(counter: Path, validator: Path, card: Path) -> list[str]:
    """Issue, bind and tap in this process: the outcomes."""
    stop = flora("network", "stops", "--route", "300").json[0]["stop"]
    at = ("--reader", on(card))
    answers = [
        flora("issue", "flora", *at, "--applicant", "-", home=counter, given=citizen(person(2))),
        flora("bind", *at, "--applicant", "-", home=counter, given=citizen(person(2))),
        flora("tap", *at, "--route", "300", "--stop", stop, home=validator),
    ]
    assert [a.code for a in answers] == [0, 0, 0], [a.out + a.err for a in answers]
    return [str(a["outcome"]) for a in answers]


def plant(needle: Needle) -> ctypes.Array[ctypes.c_char]:
    """The needle unmasked, in memory of its own; no copy is made on the way."""
    planted = ctypes.create_string_buffer(len(needle.mask))
    for i, (a, b) in enumerate(zip(needle.mask, needle.masked, strict=True)):
        planted[i] = bytes((a ^ b,))
    return planted


def main() -> None:
    said = json.load(sys.stdin)
    needles = [
        Needle(n["name"], bytes.fromhex(n["mask"]), bytes.fromhex(n["masked"]))
        for n in said["needles"]
    ]
    outcomes = do_the_job(*(Path(said[name]) for name in ("counter", "validator", "card")))
    memory = Memory()
    planted = {needle.name: plant(needle) for needle in needles}
    wanted = sorted((name, ctypes.addressof(at)) for name, at in planted.items())
    found_planted = sorted(memory.places_of(needles))
    for at in planted.values():
        ctypes.memset(at, 0, len(at))
    print(
        json.dumps(
            {
                "outcomes": outcomes,
                "planted_found": sorted(set(wanted) & set(found_planted)) == wanted,
                "found": [name for name, _ in memory.places_of(needles)],
                "needles": len(needles),
                "bytes_searched": memory.bytes_read,
            }
        )
    )


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    main()
