"""The NHI card on a reader: its holder for the application form, masked everywhere else.

Nothing here logs, keeps or hands on what was read (cards.md 7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from apdu.exchange import over
from apdu.nhi import PROFILE, SELECT, Holder
from apdu.status import StatusWord
from terminal.errors import NhiUnread

if TYPE_CHECKING:
    from drivers.contract import Connection

HIDDEN_CHARACTER = "○"  # as names are hidden on notices in Taiwan
HIDDEN_DAY = "-**-**"


def read_holder(connection: Connection) -> Holder:
    """Whose card it is, unmasked: for the application form alone.

    Raises `NhiUnread` (another card, or one that answers otherwise) and what `Connection` names.
    """
    if connection.iso_dep is None:
        raise NhiUnread(sw=None)
    send = over(connection.iso_dep.transmit)
    answer = send(SELECT)
    if answer.ok:
        answer = send(PROFILE)
    holder = Holder.parse(answer.data) if answer.ok else None
    if holder is None:
        raise NhiUnread(sw=StatusWord.of(answer.sw))
    return holder


def masked_holder(holder: Holder) -> dict[str, Any]:
    """What may be shown: `王○明`, `B1******02`, the year of birth."""
    return {
        "name": masked_name(holder.name),
        "number": holder.masked,
        "born": f"{holder.born.year}{HIDDEN_DAY}",
        "sex": holder.sex,
        "issued_on": holder.issued,
    }


def masked_name(name: str) -> str:
    """The first character and, from three on, the last; one character alone is hidden."""
    if len(name) < 2:
        return HIDDEN_CHARACTER
    first, *hidden, last = list(name)
    if not hidden:
        return first + HIDDEN_CHARACTER
    return first + HIDDEN_CHARACTER * len(hidden) + last
