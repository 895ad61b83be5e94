"""The MAC at the end of every record, bound to the card's UID and to the record's name.

AES-CMAC under the card's own record key (the UID is its diversification input), over
name ‖ 00 ‖ body, cut to the bytes the layout has for it (cards.md 2.10). One MAC guards against
tears and against a record copied from another card or another place; an old image of the same
card comes back with a good MAC, and what finds that is the hub's comparison of counters.
"""

from __future__ import annotations

import hmac

from cards.layout import Layout
from drivers.keys.contract import KeyStore


class Seal:
    """Seals and opens the records of one card."""

    def __init__(self, keys: KeyStore, uid: bytes) -> None:
        self._keys = keys
        self._uid = uid

    def seal(self, layout: Layout, body: bytes) -> bytes:
        """The body with its MAC behind it."""
        return body + self._mac(layout, body)

    def open(self, layout: Layout, sealed: bytes) -> bytes | None:
        """The body, or None: torn, never written, or another card's. `sealed` has the layout's
        full length."""
        body, mac = sealed[: layout.body_bytes], sealed[layout.body_bytes :]
        return body if hmac.compare_digest(mac, self._mac(layout, body)) else None

    def _mac(self, layout: Layout, body: bytes) -> bytes:
        return self._keys.record_mac(self._uid, layout.name + b"\0" + body)[: layout.mac_bytes]
