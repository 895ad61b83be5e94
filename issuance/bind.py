"""Binding a card to the double-ten policy, moving it, and ending it.

Order: the ledger's entry is durable before the card carries the mark (a card bound without an entry
would ride free for nobody); a card torn in between is marked by the same call made again, under the
same binding id (ledger.md 4.6).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal

from cards.card import Card
from cards.errors import CardNotIssued, NewerLayout
from cards.personalise import issue
from cards.state import BindingMark
from drivers.keys.contract import KeyStore
from issuance.application import Application
from issuance.errors import CardBookedSpoiled, FieldAbsent
from issuance.rules.ages import half_fare_until
from issuance.rules.binding import decide_binding, decide_unbinding
from issuance.rules.catalog import RULES
from issuance.rules.decision import Decision, IssuePolicy
from sync.clock import Clock, civil_day
from sync.ledger.bindings import BindConflict, Binding
from sync.ledger.ledger import Ledger
from sync.profile import Profile
from sync.tokens import tokens_of

POLICY = 1  # double-ten, by its number in the city profile

Lay = Callable[[], Card]


@dataclass(frozen=True, slots=True, kw_only=True)
class BindOutcome:
    """What a request to bind or unbind came to. `expires_on`: last good day, None = open end."""

    outcome: Literal["bound", "moved", "unbound", "refused"]
    rule: str
    source: str
    policy: str | None = None
    expires_on: date | None = None
    missing: tuple[str, ...] = ()
    facts: dict[str, object] = field(default_factory=dict)


class Binder:
    """Carries bindings out; stateless between calls."""

    def __init__(self, *, ledger: Ledger, keys: KeyStore, profile: Profile, clock: Clock) -> None:
        self._ledger = ledger
        self._keys = keys
        self._profile = profile
        self._clock = clock

    def bind(self, app: Application, lay: Callable[[], Card]) -> BindOutcome:
        """Bind the card on the reader to the applicant; a person's former card loses it.

        Also finishes a card that was prepared and not yet issued: its claim blocks the person
        already (ledger.md 4.2). A half-fare card is bound to the child it was issued to, and to
        nobody else, as its last day of half fare tells. Raises `CardNotIssued`, `NewerLayout`,
        `CardBookedSpoiled`, and `FieldAbsent` for `born` where the card is a child's.
        """
        said = decide_binding(app, today=self._today(), policy=self._policy())
        tokens = tokens_of(app.numbers(), profile=self._profile, keys=self._keys)
        if said.outcome == "refused":
            return self._rule_says_no(said, tokens)
        card = self._ready(lay())
        mark = card.state.binding if card.state else None
        if mark is not None and self._is_anothers(card, mark):
            return self._refused("B6")
        half_until = self._half_until(card)
        if half_until is not None and not _is_childs(half_until, app):
            return self._refused("B6", said="B6.childs_card")
        done = self._ledger.bind(
            tokens,
            card_ref=card.card_ref,
            card_number=card.directory.card_number if card.directory else None,
            mode=card.mode,
            policy=POLICY,
            klass="half" if half_until else "full",
            expires_on=said.expires_on,
            rule=said.rule,
        )
        if isinstance(done, BindConflict):
            return self._refused("B6")
        self._mark(card, done.binding)
        return BindOutcome(
            outcome="moved" if done.moved_from else "bound",
            policy=self._profile.policies[POLICY],
            expires_on=said.expires_on,
            rule=said.rule,
            source=said.source,
        )

    def unbind(self, app: Application, lay: Callable[[], Card]) -> BindOutcome:
        """End the binding of the card on the reader; only its holder may (I23)."""
        said = decide_unbinding(app, today=self._today(), policy=self._policy())
        tokens = tokens_of(app.numbers(), profile=self._profile, keys=self._keys)
        if said.outcome == "refused":
            return self._rule_says_no(said, tokens)
        card = self._ready(lay())
        mark = card.state.binding if card.state else None
        binding = self._ledger.binding_on(card.card_ref)
        if binding is None and mark is not None:  # ended in the ledger, the card torn before that
            binding = self._ledger.binding_by_id(card.card_ref, mark.binding_id)
        if binding is None or not self._ledger.unbind(binding, tokens):
            return self._refused("B6")
        if card.mode == "record" and card.state is not None and card.state.binding is not None:
            card.put(replace(card.state, binding=None))
        return BindOutcome(outcome="unbound", rule=said.rule, source=said.source)

    def _ready(self, card: Card) -> Card:
        """A card that may be bound; a prepared one is finished first."""
        if card.newer:
            raise NewerLayout(version=card.layout_version)
        if self._ledger.spoiled(card.card_ref):
            raise CardBookedSpoiled
        if card.mode == "record":
            if card.state is None:
                raise CardNotIssued
            issue(card)
        return card

    def _half_until(self, card: Card) -> date | None:
        """The last day of half fare of a card that still has it; the class of its binding."""
        until = card.directory.half_until if card.directory else None
        return until if until is not None and self._today() <= until else None

    def _is_anothers(self, card: Card, mark: BindingMark) -> bool:
        """A mark that this ledger has never heard of, and that is still good, may be anybody's:
        what is unknown may only block."""
        if mark.expires_on is not None and mark.expires_on < self._today():
            return False
        return self._ledger.binding_by_id(card.card_ref, mark.binding_id) is None

    def _mark(self, card: Card, binding: Binding) -> None:
        mark = BindingMark(
            binding_id=binding.binding_id,
            policy=binding.policy,
            expires_on=binding.expires_on,
            half=binding.klass == "half",
        )
        if card.mode == "record" and card.state is not None and card.state.binding != mark:
            card.put(replace(card.state, binding=mark))

    def _rule_says_no(self, said: Decision, tokens: frozenset[bytes]) -> BindOutcome:
        self._ledger.refuse("double-ten", rule=said.rule, tokens=tokens)
        return BindOutcome(
            outcome="refused",
            rule=said.rule,
            source=said.source,
            missing=said.missing,
            facts=dict(said.facts),
        )

    def _refused(self, rule: str, **facts: object) -> BindOutcome:
        return BindOutcome(outcome="refused", rule=rule, source=RULES[rule].source[0], facts=facts)

    def _today(self) -> date:
        return civil_day(self._clock.now())

    def _policy(self) -> IssuePolicy:
        return IssuePolicy.from_profile(self._profile.issue)


def _is_childs(half_until: date, app: Application) -> bool:
    if app.born is None:
        raise FieldAbsent(field="born")
    return half_fare_until(app.born) == half_until
