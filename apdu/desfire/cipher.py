"""Block ciphers and MACs of DESFire sessions, with contexts that are made once a key.

No library here re-keys or re-starts a CBC context, and making one costs ten times a message
(limits.md row 10). So one context runs on, and the start value a message wants is mixed into its
first block together with what the context would have used.

Source: NIST SP 800-38A and 800-38B; ISO/IEC 9797-1 algorithms 1 and 3; cards.md 5.3, 5.4.
"""

from __future__ import annotations

from functools import cached_property
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

AES_BLOCK_BYTES: Final = 16
DES_BLOCK_BYTES: Final = 8
_TDES_BYTES = 24
_CMAC_CONSTANT = {AES_BLOCK_BYTES: 0x87, DES_BLOCK_BYTES: 0x1B}


class Cbc:
    """One key in CBC, both ways, from any start value. Lengths are whole blocks."""

    def __init__(self, key: bytes, *, aes: bool) -> None:
        """16 bytes for AES; 8 (DES), 16 or 24 for triple DES."""
        self.block_bytes = AES_BLOCK_BYTES if aes else DES_BLOCK_BYTES
        # Of 8 bytes three times themselves, of 16 the first eight again.
        tdes = (key * 3)[:_TDES_BYTES]
        self._cipher = algorithms.AES(key) if aes else TripleDES(tdes)
        self.zero_iv = bytes(self.block_bytes)

    @cached_property
    def _running(self) -> CipherContext:
        self._last = 0
        return Cipher(self._cipher, modes.CBC(self.zero_iv)).encryptor()

    @cached_property
    def _decipher(self) -> CipherContext:
        # Block by block: the chain is done below.
        return Cipher(self._cipher, modes.ECB()).decryptor()  # noqa: S305

    def encrypt(self, iv: bytes, data: bytes) -> bytes:
        """Encipher `data` as if a fresh context had begun with `iv`."""
        running, bits_behind = self._running, 8 * (len(data) - self.block_bytes)
        start = (_number(iv) ^ self._last) << bits_behind
        out = running.update((_number(data) ^ start).to_bytes(len(data), "big"))
        self._last = _number(self.last_block(out))
        return out

    def decrypt(self, iv: bytes, data: bytes) -> bytes:
        """Decipher `data` that was enciphered from `iv`."""
        before = (iv + data)[: len(data)]
        return xor(self._decipher.update(data), before)

    def decrypt_to_send(self, data: bytes) -> bytes:
        """What D40 sends: each block deciphered, chained over its own output, from zero."""
        out, chained = b"", self.zero_iv
        for at in range(0, len(data), self.block_bytes):
            block = data[at : at + self.block_bytes]
            chained = self._decipher.update(xor(block, chained))
            out += chained
        return out

    def last_block(self, data: bytes) -> bytes:
        """The block that the next message chains to."""
        return data[-self.block_bytes :]

    def padded(self, data: bytes) -> bytes:
        """`data` with zeros up to whole blocks; nothing is added to whole ones."""
        return data + bytes(-len(data) % self.block_bytes)

    @cached_property
    def subkeys(self) -> tuple[bytes, bytes]:
        """K1 and K2 of CMAC."""
        k1 = self._doubled(self.encrypt(self.zero_iv, self.zero_iv))
        return k1, self._doubled(k1)

    def cmac(self, message: bytes, *, iv: bytes | None = None) -> bytes:
        """The whole block of CMAC over `message`; begun at `iv` as EV1 does, else at zero."""
        k1, k2 = self.subkeys
        if message and len(message) % self.block_bytes == 0:
            last = k1
        else:
            message, last = self.padded(message + b"\x80"), k2
        masked = _number(message) ^ _number(last)
        out = self.encrypt(iv or self.zero_iv, masked.to_bytes(len(message), "big"))
        return self.last_block(out)

    def cbc_mac(self, message: bytes) -> bytes:
        """ISO/IEC 9797-1 algorithm 1, padding 1: the whole last block."""
        return self.last_block(self.encrypt(self.zero_iv, self.padded(message)))

    def _doubled(self, block: bytes) -> bytes:
        number = _number(block) << 1
        bits = 8 * self.block_bytes
        if number >> bits:
            number = number ^ 1 << bits ^ _CMAC_CONSTANT[self.block_bytes]
        return number.to_bytes(self.block_bytes, "big")


class AesCmac:
    """CMAC under one AES key, whose context is copied for each message."""

    __slots__ = ("_kept",)

    def __init__(self, key: bytes) -> None:
        self._kept = CMAC(algorithms.AES(key))

    def __call__(self, message: bytes) -> bytes:
        """The 16 bytes over `message`."""
        one = self._kept.copy()
        one.update(message)
        return one.finalize()


def xor(a: bytes, b: bytes) -> bytes:
    """Both of one length, combined."""
    if len(a) != len(b):
        raise ValueError(f"{len(a)} and {len(b)} bytes")
    return (_number(a) ^ _number(b)).to_bytes(len(a), "big")


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")
