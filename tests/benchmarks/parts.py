"""The bare parts of a job on the host: what the libraries and the disk do with nothing around it.

Counted from the layouts and docs/air.md, not from the code. Keyed contexts are kept and copied
where the key stays the same (limits.md row 10).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from time import perf_counter_ns
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

_KEY, _MESSAGE, _IV = os.urandom(16), os.urandom(32), bytes(16)
_KEPT = CMAC(algorithms.AES(_KEY))
_SIGNER = Ed25519PrivateKey.generate()


def _cmac(kept: CMAC) -> None:
    mac = kept.copy()
    mac.update(_MESSAGE)
    mac.finalize()


def _cbc() -> None:
    cipher = Cipher(algorithms.AES(_KEY), modes.CBC(_IV)).encryptor()
    cipher.update(_MESSAGE)
    cipher.finalize()


PARTS: Final[dict[str, Callable[[], object]]] = {
    "CMAC, new key": lambda: _cmac(CMAC(algorithms.AES(_KEY))),
    "CMAC, kept key": lambda: _cmac(_KEPT),
    "CBC": _cbc,
    "HMAC": lambda: hmac.digest(_KEY, _MESSAGE, "sha256"),
    "SHA-256": lambda: hashlib.sha256(_MESSAGE).digest(),
    "random": lambda: os.urandom(16),
    "sign": lambda: _SIGNER.sign(_MESSAGE),
}
JOURNAL: Final = Counter({"SHA-256": 2, "random": 1, "sign": 1})
"""One entry: its leaf and its chain, its salt, the seal of the commit."""
_CLASSIC_READ = Counter({"HMAC": 1, "CMAC, kept key": 3 + 3, "CMAC, new key": 1})
"""The card's reference; three sectors' keys; three records opened, under the card's record key."""
_EV2 = Counter({"CBC": 3, "CMAC, new key": 2, "CMAC, kept key": 1 + 1})
"""A session: key derived, three ciphers, two session keys, the context of the MACs."""


def _of(*more: Mapping[str, int], cmacs: int, cbcs: int = 0) -> Counter[str]:
    found = Counter({"CMAC, kept key": cmacs, "CBC": cbcs})
    for each in more:
        found.update(each)
    return found


_DESFIRE_READ = _of(_EV2, {"HMAC": 1, "CMAC, new key": 1}, cmacs=3 * 2 + 3)
"""Three reads, two MACs each; three records opened."""
NEEDED: Final[dict[tuple[str, str], Counter[str]]] = {
    # A record sealed.
    ("Classic", "tap that charges"): _of(_CLASSIC_READ, JOURNAL, cmacs=1),
    ("Classic", "bind"): _of(_CLASSIC_READ, cmacs=1),
    # Three more keys; directory and two states sealed, three records read again.
    ("Classic", "issue"): _of(_CLASSIC_READ, cmacs=3 + 3 + 3),
    # State, debit, event, commit: two MACs each; state and event sealed.
    ("DESFire", "tap that charges"): _of(_DESFIRE_READ, JOURNAL, cmacs=4 * 2 + 2),
    # Version, write, commit, read back; policies sealed and compared.
    ("DESFire", "bind"): _of(_DESFIRE_READ, _EV2, cmacs=4 * 2 + 2),
    # Seven AES sessions, two of DES; some 44 messages under a MAC, ten enciphered; eight keys
    # derived anew; eleven records sealed or opened.
    ("DESFire", "issue"): _of(*[_EV2] * 7, cmacs=44 * 2 + 8 + 11, cbcs=2 * 3 + 10 * 2),
}
"""Parts of each job; a tap's commit comes on top (`Commit`)."""


class Commit:
    """One durable commit of as many bytes as a tap's journal entry has, and nothing else."""

    def __init__(self, path: Path, *, content_bytes: int = 420) -> None:
        self._db = sqlite3.connect(path, isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute("CREATE TABLE journal (seq INTEGER PRIMARY KEY, content, leaf, seal)")
        self._row = (os.urandom(content_bytes), os.urandom(16 + 32 + 32), os.urandom(64))

    def __call__(self) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        self._db.execute("INSERT INTO journal (content, leaf, seal) VALUES (?, ?, ?)", self._row)
        self._db.execute("COMMIT")

    def close(self) -> None:
        self._db.close()


def ns_of(needed: Mapping[str, int]) -> int:
    """Nanoseconds of these parts, done one after the other now."""
    started = perf_counter_ns()
    for name, times in needed.items():
        part = PARTS[name]
        for _ in range(times):
            part()
    return perf_counter_ns() - started


def ns_of_call(call: Callable[[], object]) -> int:
    started = perf_counter_ns()
    call()
    return perf_counter_ns() - started


class Sync:
    """Append and fdatasync: what the disk does today."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def __call__(self) -> None:
        os.write(self._file, bytes(432))
        os.fdatasync(self._file)

    def close(self) -> None:
        os.close(self._file)
