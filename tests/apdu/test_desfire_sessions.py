"""What a session does with answers that no right card gives, and with the ends of its own life."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apdu.checks import crc32, crc_a
from apdu.desfire import commands
from apdu.desfire.card import Desfire, Session, SessionOver
from apdu.desfire.cipher import AesCmac, Cbc
from apdu.desfire.files import Mode
from apdu.desfire.framing import NATIVE
from apdu.desfire.key import AesKey, DesKey, Key
from apdu.desfire.session import D40, Ev1, Ev2, Seal
from apdu.desfire.verbs import Verbs
from apdu.errors import DesfireAnswerWrong, DesfireRefused
from apdu.secret import Secret
from tests.apdu.desfire_rig import amid, card
from tests.apdu.vectors import Vector, published

KEY = bytes(range(16))
UID = commands.get_card_uid()
ALL_OF_IT = commands.read_data(1, mode=Mode.FULL, offset=0, length=0)
DATA = st.integers(0, 70).flatmap(lambda n: st.binary(min_size=n, max_size=n))


def opened(family: str) -> Seal:
    """A session as the terminal has it."""
    if family == "D40":
        return D40(KEY)
    return (
        Ev2(enc=KEY, mac=KEY, ti=b"abcd") if family == "EV2" else Ev1(KEY, aes=family == "EV1-aes")
    )


class Other:
    """The card's end of a session, as far as an enciphered answer needs it."""

    def __init__(self, family: str) -> None:
        self.family = family
        self.seal = opened(family)
        self.cbc = Cbc(KEY, aes=family in ("EV1-aes", "EV2"))
        self.cmac = AesCmac(KEY)

    def crc(self, data: bytes) -> bytes:
        return crc_a(data) if self.family == "D40" else crc32(data + b"\x00")

    def says(self, message: commands.Message[Any], padded: bytes) -> bytes:
        """The answer to `message`: `padded` enciphered, and what stands behind it."""
        self.seal.seal(message)
        seal = self.seal
        if isinstance(seal, Ev1):
            return self.cbc.encrypt(seal.iv, padded)
        if isinstance(seal, D40):
            return self.cbc.encrypt(bytes(8), padded)
        assert isinstance(seal, Ev2)
        counter = b"\x01\x00"
        iv = self.cbc.encrypt(bytes(16), b"\x5a\xa5abcd" + counter + bytes(8))
        data = self.cbc.encrypt(iv, padded) if padded else b""
        return data + self.cmac(b"\x00" + counter + b"abcd" + data)[1::2]

    def padded(self, plain: bytes, first: bytes) -> bytes:
        return self.cbc.padded(plain + first)


FAMILIES = ("D40", "EV1-des", "EV1-aes", "EV2")
WITH_CRC = FAMILIES[:3]


def wrong(other: Other, message: commands.Message[Any], answer: bytes) -> str:
    with pytest.raises(DesfireAnswerWrong) as found:
        other.seal.open(message, answer)
    assert found.value.command == message.name
    return found.value.wrong


@pytest.mark.parametrize("family", FAMILIES)
@given(data=DATA)
def test_an_enciphered_answer_of_any_length_is_read(family: str, data: bytes) -> None:
    """Of a length that nobody told: it ends where 80 and zeros begin."""
    other = Other(family)
    plain = data if family == "EV2" else data + other.crc(data)
    answer = other.says(ALL_OF_IT, other.padded(plain, b"\x80"))
    assert other.seal.open(ALL_OF_IT, answer) == data


@pytest.mark.parametrize("family", WITH_CRC)
def test_whole_blocks_need_no_padding(family: str) -> None:
    other = Other(family)
    data = bytes(range(1, 3 * other.cbc.block_bytes + 1 - len(other.crc(b""))))
    answer = other.says(ALL_OF_IT, data + other.crc(data))
    assert other.seal.open(ALL_OF_IT, answer) == data


@pytest.mark.parametrize("family", WITH_CRC)
@pytest.mark.parametrize("data", [b"", b"\x80", b"x\x80\x00\x00"], ids=repr)
def test_data_that_look_like_padding_stay_data(family: str, data: bytes) -> None:
    other = Other(family)
    answer = other.says(ALL_OF_IT, other.padded(data + other.crc(data), b"\x80"))
    assert other.seal.open(ALL_OF_IT, answer) == data


@pytest.mark.parametrize("family", WITH_CRC)
def test_what_stands_behind_a_known_length_must_be_zeros(family: str) -> None:
    other = Other(family)
    uid = b"\x04abcdef"
    right = other.padded(uid + other.crc(uid), b"")
    assert other.seal.open(UID, other.says(UID, right)) == uid
    other = Other(family)
    torn = right[:-1] + b"\x01"
    assert wrong(other, UID, other.says(UID, torn)) == "padding"


@pytest.mark.parametrize("family", WITH_CRC)
@pytest.mark.parametrize(
    "answer", [b"", bytes(7), bytes(8), bytes(17)], ids=["none", "part", "block", "blocks and one"]
)
def test_an_answer_that_is_too_short_or_no_blocks_is_wrong(family: str, answer: bytes) -> None:
    other = Other(family)
    other.seal.seal(UID)
    assert wrong(other, UID, answer) == "length"


@pytest.mark.parametrize("padded", [bytes(16), b"x" * 16, b"abc\x80" + bytes(28), b""], ids=len)
def test_ev2_padding_begins_with_80_in_the_last_block(padded: bytes) -> None:
    """Under a right MAC too: then the card itself is wrong."""
    other = Other("EV2")
    assert wrong(other, UID, other.says(UID, padded)) == ("padding" if padded else "length")


def test_ev2_answers_are_whole_blocks() -> None:
    other = Other("EV2")
    other.seal.seal(UID)
    mac = other.cmac(b"\x00\x01\x00abcd" + b"odd")[1::2]
    assert wrong(other, UID, b"odd" + mac) == "length"


@pytest.mark.parametrize("family", FAMILIES)
def test_an_answer_shorter_than_its_mac_is_wrong(family: str) -> None:
    other = Other(family)
    value = commands.get_value(1, mode=Mode.MAC)
    other.seal.seal(value)
    assert wrong(other, value, b"abc") == "length"


def test_a_d40_mac_of_nothing_is_wrong() -> None:
    other = Other("D40")
    value = commands.get_value(1, mode=Mode.MAC)
    other.seal.seal(value)
    assert wrong(other, value, b"abcd") == "mac"


ASKED: tuple[Callable[[Verbs, Mode], object], ...] = (
    lambda verbs, _: verbs.version(),
    lambda verbs, _: verbs.applications(),
    lambda verbs, _: verbs.key_settings(),
    lambda verbs, _: verbs.key_version(0),
    lambda verbs, _: verbs.free_memory(),
    lambda verbs, _: verbs.files(),
    lambda verbs, _: verbs.iso_file_ids(),
    lambda verbs, _: verbs.file_settings(1),
    lambda verbs, _: verbs.commit(),
    lambda verbs, mode: verbs.read(1, mode=mode),
    lambda verbs, mode: verbs.read(1, mode=mode, length=40),
    lambda verbs, mode: verbs.value(1, mode=mode),
    lambda verbs, mode: verbs.read_records(1, mode=mode, record_bytes=8),
    lambda verbs, mode: verbs.write(1, b"x", mode=mode),
)


@pytest.mark.parametrize("family", [*FAMILIES, "open"])
@given(
    ask=st.sampled_from(ASKED),
    mode=st.sampled_from(Mode),
    answer=st.binary(max_size=80),
    status=st.sampled_from([0x00, 0x00, 0x00, 0xAF, 0xAE, 0x7E]),
)
def test_any_answer_is_an_answer_or_a_fault(
    family: str, ask: Callable[[Verbs, Mode], object], mode: Mode, answer: bytes, status: int
) -> None:
    card = Desfire(lambda _: bytes((status,)) + answer, framing=NATIVE)
    verbs: Verbs = card if family == "open" else Session(card, 0, opened(family))
    with suppress(DesfireRefused, DesfireAnswerWrong):
        ask(verbs, Mode.PLAIN if family == "open" else mode)


def test_a_counter_that_is_used_up_ends_the_session() -> None:
    silent = Session(card(), 0, Ev2(enc=KEY, mac=KEY, ti=b"abcd", counter=0xFFFF))
    with pytest.raises(OverflowError):
        silent.files()
    assert silent.over
    with pytest.raises(SessionOver):
        silent.files()


def test_a_card_that_goes_takes_its_session_along() -> None:
    def gone(_: bytes) -> bytes:
        raise ConnectionError

    session = Session(Desfire(gone), 0, Ev1(KEY, aes=True))
    with pytest.raises(ConnectionError):
        session.files()
    assert session.over


def test_a_legacy_session_ends_with_a_wrong_answer() -> None:
    session = amid(D40(KEY), ("6c01", "00" + "00" * 8))
    with pytest.raises(DesfireAnswerWrong):
        session.value(1, mode=Mode.MAC)
    assert session.over


def handshake(v: Vector) -> tuple[Key, list[tuple[str, str]]]:
    """A recorded handshake, to be told wrongly: the key, and what goes out and back."""
    raw = v.raw
    if raw["kind"] == "ev2_auth":
        told = [("7100" + "00", "af" + raw["part1"]), ("af" + raw["part2"], "00" + raw["answer"])]
        return AesKey(Secret(v["key"])), told
    told = [("", "af" + raw["rndb_enc"]), ("af" + raw["rndab_enc"], "00" + raw["rnda_enc"])]
    if raw["kind"] == "d40_auth":
        return DesKey(Secret(v["key"])), [("0a00", told[0][1]), told[1]]
    if raw["type"] == "AES":
        return AesKey(Secret(v["key"])), [("710000", "1c"), ("aa00", told[0][1]), told[1]]
    return DesKey(Secret(v["key"])), [("1a00", told[0][1]), told[1]]


TOLD = [
    *published("d40_auth", id="d40-1"),
    *published("ev1_auth", id="auth-2"),
    *published("ev1_auth", id="auth-5"),
    *published("ev2_auth", id="ev2-1"),
]


def met(v: Vector, told: list[tuple[str, str]], key: Key) -> Session:
    made = card(*told, random=v["rnda"], framing=NATIVE)
    if isinstance(key, DesKey) and v.raw["kind"] == "d40_auth":
        return made.authenticate_d40(0, key)
    return made.authenticate(0, key)


@pytest.mark.parametrize("v", TOLD, ids=repr)
def test_a_card_that_cannot_prove_the_key_is_not_believed(v: Vector) -> None:
    key, told = handshake(v)
    assert not met(v, told, key).over
    out, back = told[-1]
    liar = [*told[:-1], (out, back[:-2] + f"{int(back[-2:], 16) ^ 1:02x}")]
    if v.raw["kind"] != "ev2_auth":  # there the last byte is the card's capabilities
        with pytest.raises(DesfireAnswerWrong) as found:
            met(v, liar, key)
        assert found.value.wrong == "proof"
    liar = [*told[:-1], (out, "00" + f"{int(back[2:4], 16) ^ 1:02x}" + back[4:])]
    with pytest.raises(DesfireAnswerWrong) as found:
        met(v, liar, key)
    assert found.value.wrong == "proof"


@pytest.mark.parametrize("v", TOLD, ids=repr)
@pytest.mark.parametrize("cut", [-16, -2, 0])
def test_a_handshake_of_the_wrong_length_is_wrong(v: Vector, cut: int) -> None:
    key, told = handshake(v)
    for step in (-2, -1):
        short = list(told)
        out, back = short[step]
        short[step] = (out, back[:cut] if cut else back + "00")
        with pytest.raises(DesfireAnswerWrong) as found:
            met(v, short, key)
        assert found.value.wrong == "length"


def test_a_handshake_that_is_done_too_early_is_wrong() -> None:
    early = card(("1a00", "00" + "00" * 8))
    with pytest.raises(DesfireAnswerWrong) as found:
        early.authenticate(0, DesKey.ZERO)
    assert (found.value.command, found.value.wrong) == ("AuthenticateISO", "length")
