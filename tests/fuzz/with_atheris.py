"""One parser under a fuzzer that watches which lines it reaches: `make fuzz PARSER='card file'`.

For as long as you like (libFuzzer's options go behind the name, such as `-max_total_time=60`);
it stops at a crash and leaves the bytes. Needs the group `fuzz`. `list` lists the parsers.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

ROOMS = ["apdu", "cards", "drivers", "hw_sim", "issuance", "sync", "validation"]


def main() -> None:
    with atheris.instrument_imports(include=ROOMS):
        from tests.fuzz.parsers import PARSERS
    name = sys.argv[1] if len(sys.argv) > 1 else "list"
    found = next((parser for parser in PARSERS if parser.name == name), None)
    if found is None:
        print("\n".join(parser.name for parser in PARSERS))
        return

    def once(data: bytes) -> None:
        with suppress(*found.says_no):
            found.feed(data)

    with TemporaryDirectory(prefix="corpus-") as corpus:
        for number, sample in enumerate(found.samples):
            (Path(corpus) / str(number)).write_bytes(sample)
        atheris.Setup([sys.argv[0], *sys.argv[2:], corpus], once)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
