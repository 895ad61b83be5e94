"""What a counter hands out: per product its rules, its stock, and what the card says of its holder.

Each is given once to a person (ledger.md 4, I1): the ledger and the hub keep claims by product.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol

from issuance.application import Application
from issuance.rules.child import child_card, decide_child
from issuance.rules.decision import Decision, IssuePolicy
from issuance.rules.flora import decide_flora
from issuance.rules.student import decide_student, student_card
from issuance.rules.wanted import Wanted

_HAS_ONE, _IS_OPEN = "F15", "F16"  # what ledger and hub answer, whatever the product


class Decide(Protocol):
    """Whether somebody may have one, by the papers alone."""

    def __call__(self, app: Application, *, today: date, policy: IssuePolicy) -> Decision: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """`stock`: the kind of card it is made from. `own_rules`: what this product calls the
    ledger's answers, where the Flora card's words do not fit."""

    name: str
    stock: str
    decide: Decide
    wanted: Callable[[Application, date], Wanted]
    own_rules: Mapping[str, str]

    def rule(self, answer: str) -> str:
        """The rule of a no by ledger or hub (F14, F15, F16) in this product's terms."""
        return self.own_rules.get(answer, answer)


PRODUCTS: Final[dict[str, Product]] = {
    product.name: product
    for product in (
        Product(
            name="flora",
            stock="flora",
            decide=decide_flora,
            wanted=lambda _app, _today: Wanted(),
            own_rules={},
        ),
        Product(
            name="child",
            stock="blank-desfire",
            decide=decide_child,
            wanted=child_card,
            own_rules={_HAS_ONE: "C5", _IS_OPEN: "C6"},
        ),
        Product(
            name="student",
            stock="blank-desfire",
            decide=decide_student,
            wanted=student_card,
            own_rules={_HAS_ONE: "S3", _IS_OPEN: "S4"},
        ),
    )
}
