"""The one door for what came from outside: a message, or `WireForm`, and nothing else."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.wire.invite import Invite, mac, mac_is, new_invite, parse_code
from sync.wire.messages import (
    ClaimRequest,
    JournalPush,
    WireForm,
    b64,
    claim_digest,
    decode,
    decode_plain,
    first_feed_head,
    next_feed_head,
    unb64,
)

GOOD = {
    "claim": "0" * 32,
    "product": "flora",
    "tokens": ["1" * 32],
    "generation": 1,
}
ROTTEN = {
    "not UTF-8": b'{"claim":"\xff"}',
    "a byte order mark": b'\xef\xbb\xbf{"a":1}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "cut off": b'{"claim":',
    "two documents": b"{}{}",
    "no object": b"[]",
    "a hundred thousand brackets": b"[" * 100_000,
    "seventeen deep": b'{"a":' * 17 + b"1" + b"}" * 17,
    "a name twice": b'{"a":1,"a":1}',
    "a name twice inside": b'{"a":{"b":1,"b":2}}',
    "a float": b'{"a":1.0}',
    "an exponent": b'{"a":1e2}',
    "not a number": b'{"a":NaN}',
    "infinity": b'{"a":-Infinity}',
    "a number of five thousand digits": b'{"a":1' + b"0" * 5000 + b"}",
}


@pytest.mark.parametrize("kind", ROTTEN)
def test_rotten_text_is_no_message(kind: str) -> None:
    with pytest.raises(WireForm):
        decode_plain(ROTTEN[kind])


def test_sixteen_deep_is_deep_enough() -> None:
    assert decode_plain(b'{"a":' * 16 + b"1" + b"}" * 16)


def test_unknown_fields_are_ignored() -> None:
    body = json.dumps(GOOD | {"window": {"later": [1]}}).encode()
    assert decode(ClaimRequest, body).product == "flora"


@pytest.mark.parametrize(
    "changed",
    [
        {"claim": "0" * 31},
        {"claim": "0" * 32 + "\n"},
        {"claim": "G" * 32},
        {"product": "flo\u0000ra"},
        {"product": "花"},
        {"tokens": []},
        {"tokens": ["1" * 32] * 9},
        {"generation": "1"},
        {"generation": True},
        {"generation": 1 << 70},
        {"links": [["1" * 32]]},
        {"ack": {"seq": -1}},
        {"claim": None},
    ],
)
def test_a_field_out_of_its_bounds_is_no_message(changed: dict[str, object]) -> None:
    with pytest.raises(WireForm):
        decode(ClaimRequest, json.dumps(GOOD | changed).encode())


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_not(body: bytes) -> None:
    with pytest.raises(WireForm):
        decode(JournalPush, body)


@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda c: st.lists(c) | st.dictionaries(st.text(), c)
    )
)
def test_any_json_is_a_message_or_not(value: object) -> None:
    with pytest.raises(WireForm):
        decode(JournalPush, json.dumps(value).encode())


@given(st.binary(max_size=70))
def test_base64_has_one_spelling(data: bytes) -> None:
    assert unb64(b64(data)) == data


@pytest.mark.parametrize("text", ["A", "AB", "AA==", "A+", "A/", "AAAAA", "A A"])
def test_another_spelling_of_base64_is_refused(text: str) -> None:
    with pytest.raises(WireForm):
        unb64(text)


def test_a_claims_digest_covers_product_and_tokens() -> None:
    one, two = "1" * 32, "2" * 32
    digests = {
        claim_digest("flora", [one]),
        claim_digest("flora", [one, two]),
        claim_digest("child", [one]),
        claim_digest("flora", [two]),
    }
    assert len(digests) == 4


def test_no_part_of_a_feed_row_can_borrow_from_its_neighbour() -> None:
    head = first_feed_head("issue")
    heads = {
        next_feed_head(head, pos=1, kind="link", key="ab", body=b"c"),
        next_feed_head(head, pos=1, kind="link", key="a", body=b"bc"),
        next_feed_head(head, pos=1, kind="linka", key="b", body=b"c"),
        next_feed_head(head, pos=2, kind="link", key="ab", body=b"c"),
        next_feed_head(first_feed_head("validate"), pos=1, kind="link", key="ab", body=b"c"),
    }
    assert len(heads) == 5


def test_a_code_survives_how_people_type() -> None:
    made = new_invite(bytes(range(10)), b"k" * 32)
    code = made.code()
    assert len(code.split("-")) == 8
    assert parse_code(code.lower().replace("-", " ")) == made
    assert parse_code(code).mac_key() == made.mac_key()


@pytest.mark.parametrize("text", ["", "ABCD", "ABCD-" * 7 + "ABC8", "花" * 32, "A" * 40, "8" * 32])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(WireForm):
        parse_code(text)


def test_a_code_names_its_hub_and_hides_its_secret() -> None:
    made = new_invite(bytes(10), b"k" * 32)
    assert made.is_of(b"k" * 32)
    assert not made.is_of(b"l" * 32)
    assert repr(made) == "Invite"
    other = Invite(secret=bytes(9) + b"\x01", hub_print=made.hub_print)
    assert mac_is(made.mac_key(), b"body", mac(made.mac_key(), b"body"))
    assert not mac_is(made.mac_key(), b"body", mac(other.mac_key(), b"body"))
    assert not mac_is(made.mac_key(), b"body", "花")
