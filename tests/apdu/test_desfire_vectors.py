"""The published vectors of DESFire, run against the terminal side (cards.md 11).

Wherever a vector tells a conversation, the card is a script: the verbs must send what it says, byte
for byte, and take its answers. What is of another product (NTAG 424's own settings and codes) goes
through the seal alone. Computed ones are marked `regression`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from apdu.checks import crc32, crc_a
from apdu.desfire import commands
from apdu.desfire.change_key import change_other_key, change_own_key
from apdu.desfire.cipher import AesCmac, Cbc
from apdu.desfire.commands import KeyRights, Message, SealedCall
from apdu.desfire.files import DataFile, Mode, Rights
from apdu.desfire.framing import WRAPPED
from apdu.desfire.key import AesKey, DesKey, Key, KeyType
from apdu.desfire.session import D40, Ev1, Ev2, ev2_session_keys, transaction_mac_keys
from apdu.desfire.verbs import Verbs
from apdu.errors import DesfireAnswerWrong
from apdu.secret import Secret
from tests.apdu.desfire_rig import amid, card
from tests.apdu.vectors import Vector, published

HEAD = 7  # of ReadData and WriteData: file, offset, length


def of(*kinds: str) -> pytest.MarkDecorator:
    """The vectors of these kinds that the terminal side owes."""
    found = [v for kind in kinds for v in published(kind) if v.raw["sides"] in ("both", "terminal")]
    return pytest.mark.parametrize("v", found, ids=label)


def label(v: Vector) -> str:
    return f"{v!r}-regression" if v.raw["computed"] else repr(v)


def cipher(v: Vector, name: str) -> Cbc:
    return Cbc(v[name], aes=v.raw["alg"] == "AES")


def h(text: str | None) -> bytes:
    return bytes.fromhex(text or "")


@of("cmac")
def test_cmac(v: Vector) -> None:
    assert cipher(v, "key").cmac(v["message"]) == v["expected"], v.source
    if v.raw["alg"] == "AES":
        kept = AesCmac(v["key"])
        assert kept(v["message"]) == kept(v["message"]) == v["expected"], v.source


@of("cmac_subkeys")
def test_subkeys(v: Vector) -> None:
    assert cipher(v, "key").subkeys == (v["k1"], v["k2"]), v.source


@of("crc32")
def test_crc32(v: Vector) -> None:
    assert crc32(v["data"]) == v["expected"], v.source


@of("crc_a")
def test_crc_a(v: Vector) -> None:
    assert crc_a(v["data"]) == v["expected"], v.source


@of("iso9797")
def test_macs_of_single_des(v: Vector) -> None:
    key = Cbc(v["key"], aes=False)
    mac = key.cbc_mac(v["message"])
    if v.raw["alg"] == 3:  # the last block once more, under the second key and the first
        second = Cbc(v["key2"], aes=False)
        mac = key.encrypt(key.zero_iv, second.decrypt(key.zero_iv, mac))
    assert mac == v["expected"], v.source


@of("key_version")
def test_version_bits(v: Vector) -> None:
    for case in v.raw["cases"]:
        assert DesKey(Secret(h(case["key"]))).version == int(case["version"], 16), v.source


@of("d40_auth")
def test_d40_handshake(v: Vector) -> None:
    raw = v.raw
    told = [("0a00", "af" + raw["rndb_enc"]), ("af" + raw["rndab_enc"], "00" + raw["rnda_enc"])]
    told += [(s["command"] + s["cryptogram"], s["status"]) for s in raw.get("then", ())]
    session = card(*told, random=v["rnda"]).authenticate_d40(0, DesKey(Secret(v["key"])))
    for step in raw.get("then", ()):
        assert step["command"] == "54"
        session.change_key_settings(KeyRights.of(h(step["plain"])[0]))
    assert session.seal.seal(SEALED) == D40(v["session"]).seal(SEALED), v.source


SEALED = SealedCall(name="x", code=1, data=b"x", mode=Mode.FULL, read=commands.nothing)


@of("ev1_auth")
def test_ev1_handshake(v: Vector) -> None:
    raw, aes = v.raw, v.raw["type"] == "AES"
    code = "aa" if aes else "1a"
    told = [
        (f"{code}{raw['key_no']:02x}", "af" + raw["rndb_enc"]),
        ("af" + raw["rndab_enc"], "00" + raw["rnda_enc"]),
    ]
    if aes:
        told.insert(0, (f"71{raw['key_no']:02x}00", "1c"))
    key: Key = AesKey(Secret(v["key"])) if aes else DesKey(Secret(v["key"]))
    session = card(*told, random=v["rnda"]).authenticate(raw["key_no"], key)
    right = Ev1(v["session"], aes=aes)
    assert session.seal.seal(SEALED) == right.seal(SEALED), v.source


def ev1(v: Vector) -> Ev1:
    seal = Ev1(v["session"], aes=v.raw.get("session_type", v.raw["type"]) == "AES")
    seal.iv = h(v.raw.get("iv")) or seal.iv
    return seal


def creation(verbs: Verbs, sent: bytes) -> None:
    ks1, ks2 = sent[3:]
    verbs.create_application(sent[:3], KeyRights.of(ks1), keys=ks2 & 0x0F, type=KeyType(ks2 & 0xC0))


def standard_file(verbs: Verbs, sent: bytes) -> None:
    number, comm, word = struct.unpack("<BBH", sent[:4])
    size = int.from_bytes(sent[4:], "little")
    file = DataFile(backup=False, mode=Mode(comm), rights=Rights.of(word), size_bytes=size)
    verbs.create_file(number, file)


def write(verbs: Verbs, sent: bytes) -> None:
    offset = int.from_bytes(sent[1:4], "little")
    verbs.write(sent[0], sent[HEAD:], mode=Mode.PLAIN, offset=offset)


def read(verbs: Verbs, sent: bytes) -> None:
    offset, length = (int.from_bytes(part, "little") for part in (sent[1:4], sent[4:]))
    assert len(verbs.read(sent[0], mode=Mode.PLAIN, offset=offset, length=length)) == length


def settings(verbs: Verbs, sent: bytes) -> None:
    found = verbs.file_settings(sent[0])
    rights = Rights(read=0, write=0, read_write=1, change=1)
    assert found.file == DataFile(backup=False, mode=Mode.PLAIN, rights=rights, size_bytes=0x50)


STEPS: dict[str, Callable[[Any, bytes], object]] = {
    "GetCardVersion": lambda verbs, _: verbs.version(),
    "FormatCard": lambda verbs, _: verbs.format_picc(),
    "CreateApplication": creation,
    "GetApplicationIDs": lambda verbs, _: verbs.applications(),
    "DeleteApplication": lambda verbs, sent: verbs.delete_application(sent),
    "GetKeySettings": lambda verbs, _: verbs.key_settings(),
    "ChangeKeySettings": lambda verbs, _: verbs.change_key_settings(KeyRights.of(0x0D)),
    "GetKeyVersion": lambda verbs, sent: verbs.key_version(sent[0]),
    "CreateStdDataFile": standard_file,
    "GetFileIDs": lambda verbs, _: verbs.files(),
    "GetFileSettings": settings,
    "WriteFileData": write,
    "ReadFileData": read,
    "DeleteFile": lambda verbs, sent: verbs.delete_file(sent[0]),
}


@of("ev1_sequence")
def test_ev1_commands_in_a_row(v: Vector) -> None:
    seal = ev1(v)
    told = [(f["out"], f["back"]) for step in v.raw["steps"] for f in step["frames"]]
    session = amid(seal, *told)
    for step in v.raw["steps"]:
        STEPS[step["name"]](session, h(step["frames"][0]["out"])[1:])
        assert seal.iv == h(step["rx_cmac"]), (step["name"], v.source)


@of("ev1_changekey")
def test_ev1_change_key(v: Vector) -> None:
    raw = v.raw
    own = raw["old_key"] is None
    answer = "00" if own else "00" + v["rx_cmac"][:8].hex()
    frame = f"c4{raw['key_no']:02x}{raw['cryptogram']}"
    session = amid(ev1(v), (frame, answer), key_no=raw["key_no"] if own else 0)
    session.change_key(raw["key_no"], key(v, "new_key"), old=None if own else key(v, "old_key"))
    assert session.over == own, v.source


def key(v: Vector, name: str) -> Key:
    value = Secret(v[name])
    return AesKey(value, *v["version"]) if v.raw["type"] == "AES" else DesKey(value)


@of("ev2_auth")
def test_ev2_handshake(v: Vector) -> None:
    raw, master = v.raw, AesKey(Secret(v["key"]))
    told = [("af" + raw["part2"], "00" + raw["answer"])]
    if raw["first"]:
        told.insert(0, (f"71{raw['key_no']:02x}00", "af" + raw["part1"]))
        session = card(*told, random=v["rnda"]).authenticate(raw["key_no"], master)
        ti, counter = v["ti"], 0
    else:
        told.insert(0, (f"77{raw['key_no']:02x}", "af" + raw["part1"]))
        ti, counter = b"kept", 5
        before = Ev2(enc=bytes(16), mac=bytes(16), ti=ti, counter=counter)
        speaking = card(*told, random=v["rnda"])
        open_ = amid(before)
        open_.card = speaking
        session = open_.authenticate_again(raw["key_no"], master)
    seal = session.seal
    assert isinstance(seal, Ev2)
    assert (seal.ti, seal.counter) == (ti, counter), v.source
    right = Ev2(enc=v["enc"], mac=v["mac"], ti=ti, counter=counter)
    assert seal.seal(SEALED) == right.seal(SEALED), v.source


@of("ev2_keys")
def test_ev2_session_keys(v: Vector) -> None:
    for case in v.raw["cases"]:
        made = ev2_session_keys(AesCmac(h(case["key"])), h(case["rnda"]), h(case["rndb"]))
        assert made == (h(case["enc"]), h(case["mac"])), v.source


@of("ev2_iv")
def test_ev2_start_value(v: Vector) -> None:
    for case in v.raw["cases"]:
        assert case["direction"] == "command"
        seal = Ev2(enc=h(case["enc"]), mac=bytes(16), ti=h(case["ti"]), counter=case["ctr"])
        assert seal.iv(b"\xa5\x5a") == h(case["iv"]), v.source


def ev2(v: Vector, counter: int) -> Ev2:
    enc, mac = h(v.raw.get("enc")) or bytes(16), h(v.raw.get("mac")) or bytes(16)
    return Ev2(enc=enc, mac=mac, ti=v["ti"], counter=counter)


@of("ev2_mac")
def test_ev2_under_a_mac(v: Vector) -> None:
    steps = iter(v.raw["steps"])
    for out, back in zip(steps, steps, strict=True):
        data = h(out["data"])
        calls: dict[str, Message[Any]] = {
            "8d": commands.write_data(data[0], data[HEAD:], mode=Mode.MAC, offset=0),
            "ad": commands.read_data(data[0], mode=Mode.MAC, offset=0, length=0x30),
            "f5": commands.get_file_settings(data[0]),
        }
        call = replace(calls[out["ins"]], code=h(out["ins"])[0])
        seal = ev2(v, out["ctr"])
        body = seal.seal(call)
        assert body == data + h(out["expected"]), v.source
        if "apdu" in v.raw:
            assert WRAPPED.command(call.code, body) == v["apdu"], v.source
        assert seal.open(call, h(back["data"] + back["expected"])) == h(back["data"]), v.source
        assert seal.counter == back["ctr"]


@of("ev2_full")
def test_ev2_enciphered(v: Vector) -> None:
    raw, head, plain = v.raw, v["header"], v["plain"]
    seal = ev2(v, raw["ctr"])
    message: Message[Any]
    match raw["ins"]:
        case "8d":
            write = commands.write_data(head[0], plain, mode=Mode.FULL, offset=0)
            message = replace(write, code=0x8D)  # the code of EV2's other chaining
        case "51":
            message = commands.get_card_uid()
        case "5f":  # settings that NTAG 424 alone has
            change = commands.change_file_settings(head[0], Mode.PLAIN, Rights.of(0))
            message = replace(change, data=plain)
        case _:
            message = changed(v, seal)
    body = seal.seal(message)
    assert WRAPPED.command(message.code, body) == v["apdu"], v.source
    if raw["answer"]:
        status, data = WRAPPED.answer(v["answer"])
        assert (status, seal.open(message, data)) == (0, h(raw["answer_plain"])), v.source


def changed(v: Vector, seal: Ev2) -> SealedCall[None]:
    number, new = v["header"][0], AesKey(Secret(v["new_key"]), int(v.raw["version"], 16))
    if "old_key" not in v.raw:
        return change_own_key(b"APP", number, new)
    return change_other_key(seal, b"APP", number, new, AesKey(Secret(v["old_key"])))


@of("tmac_keys")
def test_transaction_mac_keys(v: Vector) -> None:
    for case in v.raw["cases"]:
        made = transaction_mac_keys(h(case["key"]), counter=case["tmc"], uid=h(case["uid"]))
        assert made == (h(case["mac"]), h(case["enc"])), v.source


def test_a_vector_that_is_wrong_by_a_bit_is_refused() -> None:
    """That the checks above can fail: GetCardUID of AN12196 with one bit changed, anywhere."""
    (v,) = published("ev2_full", id="ev2-10")
    _, data = WRAPPED.answer(v["answer"])
    for bit in range(8 * len(data)):
        torn = bytearray(data)
        torn[bit // 8] ^= 1 << bit % 8
        with pytest.raises(DesfireAnswerWrong):
            ev2(v, v.raw["ctr"]).open(commands.get_card_uid(), bytes(torn))
