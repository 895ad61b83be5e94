"""The handshakes, as generators without I/O: each yields two steps and returns a session's seal.

A step is a command code and its parameters; what is sent in is the data of the card's answer, whose
status the caller has looked at (more frames after the first, done after the second).

Source: cards.md 5.3.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Generator
from typing import Final

from apdu.desfire.cipher import AES_BLOCK_BYTES, DES_BLOCK_BYTES, AesCmac, Cbc
from apdu.desfire.framing import ADDITIONAL_FRAME
from apdu.desfire.key import AesKey, DesKey, Key
from apdu.desfire.session import D40, TI_BYTES, Ev1, Ev2, Seal, ev2_session_keys
from apdu.desfire.status import DONE, MORE, Status
from apdu.errors import DesfireAnswerWrong

Step = tuple[int, bytes]
Random = Callable[[int], bytes]

ISO: Final = 0x1A
AES: Final = 0xAA
LEGACY: Final = 0x0A
EV2_FIRST: Final = 0x71
EV2_NON_FIRST: Final = 0x77

NAMES: Final = {
    ISO: "AuthenticateISO",
    AES: "AuthenticateAES",
    LEGACY: "Authenticate",
    EV2_FIRST: "AuthenticateEV2First",
    EV2_NON_FIRST: "AuthenticateEV2NonFirst",
}

_NO_CAPABILITIES = b"\x00"  # LenCap
_CAPABILITIES_BYTES = 12  # PDcap2 and PCDcap2


def legacy(key_no: int, key: DesKey, random: Random) -> Generator[Step, bytes, D40]:
    """D40: the terminal deciphers whatever it sends."""
    cbc = Cbc(key.wire, aes=False)
    rnd_b = cbc.decrypt(cbc.zero_iv, _of(LEGACY, (yield LEGACY, bytes((key_no,))), DES_BLOCK_BYTES))
    rnd_a = random(DES_BLOCK_BYTES)
    sent = cbc.decrypt_to_send(rnd_a + _rotated(rnd_b))
    proof = cbc.decrypt(cbc.zero_iv, _of(LEGACY, (yield ADDITIONAL_FRAME, sent), DES_BLOCK_BYTES))
    _check(LEGACY, proof, rnd_a)
    return D40(_des_session_key(key, rnd_a, rnd_b))


def iso(key_no: int, key: Key, random: Random) -> Generator[Step, bytes, Ev1]:
    """AuthenticateISO for a DES key, AuthenticateAES for an AES key: one chain over three steps."""
    aes = isinstance(key, AesKey)
    code = AES if aes else ISO
    cbc = Cbc(key.wire, aes=aes)
    rnd_bytes = cbc.block_bytes
    first = _of(code, (yield code, bytes((key_no,))), rnd_bytes)
    rnd_b = cbc.decrypt(cbc.zero_iv, first)
    rnd_a = random(rnd_bytes)
    sent = cbc.encrypt(first, rnd_a + _rotated(rnd_b))
    last = _of(code, (yield ADDITIONAL_FRAME, sent), rnd_bytes)
    _check(code, cbc.decrypt(cbc.last_block(sent), last), rnd_a)
    if isinstance(key, DesKey):
        return Ev1((_des_session_key(key, rnd_a, rnd_b) * 2)[: 2 * DES_BLOCK_BYTES], aes=False)
    return Ev1(rnd_a[:4] + rnd_b[:4] + rnd_a[12:] + rnd_b[12:], aes=True)


def ev2(
    key_no: int, key: AesKey, random: Random, *, going_on: Ev2 | None = None
) -> Generator[Step, bytes, Ev2]:
    """EV2First; or NonFirst within the session `going_on`, whose identifier and counter stay."""
    code = EV2_NON_FIRST if going_on else EV2_FIRST
    cbc = Cbc(key.wire, aes=True)
    asked = bytes((key_no,)) + (b"" if going_on else _NO_CAPABILITIES)
    rnd_b = cbc.decrypt(cbc.zero_iv, _of(code, (yield code, asked), AES_BLOCK_BYTES))
    rnd_a = random(AES_BLOCK_BYTES)
    sent = cbc.encrypt(cbc.zero_iv, rnd_a + _rotated(rnd_b))
    last_bytes = AES_BLOCK_BYTES if going_on else 2 * AES_BLOCK_BYTES
    last = cbc.decrypt(cbc.zero_iv, _of(code, (yield ADDITIONAL_FRAME, sent), last_bytes))
    enc, mac = ev2_session_keys(AesCmac(key.wire), rnd_a, rnd_b)
    if going_on:
        _check(code, last, rnd_a)
        return Ev2(enc=enc, mac=mac, ti=going_on.ti, counter=going_on.counter)
    ti, proof = last[:TI_BYTES], last[TI_BYTES:-_CAPABILITIES_BYTES]
    _check(code, proof, rnd_a)
    return Ev2(enc=enc, mac=mac, ti=ti)


def seal_of(handshake: Generator[Step, bytes, Seal], ask: Callable[[Step, Status], bytes]) -> Seal:
    """Carry a handshake out: `ask` exchanges one step, whose answer must have that status."""
    first = ask(next(handshake), MORE)
    second = ask(handshake.send(first), DONE)
    try:
        handshake.send(second)
    except StopIteration as done:
        seal: Seal = done.value
        return seal
    raise AssertionError("a handshake has two steps")


def _rotated(number: bytes) -> bytes:
    return number[1:] + number[:1]


def _check(code: int, proof: bytes, rnd_a: bytes) -> None:
    """The card's proof that it has the key as well."""
    if not hmac.compare_digest(proof, _rotated(rnd_a)):
        raise DesfireAnswerWrong(command=NAMES[code], wrong="proof")


def _of(code: int, data: bytes, length: int) -> bytes:
    if len(data) != length:
        raise DesfireAnswerWrong(command=NAMES[code], wrong="length")
    return data


def _des_session_key(key: DesKey, rnd_a: bytes, rnd_b: bytes) -> bytes:
    """8 bytes for a DES key, 16 for 2K3DES."""
    half = rnd_a[:4] + rnd_b[:4]
    return half if key.single else half + rnd_a[4:] + rnd_b[4:]
