"""The journal's arithmetic: leaf, chain of heads, what a seal signs. Pure, and shared by both ends.

Source: ledger.md 8.2 (leading bytes separate leaf from node as RFC 6962 section 2.1 does).
"""

from __future__ import annotations

import hashlib

SALT_BYTES = 16


def leaf(salt: bytes, content: bytes) -> bytes:
    """SHA-256(00 || salt || content): 32 bytes that stay when content and salt are erased."""
    return hashlib.sha256(b"\x00" + salt + content).digest()


def first_head(terminal: str) -> bytes:
    """head(0): the empty journal of one terminal."""
    return hashlib.sha256(b"flora journal 1\x00" + terminal.encode("ascii")).digest()


def next_head(head: bytes, *, seq: int, epoch: int, leaf_hash: bytes) -> bytes:
    """head(n) from head(n - 1); `seq` in 8 bytes, `epoch` in 4, big-endian."""
    return hashlib.sha256(
        b"\x01" + head + seq.to_bytes(8, "big") + epoch.to_bytes(4, "big") + leaf_hash
    ).digest()


def seal_message(terminal: str, *, seq: int, epoch: int, head: bytes) -> bytes:
    """What the terminal signs on the last entry of each commit."""
    return (
        b"flora seal 1\x00"
        + terminal.encode("ascii")
        + b"\x00"
        + epoch.to_bytes(4, "big")
        + seq.to_bytes(8, "big")
        + head
    )


def ack_message(terminal: str, *, seq: int, head: bytes, era: int) -> bytes:
    """What the hub signs when it has entries up to `seq`: shown to a restored hub, it proves that
    the hub is older than what it once promised (ledger.md 7.6)."""
    return (
        b"flora ack 1\x00"
        + terminal.encode("ascii")
        + b"\x00"
        + era.to_bytes(4, "big")
        + seq.to_bytes(8, "big")
        + head
    )
