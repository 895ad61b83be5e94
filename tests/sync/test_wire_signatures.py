"""Signed requests and answers: the vector, another implementation, and every way to lie."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import http_message_signatures as oracle
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from http_message_signatures import algorithms
from hypothesis import given
from hypothesis import strategies as st

from sync.wire.signatures import (
    NotSigned,
    Question,
    SignedRequest,
    content_digest,
    nonce_text,
    parse_request,
    sign_answer,
    sign_request,
    verify_answer,
)

# ledger.md A.6: computed by another script, and verified there with http-message-signatures.
SEED = bytes(range(32))
BODY = (
    b'{"claim":"00112233445566778899aabbccddeeff","product":"flora",'
    b'"tokens":["8212b800c87ae450929c737b7d7b4a66"]}'
)
VECTOR = "5kyjFprJ+WCArUedLvf8yYA4TA1/E09KmD4BnGJm8+ql+1QuMzXWX94v0F+LIjzGOB5SULgzg59W1btF1uvrCw=="
KEY = Ed25519PrivateKey.from_private_bytes(SEED)
PUBLIC = KEY.public_key().public_bytes_raw()
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()
QUESTION = Question(method="POST", path="/v1/claims", nonce=nonce_text(bytes(range(16))))
CITY = "9f3c0a"

Headers = list[tuple[str, str]]


def signed(body: bytes | None = BODY, *, query: str = "", **changed: Any) -> Headers:
    fields: dict[str, Any] = {
        "city": CITY,
        "epoch": 1,
        "era": 1,
        "keyid": "T-01.1",
        "created": 1790000000,
        "sign": KEY.sign,
    } | changed
    return list(sign_request(QUESTION, query=query, body=body, **fields).items())


def parsed(headers: Headers, **changed: Any) -> SignedRequest:
    fields: dict[str, Any] = {
        "method": "POST",
        "path": "/v1/claims",
        "query": "",
        "has_body": True,
    } | changed
    return parse_request(headers=headers, **fields)


def replaced(headers: Headers, name: str, change: Callable[[str], str]) -> Headers:
    return [(key, change(value) if key == name else value) for key, value in headers]


def test_the_vector_of_the_design_page() -> None:
    headers = dict(signed())
    assert headers["signature"] == f"flora=:{VECTOR}:"
    assert headers["content-digest"] == "sha-256=:cWWBPR7DIfgMycAHIrapBs0xgcbzcyJH3dmgcstKLp0=:"


def test_a_good_request_is_taken_apart_and_verifies() -> None:
    request = parsed(signed())
    request.verify(PUBLIC, BODY)
    assert (request.terminal, request.key_number, request.created) == ("T-01", 1, 1790000000)
    assert (request.city, request.epoch, request.era) == (CITY, 1, 1)
    assert request.question == QUESTION


@dataclass
class Asked:
    """What http-message-signatures wants to see of a request."""

    headers: dict[str, str]
    method: str = "POST"
    url: str = "https://hub.example/v1/claims"


@dataclass
class Answered:
    """The same of an answer; the library tells it by its status."""

    headers: dict[str, str]
    status_code: int
    request: Asked


class _Resolver(oracle.HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id: str) -> Any:
        return KEY.public_key()

    def resolve_private_key(self, key_id: str) -> Any:
        return KEY


class _Verifier(oracle.HTTPMessageVerifier):
    require_created = False  # an answer has the hub's time in its own field
    max_clock_skew = timedelta(days=36500)  # the vector was made in the future


def verifier() -> Any:
    return _Verifier(signature_algorithm=algorithms.ED25519, key_resolver=_Resolver())


@pytest.mark.parametrize(("body", "query"), [(BODY, ""), (None, "era=1&after=0&limit=5")])
def test_the_library_verifies_our_requests(body: bytes | None, query: str) -> None:
    url = "https://hub.example/v1/claims" + (f"?{query}" if query else "")
    message = Asked(headers=dict(signed(body, query=query)), url=url)
    results = verifier().verify(message, body=body, max_age=None)
    assert [result.label for result in results] == ["flora"]


def test_we_verify_the_requests_of_the_library() -> None:
    message = Asked(
        headers={
            "content-type": "application/json",
            "content-digest": content_digest(BODY),
            "flora-city": CITY,
            "flora-epoch": "1",
            "flora-era": "1",
        }
    )
    signer = oracle.HTTPMessageSigner(
        signature_algorithm=algorithms.ED25519, key_resolver=_Resolver()
    )
    signer.sign(
        message,
        key_id="T-01.1",
        nonce=QUESTION.nonce,
        tag="flora-1",
        label="flora",
        use_existing_digest=True,
        covered_component_ids=(
            "@method",
            "@path",
            "@query",
            "content-type",
            "content-digest",
            "flora-city",
            "flora-epoch",
            "flora-era",
        ),
    )
    headers = [(name.lower(), value) for name, value in message.headers.items()]
    parsed(headers).verify(PUBLIC, BODY)


def test_the_library_verifies_our_answers() -> None:
    body = b'{"ok":1}'
    fields = sign_answer(QUESTION, status=409, body=body, era=2, time_ms=5, sign=KEY.sign)
    asked = Asked(headers={})
    answer = Answered(headers=fields, status_code=409, request=asked)
    results = verifier().verify(answer, body=body, max_age=None)
    assert [result.label for result in results] == ["flora"]


LIES: dict[str, Callable[[Headers], Headers]] = {
    "no signature": lambda h: [one for one in h if one[0] != "signature"],
    "no input": lambda h: [one for one in h if one[0] != "signature-input"],
    "two signatures": lambda h: [*h, ("signature", dict(h)["signature"])],
    "two inputs": lambda h: [*h, ("signature-input", dict(h)["signature-input"])],
    "a second label": lambda h: replaced(h, "signature-input", lambda v: f"{v}, b={v[6:]}"),
    "covers nothing": lambda h: replaced(
        h, "signature-input", lambda v: "flora=()" + v.partition(")")[2]
    ),
    "method uncovered": lambda h: replaced(
        h, "signature-input", lambda v: v.replace('"@method" ', "")
    ),
    "path uncovered": lambda h: replaced(h, "signature-input", lambda v: v.replace('"@path" ', "")),
    "digest uncovered": lambda h: replaced(
        h, "signature-input", lambda v: v.replace('"content-digest" ', "")
    ),
    "another order": lambda h: replaced(
        h, "signature-input", lambda v: v.replace('"@method" "@path"', '"@path" "@method"')
    ),
    "one more part": lambda h: replaced(
        h, "signature-input", lambda v: v.replace('"flora-era")', '"flora-era" "host")')
    ),
    "no alg": lambda h: replaced(h, "signature-input", lambda v: v.replace(';alg="ed25519"', "")),
    "other alg": lambda h: replaced(
        h, "signature-input", lambda v: v.replace("ed25519", "hmac-sha256")
    ),
    "no tag": lambda h: replaced(h, "signature-input", lambda v: v.replace(';tag="flora-1"', "")),
    "no nonce": lambda h: replaced(
        h, "signature-input", lambda v: v.replace(f';nonce="{QUESTION.nonce}"', "")
    ),
    "no created": lambda h: replaced(
        h, "signature-input", lambda v: v.replace(";created=1790000000", "")
    ),
    "created as text": lambda h: replaced(
        h, "signature-input", lambda v: v.replace("created=1790000000", 'created="1790000000"')
    ),
    "a parameter twice": lambda h: replaced(h, "signature-input", lambda v: v + ';tag="flora-1"'),
    "an unknown parameter": lambda h: replaced(h, "signature-input", lambda v: v + ";expires=5"),
    "keyid without number": lambda h: replaced(
        h, "signature-input", lambda v: v.replace("T-01.1", "T-01")
    ),
    "epoch with a plus": lambda h: replaced(h, "flora-epoch", lambda v: "+1"),
    "epoch twice": lambda h: [*h, ("flora-epoch", "1")],
    "other content type": lambda h: replaced(h, "content-type", lambda v: "text/plain"),
    "line break": lambda h: replaced(h, "flora-city", lambda v: f'{v}\n"flora-epoch": 9'),
}


@pytest.mark.parametrize("lie", LIES)
def test_another_shape_is_refused_before_a_key_is_looked_up(lie: str) -> None:
    with pytest.raises(NotSigned):
        parsed(LIES[lie](signed()))


@pytest.mark.parametrize("field_name", ["flora-city", "flora-epoch", "flora-era"])
def test_a_changed_field_fails(field_name: str) -> None:
    request = parsed(replaced(signed(), field_name, lambda v: v + "0"))
    with pytest.raises(NotSigned):
        request.verify(PUBLIC, BODY)


def test_every_changed_byte_of_the_body_fails() -> None:
    request = parsed(signed())
    for at in range(len(BODY)):
        changed = BODY[:at] + bytes((BODY[at] ^ 1,)) + BODY[at + 1 :]
        with pytest.raises(NotSigned, match="digest"):
            request.verify(PUBLIC, changed)


@pytest.mark.parametrize("changed", [{"method": "PUT"}, {"path": "/v1/claimz"}, {"query": "a=1"}])
def test_another_target_fails(changed: dict[str, str]) -> None:
    request = parsed(signed(), **changed)
    with pytest.raises(NotSigned, match="signature"):
        request.verify(PUBLIC, BODY)


def test_another_key_fails() -> None:
    with pytest.raises(NotSigned, match="signature"):
        parsed(signed()).verify(OTHER, BODY)


def test_every_changed_character_of_the_signature_fails() -> None:
    # The last character of base64 has spare bits; they must not be a second spelling.
    for at in range(86):
        old = VECTOR[at]
        for new in ("A", "B", chr(ord(old) ^ 1), "x"):
            text = VECTOR[:at] + new + VECTOR[at + 1 :]
            if new == old or not (new.isalnum() or new in "+/"):
                continue
            with pytest.raises(NotSigned):
                verified(replaced(signed(), "signature", lambda _, text=text: f"flora=:{text}:"))  # type: ignore[misc]


def verified(headers: Headers) -> None:
    parsed(headers).verify(PUBLIC, BODY)


def test_an_answer_belongs_to_its_question() -> None:
    body = b'{"ok":1}'
    fields = sign_answer(QUESTION, status=200, body=body, era=2, time_ms=77, sign=KEY.sign)
    whole: dict[str, Any] = {
        "question": QUESTION,
        "status": 200,
        "headers": list(fields.items()),
        "body": body,
        "hub_key": PUBLIC,
    }
    said = verify(whole)
    assert (said.era, said.time_ms) == (2, 77)
    other_nonce = Question(method="POST", path="/v1/claims", nonce=nonce_text(bytes(16)))
    other_path = Question(method="POST", path="/v1/journal", nonce=QUESTION.nonce)
    for change in (
        {"question": other_nonce},
        {"question": other_path},
        {"status": 201},
        {"body": body + b" "},
        {"hub_key": OTHER},
        {"headers": replaced(whole["headers"], "flora-time", lambda v: "78")},
        {"headers": replaced(whole["headers"], "flora-era", lambda v: "3")},
        {"headers": whole["headers"][:-1]},
    ):
        with pytest.raises(NotSigned):
            verify(whole | change)


def verify(whole: dict[str, Any]) -> Any:
    question = whole["question"]
    return verify_answer(question, **{k: v for k, v in whole.items() if k != "question"})


@given(
    st.dictionaries(
        st.sampled_from(["signature", "signature-input", "flora-epoch", "content-type"]),
        st.text(max_size=60),
    ),
    st.binary(max_size=80),
)
def test_any_header_is_verified_or_not_signed(changed: dict[str, str], noise: bytes) -> None:
    headers = [(name, changed.get(name, value)) for name, value in signed()]
    headers.append(("signature-x", base64.b64encode(noise).decode()))
    try:
        parsed(headers).verify(PUBLIC, BODY)
    except NotSigned:
        return
    assert not changed or all(dict(signed())[name] == value for name, value in changed.items())


def test_a_nonce_has_sixteen_bytes() -> None:
    with pytest.raises(ValueError, match="15"):
        nonce_text(bytes(15))
