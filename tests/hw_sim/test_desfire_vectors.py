"""The published vectors of DESFire, run against the card side (cards.md 11).

Wherever a vector tells a conversation, a card in that state is spoken to and must answer byte for
byte; what is of another product (NTAG 424's own settings) goes through the session alone.
Computed ones are marked `regression`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hw_sim.desfire import crypto
from hw_sim.desfire.crypto import BlockCipher
from hw_sim.desfire.handshake import ev2_session_keys, transaction_mac_keys
from hw_sim.desfire.image import (
    Application,
    Bytes,
    DesfireImage,
    File,
    FileKind,
    Key,
    KeyKind,
)
from hw_sim.desfire.session import (
    SIZE_UNKNOWN,
    TO_CARD,
    D40Session,
    Ev1Session,
    Ev2Session,
    Mode,
    Want,
)
from hw_sim.desfire.status import Refused
from hw_sim.iso_dep import Ats, frame_bytes
from tests.hw_sim.desfire_rig import Scripted, Terminal, aes_key, blank, des_key

ALL = json.loads((Path(__file__).parents[1] / "vectors.json").read_text())
KINDS = {"AES": KeyKind.AES, "DES": KeyKind.DES, "2K3DES": KeyKind.DES, "3K3DES": KeyKind.TDES3}


def h(text: str | None) -> bytes:
    return bytes.fromhex(text or "")


def cipher(name: str, key: bytes) -> BlockCipher:
    return BlockCipher(key, aes=name == "AES")


def cmac(v: Any) -> None:
    assert crypto.cmac(cipher(v["alg"], h(v["key"])), h(v["message"])) == h(v["expected"])


def cmac_subkeys(v: Any) -> None:
    assert crypto.subkeys(cipher(v["alg"], h(v["key"]))) == (h(v["k1"]), h(v["k2"]))


def crc32(v: Any) -> None:
    assert crypto.crc32(h(v["data"])) == h(v["expected"])


def iso9797(v: Any) -> None:
    key = cipher("DES", h(v["key"]))
    if v["alg"] == 1:
        assert crypto.cbc_mac(key, h(v["message"])) == h(v["expected"])
    else:
        second = cipher("DES", h(v["key2"]))
        assert crypto.retail_mac(key, second, h(v["message"])) == h(v["expected"])


def ats(v: Any) -> None:
    found = Ats.parse(h(v["ats"]))
    assert found is not None
    want = v["expected"]
    assert frame_bytes(found.fsci) == want["fsc"]
    assert found == Ats(
        fsci=want["fsci"], sfgi=want["sfgi"], fwi=want["fwi"], nad=want["nad"], cid=want["cid"],
        pcd_to_picc=tuple(want["pcd_to_picc"]), picc_to_pcd=tuple(want["picc_to_pcd"]),
        same_rate_only=want["same_rate_only"], historical=h(want["historical"]),
    )  # fmt: skip
    assert blank().ats == h(v["ats"])


def d40_auth(v: Any) -> None:
    terminal = Terminal(blank(), Scripted(h(v["rndb"])))
    assert terminal.raw("0a00") == b"\xaf" + h(v["rndb_enc"])
    assert terminal.raw("af" + v["rndab_enc"]) == b"\x00" + h(v["rnda_enc"])
    for step in v.get("then", ()):
        before = terminal.image.ks1
        assert terminal.raw(step["command"] + step["cryptogram"]) == h(step["status"])
        assert terminal.image.ks1 == h(step["plain"])[0] & 0x0F or before


def d40_reject(v: Any) -> None:
    terminal = Terminal(blank())
    core = terminal.desfire.runner.core
    core.session = D40Session(h(v["session"]), 0)
    before = terminal.image.copied()
    assert terminal.raw("c4" + v["key_no"] + v["rejected"]) == h(v["status"])
    assert terminal.image == before
    assert terminal.raw("c4" + v["key_no"] + v["right"]) == b"\x00"
    assert terminal.image.master == des_key(h(v["plain"])[:16])


def ev1_auth(v: Any) -> None:
    terminal = Terminal(blank(ev1=True), Scripted(h(v["rndb"])))
    kind = KINDS[v["type"]]
    terminal.image.master = Key(kind, h(v["key"]))
    code = "aa" if kind is KeyKind.AES else "1a"
    assert terminal.raw(f"{code}{v['key_no']:02x}") == b"\xaf" + h(v["rndb_enc"])
    assert terminal.raw("af" + v["rndab_enc"]) == b"\x00" + h(v["rnda_enc"])
    session = terminal.desfire.runner.core.session
    assert isinstance(session, Ev1Session)
    for_aes = v["type"] == "AES"
    right = Ev1Session(cipher(v["type"], h(v["session"])), 0)
    assert session.seal(b"x", Mode.MAC, file=False, open_end=False) == right.seal(
        b"x", Mode.MAC, file=False, open_end=False
    ), for_aes


def in_session(v: Any, *, application: Application | None = None, **image: Any) -> Terminal:
    """A card amid the EV1 session of a vector."""
    made = blank(ev1=True)
    for name, value in image.items():
        setattr(made, name, value)
    terminal = Terminal(made)
    if application is not None:
        made.applications.append(application)
        terminal.desfire.runner.core.select(application)
    name = v.get("session_type", v["type"])
    session = Ev1Session(cipher(name, h(v["session"])), 0)
    if "iv" in v:
        session.iv = h(v["iv"])
    terminal.desfire.runner.core.session = session
    return terminal


def app(kind: KeyKind, keys: list[Key], *, ks1: int = 0x0F) -> Application:
    return Application(
        aid=b"APP", ks1=ks1, ks2=kind.value << 6 | len(keys), iso_id=None, df_name=b"", keys=keys
    )


def ev1_sequence(v: Any) -> None:
    name = v["id"]
    if name == "ev1-1":
        uid, batch = h("04063f72633480"), h("ba4519e3204913")
        terminal = in_session(v, uid=uid, production=batch)
    elif name == "ev1-2":
        terminal = in_session(v, application=app(KeyKind.DES, [des_key()] * 2))
    elif name == "ev1-3":
        versioned = des_key(h("00102031405060708090a0b0b0a09080"))
        terminal = in_session(v, application=app(KeyKind.DES, [versioned]))
    elif name == "ev1-4":
        terminal = in_session(v, application=app(KeyKind.AES, [aes_key(version=0x10)]))
    else:
        terminal = in_session(v, application=app(KeyKind.AES, [aes_key()] * 2))
    for step in v["steps"]:
        for frame in step["frames"]:
            assert terminal.raw(frame["out"]).hex() == frame["back"], step["name"]
        session = terminal.desfire.runner.core.session
        assert isinstance(session, Ev1Session)
        assert session.iv == h(step["rx_cmac"])


def ev1_changekey(v: Any) -> None:
    kind = KINDS[v["type"]]
    old = Key(kind, h(v["old_key"]) or bytes(kind.size))
    terminal = in_session(v, application=app(kind, [old] * 2))
    answer = terminal.raw(f"c4{v['key_no']:02x}{v['cryptogram']}")
    core = terminal.desfire.runner.core
    assert core.keys[v["key_no"]] == Key(kind, h(v["new_key"]), *h(v["version"]))
    if v["rx_cmac"] is None:
        assert answer == b"\x00"
        assert core.session is None
    else:
        assert answer == b"\x00" + h(v["rx_cmac"])[:8]


def key_version(v: Any) -> None:
    for case in v["cases"]:
        value = h(case["key"])
        key = des_key(value if len(value) == 16 else value * 2)
        assert key.version == int(case["version"], 16)


def ev2_auth(v: Any) -> None:
    first = bool(v["first"])
    b = BlockCipher(h(v["key"]), aes=True).decrypt(h(v["part1"]))
    terminal = Terminal(blank(), Scripted(b, *([h(v["ti"])] if first else [])))
    terminal.image.master = aes_key(h(v["key"]))
    core = terminal.desfire.runner.core
    if not first:
        core.session = Ev2Session(bytes(16), bytes(16), ti=b"kept", counter=5, key_no=0)
    part_1 = terminal.raw(f"71{v['key_no']:02x}00" if first else f"77{v['key_no']:02x}")
    assert part_1 == b"\xaf" + h(v["part1"])
    assert terminal.raw("af" + v["part2"]) == b"\x00" + h(v["answer"])
    session = core.session
    assert isinstance(session, Ev2Session)
    assert (session.ti, session.counter) == ((h(v["ti"]), 0) if first else (b"kept", 5))
    right = ev2(v, ti=session.ti.hex(), ctr=session.counter)
    assert session.mac(0, b"x") == right.mac(0, b"x")
    assert session.iv(TO_CARD) == right.iv(TO_CARD)


def ev2(v: Any, *, ti: str | None = None, ctr: int | None = None) -> Ev2Session:
    return Ev2Session(
        h(v.get("enc")) or bytes(16),
        h(v.get("mac")) or bytes(16),
        ti=h(v["ti"] if ti is None else ti),
        counter=v["ctr"] if ctr is None else ctr,
        key_no=0,
    )


def ev2_keys(v: Any) -> None:
    for case in v["cases"]:
        made = ev2_session_keys(h(case["key"]), h(case["rnda"]), h(case["rndb"]))
        assert made == (h(case["enc"]), h(case["mac"]))


def ev2_iv(v: Any) -> None:
    for case in v["cases"]:
        assert case["direction"] == "command"
        assert ev2(case).iv(TO_CARD) == h(case["iv"])


def with_file(v: Any, number: int, comm: int, size: int, ctr: int) -> Terminal:
    """A card amid an EV2 session, with one file under key 0."""
    terminal = Terminal(blank())
    made = app(KeyKind.AES, [aes_key()] * 5)
    made.files[number] = File(
        kind=FileKind.STANDARD, comm=comm, rights=0, iso_id=None, content=Bytes(bytes(size))
    )
    terminal.image.applications.append(made)
    terminal.desfire.runner.core.select(made)
    terminal.desfire.runner.core.session = ev2(v, ctr=ctr)
    return terminal


def ev2_mac(v: Any) -> None:
    if v["id"] == "ev2-6":
        terminal = with_file(v, 0, 1, 0x30, 0)
        steps = iter(v["steps"])
        for command, answer in zip(steps, steps, strict=True):
            sent = command["ins"] + command["data"] + command["expected"]
            assert terminal.raw(sent).hex() == "00" + answer["data"] + answer["expected"]
        return
    command, answer = v["steps"]
    session = ev2(v, ctr=command["ctr"])
    body = h(command["data"] + command["expected"])
    opened = session.open(h(command["ins"])[0], b"", body, Mode.MAC, want=Want())
    assert opened == h(command["data"])
    sealed = session.seal(h(answer["data"]), Mode.MAC, file=False, open_end=False)
    assert sealed == h(answer["data"] + answer["expected"])


def ev2_full(v: Any) -> None:
    body = h(v["apdu"])[5:-1]
    head = h(v["header"])
    if v["ins"] == "5f":  # settings that NTAG 424 alone has
        session = ev2(v)
        want = Want(size=SIZE_UNKNOWN)
        rest = body[len(head) :]
        assert session.open(0x5F, head, rest, Mode.FULL, want=want) == h(v["plain"])
        assert session.seal(b"", Mode.FULL, file=False, open_end=False) == h(v["answer"])[:-2]
        return
    number = head[0] if head else 0
    terminal = with_file(v, number, 3, 0x80, v["ctr"])
    if v["ins"] == "51":
        terminal.image.uid = h(v["answer_plain"])
    answer = terminal.raw(v["apdu"])
    assert answer == (h(v["answer"]) if v["answer"] else b"\x91\x00")
    made = terminal.image.applications[0]
    if v["ins"] == "8d":
        data = h(v["plain"])
        assert made.files[number].content == Bytes(data + bytes(0x80 - len(data)))
    elif v["ins"] == "c4":
        assert made.keys[number] == aes_key(h(v["new_key"]), int(v["version"], 16))


def tmac_keys(v: Any) -> None:
    for case in v["cases"]:
        made = transaction_mac_keys(h(case["key"]), counter=case["tmc"], uid=h(case["uid"]))
        assert made == (h(case["mac"]), h(case["enc"]))


CHECKS: dict[str, Callable[[Any], None]] = {
    check.__name__: check
    for check in (
        cmac, cmac_subkeys, crc32, iso9797, ats, d40_auth, d40_reject, ev1_auth, ev1_sequence,
        ev1_changekey, key_version, ev2_auth, ev2_keys, ev2_iv, ev2_mac, ev2_full, tmac_keys,
    )
}  # fmt: skip
OURS = [v for v in ALL if v["kind"] in CHECKS and v["sides"] in ("card", "both")]


def label(v: Any) -> str:
    return f"{v['id']}-regression" if v["computed"] else str(v["id"])


@pytest.mark.parametrize("v", OURS, ids=label)
def test_the_card_side_keeps_the_vector(v: Any) -> None:
    """One vector; its source stands beside a failure."""
    print(v["source"])
    CHECKS[v["kind"]](v)


def test_no_vector_of_a_desfire_is_left_out() -> None:
    """All that name the card side and are of a DESFire kind are run above."""
    assert len({v["id"] for v in OURS}) == len(OURS) >= 45
    prefixes = ("cmac", "crc32", "d40", "auth", "ev1", "changekey", "ev2", "key-version", "ats")
    named = [v["id"] for v in ALL if v["id"].startswith(prefixes) and v["sides"] != "terminal"]
    assert {*named} <= {v["id"] for v in OURS}


def test_a_vector_that_is_wrong_by_a_bit_is_refused() -> None:
    """That the checks above can fail: the MAC of AN12343's WriteData with one bit changed."""
    v = next(v for v in ALL if v["id"] == "ev2-6")
    terminal = with_file(v, 0, 1, 0x30, 0)
    step = v["steps"][0]
    sent = bytearray.fromhex(step["ins"] + step["data"] + step["expected"])
    sent[-1] ^= 1
    before: DesfireImage = terminal.image.copied()
    assert terminal.raw(bytes(sent)) == b"\x1e"
    assert terminal.image == before
    session = ev2(v, ctr=0)
    with pytest.raises(Refused):
        session.open(0x8D, b"", bytes(sent[1:]), Mode.MAC, want=Want())
