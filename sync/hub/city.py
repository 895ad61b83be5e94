"""What one hub process is made of: its key, its city, its database, its clock.

The hub's home holds the city's public profile (exact bytes: its fingerprint goes into every
request), the hub's Ed25519 key (0600) and, unless another database is named, the database. No
token key and no K_ref ever come here.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alembic.util import CommandError
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import URL, Connection, delete, update
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from sync.clock import Clock
from sync.errors import HubDatabase, HubHomeTaken, NoHubHome
from sync.hub.schema import hub_state, nonce
from sync.hub.store import Store
from sync.profile import Profile

PROFILE_FILE = "profile.json"
KEY_FILE = "hub.key"
DATABASE_FILE = "hub.db"
KEY_BYTES = 32
NONCE_KEPT_MS = 900_000
_FLOOR_EVERY_MS = 1_000
_PRUNE_EVERY_MS = 60_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class HubTime:
    """The hub's time: never goes back, also over a restart (S32). Used nonces go with it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._lock = threading.Lock()
        self._floor_ms = 0
        self._kept_ms = 0
        self._pruned_ms = 0

    def now_ms(self) -> int:
        """Milliseconds since 1970, at least what any earlier call said."""
        with self._lock:
            now_ms = (self._clock.now() - _EPOCH) // timedelta(milliseconds=1)
            if self._floor_ms == 0:
                self._floor_ms = self._store.read(_stored_floor)
            self._floor_ms = max(self._floor_ms, now_ms)
            now_ms = self._floor_ms
            due = now_ms - self._kept_ms >= _FLOOR_EVERY_MS
            if due:
                self._kept_ms = now_ms
        if due:
            # Outside a claim's transaction: a lock on this one row would queue all claims.
            self._store.write(lambda tx: _keep_floor(tx, now_ms))
            self._prune(now_ms)
        return now_ms

    def _prune(self, now_ms: int) -> None:
        if now_ms - self._pruned_ms < _PRUNE_EVERY_MS:
            return
        self._pruned_ms = now_ms
        old = delete(nonce).where(nonce.c.seen_ms < now_ms - NONCE_KEPT_MS)
        self._store.write(lambda tx: tx.execute(old))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class City:
    """Everything a handler needs; its repr shows nothing."""

    store: Store
    key: Ed25519PrivateKey
    public_key: bytes
    fingerprint: str
    simulation: bool
    generation: int
    time: HubTime
    random: Callable[[int], bytes]


def make_home(home: Path, profile: bytes, random: Callable[[int], bytes]) -> None:
    """A hub's home. Raises `HubHomeTaken`, `ProfileBad`, OSError."""
    Profile.load(profile)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any((home / name).exists() for name in (KEY_FILE, PROFILE_FILE)):
        raise HubHomeTaken()
    # The key last: what has a key is a hub.
    _write(home / PROFILE_FILE, profile)
    _write(home / KEY_FILE, random(KEY_BYTES))


def open_city(
    home: Path, *, database: str | None, clock: Clock, random: Callable[[int], bytes]
) -> City:
    """Open the hub of this home over its own SQLite file or the database named. Raises
    `NoHubHome`, `ProfileBad`, `HubDatabase`."""
    try:
        seed = (home / KEY_FILE).read_bytes()
        profile = Profile.load((home / PROFILE_FILE).read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        raise NoHubHome() from None
    key = Ed25519PrivateKey.from_private_bytes(seed)
    store = _open_store(database or _own_database(home))
    return City(
        store=store,
        key=key,
        public_key=key.public_key().public_bytes_raw(),
        fingerprint=profile.fingerprint,
        simulation=profile.simulation,
        generation=profile.generation.gen,
        time=HubTime(store, clock),
        random=random,
    )


def instant(ms: int) -> datetime:
    """Milliseconds since 1970 as aware UTC."""
    return _EPOCH + timedelta(milliseconds=ms)


def _own_database(home: Path) -> str:
    path = (home / DATABASE_FILE).absolute()
    path.touch(mode=0o600)  # before SQLite would make it for everybody to read
    return URL.create("sqlite", database=str(path)).render_as_string()


def _open_store(url: str) -> Store:
    try:
        store = Store(url)
        store.upgrade()
    except DBAPIError as error:
        raise HubDatabase(why=type(error.orig).__name__) from None
    except (ArgumentError, CommandError, NoSuchModuleError, ModuleNotFoundError):
        raise HubDatabase(why="address") from None
    return store


def _stored_floor(tx: Connection) -> int:
    return int(tx.execute(hub_state.select()).one().time_floor_ms)


def _keep_floor(tx: Connection, now_ms: int) -> None:
    tx.execute(
        update(hub_state).where(hub_state.c.time_floor_ms < now_ms).values(time_floor_ms=now_ms)
    )


def _write(path: Path, data: bytes) -> None:
    """Whole or not at all, and only ours to read."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
