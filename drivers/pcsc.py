"""Readers behind the machine's smart-card service: `pcsc:NAME` (drivers.contract.Reader).

* One context waits, another talks for each connection: calls on one context queue behind its wait,
  and events belong to the context that waits (ecosystem.md 4).
* Waiting goes in slices, so that `cancel` needs no call into a context that may just be released.
* Presence is what a card command proves; the reader's event is a hint that may come late or never
  (stacks.md 1.2). After a card was lost, the next wait takes whatever answers, at once.
* A card that was used a moment ago, by whatever program, may still have its power, and with it an
  open session or a selected application: it is reset first, unless it was seen to be put down.
* pcscd may go away and come back at any time: contexts are dropped and made anew, with back-off.
* No key and no APDU is ever logged. With an error code the answer may be left-over memory and is
  not looked at.
"""

from __future__ import annotations

from contextlib import suppress
from threading import Event
from time import monotonic

from smartcard import scard

from apdu.errors import Fault
from apdu.storage import GET_UID
from drivers.errors import (
    CardMute,
    CardRemoved,
    NoCard,
    NoSuchReader,
    ReaderAmbiguous,
    ReaderBusy,
    ReaderDenied,
    ReaderGone,
    ServiceGone,
)
from drivers.link import LinkConnection
from drivers.reader_table import Features, Model, described, is_sam_slot, known
from drivers.scard import (
    CARD_LOST,
    EVENT_SHIFT,
    LEAVE,
    PROTOCOL_ANY,
    PROTOCOL_NONE,
    RESET,
    SCOPE_USER,
    SHARE_DIRECT,
    SHARE_EXCLUSIVE,
    Code,
    Scard,
    State,
    check,
    code_of,
    features,
)

_SLICE_S = 0.2
_BACK_OFF_S = 0.1


class PcscReader:
    """One reader, or the readers whose names hold NAME."""

    def __init__(self, uri: str, *, must_exist: bool = False, api: Scard = scard) -> None:
        """With `must_exist` raises `NoSuchReader`, `ReaderAmbiguous`, `ServiceGone` at once."""
        self._uri = uri
        self._api = api
        self._watch = _Watch(api, uri.removeprefix("pcsc:"))
        self._cancelled = Event()
        self._seen: tuple[str, int] | None = None  # the reader and its state when a card was met
        self._empty: dict[str, int] = {}  # readers seen empty: what they had counted then
        self._models: dict[str, Model] = {}  # of readers that were asked
        self._connection: LinkConnection | None = None
        if must_exist:
            self._watch.states()

    @property
    def uri(self) -> str:
        return self._uri

    def wait_for_card(self, *, timeout_s: float) -> LinkConnection:
        """At the deadline raises what stood in the way then: `NoCard`, or `ServiceGone`,
        `NoSuchReader`, `ReaderGone`, `ReaderBusy`, `ReaderDenied`. It waits through all of these.
        Raises `ReaderAmbiguous` at once."""
        started = monotonic()
        trouble: Fault | None = None
        while not self._cancelled.is_set():
            left_s = started + timeout_s - monotonic()
            try:
                if (connection := self._meet(max(0.0, min(_SLICE_S, left_s)))) is not None:
                    return connection
                trouble = None
            except (ServiceGone, NoSuchReader, ReaderGone, ReaderBusy, ReaderDenied) as fault:
                trouble = fault
                self._cancelled.wait(min(_BACK_OFF_S, max(0.0, left_s)))
            if left_s <= 0:
                break
        if trouble is None or self._cancelled.is_set():
            trouble = NoCard(waited_s=round(monotonic() - started, 1))
        raise trouble

    def wait_for_removal(self, *, timeout_s: float) -> bool:
        """A service or reader that goes away takes its card with it."""
        if self._seen is None or self._connection is None or self._connection.removed:
            return True
        name, met = self._seen
        deadline = monotonic() + timeout_s
        state = met
        while not self._cancelled.is_set():
            left_s = deadline - monotonic()
            try:
                state = self._watch.changed({name: state}, max(0.0, min(_SLICE_S, left_s)))[name]
            except (ServiceGone, ReaderGone):
                return True
            if not _holds_card(state) or state >> EVENT_SHIFT != met >> EVENT_SHIFT:
                return True
            if left_s <= 0:
                break
        return False

    def cancel(self) -> None:
        self._cancelled.set()

    def close(self) -> None:
        self.cancel()
        if self._connection is not None:
            self._connection.close()
        self._watch.drop()

    def _meet(self, slice_s: float) -> LinkConnection | None:
        """One turn: connect to the card that is there, or wait a slice for one."""
        states = self._watch.states()
        held = [name for name, state in states.items() if _holds_card(state)]
        if len(held) > 1:
            raise ReaderAmbiguous(readers=", ".join(held))
        if not held:
            self._empty = {name: state >> EVENT_SHIFT for name, state in states.items()}
            self._watch.changed(states, slice_s)
            return None
        (name,) = held
        fresh = self._empty.pop(name, None) == (states[name] >> EVENT_SHIFT) - 1
        try:
            connection = _connect(self._api, name, fresh=fresh, models=self._models)
        except CardRemoved:  # it flickers, or the reader still tells of a card that left
            self._cancelled.wait(min(_BACK_OFF_S, slice_s))
            return None
        self._seen, self._connection = (name, states[name]), connection
        return connection


class _Watch:
    """The waiting side: one context, names and states. Raises `ServiceGone`, then heals itself."""

    def __init__(self, api: Scard, name: str) -> None:
        self._api = api
        self._name = name
        self._context: int | None = None
        self._known: set[str] = set()  # readers that were there once

    def states(self) -> dict[str, int]:
        """The state of every reader that NAME means. Raises `NoSuchReader`, or `ReaderGone` where
        one was there before."""
        names = self._matching(self._list())
        if not names:
            gone = ReaderGone if self._known else NoSuchReader
            raise gone(reader=self._name)
        self._known.update(names)
        return self.changed(dict.fromkeys(names, 0), 0.0)

    def changed(self, known: dict[str, int], wait_s: float) -> dict[str, int]:
        """The readers' states after one of them differs from `known`, or after `wait_s`."""
        asked = [(name, state & ~int(State.CHANGED)) for name, state in known.items()]
        result, found = self._api.SCardGetStatusChange(self._open(), int(wait_s * 1000), asked)
        if code_of(result) == Code.TIMEOUT:
            return known
        self._check(result, verb="status_change")
        states = {name: state for name, state, _atr in found}
        if any(state & (State.UNKNOWN | State.UNAVAILABLE) for state in states.values()):
            raise ReaderGone(reader=self._name)
        return states

    def all_states(self) -> dict[str, int]:
        """Every reader of the service with its state."""
        names = self._list()
        return self.changed(dict.fromkeys(names, 0), 0.0) if names else {}

    def drop(self) -> None:
        """Give the context back; the next call makes another."""
        if self._context is not None:
            self._api.SCardReleaseContext(self._context)
            self._context = None

    def _open(self) -> int:
        if self._context is None:
            result, context = self._api.SCardEstablishContext(SCOPE_USER)
            self._check(result, verb="establish")
            self._context = context
        return self._context

    def _list(self) -> list[str]:
        result, names = self._api.SCardListReaders(self._open(), [])
        if code_of(result) == Code.NO_READERS_AVAILABLE:
            return []
        self._check(result, verb="list_readers")
        return names

    def _matching(self, names: list[str]) -> list[str]:
        if self._name in names:
            return [self._name]
        meant = [name for name in names if self._name.casefold() in name.casefold()]
        return [name for name in meant if not is_sam_slot(name)]

    def _check(self, result: int, *, verb: str) -> None:
        try:
            check(result, reader=self._name, verb=verb)
        except ServiceGone:
            self.drop()
            raise


class _PcscLink:
    """An exclusive connection to the card in one reader (drivers.link.Link)."""

    def __init__(self, api: Scard, reader: str, context: int, card: int, protocol: int) -> None:
        self._api = api
        self._reader = reader
        self._context = context
        self._card = card
        self._protocol = protocol

    def atr(self) -> bytes | None:
        result, _name, _state, _protocol, atr = self._api.SCardStatus(self._card)
        return bytes(atr) if self._answered(result, verb="status") else None

    def transmit(self, apdu: bytes) -> bytes | None:
        started = monotonic()
        result, answer = self._api.SCardTransmit(self._card, self._protocol, list(apdu))
        if code_of(result) == Code.TIMEOUT:
            raise CardMute(waited_s=round(monotonic() - started, 1))
        return bytes(answer) if self._answered(result, verb="transmit") else None

    def begin_anew(self) -> bool:
        """Reset a card that may have been used; False: it is gone. A reset of a card that has just
        left has pcscd 1.9.9 book the reader as empty behind the back of its own polling, and the
        next card is never seen (found by tests/real): so it is asked for its UID first."""
        return bool(self.transmit(bytes(GET_UID))) and self.reselect()

    def reselect(self) -> bool:
        result, protocol = self._api.SCardReconnect(
            self._card, SHARE_EXCLUSIVE, PROTOCOL_ANY, RESET
        )
        if not self._answered(result, verb="reconnect"):
            return False
        self._protocol = protocol
        return True

    def close(self) -> None:
        # Neither RESET nor UNPOWER, for the reason of `begin_anew`. With LEAVE pcscd takes the
        # power away itself within a second, and with it the sector that we opened.
        self._api.SCardDisconnect(self._card, LEAVE)
        self._api.SCardReleaseContext(self._context)

    def _answered(self, result: int, *, verb: str) -> bool:
        """False: the card is gone."""
        if code_of(result) in CARD_LOST:
            return False
        check(result, reader=self._reader, verb=verb)
        return True


def _connect(api: Scard, reader: str, *, fresh: bool, models: dict[str, Model]) -> LinkConnection:
    """Hold the card in `reader` alone; reset it unless it is `fresh`. A reader that is not in
    `models` is asked for what it is. Raises `CardRemoved` where none answers, and what the service
    says."""
    result, context = api.SCardEstablishContext(SCOPE_USER)
    check(result, reader=reader, verb="establish")
    result, card, protocol = api.SCardConnect(context, reader, SHARE_EXCLUSIVE, PROTOCOL_ANY)
    if code_of(result) != Code.OK:
        # A handle of a failed connect is 0, and pyscard raises SystemError on it: never used.
        api.SCardReleaseContext(context)
        if code_of(result) in CARD_LOST:
            raise CardRemoved(frames_done=0)
        check(result, reader=reader, verb="connect")
    link = _PcscLink(api, reader, context, card, protocol)
    try:
        there = fresh or link.begin_anew()
        atr = link.atr() if there else None
        if atr is None:
            raise CardRemoved(frames_done=0)
        if reader not in models:
            models[reader] = known(reader, features(api, card, reader=reader)).model
        return LinkConnection(link, atr=atr, model=models[reader])
    except Fault:
        link.close()
        raise


def _holds_card(state: int) -> bool:
    """A card that can be talked to. A mute one is none: some readers have a SAM slot that is
    mute for ever (field-bugs P6)."""
    return bool(state & State.PRESENT) and not state & State.MUTE


def present_readers(api: Scard = scard) -> list[dict[str, str]]:
    """The service's readers, each with its `uri`, whether a `card` lies there, and what the reader
    table knows of it; empty where the service does not answer."""
    watch = _Watch(api, "")
    found: list[dict[str, str]] = []
    with suppress(Fault):
        for name, state in watch.all_states().items():
            there = {"uri": f"pcsc:{name}", "card": "yes" if _holds_card(state) else "no"}
            found.append(there | described(name, _features(api, name)))
    watch.drop()
    return found


def _features(api: Scard, reader: str) -> Features:
    """What a reader tells of itself, with or without a card; nothing while another program has it
    to itself."""
    result, context = api.SCardEstablishContext(SCOPE_USER)
    if code_of(result):
        return Features()
    result, card, _protocol = api.SCardConnect(context, reader, SHARE_DIRECT, PROTOCOL_NONE)
    found = Features()
    if not code_of(result):
        with suppress(Fault):
            found = features(api, card, reader=reader)
        api.SCardDisconnect(card, LEAVE)
    api.SCardReleaseContext(context)
    return found
