"""Bindings of cards to a fare policy, their ends, and spoiled cards (ledger.md 4.6).

A binding is named by (card_ref, 4 random bytes): its end touches no other binding of the card, so a
card bound anew is not hit by the end of what it was before. One active binding a person and a card
(I23); only the holder ends it. The hub decides between offline bindings; until its rows arrive the
later one counts here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from sync.ledger import contents
from sync.ledger.part import ISSUING, Part, instant, parsed
from sync.ledger.people import closure, link, missing_links, packed, unpacked
from sync.ledger.store import Reads, Row, Tx

BINDING_ID_BYTES = 4
_COLUMNS = (
    "card_ref, binding, tokens, card_number, mode, policy, class, expires_on, rule, at, active"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A card's binding to a fare policy. `binding_id`: 4 bytes; `policy`: its number in the city
    profile; `expires_on`: last good day, None: open end; `rule` None: it came by the feed."""

    binding_id: bytes
    tokens: frozenset[bytes]
    card_ref: bytes
    card_number: str | None
    mode: str  # record, ledger
    policy: int
    klass: Literal["full", "half"]
    expires_on: date | None
    rule: str | None
    at: datetime
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BindDone:
    """`moved_from`: card_ref of the card that the person had bound before; None: there was none."""

    binding: Binding
    moved_from: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BindConflict:
    """The card is bound to another person."""


class Bindings(Part):
    """The verbs of binding, and what validators ask."""

    def bind(
        self,
        tokens: frozenset[bytes],
        *,
        card_ref: bytes,
        card_number: str | None,
        mode: str,
        policy: int,
        klass: Literal["full", "half"],
        expires_on: date | None,
        rule: str,
        by: str | None = None,
    ) -> BindDone | BindConflict:
        """Bind this card to this person; their former binding ends with the same commit.

        The same person, card and terms give the binding that is there, without a new entry.
        """
        self._only(ISSUING)
        if not tokens:
            raise ValueError("a binding needs a token")
        with self._store.immediate() as tx:
            person = closure(tx, tokens)
            there = _active_on(tx, card_ref)
            if there is not None and not there.tokens & person:
                return BindConflict()
            self._remember(tx, tokens)
            terms = (policy, klass, expires_on, mode)
            if there is not None and terms == _terms(there):
                return BindDone(binding=there, moved_from=None)
            binding = Binding(
                binding_id=self._store.random(BINDING_ID_BYTES),
                tokens=tokens,
                card_ref=card_ref,
                card_number=card_number,
                mode=mode,
                policy=policy,
                klass=klass,
                expires_on=expires_on,
                rule=rule,
                at=parsed(self._instant()),
                active=True,
            )
            former = [old for old in _active_of(tx, person) if old.card_ref != card_ref]
            ended = [*former, *([there] if there else [])]
            seq = tx.journal("bind", _bind_entry(binding, by, ended))
            for old in ended:
                end(tx, old.card_ref, old.binding_id, seq=seq)
            keep(tx, binding, seq=seq, pos=None)
            return BindDone(binding=binding, moved_from=former[-1].card_ref if former else None)

    def unbind(self, binding: Binding, tokens: frozenset[bytes], by: str | None = None) -> bool:
        """End this binding for its holder. False: somebody else asks. One that has ended already
        stays so, without a new entry."""
        self._only(ISSUING)
        with self._store.immediate() as tx:
            there = _by_id(tx, binding.card_ref, binding.binding_id)
            if there is None or not there.tokens & closure(tx, tokens):
                return False
            self._remember(tx, tokens)
            if there.active:
                key = (binding.card_ref, binding.binding_id)
                entry = contents.unbind(key[1], tokens, card_ref=key[0], at=self._instant(), by=by)
                end(tx, *key, seq=tx.journal("unbind", entry))
            return True

    def binding_on(self, card_ref: bytes) -> Binding | None:
        """The card's active binding."""
        with self._store.reading() as reads:
            return _active_on(reads, card_ref)

    def binding_of(self, tokens: frozenset[bytes]) -> Binding | None:
        """The person's active binding, by any of their numbers."""
        with self._store.reading() as reads:
            found = _active_of(reads, closure(reads, tokens))
            return found[-1] if found else None

    def binding_by_id(self, card_ref: bytes, binding_id: bytes) -> Binding | None:
        """One binding, active or ended."""
        with self._store.reading() as reads:
            return _by_id(reads, card_ref, binding_id)

    def ended(self, card_ref: bytes, binding_id: bytes) -> bool:
        """Whether this very binding is known here to have ended: the hotlist's `unbind`."""
        row = self._store.one(
            "SELECT 1 FROM binding WHERE card_ref = ?1 AND binding = ?2 AND active = 0"
            " UNION ALL SELECT 1 FROM bound WHERE card_ref = ?1 AND binding = ?2 AND active = 0",
            card_ref,
            binding_id,
        )
        return row is not None

    def spoiled(self, card_ref: bytes) -> bool:
        """Whether this card was booked as spoiled: nobody finishes, binds or taps it."""
        return self._store.one("SELECT 1 FROM spoiled WHERE card_ref = ?", card_ref) is not None

    def _remember(self, tx: Tx, tokens: frozenset[bytes]) -> None:
        """Numbers shown for a binding are one person's; the binding's entry does not say so."""
        if missing_links(tx, tokens):
            entry = contents.link(tokens, hour=self._hour())
            link(tx, tokens, evidence=tx.journal("link", entry))


def keep(tx: Tx, binding: Binding, *, seq: int | None, pos: int | None) -> None:
    """Write a binding's row and its lookup by token; an older row of the same name is replaced."""
    key = (binding.card_ref, binding.binding_id)
    tx.run("DELETE FROM binding_token WHERE card_ref = ? AND binding = ?", *key)
    tx.run(
        f"INSERT INTO binding ({_COLUMNS}, seq, pos)"  # noqa: S608 - names of ours
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (card_ref, binding) DO UPDATE SET tokens = excluded.tokens,"
        " active = excluded.active, expires_on = excluded.expires_on, at = excluded.at,"
        " pos = excluded.pos",
        *key,
        packed(binding.tokens),
        binding.card_number,
        binding.mode,
        binding.policy,
        binding.klass,
        None if binding.expires_on is None else binding.expires_on.isoformat(),
        binding.rule,
        instant(binding.at),
        int(binding.active),
        seq,
        pos,
    )
    for token in sorted(binding.tokens):
        tx.run("INSERT INTO binding_token VALUES (?, ?, ?)", token, *key)


def end(tx: Tx, card_ref: bytes, binding_id: bytes, *, seq: int | None) -> None:
    """Make one binding inactive; `seq`: the entry of ours that did it, None: the feed."""
    tx.run(
        "UPDATE binding SET active = 0, seq = ? WHERE card_ref = ? AND binding = ?",
        seq,
        card_ref,
        binding_id,
    )


def rivals(reads: Reads, binding: Binding) -> list[Binding]:
    """Other active bindings of the same person or the same card."""
    found = _active_of(reads, closure(reads, binding.tokens))
    there = _active_on(reads, binding.card_ref)
    if there is not None and there not in found:
        found.append(there)
    me = (binding.card_ref, binding.binding_id)
    return [other for other in found if (other.card_ref, other.binding_id) != me]


def _terms(binding: Binding) -> tuple[int, str, date | None, str]:
    return (binding.policy, binding.klass, binding.expires_on, binding.mode)


def _active_on(reads: Reads, card_ref: bytes) -> Binding | None:
    row = reads.one(
        f"SELECT {_COLUMNS} FROM binding WHERE card_ref = ? AND active = 1",  # noqa: S608
        card_ref,
    )
    return None if row is None else _binding(row)


def _by_id(reads: Reads, card_ref: bytes, binding_id: bytes) -> Binding | None:
    row = reads.one(
        f"SELECT {_COLUMNS} FROM binding WHERE card_ref = ? AND binding = ?",  # noqa: S608
        card_ref,
        binding_id,
    )
    return None if row is None else _binding(row)


def _active_of(reads: Reads, person: frozenset[bytes]) -> list[Binding]:
    """The active bindings of a closure, the latest last: one, or for a moment more (late links)."""
    keys = {
        row
        for token in person
        for row in reads.all("SELECT card_ref, binding FROM binding_token WHERE token = ?", token)
    }
    found = [binding for key in keys if (binding := _by_id(reads, *key)) and binding.active]
    return sorted(found, key=lambda binding: (binding.at, binding.card_ref, binding.binding_id))


def _binding(row: Row) -> Binding:
    card_ref, binding, tokens, number, mode, policy, klass, expires_on, rule, at, active = row
    return Binding(
        binding_id=binding,
        tokens=unpacked(tokens),
        card_ref=card_ref,
        card_number=number,
        mode=mode,
        policy=policy,
        klass=klass,
        expires_on=None if expires_on is None else date.fromisoformat(expires_on),
        rule=rule,
        at=parsed(at),
        active=bool(active),
    )


def _bind_entry(binding: Binding, by: str | None, ended: list[Binding]) -> contents.Content:
    return contents.bind(
        binding.binding_id,
        binding.tokens,
        card_ref=binding.card_ref,
        card_number=binding.card_number,
        mode=binding.mode,
        policy=binding.policy,
        klass=binding.klass,
        expires_on=None if binding.expires_on is None else binding.expires_on.isoformat(),
        rule=binding.rule,
        at=instant(binding.at),
        by=by,
        ends=[f"{old.card_ref.hex()}:{old.binding_id.hex()}" for old in ended],
    )
