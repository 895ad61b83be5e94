"""The three families of DESFire sessions: each seals a message and opens its answer. No I/O.

Keyed contexts are made once a session. Source: cards.md 5.4.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, Final, Protocol

from apdu.checks import CRC32_BYTES, CRC_A_BYTES, crc32, crc_a
from apdu.desfire.cipher import AES_BLOCK_BYTES, AesCmac, Cbc
from apdu.desfire.commands import Message
from apdu.desfire.files import Mode
from apdu.errors import DesfireAnswerWrong

MAC4_BYTES: Final = 4
MAC8_BYTES: Final = 8
TI_BYTES: Final = 4
COUNTER_MAX: Final = 0xFFFF

_DONE = b"\x00"
_IV_OF_COMMAND = b"\xa5\x5a"
_IV_OF_ANSWER = b"\x5a\xa5"


class Seal(Protocol):
    """A session's cryptography. `seal` gives the parameters to send, `open` the plain data of the
    whole answer to the message sealed last; `open` raises `DesfireAnswerWrong`."""

    family: str
    outlives_refusals: bool

    def checksum(self, data: bytes) -> bytes: ...
    def seal(self, message: Message[Any]) -> bytes: ...
    def open(self, message: Message[Any], data: bytes) -> bytes: ...


class D40:
    """Legacy DES sessions: MACs and ciphers over the data only, each message for itself."""

    family = "D40"
    outlives_refusals = True

    def __init__(self, key: bytes) -> None:
        """8 bytes (DES) or 16."""
        self._cbc = Cbc(key, aes=False)

    def checksum(self, data: bytes) -> bytes:
        return crc_a(data)

    def seal(self, message: Message[Any]) -> bytes:
        data = message.data
        if not data or message.mode in (None, Mode.PLAIN):
            return message.head + data
        if message.mode is Mode.MAC:
            return message.head + data + self._mac(data)
        plain = self._cbc.padded(data + crc_a(data) + message.tail)
        return message.head + self._cbc.decrypt_to_send(plain)

    def open(self, message: Message[Any], data: bytes) -> bytes:
        if message.data or message.mode in (None, Mode.PLAIN):
            return data
        if message.mode is Mode.MAC:
            plain, mac = _cut_off(message, data, MAC4_BYTES)
            _require(message, "mac", bool(plain) and self._mac(plain) == mac)
            return plain
        _require(message, "length", _whole(data, self._cbc))
        padded = self._cbc.decrypt(self._cbc.zero_iv, data)
        return _checked(message, padded, crc_a, CRC_A_BYTES)

    def _mac(self, data: bytes) -> bytes:
        return self._cbc.cbc_mac(data)[:MAC4_BYTES]


class Ev1:
    """Sessions of AuthenticateISO and AuthenticateAES: one running start value for everything."""

    family = "EV1"
    outlives_refusals = False

    def __init__(self, key: bytes, *, aes: bool) -> None:
        """16 bytes; of single DES its eight bytes twice."""
        self._cbc = Cbc(key, aes=aes)
        self.iv = self._cbc.zero_iv

    def checksum(self, data: bytes) -> bytes:
        return crc32(data)

    def seal(self, message: Message[Any]) -> bytes:
        opened = message.head + message.data
        said = bytes((message.code,)) + opened
        if message.data and message.mode is Mode.FULL:
            plain = self._cbc.padded(message.data + crc32(said) + message.tail)
            enciphered = self._cbc.encrypt(self.iv, plain)
            self.iv = self._cbc.last_block(enciphered)
            return message.head + enciphered
        mac = self._mac(said)
        return opened + mac if message.data and message.mode is Mode.MAC else opened

    def open(self, message: Message[Any], data: bytes) -> bytes:
        if message.mode is not Mode.FULL or message.data:
            plain, mac = _cut_off(message, data, MAC8_BYTES)
            _require(message, "mac", self._mac(plain + _DONE) == mac)
            return plain
        _require(message, "length", _whole(data, self._cbc))
        padded = self._cbc.decrypt(self.iv, data)
        self.iv = self._cbc.last_block(data)
        return _checked(message, padded, lambda plain: crc32(plain + _DONE), CRC32_BYTES)

    def _mac(self, said: bytes) -> bytes:
        self.iv = self._cbc.cmac(said, iv=self.iv)
        return self.iv[:MAC8_BYTES]


class Ev2:
    """Sessions of AuthenticateEV2: two keys, a counter of commands, a transaction identifier."""

    family = "EV2"
    outlives_refusals = False

    def __init__(self, *, enc: bytes, mac: bytes, ti: bytes, counter: int = 0) -> None:
        """Two keys of 16 bytes; `ti` 4 bytes."""
        self._enc_key = enc
        self._cmac = AesCmac(mac)
        self.ti, self.counter = ti, counter

    def checksum(self, data: bytes) -> bytes:
        return crc32(data)

    def seal(self, message: Message[Any]) -> bytes:
        """Raises OverflowError when the counter is used up: authenticate again."""
        if self.counter == COUNTER_MAX:
            raise OverflowError("65,535 commands in one session")
        data = message.data
        if message.mode is Mode.PLAIN:
            return message.head + data
        if message.mode is Mode.FULL and data:
            plain = self._enc.padded(data + message.tail + b"\x80")
            data = self._enc.encrypt(self.iv(_IV_OF_COMMAND), plain)
        body = message.head + data
        return body + self._mac(message.code, body)

    def open(self, message: Message[Any], data: bytes) -> bytes:
        self.counter += 1
        if message.mode is Mode.PLAIN:
            return data
        plain, mac = _cut_off(message, data, MAC8_BYTES)
        _require(message, "mac", self._mac(0, plain) == mac)
        if message.mode is not Mode.FULL or message.data:
            return plain
        _require(message, "length", _whole(plain, self._enc))
        return _unpadded(message, self._enc.decrypt(self.iv(_IV_OF_ANSWER), plain))

    def iv(self, direction: bytes) -> bytes:
        """The start value of enciphered data at this counter."""
        said = self._enc.padded(direction + self.ti + self._counter())
        return self._enc.encrypt(self._enc.zero_iv, said)

    @cached_property
    def _enc(self) -> Cbc:
        return Cbc(self._enc_key, aes=True)

    def _mac(self, first: int, said: bytes) -> bytes:
        """MACt: every second byte. `first` is the command's code or the answer's status."""
        return self._cmac(bytes((first,)) + self._counter() + self.ti + said)[1::2]

    def _counter(self) -> bytes:
        return self.counter.to_bytes(2, "little")


def ev2_session_keys(key: AesCmac, rnd_a: bytes, rnd_b: bytes) -> tuple[bytes, bytes]:
    """ENC and MAC key of an EV2 session from both random numbers of 16 bytes. Source: 5.3."""
    a, b = int.from_bytes(rnd_a, "big"), int.from_bytes(rnd_b, "big")
    # a[0:2] ‖ a[2:8] ⊕ b[0:6] ‖ b[6:16] ‖ a[8:16] as one number of 26 bytes.
    a_high, a_low = divmod(a, 1 << 64)
    b_high, b_low = divmod(b, 1 << 80)
    mixed = (a_high ^ b_high) << 144 | b_low << 64 | a_low
    context = b"\x00\x01\x00\x80" + mixed.to_bytes(26, "big")
    return key(_IV_OF_COMMAND + context), key(_IV_OF_ANSWER + context)


def transaction_mac_keys(key: bytes, *, counter: int, uid: bytes) -> tuple[bytes, bytes]:
    """MAC and ENC key of the transaction MAC after `counter` transactions. Source: cards.md 11."""
    cmac = AesCmac(key)
    context = b"\x00\x01\x00\x80" + (counter + 1).to_bytes(4, "little") + uid
    return cmac(b"\x5a" + context), cmac(b"\xa5" + context)


def _require(message: Message[Any], wrong: str, holds: object) -> None:
    if not holds:
        raise DesfireAnswerWrong(command=message.name, wrong=wrong)


def _whole(data: bytes, cbc: Cbc) -> bool:
    return bool(data) and len(data) % cbc.block_bytes == 0


def _cut_off(message: Message[Any], data: bytes, behind: int) -> tuple[bytes, bytes]:
    """`data` without its last `behind` bytes, and those."""
    _require(message, "length", len(data) >= behind)
    cut = len(data) - behind
    return data[:cut], data[cut:]


def _checked(
    message: Message[Any], padded: bytes, crc: Callable[[bytes], bytes], crc_bytes: int
) -> bytes:
    """The plain data of a deciphered answer (D40, EV1) with its checksum behind. Zeros follow a
    known length; 80 and zeros, where the block has room, one that only the padding tells."""
    length = message.answer_bytes
    if length is None:
        whole = len(padded.rstrip(b"\x00"))
        ends = [whole - 1] if padded[:whole].endswith(b"\x80") else []
        ends.append(len(padded))
    else:
        ends = [length + crc_bytes]
        _require(message, "length", len(padded) >= ends[0])
        _require(message, "padding", not any(padded[ends[0] :]))
    for end in ends:
        plain, found = _cut_off(message, padded[:end], crc_bytes)
        if crc(plain) == found:
            return plain
    raise DesfireAnswerWrong(command=message.name, wrong="crc")


def _unpadded(message: Message[Any], padded: bytes) -> bytes:
    """`padded` without the 80 00… at its end, at most a block of it."""
    plain = padded.rstrip(b"\x00")
    _require(message, "padding", plain.endswith(b"\x80"))
    _require(message, "padding", len(padded) - len(plain) < AES_BLOCK_BYTES)
    return plain[:-1]
