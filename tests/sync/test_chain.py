"""The journal's arithmetic against ledger.md A.6."""

from __future__ import annotations

import base64

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import chain
from tests.sync.rig import SEED

CONTENT = b'{"kind":"refusal","rule":"F12"}'
SALT = b"\xaa" * 16
HEAD_0 = "54115d9a24be9ef49f7c074df1a10c8146e1550148dff723e33da8d423591a98"
LEAF_1 = "af848c6933c0a6965dc22edcbe498f0882ab0969eaf2f4372697f8add2ecce2c"
HEAD_1 = "148a1df29175f64c06466f868ddc46cd50dfaed7a4b601dab200070c4460bef7"
SEAL_1 = "SgSAidiTf-LWcSwiK09VqS8OnVPTqBASmx6JYr45bTZNm-hJjJldzCTPz4aKdq-POpdTwFTwxE17-d86AgeaCw"


def test_the_first_entry_as_the_vectors_have_it() -> None:
    assert chain.first_head("T-01").hex() == HEAD_0
    leaf = chain.leaf(SALT, CONTENT)
    assert leaf.hex() == LEAF_1
    head = chain.next_head(chain.first_head("T-01"), seq=1, epoch=1, leaf_hash=leaf)
    assert head.hex() == HEAD_1


def test_the_seal_as_the_vectors_have_it() -> None:
    message = chain.seal_message("T-01", seq=1, epoch=1, head=bytes.fromhex(HEAD_1))
    seal = Ed25519PrivateKey.from_private_bytes(SEED).sign(message)
    assert base64.urlsafe_b64encode(seal).rstrip(b"=").decode() == SEAL_1


def test_every_input_moves_the_head() -> None:
    leaf = chain.leaf(SALT, CONTENT)
    heads = {
        chain.next_head(bytes.fromhex(HEAD_0), seq=1, epoch=1, leaf_hash=leaf),
        chain.next_head(bytes.fromhex(HEAD_1), seq=1, epoch=1, leaf_hash=leaf),
        chain.next_head(bytes.fromhex(HEAD_0), seq=2, epoch=1, leaf_hash=leaf),
        chain.next_head(bytes.fromhex(HEAD_0), seq=1, epoch=2, leaf_hash=leaf),
        chain.next_head(bytes.fromhex(HEAD_0), seq=1, epoch=1, leaf_hash=leaf[::-1]),
        # What is hashed for a leaf can never be taken for a node.
        chain.leaf(b"", bytes.fromhex(HEAD_0) + bytes(7) + b"\x01" + bytes(3) + b"\x01" + leaf),
    }
    assert len(heads) == 6


def test_seal_and_ack_sign_different_messages() -> None:
    head = bytes(32)
    seal = chain.seal_message("T-01", seq=1, epoch=1, head=head)
    assert seal != chain.ack_message("T-01", seq=1, head=head, era=1)
