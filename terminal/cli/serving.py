"""Serves a simulated card until a signal; lines on stdin lift it and put it back."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from apdu.errors import Fault
from terminal.cli.context import Cli
from terminal.words.speak import say


def serve_card(
    cli: Cli,
    *,
    start: Callable[[], None],
    stop: Callable[[], None],
    lift: Callable[[], None],
    put: Callable[[Path | None], None],
) -> None:
    """Until SIGTERM or SIGINT. A closed stdin changes nothing."""
    over = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: over.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }

    def obey() -> None:
        for line in sys.stdin:
            verb, _, name = line.strip().partition(" ")
            try:
                if verb == "lift":
                    lift()
                elif verb == "put":
                    put(Path(name) if name else None)
                elif verb:
                    cli.note(say("ui.serve_lines"))
            except Fault as fault:
                cli.note_fault(fault)

    try:
        start()
        # A daemon: a read from stdin cannot be woken, and it must not hold the exit up.
        threading.Thread(target=obey, daemon=True).start()
        over.wait()
    finally:
        stop()
        for number, handler in before.items():
            signal.signal(number, handler)
