"""ChangeKey, whose only form is sealed: there is no way to say it in the open.

Source: cards.md 5.7.
"""

from __future__ import annotations

from typing import Final

from apdu.desfire.cipher import xor
from apdu.desfire.commands import CARD_LEVEL, SealedCall, nothing
from apdu.desfire.files import Mode
from apdu.desfire.key import Key
from apdu.desfire.session import Seal

_CODE: Final = 0xC4


def change_own_key(aid: bytes, key_no: int, new: Key) -> SealedCall[None]:
    """Of the key the session was opened with; the card answers without a MAC and forgets it."""
    return _change(aid, key_no, new, new.wire, b"")


def change_other_key(seal: Seal, aid: bytes, key_no: int, new: Key, old: Key) -> SealedCall[None]:
    """Of another key, which has to be known: the card is told the difference."""
    return _change(aid, key_no, new, xor(new.wire, old.wire), seal.checksum(new.wire))


def _change(aid: bytes, key_no: int, new: Key, sent: bytes, tail: bytes) -> SealedCall[None]:
    # In an application the type of keys is fixed; the card's own master key may change it.
    number = key_no | new.type if aid == CARD_LEVEL else key_no
    return SealedCall(
        name="ChangeKey",
        code=_CODE,
        head=bytes((number,)),
        data=sent + new.versioned,
        tail=tail,
        mode=Mode.FULL,
        read=nothing,
    )
