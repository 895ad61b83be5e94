"""A hub that was restored from an older copy notices, and abstains (ledger.md 7.6, I21).

Each acknowledgement is signed by the hub. A terminal that shows one for entries which this hub
does not have proves that the hub is older than what it promised: from then on it answers
`recovering` to claims, until every terminal that is not revoked has brought its journal up to what
it was acknowledged.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, select, update

from sync.chain import ack_message
from sync.hub.schema import hub_state, terminal, terminal_key
from sync.wire.messages import WireAck, WireForm, unb64


def is_recovering(tx: Connection) -> bool:
    """Whether claims have to wait."""
    return bool(tx.execute(select(hub_state.c.recovering)).scalar_one())


def show(tx: Connection, name: str, *, seq: int, ack: WireAck | None, hub_key: bytes) -> bool:
    """A terminal shows its latest acknowledgement. True: it is beyond `seq`, all that this hub has
    of it, and from now on the hub recovers. A forged one says nothing."""
    if ack is None or ack.seq <= seq or not _is_ours(name, ack, hub_key):
        return False
    begun = tx.execute(
        update(hub_state).where(hub_state.c.recovering.is_(False)).values(recovering=True)
    )
    if begun.rowcount:
        tx.execute(update(terminal).values(checked_in=False))
    return True


def check_in(tx: Connection, name: str) -> None:
    """This terminal has brought everything it was acknowledged. The last one ends the recovery."""
    tx.execute(update(terminal).where(terminal.c.terminal == name).values(checked_in=True))
    missing = tx.execute(
        select(terminal.c.terminal)
        .join(
            terminal_key,
            (terminal_key.c.terminal == terminal.c.terminal)
            & (terminal_key.c.number == terminal.c.key_number),
        )
        .where(terminal.c.checked_in.is_(False), terminal_key.c.revoked.is_(False))
        .limit(1)
    ).first()
    if missing is None:
        tx.execute(update(hub_state).values(recovering=False))


def _is_ours(name: str, ack: WireAck, hub_key: bytes) -> bool:
    try:
        message = ack_message(name, seq=ack.seq, head=unb64(ack.head), era=ack.era)
        Ed25519PublicKey.from_public_bytes(hub_key).verify(unb64(ack.sig), message)
    except (InvalidSignature, WireForm):
        return False
    return True
