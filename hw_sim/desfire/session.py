"""A session of each generation: how it opens a command and seals an answer.

`plain`, `mac` and `full` are how a command travels (cards.md 5.4). `head` are its parameters that
are never enciphered; `body` is what follows them. A session that is told of a refusal is thrown
away by the card, except D40's.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from hw_sim.desfire.crypto import (
    CRC16_BYTES,
    CRC32_BYTES,
    BlockCipher,
    cbc_mac,
    cmac,
    crc32,
    pad_00,
    pad_80,
    truncated,
    unpad_80,
)
from hw_sim.desfire.status import Refused, Status, refuse_unless
from hw_sim.frames import crc_a

D40_MAC_BYTES, MAC_BYTES = 4, 8
COUNTER_MAX = 0xFFFF
TO_CARD, FROM_CARD = b"\xa5\x5a", b"\x5a\xa5"
SIZE_UNKNOWN = -1
"""The body's length stands in the body: the check sum finds it."""


class Mode(Enum):
    """How a command and its answer travel."""

    PLAIN = 0
    MAC = 1
    FULL = 3


@dataclass(frozen=True, slots=True)
class Want:
    """What a command should hold after its head: `size` bytes of data; `writes`: data for a file,
    which MAC mode protects; `key_check`: the check sum of a new key follows that of the data."""

    size: int = 0
    writes: bool = False
    key_check: bool = False


class Session(Protocol):
    """An authenticated session. `key_no` is the key that opened it."""

    key_no: int

    def key_check(self, key: bytes) -> bytes:
        """The check sum of a new key, as ChangeKey sends it."""
        ...

    def wire_size(self, mode: Mode, size: int, *, writes: bool) -> int:
        """Bytes that `size` bytes of data take after the head."""
        ...

    def open(self, code: int, head: bytes, body: bytes, mode: Mode, *, want: Want) -> bytes:
        """The data of a command. Raises `Refused`."""
        ...

    def seal(self, data: bytes, mode: Mode, *, file: bool, open_end: bool) -> bytes:
        """The answer after status 00. `file`: data of a file, which D40 protects; `open_end`: the
        reader does not know their length."""
        ...


class D40Session:
    """The first generation: the card only ever enciphers, and every message starts from IV 0."""

    def __init__(self, key: bytes, key_no: int) -> None:
        self.key_no = key_no
        self._cipher = BlockCipher(key, aes=False)

    def key_check(self, key: bytes) -> bytes:
        return crc_a(key)

    def wire_size(self, mode: Mode, size: int, *, writes: bool) -> int:
        if mode is Mode.FULL and size:
            return len(pad_00(bytes(size + CRC16_BYTES), 8))
        return size + (D40_MAC_BYTES if mode is Mode.MAC and writes else 0)

    def open(self, code: int, head: bytes, body: bytes, mode: Mode, *, want: Want) -> bytes:
        if mode is Mode.FULL and body:
            refuse_unless(len(body) % 8 == 0, Status.LENGTH)
            plain = received_by_card(self._cipher, body)
            return _checked(plain, want, crc_a)
        if mode is Mode.MAC and want.writes:
            data, mac = body[:-D40_MAC_BYTES], body[-D40_MAC_BYTES:]
            right = cbc_mac(self._cipher, data)[:D40_MAC_BYTES]
            refuse_unless(data and mac == right, Status.INTEGRITY)
            return data
        return body

    def seal(self, data: bytes, mode: Mode, *, file: bool, open_end: bool) -> bytes:
        if not data or not (file or mode is Mode.FULL) or mode is Mode.PLAIN:
            return data
        if mode is Mode.MAC:
            return data + cbc_mac(self._cipher, data)[:D40_MAC_BYTES]
        whole = data + crc_a(data) + (b"\x80" if open_end else b"")
        return self._cipher.encrypt(pad_00(whole, 8))


def received_by_card(cipher: BlockCipher, data: bytes) -> bytes:
    """What D40's terminal meant: it deciphers what it sends, chained over its own output."""
    plain, before = b"", cipher.zero_iv
    for start in range(0, len(data), cipher.block):
        block = data[start : start + cipher.block]
        plain += bytes(a ^ b for a, b in zip(cipher.encrypt(block), before, strict=True))
        before = block
    return plain


def _checked(plain: bytes, want: Want, check: Check) -> bytes:
    """The data of a deciphered command: their check sum and padding follow. A new key's own
    check sum stays with the data."""
    crc_bytes = len(check(b""))
    extra = crc_bytes if want.key_check else 0
    open_size = want.size == SIZE_UNKNOWN
    for size in range(len(plain) - crc_bytes, 0, -1) if open_size else (want.size,):
        data, rest = plain[:size], plain[size + crc_bytes :]
        crc = plain[size : size + crc_bytes]
        filler = rest[extra:]
        if open_size:  # where the length is open, 80 marks the end (cards.md 5.4)
            filler = filler.removeprefix(b"\x80")
        if len(data) == size and crc == check(data) and not any(filler):
            return data + rest[:extra]
    raise Refused(Status.INTEGRITY)


class Check(Protocol):
    """A check sum over data."""

    def __call__(self, data: bytes, /) -> bytes:
        """The check sum, as sent."""
        ...


class Ev1Session:
    """After AuthenticateISO or AES: one IV runs through every command and answer."""

    def __init__(self, cipher: BlockCipher, key_no: int) -> None:
        self.key_no = key_no
        self.iv = cipher.zero_iv
        self._cipher = cipher

    def key_check(self, key: bytes) -> bytes:
        return crc32(key)

    def wire_size(self, mode: Mode, size: int, *, writes: bool) -> int:
        if mode is Mode.FULL and size:
            return len(pad_00(bytes(size + CRC32_BYTES), self._cipher.block))
        return size + (MAC_BYTES if mode is Mode.MAC and writes else 0)

    def open(self, code: int, head: bytes, body: bytes, mode: Mode, *, want: Want) -> bytes:
        start = bytes((code,)) + head
        if mode is Mode.FULL and body:
            refuse_unless(len(body) % self._cipher.block == 0, Status.LENGTH)
            plain = self._cipher.decrypt(body, self.iv)
            self.iv = body[-self._cipher.block :]
            return _checked(plain, want, lambda data: crc32(start + data))
        signed = mode is Mode.MAC and want.writes
        data, mac = (body[:-MAC_BYTES], body[-MAC_BYTES:]) if signed else (body, b"")
        self.iv = cmac(self._cipher, start + data, self.iv)
        refuse_unless(not signed or mac == self.iv[:MAC_BYTES], Status.INTEGRITY)
        return data

    def seal(self, data: bytes, mode: Mode, *, file: bool, open_end: bool) -> bytes:
        if mode is Mode.FULL and data:
            whole = data + crc32(data + b"\x00") + (b"\x80" if open_end else b"")
            sent = self._cipher.encrypt(pad_00(whole, self._cipher.block), self.iv)
            self.iv = sent[-self._cipher.block :]
            return sent
        self.iv = cmac(self._cipher, data + b"\x00", self.iv)
        return data + self.iv[:MAC_BYTES]


class Ev2Session:
    """After AuthenticateEV2First or NonFirst: a counter and a transaction identifier (TI, 4
    bytes) are in every MAC and IV."""

    def __init__(self, enc: bytes, mac: bytes, *, ti: bytes, counter: int, key_no: int) -> None:
        self.key_no = key_no
        self.ti = ti
        self.counter = counter
        self._enc = BlockCipher(enc, aes=True)
        self._mac = BlockCipher(mac, aes=True)

    def key_check(self, key: bytes) -> bytes:
        return crc32(key)

    def wire_size(self, mode: Mode, size: int, *, writes: bool) -> int:
        if mode is Mode.FULL and size:
            size = len(pad_80(bytes(size), 16))
        return size if mode is Mode.PLAIN else size + MAC_BYTES

    def iv(self, direction: bytes) -> bytes:
        """The IV of this counter, towards the card or from it."""
        counter = self.counter.to_bytes(2, "little")
        return self._enc.encrypt(direction + self.ti + counter + bytes(8))

    def mac(self, first: int, data: bytes) -> bytes:
        """8 bytes over command code or status, counter, TI and data."""
        counter = self.counter.to_bytes(2, "little")
        return truncated(cmac(self._mac, bytes((first,)) + counter + self.ti + data))

    def open(self, code: int, head: bytes, body: bytes, mode: Mode, *, want: Want) -> bytes:
        refuse_unless(self.counter < COUNTER_MAX, Status.AUTHENTICATION)
        data = body if mode is Mode.PLAIN else self._verified(code, head, body)
        if mode is Mode.FULL and data:
            refuse_unless(len(data) % 16 == 0, Status.LENGTH)
            plain = unpad_80(self._enc.decrypt(data, self.iv(TO_CARD)))
            refuse_unless(plain is not None, Status.INTEGRITY)
            data = plain or b""
            size = want.size + (CRC32_BYTES if want.key_check else 0)
            refuse_unless(want.size == SIZE_UNKNOWN or len(data) == size, Status.LENGTH)
        self.counter += 1
        return data

    def _verified(self, code: int, head: bytes, body: bytes) -> bytes:
        data, mac = body[:-MAC_BYTES], body[-MAC_BYTES:]
        refuse_unless(len(mac) == MAC_BYTES, Status.LENGTH)
        refuse_unless(mac == self.mac(code, head + data), Status.INTEGRITY)
        return data

    def seal(self, data: bytes, mode: Mode, *, file: bool, open_end: bool) -> bytes:
        if mode is Mode.PLAIN:
            return data
        if mode is Mode.FULL and data:
            data = self._enc.encrypt(pad_80(data, 16), self.iv(FROM_CARD))
        return data + self.mac(Status.OK, data)
