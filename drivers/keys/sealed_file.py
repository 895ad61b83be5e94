"""The key store's file: a versioned header, then AES-256-GCM under Argon2id of a passphrase.

The header is authenticated with the content. A passphrase that does not fit and a file that was
changed look the same from outside, which is what GCM can say.
"""

from __future__ import annotations

import os
import struct
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from drivers.errors import Keystore
from drivers.keys.material import KeyMaterial
from drivers.keys.memory import MemoryKeyStore as MemoryKeyStore

_HEADER = struct.Struct(">8sHII16s12s")  # mark, version, memory in KiB, passes, salt, nonce
_MARK = b"FLORAKEY"
_VERSION = 1
# What a file may ask of us: a damaged header must not eat the machine's memory.
_MEMORY_KIB_MAX = 1 << 20
_PASSES_MAX = 64


def seal(
    material_json: bytes, passphrase: str, *, memory_kib: int = 65_536, passes: int = 3
) -> bytes:
    """Enclose `material_json`. The default cost is RFC 9106's second choice with one lane, 64 MiB
    and 3 passes; a simulation home may take 1 MiB and 1 pass."""
    header = _HEADER.pack(_MARK, _VERSION, memory_kib, passes, os.urandom(16), os.urandom(12))
    cipher, nonce = _cipher(header, passphrase)
    return header + cipher.encrypt(nonce, material_json, header)


def unseal(blob: bytes, passphrase: str) -> bytes:
    """Open what `seal` made. Raises `Keystore`: `damaged` (no such file of ours), `newer` (a later
    version's), `passphrase` (it does not fit, or the file was changed)."""
    header, content = blob[: _HEADER.size], blob[_HEADER.size :]
    if len(header) < _HEADER.size:
        raise Keystore(why="damaged")
    mark, version, memory_kib, passes, _salt, _nonce = _HEADER.unpack(header)
    if mark == _MARK and version > _VERSION:
        raise Keystore(why="newer")
    sane = 8 <= memory_kib <= _MEMORY_KIB_MAX and 1 <= passes <= _PASSES_MAX
    if mark != _MARK or version != _VERSION or not sane:
        raise Keystore(why="damaged")
    cipher, nonce = _cipher(header, passphrase)
    try:
        return cipher.decrypt(nonce, content, header)
    except InvalidTag:
        raise Keystore(why="passphrase") from None


def open_store(path: Path, passphrase: str) -> MemoryKeyStore:
    """The key store in the file at `path`. Raises `Keystore`."""
    return MemoryKeyStore(open_material(path, passphrase))


def open_material(path: Path, passphrase: str) -> KeyMaterial:
    """The keys in the file at `path`. Raises `Keystore`."""
    try:
        blob = path.read_bytes()
    except OSError:
        raise Keystore(why="missing") from None
    return KeyMaterial.from_json(unseal(blob, passphrase))


def write_store(
    path: Path,
    material: KeyMaterial,
    passphrase: str,
    *,
    memory_kib: int = 65_536,
    passes: int = 3,
) -> None:
    """Write the file anew, readable by its owner only; on return it is on disk, whole.

    Raises OSError where the disk refuses; an older file is then untouched.
    """
    blob = seal(material.to_json(), passphrase, memory_kib=memory_kib, passes=passes)
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(blob)
            file.flush()
            os.fsync(file.fileno())
        half.replace(path)
        _sync_folder(path.parent)
    finally:
        with suppress(FileNotFoundError):
            half.unlink()


def _sync_folder(folder: Path) -> None:
    """Make a rename in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _cipher(header: bytes, passphrase: str) -> tuple[AESGCM, bytes]:
    _mark, _version, memory_kib, passes, salt, nonce = _HEADER.unpack(header)
    kdf = Argon2id(salt=salt, length=32, iterations=passes, lanes=1, memory_cost=memory_kib)
    return AESGCM(kdf.derive(passphrase.encode())), nonce
