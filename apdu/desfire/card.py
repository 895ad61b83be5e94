"""A DESFire card as the terminal speaks to it: in the open, and in a session.

`Desfire` carries what needs no key. `authenticate` gives a `Session`, the only thing that can
change a key. One card, one thread, at most one live session: whoever selects or authenticates ends
it, and so does a refusal (in EV1 and EV2) or any answer that does not hold.

Source: cards.md 5.3–5.8.
"""

from __future__ import annotations

import secrets
import struct
from collections.abc import Callable, Generator

from apdu.desfire import auth, commands
from apdu.desfire.auth import NAMES, Random, Step
from apdu.desfire.change_key import change_other_key, change_own_key
from apdu.desfire.commands import AID_BYTES, CARD_LEVEL, Call, KeyRights, Message, R
from apdu.desfire.files import Mode, Rights
from apdu.desfire.framing import WRAPPED, Channel, Framing
from apdu.desfire.key import AesKey, DesKey, Key
from apdu.desfire.session import Ev2, Seal
from apdu.desfire.status import ILLEGAL, Status
from apdu.desfire.verbs import Verbs
from apdu.errors import DesfireAnswerWrong, DesfireRefused

DEFAULT_KEY_BYTES = 24
_SELECT = 0x5A


class SessionOver(RuntimeError):
    """A session was used that has ended, or the card in the open amid one: our fault."""


class Desfire(Verbs):
    """The card in the open. `transmit` carries whole APDUs (or frames, with `NATIVE` framing) and
    raises what a connection raises; `random` gives that many unguessable bytes."""

    def __init__(
        self,
        transmit: Callable[[bytes], bytes],
        *,
        random: Random = secrets.token_bytes,
        framing: Framing = WRAPPED,
    ) -> None:
        self.channel = Channel(transmit, framing)
        self.aid = CARD_LEVEL
        self._random = random
        self._session: Session | None = None
        self._knows_ev2 = True  # until it says otherwise

    def select(self, aid: bytes) -> None:
        """Select an application by its 3 bytes as sent; zeros are the card itself."""
        if len(aid) != AID_BYTES:
            raise ValueError(f"{len(aid)} bytes of AID")
        self._end_session()
        self.channel.ask("SelectApplication", _SELECT, aid)
        self.aid = aid

    def authenticate(self, key_no: int, key: Key) -> Session:
        """Open a session: EV2 with an AES key, or EV1 where the card does not know EV2; EV1 with a
        DES key. A key that the card does not have: `DesfireRefused` (AE)."""
        if isinstance(key, DesKey):
            return self._handshake(key_no, auth.ISO, auth.iso(key_no, key, self._random))
        if self._knows_ev2:
            try:
                return self._handshake(key_no, auth.EV2_FIRST, auth.ev2(key_no, key, self._random))
            except DesfireRefused as refused:
                self._knows_ev2 = refused.status != ILLEGAL
                if self._knows_ev2:
                    raise
        return self._handshake(key_no, auth.AES, auth.iso(key_no, key, self._random))

    def authenticate_d40(self, key_no: int, key: DesKey) -> Session:
        """Open a legacy session, as cards before EV1 know it alone."""
        return self._handshake(key_no, auth.LEGACY, auth.legacy(key_no, key, self._random))

    def authenticate_again(self, session: Session, key_no: int, key: AesKey) -> Session:
        """AuthenticateEV2NonFirst: another key within the EV2 session that is open, whose
        identifier and counter stay. Raises ValueError if `session` is of another family."""
        session.require_live()
        going_on = session.seal
        if not isinstance(going_on, Ev2):
            raise ValueError(f"an {going_on.family} session cannot go on under another key")
        handshake = auth.ev2(key_no, key, self._random, going_on=going_on)
        return self._handshake(key_no, auth.EV2_NON_FIRST, handshake)

    def run(self, call: Call[R]) -> R:
        """In the open: `SessionOver` while a session lives, since the card would count it there."""
        if self._session is not None and not self._session.over:
            raise SessionOver(f"{call.name} in the open amid a session")
        if call.mode not in (None, Mode.PLAIN):
            raise ValueError(f"{call.name} under a MAC or enciphered needs a session")
        frames = self.channel.ask(call.name, call.code, call.head + call.data)
        return answer_of(call, b"".join(frames))

    def _end_session(self) -> None:
        if self._session is not None:
            self._session.over = True
            self._session = None

    def _handshake(
        self, key_no: int, code: int, handshake: Generator[Step, bytes, Seal]
    ) -> Session:
        self._end_session()

        def ask(step: Step, wanted: Status) -> bytes:
            return self.channel.step(NAMES[code], *step, wanted=wanted)

        self._session = Session(self, key_no, auth.seal_of(handshake, ask))
        return self._session


class Session(Verbs):
    """An open session under key `key_no` in the application selected. `over`: it has ended."""

    def __init__(self, card: Desfire, key_no: int, seal: Seal) -> None:
        self.card, self.key_no, self.seal = card, key_no, seal
        self.over = False

    @property
    def family(self) -> str:
        """`D40`, `EV1` or `EV2`."""
        return self.seal.family

    def require_live(self) -> None:
        """Raises `SessionOver`."""
        if self.over:
            raise SessionOver(f"this {self.family} session has ended")

    def run(self, call: Call[R]) -> R:
        return self._run(call)

    def authenticate_again(self, key_no: int, key: AesKey) -> Session:
        """`Desfire.authenticate_again` from this session on."""
        return self.card.authenticate_again(self, key_no, key)

    def card_uid(self) -> bytes:
        """The true UID, 7 bytes, also of a card that shows a random one."""
        return self._run(commands.get_card_uid())

    def change_key(self, key_no: int, new: Key, *, old: Key | None = None) -> None:
        """Change the session's own key (the session is then over), or another, whose `old` value
        must be given: ValueError. At card level the new key's type is told with it."""
        aid = self.card.aid
        if key_no == self.key_no:
            self._run(change_own_key(aid, key_no, new), last=True)
        elif old is None:
            raise ValueError(f"key {key_no} is not this session's: its old value is needed")
        else:
            self._run(change_other_key(self.seal, aid, key_no, new, old))

    def change_key_settings(self, rights: KeyRights) -> None:
        self._run(commands.change_key_settings(rights))

    def change_file_settings(self, file_no: int, mode: Mode, rights: Rights) -> None:
        """Where the file's right to change is a key's."""
        self._run(commands.change_file_settings(file_no, mode, rights))

    def set_configuration(self, *, no_format: bool = False, random_uid: bool = False) -> None:
        """Forbid FormatPICC, show a random UID. Neither can be taken back."""
        self._run(commands.set_configuration(0, bytes((no_format | random_uid << 1,))))

    def set_default_key(self, key: Key) -> None:
        """What the keys of applications created from now on begin with."""
        value = key.wire.ljust(DEFAULT_KEY_BYTES, b"\x00") + bytes((key.version,))
        self._run(commands.set_configuration(1, value))

    def _run(self, message: Message[R], *, last: bool = False) -> R:
        """`last`: the card forgets the session with this command and answers without a MAC."""
        self.require_live()
        try:
            answer = self._ask(message, sealed_answer=not last)
        except DesfireRefused:
            self.over = not self.seal.outlives_refusals
            raise
        except BaseException:
            self.over = True
            raise
        self.over = last
        return answer

    def _ask(self, message: Message[R], *, sealed_answer: bool) -> R:
        body = self.seal.seal(message)
        data = b"".join(self.card.channel.ask(message.name, message.code, body))
        return answer_of(message, self.seal.open(message, data) if sealed_answer else data)


def answer_of(message: Message[R], data: bytes) -> R:
    """The typed answer. Raises `DesfireAnswerWrong` where `data` has not its form."""
    try:
        return message.read(data)
    except (ValueError, struct.error) as wrong:
        raise DesfireAnswerWrong(command=message.name, wrong="length") from wrong
