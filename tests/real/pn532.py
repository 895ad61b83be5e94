"""A card file before a simulated PN532, and the programs that talk to it.

In this process, with all that went on air in `heard` (`Bench`), or in a process of its own by our
command (`Served`). The programs are told where the chip is by the environment (stacks.md 4.3) and
judged by what is on the card and on air; their exit codes say little.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from queue import SimpleQueue

from hw_sim import Field, Picc
from hw_sim.frames import ACK, crc_fits
from hw_sim.pn532 import Notice, Pn532Server
from tests.spine.rig import command

TIMEOUT_S = 60


class Heard(list[tuple[bytes, bytes | None]]):
    """Every frame that a card was sent, and what it answered."""

    def field_of(self, card: Picc | None) -> Field:
        heard = self

        class Listened(Field):
            def exchange(self, frame: bytes) -> bytes | None:
                answer = super().exchange(frame)
                heard.append((frame, answer))
                return answer

        return Listened(card)

    def written(self) -> dict[int, bytes]:
        """Blocks of a Classic that a write to was accepted, with the last 16 bytes each."""
        found = {}
        for (first, said), (second, then) in pairwise(self):
            if len(first) == 4 and first[0] == 0xA0 and crc_fits(first) and said == then == ACK:
                assert len(second) == 18
                found[first[1]] = second[:16]
        return found


class Bench:
    """A card file before a chip in this process. `link`: where the line is."""

    def __init__(
        self, card: Path, folder: Path, *, field_of: Callable[[Picc | None], Field] | None = None
    ) -> None:
        """`field_of` makes the field that the card lies in; nothing is heard then."""
        self.heard = Heard()
        self.told: SimpleQueue[Notice] = SimpleQueue()
        self.link = folder / "chip"
        self._server = Pn532Server(
            card, link=self.link, tell=self.told.put, field_of=field_of or self.heard.field_of
        )
        self.chip, self.lift, self.put = self._server.chip, self._server.lift, self._server.put
        self._server.start()
        assert self.told.get(timeout=TIMEOUT_S) is Notice.READY

    def run(self, *line: str | Path, log: bool = False) -> str:
        """What a program of libnfc or libfreefare prints, on both streams."""
        ended = subprocess.run(
            [str(word) for word in line],
            env=environment(self.link) | ({"LIBNFC_LOG_LEVEL": "3"} if log else {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=TIMEOUT_S,
            check=False,
        )
        return ended.stdout.decode(errors="replace")

    def stop(self) -> None:
        self._server.stop()


def environment(link: Path) -> dict[str, str]:
    """Where libnfc finds the chip."""
    return os.environ | {
        "LIBNFC_AUTO_SCAN": "false",
        "LIBNFC_DEFAULT_DEVICE": f"pn532_uart:{link}",
    }


class Served:
    """A card before a chip, by our own command, in a process of its own."""

    def __init__(self, card: Path, link: Path) -> None:
        self._process = subprocess.Popen(
            command("card", "serve", str(card), "--pn532", str(link)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline().strip() == b"ready"

    def say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()

    def stop(self) -> int:
        """End it by a signal; its exit code."""
        self._process.terminate()
        code = self._process.wait(10)
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        return code
