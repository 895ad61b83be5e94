"""Which level of a DESFire is selected, which key opens it, and how a key is changed.

A key is tried only after the card has named its version, so none is tried that cannot fit; one
that is refused all the same ends everything for this card (cards.md 5.3).
"""

from __future__ import annotations

from apdu.desfire import status
from apdu.desfire.card import Desfire, Session
from apdu.desfire.key import AesKey, DesKey, Key
from apdu.errors import DesfireRefused
from cards.desfire_layout import CARD, NOT_OURS_YET, KeyNo
from cards.errors import KeyNotTaken, WrongCard
from drivers.keys.contract import KeyStore

KIND = "desfire"
NO_UID = bytes(7)  # stands for every card in the identity key


class Access:
    """One card's levels, keys and session. `uid`: the true one, where the air's is random."""

    def __init__(self, air: Desfire, *, keys: KeyStore, uid: bytes) -> None:
        self.air = air
        self.keys = keys
        self.uid = uid
        self._level = CARD
        self._session: Session | None = None
        self._versions: dict[tuple[bytes, KeyNo], int] = {}
        self._refused = False

    def select(self, level: bytes) -> bool:
        """Choose our application or the card's own level. False: the card has no such thing."""
        if level == self._level:
            return True
        self._session = None
        try:
            self.air.select(level)
        except DesfireRefused as refused:
            if refused.status != status.NO_APPLICATION:
                raise
            return False
        self._level = level
        return True

    def version(self, no: KeyNo) -> int:
        """The version of a key of this level, asked once."""
        at = self._level, no
        if at not in self._versions:
            self._versions[at] = (self._live() or self.air).key_version(no)
        return self._versions[at]

    def open(self, no: KeyNo) -> Session:
        """A session of this level under that key. Raises `WrongCard` where the card refuses it,
        now and ever after; `NoCardKey` where no key of that version is held."""
        session = self._live()
        if session is not None and session.key_no == no:
            return session
        if self._refused:
            raise WrongCard(kind=KIND)
        key = self._key(no, self.version(no))
        self._refused = True  # until the card has taken it
        try:
            self._session = self.air.authenticate(no, key)
        except DesfireRefused as refused:
            if refused.status not in (status.AUTHENTICATION, status.ILLEGAL):
                raise
            raise WrongCard(kind=KIND) from refused
        self._refused = False
        return self._session

    def change(self, no: KeyNo, version: int) -> None:
        """Put a key of this level to the value it has in `version`, if it is of another; not done
        before it is proven. The master, which ends its own session so, is proven here."""
        now = self.version(no)
        if now == version:
            return
        old = None if no is KeyNo.MASTER else self._key(no, now)
        self.open(KeyNo.MASTER).change_key(no, self._key(no, version), old=old)
        self._versions[self._level, no] = version
        if no is KeyNo.MASTER:
            self.prove(no)

    def prove(self, no: KeyNo) -> None:
        """Authenticate with a key that was changed. Raises `KeyNotTaken`."""
        try:
            self.open(no)
        except WrongCard as refused:
            raise KeyNotTaken(key=no) from refused

    def forget(self) -> None:
        """Our application is gone from the card, and its versions with it."""
        self._versions.clear()

    def _live(self) -> Session | None:
        session = self._session
        return None if session is None or session.over else session

    def _key(self, no: KeyNo, version: int) -> Key:
        if self._level == CARD:
            return DesKey.ZERO if version == NOT_OURS_YET else self._aes(self.uid, no, version)
        if version == NOT_OURS_YET:
            return AesKey.ZERO
        return self._aes(NO_UID if no is KeyNo.IDENTITY else self.uid, no, version)

    def _aes(self, uid: bytes, no: KeyNo, version: int) -> AesKey:
        value = self.keys.desfire_key(uid, self._level, no, version=version)
        return AesKey(value, version)
