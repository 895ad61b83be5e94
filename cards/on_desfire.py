"""The handle on a DESFire card of ours: one state record, a value file, the last ten taps.

The chip has transactions, so a `put` is one: state, debit and event become true together with the
commit, or not at all (cards.md 5.8). Nothing is ever owed, and a torn card holds the old state or
the new one. What binds the card is written under another key than what a tap writes.

States of a card, by what a reader finds:
- no application of ours: stock, as its maker delivers it;
- the application, and no state record: half written; `prepare_desfire` writes all records last,
  in one transaction, so that a state record implies all files, all keys and the directory.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Final, Literal, TypeVar

from apdu.desfire.card import Session
from cards.desfire_access import Access
from cards.desfire_layout import (
    APPLICATION,
    CARD,
    DIRECTORY_AT,
    FILES,
    LIBRARY_AT,
    NOT_OURS_YET,
    POLICIES_AT,
    SCHOOL_AT,
    STATE_AT,
    FileNo,
    KeyNo,
    Place,
    split_standing,
)
from cards.errors import CardNotIssued, CardSpoiled, FileDiffers, NewerLayout
from cards.identify import Identity
from cards.layout import LAYOUT_VERSION, Layout
from cards.records_desfire import (
    DIRECTORY,
    EVENT,
    POLICIES,
    event_of,
    pack_directory,
    pack_event,
    pack_library,
    pack_policies,
    pack_school,
    pack_state,
    unpack_directory,
    unpack_event,
    unpack_library,
    unpack_policies,
    unpack_school,
    unpack_state,
)
from cards.seal import Seal
from cards.state import BindingMark, CardState, Directory, Purse, School, TapEvent

T = TypeVar("T")

BLANK_KIND: Final = "blank-desfire"
OPENED_KIND: Final = "desfire"


class DesfireCard:
    """A `Card` on a MIFARE DESFire. `begun`: our application is on it. Its UID is that of
    `access`: the true one, where the air's is random."""

    mode: Literal["record"] = "record"

    def __init__(
        self, identity: Identity, *, card_ref: bytes, access: Access, seal: Seal, begun: bool
    ) -> None:
        self.chip = identity.chip
        self.uid = access.uid
        self.card_ref = card_ref
        self.access = access
        self.begun = begun
        self._seal = seal
        self._state: CardState | None = None  # with the binding that counts
        self._directory: Directory | None = None
        self._policies: tuple[BindingMark, ...] = ()
        self._purse_ntd: int | None = None
        self._newer: int | None = None  # a layout version beyond us

    @property
    def kind(self) -> str:
        if self._directory is None:
            return OPENED_KIND if self.newer else BLANK_KIND
        return self._directory.product

    @property
    def state(self) -> CardState | None:
        return self._state

    @property
    def directory(self) -> Directory | None:
        return self._directory

    @property
    def policies(self) -> tuple[BindingMark, ...]:
        """All bindings that the card lists; the first is that of its state."""
        return self._policies

    @property
    def purse(self) -> Purse | None:
        """None also before there is a record. Never unsettled: a charge comes with its state."""
        if self._purse_ntd is None or self._state is None:
            return None
        return Purse(ntd=self._purse_ntd, settled=True)

    @property
    def newer(self) -> bool:
        return self._newer is not None

    @property
    def layout_version(self) -> int:
        return LAYOUT_VERSION if self._newer is None else self._newer

    @property
    def issued(self) -> bool | None:
        if self.newer:
            return None
        return self._state is not None and self._state.issued

    def put(self, state: CardState) -> None:
        """One transaction. A tap (one that counts `n` up) is not read back: its card answers the
        commit, and whether it has it is seen at the next tap."""
        self.refuse_newer()
        before = self._state
        if before is None:
            raise CardNotIssued
        if state == before:
            return
        if state.n == before.n:
            self._put_mark(before, state)
        else:
            self._put_tap(before, state)

    def settle(self) -> None:
        """Nothing is ever owed."""
        self.refuse_newer()

    def school(self) -> School | None:
        """The school record; None: the card has none. Asks the card."""
        return self._extra(SCHOOL_AT, unpack_school)

    def library(self) -> str | None:
        """The library borrower's number; None: the card has none. Asks the card."""
        return self._extra(LIBRARY_AT, unpack_library)

    def events(self) -> tuple[TapEvent, ...]:
        """The last ten accepted taps, oldest first. Asks the card."""
        if self._state is None or self._state.n == 0:
            return ()
        mode = FILES[FileNo.EVENTS].mode
        found = self.access.open(KeyNo.TAP).read_records(
            FileNo.EVENTS, mode=mode, record_bytes=EVENT.sealed_bytes
        )
        opened = [self._opened(EVENT, sealed, unpack_event) for sealed in found]
        return tuple(event for event in opened if event is not None)

    # What follows is for opening, `prepare_desfire` and `rekey`, which hold their order.

    def refuse_newer(self) -> None:
        """Raises `NewerLayout` where a part of the card is beyond this software."""
        if self.newer:
            raise NewerLayout(version=self.layout_version)

    @property
    def key_versions(self) -> frozenset[int]:
        """The versions of all keys of the application and of the card's own. Asks the card."""
        access = self.access
        found = {access.version(no) for no in KeyNo}
        access.select(CARD)
        found.add(access.version(KeyNo.MASTER))
        access.select(APPLICATION)
        return frozenset(found)

    def check_keys(self) -> None:
        """Raises `NewerLayout`. No setting of ours ever forbids a change of keys."""
        self.refuse_newer()

    def change_keys(self, version: int) -> None:
        """All keys of `version`, each changed where it is of another and proven in any case;
        idempotent. The tap key comes last: as long as a reader finds it old, all may be. Raises
        `KeyNotTaken`, `WrongCard`, `NoCardKey`."""
        access = self.access
        access.select(CARD)
        access.change(KeyNo.MASTER, version)
        access.prove(KeyNo.MASTER)
        access.select(APPLICATION)
        for no in (KeyNo.IDENTITY, KeyNo.ISSUE, KeyNo.TOP_UP, KeyNo.MASTER, KeyNo.TAP):
            access.change(no, version)
        for no in (KeyNo.MASTER, KeyNo.IDENTITY, KeyNo.ISSUE, KeyNo.TOP_UP, KeyNo.TAP):
            access.prove(no)

    def look(self) -> None:
        """Read directory, policies, state and purse, if the tap key is ours. Raises
        `CardSpoiled`, `WrongCard`."""
        if not self.begun or self.access.version(KeyNo.TAP) == NOT_OURS_YET:
            return
        session = self.access.open(KeyNo.TAP)
        size = POLICIES_AT.offset + POLICIES.sealed_bytes
        standing = session.read(FileNo.STANDING, mode=POLICIES_AT.mode, length=size)
        state = _read(session, STATE_AT)
        ntd = session.value(FileNo.PURSE, mode=FILES[FileNo.PURSE].mode)
        self._take(standing, state, ntd)

    def begin(self, directory: Directory, school: School | None, library: str | None) -> None:
        """Write all records in one transaction; the state says *prepared*."""
        session = self.access.open(KeyNo.ISSUE)
        self._write(session, DIRECTORY_AT, pack_directory(directory))
        self._write(session, POLICIES_AT, pack_policies(()))
        self._write(session, STATE_AT, pack_state(CardState()))
        if school is not None:
            self._write(session, SCHOOL_AT, pack_school(school))
        if library is not None:
            self._write(session, LIBRARY_AT, pack_library(library))
        session.commit()
        self._state, self._directory, self._policies = CardState(), directory, ()

    def erase(self) -> None:
        """Zero directory, policies and state in one transaction: the card says nothing then."""
        session = self.access.open(KeyNo.ISSUE)
        for place in (DIRECTORY_AT, POLICIES_AT, STATE_AT):
            zeros = bytes(place.layout.sealed_bytes)
            session.write(place.file, zeros, mode=place.mode, offset=place.offset)
        session.commit()
        self._state, self._directory, self._policies = None, None, ()

    def read_again(self) -> None:
        """Read the card anew. Raises `FileDiffers` where it shows another state, directory or
        policy than this handle wrote."""
        state, standing = self._state, (self._directory, self._policies)
        self.look()
        if self._state != state:
            raise FileDiffers(file=FileNo.STATE)
        if (self._directory, self._policies) != standing:
            raise FileDiffers(file=FileNo.STANDING)

    def _put_tap(self, before: CardState, state: CardState) -> None:
        if state.binding != before.binding:
            raise ValueError("a tap binds nothing")
        charged_ntd = state.purse_before - state.purse_after
        session = self.access.open(KeyNo.TAP)
        self._write(session, STATE_AT, pack_state(state))
        if charged_ntd:
            session.debit(FileNo.PURSE, charged_ntd, mode=FILES[FileNo.PURSE].mode)
        event = self._seal.seal(EVENT, pack_event(event_of(state)))
        session.write_record(FileNo.EVENTS, event, mode=FILES[FileNo.EVENTS].mode)
        session.commit()
        self._state = state
        if self._purse_ntd is not None:
            self._purse_ntd -= charged_ntd

    def _put_mark(self, before: CardState, state: CardState) -> None:
        """A counter's write, read back. A binding takes the first place of the list."""
        first = () if state.binding is None else (state.binding,)
        policies = (*first, *self._policies[1:])
        bodies = (
            (STATE_AT, pack_state(before), pack_state(state)),
            (POLICIES_AT, pack_policies(self._policies), pack_policies(policies)),
        )
        changed = [(place, new) for place, old, new in bodies if new != old]
        binds = any(place is POLICIES_AT for place, _ in changed)
        session = self.access.open(KeyNo.ISSUE if binds else KeyNo.TAP)
        for place, body in changed:
            self._write(session, place, body)
        session.commit()
        for place, body in changed:
            if _read(session, place) != self._seal.seal(place.layout, body):
                raise FileDiffers(file=place.file)
        self._policies, self._state = policies, _bound(state, policies)

    def _extra(self, place: Place, unpack: Callable[[bytes], T]) -> T | None:
        if self._state is None:
            return None
        return self._opened(place.layout, _read(self.access.open(KeyNo.TAP), place), unpack)

    def _write(self, session: Session, place: Place, body: bytes) -> None:
        sealed = self._seal.seal(place.layout, body)
        session.write(place.file, sealed, mode=place.mode, offset=place.offset)

    def _take(self, standing: bytes, state: bytes, purse_ntd: int) -> None:
        self._newer = None
        directory, policies = split_standing(standing)
        self._directory = self._opened(DIRECTORY, directory, unpack_directory)
        listed = self._opened(POLICIES, policies, unpack_policies)
        found = self._opened(STATE_AT.layout, state, unpack_state)
        self._policies, self._purse_ntd = listed or (), purse_ntd
        if self.newer:
            self._state = None
            return
        if len({found is None, listed is None, self._directory is None}) > 1:
            raise CardSpoiled(why="records")  # they are written together
        self._state = None if found is None else _bound(found, self._policies)

    def _opened(self, layout: Layout, sealed: bytes, unpack: Callable[[bytes], T]) -> T | None:
        """None: never written, or newer."""
        if not any(sealed):
            return None
        body = self._seal.open(layout, sealed)
        if body is None:
            raise CardSpoiled(why="records")  # no tear leaves half a record here
        try:
            return unpack(body)
        except NewerLayout as newer:
            self._newer = newer.version
            return None


def _bound(state: CardState, policies: tuple[BindingMark, ...]) -> CardState:
    return replace(state, binding=policies[0] if policies else None)


def _read(session: Session, place: Place) -> bytes:
    size = place.layout.sealed_bytes
    return session.read(place.file, mode=place.mode, offset=place.offset, length=size)
