"""Signed requests and signed answers: RFC 9421 with Ed25519, Content-Digest of RFC 9530.

One fixed shape each (ledger.md A.1): a request covers its method, path, query, body and the three
`Flora-` fields; an answer covers its status, body, era and time and the question it answers,
joined by the request's nonce. Anything else (fewer parts, another order, a second signature) is
refused before a key is looked up. The signature base is prepared here because a whole library
costs ten times the Ed25519 operation; the tests hold it against http-message-signatures.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

JSON_TYPE = "application/json"
HUB_KEYID = "hub"

_TAG = ';alg="ed25519";tag="flora-1"'
_BODY_PARTS = ("content-type", "content-digest")
_FLORA_PARTS = ("flora-city", "flora-epoch", "flora-era")
_ANSWER_PARTS = ("content-digest", "content-type", "flora-era", "flora-time")
_PARAM = re.compile(r';(created|nonce|keyid|alg|tag)=(?:([0-9]{1,15})|"([A-Za-z0-9_.-]{1,64})")')
_SIGNATURE = re.compile(r"flora=:([A-Za-z0-9+/]{86}==):")
_NONCE = re.compile(r"[A-Za-z0-9_-]{22}")
_KEYID = re.compile(r"([A-Za-z0-9-]{1,32})\.([1-9][0-9]{0,8})")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}")


class NotSigned(Exception):
    """The message is not signed as it must be. `why` names the part, never a value."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What an answer is bound to."""

    method: str
    path: str
    nonce: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """A request whose form is right and whose signature has not been checked yet.

    `created` is in seconds since 1970 by the sender's clock; `city` the profile's fingerprint.
    """

    question: Question
    terminal: str
    key_number: int
    created: int
    city: str
    epoch: int
    era: int
    digest: str | None
    base: bytes
    signature: bytes

    def verify(self, public_key: bytes, body: bytes) -> None:
        """Check signature, then body digest. Raises `NotSigned`."""
        _verify(public_key, self.signature, self.base)
        if self.digest is not None and not hmac.compare_digest(self.digest, content_digest(body)):
            raise NotSigned("digest")


def content_digest(body: bytes) -> str:
    """The Content-Digest field's value: sha-256 only."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode('ascii')}:"


def nonce_text(random: bytes) -> str:
    """16 random bytes as the nonce's 22 characters."""
    if len(random) != 16:
        raise ValueError(f"nonce of {len(random)} bytes")
    return base64.urlsafe_b64encode(random).rstrip(b"=").decode("ascii")


def sign_request(
    question: Question,
    *,
    query: str,
    body: bytes | None,
    city: str,
    epoch: int,
    era: int,
    keyid: str,
    created: int,
    sign: Callable[[bytes], bytes],
) -> dict[str, str]:
    """The header fields that carry a request's signature. `query` without its question mark;
    `body` None for a GET."""
    fields = {"flora-city": city, "flora-epoch": str(epoch), "flora-era": str(era)}
    if body is not None:
        fields |= {"content-type": JSON_TYPE, "content-digest": content_digest(body)}
    params = (
        f'{_request_list(body is not None)};created={created};nonce="{question.nonce}"'
        f';keyid="{keyid}"{_TAG}'
    )
    base = _request_base(question.method, question.path, query, fields, params)
    return fields | _signature_fields(params, sign(base))


def parse_request(
    *, method: str, path: str, query: str, headers: Iterable[tuple[str, str]], has_body: bool
) -> SignedRequest:
    """Take a signature apart. `path` and `query` raw, as they came. Raises `NotSigned`."""
    names = (_BODY_PARTS if has_body else ()) + _FLORA_PARTS
    fields = _only_once(headers, (*names, "signature-input", "signature"))
    params, signature = _split_signature(fields)
    listed = _request_list(has_body)
    if not params.startswith(listed):
        raise NotSigned("components")
    values = _params(params[len(listed) :], wanted={"created", "nonce", "keyid", "alg", "tag"})
    key = _KEYID.fullmatch(values["keyid"])
    if key is None:
        raise NotSigned("keyid")
    if has_body and fields["content-type"] != JSON_TYPE:
        raise NotSigned("content-type")
    return SignedRequest(
        question=Question(method=method, path=path, nonce=values["nonce"]),
        terminal=key[1],
        key_number=int(key[2]),
        created=int(values["created"]),
        city=fields["flora-city"],
        epoch=_number(fields, "flora-epoch"),
        era=_number(fields, "flora-era"),
        digest=fields.get("content-digest"),
        base=_request_base(method, path, query, fields, params),
        signature=signature,
    )


def sign_answer(
    question: Question,
    *,
    status: int,
    body: bytes,
    era: int,
    time_ms: int,
    sign: Callable[[bytes], bytes],
) -> dict[str, str]:
    """The header fields of a signed answer. `time_ms`: the hub's time since 1970."""
    fields = {
        "content-type": JSON_TYPE,
        "content-digest": content_digest(body),
        "flora-era": str(era),
        "flora-time": str(time_ms),
    }
    params = f'{_answer_list()};nonce="{question.nonce}";keyid="{HUB_KEYID}"{_TAG}'
    base = _answer_base(question, status, fields, params)
    return fields | _signature_fields(params, sign(base))


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedAnswer:
    """What the verified header of an answer says. `time_ms` since 1970, the hub's clock."""

    era: int
    time_ms: int


def verify_answer(
    question: Question,
    *,
    status: int,
    headers: Iterable[tuple[str, str]],
    body: bytes,
    hub_key: bytes,
) -> SignedAnswer:
    """Check that the hub gave this answer to this question. Raises `NotSigned`."""
    fields = _only_once(headers, (*_ANSWER_PARTS, "signature-input", "signature"))
    params, signature = _split_signature(fields)
    listed = _answer_list()
    if not params.startswith(listed):
        raise NotSigned("components")
    values = _params(params[len(listed) :], wanted={"nonce", "keyid", "alg", "tag"})
    if values["keyid"] != HUB_KEYID or values["nonce"] != question.nonce:
        raise NotSigned("nonce")
    _verify(hub_key, signature, _answer_base(question, status, fields, params))
    if not hmac.compare_digest(fields["content-digest"], content_digest(body)):
        raise NotSigned("digest")
    return SignedAnswer(era=_number(fields, "flora-era"), time_ms=_number(fields, "flora-time"))


def _request_list(has_body: bool) -> str:  # noqa: FBT001
    parts = ("@method", "@path", "@query", *(_BODY_PARTS if has_body else ()), *_FLORA_PARTS)
    return "(" + " ".join(f'"{part}"' for part in parts) + ")"


def _answer_list() -> str:
    quoted = " ".join(f'"{part}"' for part in ("@status", *_ANSWER_PARTS))
    return f'({quoted} "@method";req "@path";req)'


def _request_base(method: str, path: str, query: str, fields: dict[str, str], params: str) -> bytes:
    lines = [f'"@method": {method}', f'"@path": {path}', f'"@query": ?{query}']
    lines += [f'"{name}": {fields[name]}' for name in _BODY_PARTS if name in fields]
    lines += [f'"{name}": {fields[name]}' for name in _FLORA_PARTS]
    return _joined(lines, params)


def _answer_base(question: Question, status: int, fields: dict[str, str], params: str) -> bytes:
    lines = [f'"@status": {status}']
    lines += [f'"{name}": {fields[name]}' for name in _ANSWER_PARTS]
    lines += [f'"@method";req: {question.method}', f'"@path";req: {question.path}']
    return _joined(lines, params)


def _joined(lines: list[str], params: str) -> bytes:
    text = "\n".join([*lines, f'"@signature-params": {params}'])
    # A line break inside a value would forge a line of the base; nothing else may hide either.
    if not text.isascii() or text.count("\n") != len(lines) or "\r" in text:
        raise NotSigned("characters")
    return text.encode("ascii")


def _signature_fields(params: str, signature: bytes) -> dict[str, str]:
    text = base64.b64encode(signature).decode("ascii")
    return {"signature-input": f"flora={params}", "signature": f"flora=:{text}:"}


def _only_once(headers: Iterable[tuple[str, str]], names: Iterable[str]) -> dict[str, str]:
    wanted = set(names)
    found: dict[str, str] = {}
    for name, value in headers:
        if (lower := name.lower()) in wanted:
            if lower in found:
                raise NotSigned(lower)
            found[lower] = value.strip(" \t")
    if missing := wanted - found.keys():
        raise NotSigned(min(missing))
    return found


def _split_signature(fields: dict[str, str]) -> tuple[str, bytes]:
    label, params = fields["signature-input"][:6], fields["signature-input"][6:]
    matched = _SIGNATURE.fullmatch(fields["signature"])
    if label != "flora=" or matched is None:
        raise NotSigned("signature")
    try:
        signature = base64.b64decode(matched[1], validate=True)
    except binascii.Error:
        raise NotSigned("signature") from None
    # The last character of base64 has spare bits: one signature, one spelling.
    if base64.b64encode(signature).decode("ascii") != matched[1]:
        raise NotSigned("signature")
    return params, signature


def _params(text: str, *, wanted: set[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    at = 0
    while at < len(text):
        matched = _PARAM.match(text, at)
        if matched is None or matched[1] in values:
            raise NotSigned("parameters")
        if (matched[1] == "created") != (matched[2] is not None):
            raise NotSigned("parameters")
        values[matched[1]] = matched[2] if matched[2] is not None else matched[3]
        at = matched.end()
    if values.keys() != wanted or values["alg"] != "ed25519" or values["tag"] != "flora-1":
        raise NotSigned("parameters")
    if not _NONCE.fullmatch(values["nonce"]):
        raise NotSigned("nonce")
    return values


def _number(fields: dict[str, str], name: str) -> int:
    if not _NUMBER.fullmatch(fields[name]):
        raise NotSigned(name)
    return int(fields[name])


def _verify(public_key: bytes, signature: bytes, message: bytes) -> None:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        raise NotSigned("signature") from None
