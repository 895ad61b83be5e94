"""What the command line calls: `hub init`, `hub invite`, `hub serve`."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sync.clock import Clock, SystemClock
from sync.hub.city import make_home, open_city
from sync.hub.enrolment import make_invite

Random = Callable[[int], bytes]


def init(home: Path, profile: bytes, *, random: Random = os.urandom) -> str:
    """Make a hub's home from a city's public profile; the profile's fingerprint. Raises
    `HubHomeTaken`, `ProfileBad`, OSError."""
    make_home(home, profile, random)
    city = open_city(home, database=None, clock=SystemClock(), random=random)
    city.store.close()
    return city.fingerprint


def invite(
    home: Path,
    terminal: str,
    *,
    database: str | None = None,
    clock: Clock | None = None,
    random: Random = os.urandom,
) -> tuple[str, datetime]:
    """A code with which `terminal` may join once, and when it ends (aware UTC). Raises
    `NoHubHome`, `ProfileBad`."""
    city = open_city(home, database=database, clock=clock or SystemClock(), random=random)
    try:
        return make_invite(city, terminal)
    finally:
        city.store.close()


def serve(
    home: Path,
    *,
    listen: tuple[str, int],
    database: str | None = None,
    say: Callable[[str], None],
) -> None:
    """Serve until SIGTERM. `say(url)` is called once it listens."""
    from sync.hub import serve as server

    server.serve(
        home,
        listen=listen,
        database=database,
        clock=SystemClock(),
        random=os.urandom,
        say=say,
    )
