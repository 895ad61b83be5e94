"""One issuance, from application to card in hand.

States of its row: `asked` -> `claimed` -> `writing` -> `confirmed` -> gone. `_advance` looks at the
stored step and does what comes next until the row has gone; an issuance that was cut off goes on
through the very same function, so there is no second path that only runs after a crash.

Order, and why (ledger.md 4.2): the claim is durable before anything is written to a card (I2); the
step `writing`, with the card's UID, is durable before the first byte, so that whoever finds the row
later knows which card may be half written (I6); the confirm is durable before the card says
`issued` (I2); what joins claim and card is cleared last (I16).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal, Protocol

from cards.card import Card
from cards.errors import AlreadyIssued, WrongCard
from cards.personalise import blank, check_blank, is_begun, issue, prepare
from cards.state import Directory
from drivers.errors import NoCard, NoSuchReader
from drivers.keys.contract import KeyStore
from issuance.application import Application
from issuance.errors import (
    CardBookedSpoiled,
    CardHalfWritten,
    CardOfOpenRow,
    VoidNeedsCard,
)
from issuance.products import PRODUCTS, Product
from issuance.rules.catalog import RULES
from issuance.rules.decision import IssuePolicy
from issuance.rules.wanted import Wanted
from sync.clock import Clock, civil_day
from sync.errors import HubRole, HubSilent, NoOpenRow, Recovering, Revoked
from sync.ledger.claims import OpenRow, Taken
from sync.ledger.ledger import Ledger
from sync.profile import Profile
from sync.tokens import tokens_of

FLORA = PRODUCTS["flora"]
BOOKED_NOTHING = (Recovering, Revoked, HubRole)  # the hub's own word that it took no claim
ISSUER = 1  # the city itself, in the card's directory

Lay = Callable[[], Card]


class HubAnswer(Protocol):
    """What the hub says to a claim (ledger.md A.3)."""

    @property
    def result(self) -> str: ...  # granted, refused, void
    @property
    def rule(self) -> str | None: ...  # F14, F15, F16 where refused
    @property
    def office(self) -> str | None: ...
    @property
    def month(self) -> str | None: ...


class ClaimAuthority(Protocol):
    """Who decides claims when this terminal is enrolled: the hub."""

    def claim(self, row: OpenRow) -> HubAnswer:
        """Ask, idempotent by the row's claim id. Raises `HubSilent`, `Rubbish`, `Recovering`,
        `Revoked` and then the answer is unknown."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueOutcome:
    """What one application came to. `facts` fill the holes of the rule's words."""

    outcome: Literal["issued", "refused"]
    rule: str
    source: str
    product: str = FLORA.name
    claim: str | None = None
    card_kind: str | None = None
    chip: str | None = None
    missing: tuple[str, ...] = ()
    facts: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class VoidOutcome:
    """`evidence`: unwritten, blanked, kept (ledger.md A.4); None where refused."""

    outcome: Literal["voided", "refused"]
    n: int
    evidence: str | None = None
    rule: str | None = None


class Desk:
    """Carries issuances out. One thread; any number of processes may share the home."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        keys: KeyStore,
        profile: Profile,
        authority: ClaimAuthority | None,
        clock: Clock,
        random: Callable[[int], bytes],
    ) -> None:
        self._ledger = ledger
        self._keys = keys
        self._profile = profile
        self._authority = authority
        self._clock = clock
        self._random = random

    def issue(self, app: Application, lay: Lay, *, product: Product = FLORA) -> IssueOutcome:
        """Issue one card, or say by which rule not (domain.md 3.1: documents, card, ledger).

        `lay` opens the card on the reader and is called only once the rules are kept. Asked again
        after a cut, the same application on the same card goes on where it stopped. Raises
        `AlreadyIssued`, `CardOfOpenRow`, `WrongCard`, … and then nothing was claimed.
        """
        today = civil_day(self._clock.now())
        policy = IssuePolicy.from_profile(self._profile.issue)
        said = product.decide(app, today=today, policy=policy)
        tokens = tokens_of(app.numbers(), profile=self._profile, keys=self._keys)
        if said.outcome == "refused":
            self._ledger.refuse(product.name, rule=said.rule, tokens=tokens)
            return IssueOutcome(
                outcome="refused",
                rule=said.rule,
                source=said.source,
                product=product.name,
                missing=said.missing,
                facts=dict(said.facts),
            )
        card = lay()
        before = self._ledger.open_rows()
        mine = (r for r in before if r.product == product.name and r.tokens & tokens)
        self._check_card(card, product, mine=next(mine, None))
        asked = self._ledger.ask(
            product.name,
            tokens,
            rule=said.rule,
            proxy=app.proxy.relation if app.proxy else "none",
            wanted=product.wanted(app, today).packed(),
        )
        if isinstance(asked, Taken):
            return self._refused(product, asked.rule, office=asked.office, month=asked.month)
        with self._ledger.hold(asked.n):
            if asked.begun and asked.uid != card.uid:
                return self._refused(product, "F16", office=self._ledger.site, month=None)
            return self._advance(asked, card, is_new=asked.n not in {r.n for r in before})

    def finish(
        self, n: int, lay: Lay, *, card_kept: bool = False, card_left: bool = False
    ) -> IssueOutcome:
        """Go on with an issuance that was cut off (ledger.md 4.5).

        Raises `NoOpenRow`, `Busy`, `VoidNeedsCard` (no card on the reader).
        """
        with self._ledger.hold(n):
            row = self._known(n)
            product = PRODUCTS[row.product]
            if row.begun and card_left:
                return self._left(row)
            try:
                card = lay()
            except (NoCard, NoSuchReader) as absent:
                if row.step == "confirmed":  # the claim is final: a card that left is issued
                    return self._left(row)
                if row.begun:
                    raise VoidNeedsCard(n=n) from absent
                raise
            if row.begun and card.uid == row.uid:
                return self._advance(row, card)
            if row.begun and (not card_kept or row.step == "confirmed"):
                return self._refused(product, "F16", office=self._ledger.site, month=None)
            self._check_card(card, product, mine=None)
            if row.uid is not None:
                self._ledger.swap_card(n, card.uid, spoiled_ref=self._keys.card_ref(row.uid))
            return self._advance(self._known(n), card)

    def void(self, n: int, lay: Lay, *, card_kept: bool = False) -> VoidOutcome:
        """End an issuance without a card. Once writing may have begun this needs that same card
        (it is blanked) or the word that it stayed here; a confirmed one is never voided (I5).

        Raises `NoOpenRow`, `Busy`, `VoidNeedsCard`.
        """
        with self._ledger.hold(n):
            row = self._known(n)
            if row.step == "confirmed":
                return VoidOutcome(outcome="refused", n=n, rule="F15")
            if not row.begun:
                return self._voided(n, "unwritten")
            if card_kept:
                ref = None if row.uid is None else self._keys.card_ref(row.uid)
                return self._voided(n, "kept", spoiled_ref=ref)
            try:
                card = lay()
            except (NoCard, NoSuchReader) as absent:
                raise VoidNeedsCard(n=n) from absent
            if card.uid != row.uid:
                return VoidOutcome(outcome="refused", n=n, rule="F16")
            if card.mode == "record":
                blank(card)
            return self._voided(n, "blanked")

    def _advance(self, row: OpenRow, card: Card, *, is_new: bool = False) -> IssueOutcome:
        """Do the row's next step until it has gone, or until somebody says no. `is_new`: nobody
        has asked the hub with it before."""
        if row.step == "asked":
            refused = self._claim(row, is_new=is_new)
            if refused is not None:
                return refused
            row = self._known(row.n)
        if row.step == "claimed":
            self._ledger.begin_writing(row.n, card.uid)
            row = self._known(row.n)
        if row.step == "writing":
            if card.mode == "record" and not card.issued:
                self._write(row, card)
            handed_out = card.card_ref if card.mode == "ledger" else None
            self._ledger.confirm(row.n, mode=card.mode, card="issued", handed_out=handed_out)
        if card.mode == "record":
            issue(card)
        self._ledger.clear(row.n)
        return self._issued(row, card)

    def _claim(self, row: OpenRow, *, is_new: bool) -> IssueOutcome | None:
        """From `asked` to `claimed`; an outcome where the answer is no.

        A hub that cannot have booked anything leaves nothing open. A row that was asked before
        stays whatever the hub says now: the answer that was lost may have been a yes, and only
        the same claim id can tell (I4).
        """
        standing = self._ledger.standing()
        if not standing.enrolled or self._authority is None:
            self._ledger.granted(row.n, basis="alone")
            return None
        try:
            answer = self._authority.claim(row)
        except (HubSilent, *BOOKED_NOTHING) as fault:
            if is_new and not (isinstance(fault, HubSilent) and fault.sent):
                self._ledger.drop(row.n)
            raise
        if answer.result == "granted":
            self._ledger.granted(row.n, basis="hub")
            return None
        rule = answer.rule or "F16"
        self._ledger.denied(row.n, rule=rule)
        product = PRODUCTS[row.product]
        return self._refused(product, rule, office=answer.office, month=answer.month)

    def _check_card(self, card: Card, product: Product, *, mine: OpenRow | None) -> None:
        """Ours to write: this product's blank stock that no other issuance has begun on. Read
        only."""
        if self._ledger.spoiled(card.card_ref):
            raise CardBookedSpoiled
        if mine is not None and mine.uid == card.uid:
            return
        other = next((r for r in self._ledger.open_rows() if r.uid == card.uid), None)
        if other is not None:
            raise CardOfOpenRow(n=other.n)
        check_blank(card)
        if is_begun(card):  # by a counter whose open issuance waits for this very card
            raise CardHalfWritten
        if card.kind != product.stock:
            raise WrongCard(kind=card.kind)
        if card.mode == "ledger" and self._ledger.binding_on(card.card_ref) is not None:
            raise AlreadyIssued

    def _known(self, n: int) -> OpenRow:
        row = self._ledger.open_row(n)
        if row is None:
            raise NoOpenRow(n=n)
        return row

    def _left(self, row: OpenRow) -> IssueOutcome:
        if row.step != "confirmed":
            self._ledger.confirm(row.n, mode="record", card="left", handed_out=None)
        self._ledger.clear(row.n)
        return self._issued(row, None)

    def _voided(
        self,
        n: int,
        evidence: Literal["unwritten", "blanked", "kept"],
        spoiled_ref: bytes | None = None,
    ) -> VoidOutcome:
        self._ledger.void(n, evidence=evidence, spoiled_ref=spoiled_ref)
        return VoidOutcome(outcome="voided", n=n, evidence=evidence)

    def _issued(self, row: OpenRow, card: Card | None) -> IssueOutcome:
        return IssueOutcome(
            outcome="issued",
            rule=row.rule,
            source=RULES[row.rule].source[0],
            product=row.product,
            claim=row.claim_id.hex(),
            card_kind=card.kind if card else None,
            chip=card.chip if card else None,
        )

    def _refused(self, product: Product, answer: str, **facts: object) -> IssueOutcome:
        """A no by ledger or hub."""
        rule = product.rule(answer)
        return IssueOutcome(
            outcome="refused",
            rule=rule,
            source=RULES[rule].source[0],
            product=product.name,
            facts=dict(facts),
        )

    def _write(self, row: OpenRow, card: Card) -> None:
        """All that the card says from now on. A Flora card says nothing of its holder. Numbers
        are drawn when the card is written (cards.md 2.10), never taken from a person."""
        wanted = Wanted.unpacked(row.wanted)
        directory = Directory(
            product=row.product,
            issuer=ISSUER,
            year=civil_day(self._clock.now()).year,
            expires_on=None,
            card_number=self._ten_digits(),
            half_until=wanted.half_until,
            student_until=wanted.student_until,
            library_until=wanted.library_until,
        )
        library = self._ten_digits() if wanted.library_until else None
        prepare(card, directory=directory, school=wanted.school, library=library)

    def _ten_digits(self) -> str:
        return f"{int.from_bytes(self._random(8), 'big') % 10**10:010d}"
