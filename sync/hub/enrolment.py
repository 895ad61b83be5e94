"""Invites and enrolment: how a terminal gets its name, its key number and its certificate (A.2).

An invite is used once, within 24 hours and five tries. A name that is enrolled again gets a new key
number and the next epoch, and its old key is revoked. The same terminal may ask again with the same
code, because its answer may have been lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.engine import Row

from sync import chain
from sync.hub.answers import Reply, no, ok
from sync.hub.city import City, instant
from sync.hub.schema import hub_state, invite, terminal, terminal_key
from sync.wire.invite import SECRET_BYTES, mac, mac_is, new_invite
from sync.wire.messages import (
    Certificate,
    EnrolAnswer,
    EnrolRequest,
    WireForm,
    b64,
    decode,
    unb64,
)

INVITE_MS = 24 * 3600 * 1000
TRIES_MAX = 5
_CERTIFICATE_DAYS = 365


@dataclass(frozen=True, slots=True, kw_only=True)
class Maced:
    """An answer and its `Flora-Mac`; None where no invite fits."""

    reply: Reply
    mac: str | None


def make_invite(city: City, name: str) -> tuple[str, datetime]:
    """A code for one terminal, and when it ends."""
    made = new_invite(city.random(SECRET_BYTES), city.public_key)
    expires_ms = city.time.now_ms() + INVITE_MS
    row = {
        "k": made.mac_key(),
        "terminal": name,
        "expires_ms": expires_ms,
        "tries": 0,
        "used_by": None,
    }
    city.store.write(lambda tx: tx.execute(insert(invite), row))
    return made.code(), instant(expires_ms)


def enrol(city: City, body: bytes, given_mac: str) -> Maced:
    """Answer one `POST /v1/enrol`."""
    try:
        asked = decode(EnrolRequest, body)
        key, head = unb64(asked.public_key), unb64(asked.head)
    except WireForm as fault:
        return Maced(reply=no(400, "form", fault.why), mac=None)
    if len(key) != 32 or len(head) != 32:
        return Maced(reply=no(400, "form", "length"), mac=None)
    now_ms = city.time.now_ms()

    def work(tx: Connection) -> Maced:
        k = _matching(tx, asked.terminal, body, given_mac, now_ms, key)
        reply = _judge(tx, city, asked, key, now_ms) if k is not None else None
        if asked.profile != city.fingerprint:
            reply = no(403, "stranger", "this hub is another city's")
        elif reply is None:
            reply = no(401, "invite", "this code is not known here, used up or too old")
        if k is not None and reply.status == 200:
            tx.execute(update(invite).where(invite.c.k == k).values(used_by=key))
        return Maced(reply=reply, mac=mac(k, reply.body) if k is not None else None)

    return city.store.write(work)


def _matching(
    tx: Connection, name: str, body: bytes, given_mac: str, now_ms: int, key: bytes
) -> bytes | None:
    """The invite whose secret made this MAC; a wrong one costs each open invite a try."""
    tx.execute(delete(invite).where(invite.c.expires_ms <= now_ms))
    rows = tx.execute(
        select(invite)
        .where(invite.c.terminal == name, invite.c.tries < TRIES_MAX)
        .with_for_update()
    ).all()
    for row in rows:
        if row.used_by in (None, key) and mac_is(row.k, body, given_mac):
            return bytes(row.k)
    tx.execute(
        update(invite)
        .where(invite.c.terminal == name, invite.c.used_by.is_(None))
        .values(tries=invite.c.tries + 1)
    )
    return None


def _judge(
    tx: Connection, city: City, asked: EnrolRequest, key: bytes, now_ms: int
) -> Reply | None:
    if asked.profile != city.fingerprint:
        return None
    if asked.role is None and not city.simulation:
        return no(403, "role", "only a simulation home may leave its role out")
    known = tx.execute(
        select(terminal).where(terminal.c.terminal == asked.terminal).with_for_update()
    ).one_or_none()
    number, epoch = _key_of(tx, asked, known, key)
    row = {
        "role": asked.role,
        "site": asked.site,
        "home_id": bytes.fromhex(asked.home_id),
        "epoch": epoch,
        "key_number": number,
    }
    if known is None:
        first = {"seq": 0, "head": chain.first_head(asked.terminal), "checked_in": True}
        tx.execute(insert(terminal), {"terminal": asked.terminal} | row | first)
    else:
        tx.execute(update(terminal).where(terminal.c.terminal == asked.terminal).values(row))
    return ok(_certify(tx, city, asked, number, epoch, now_ms))


def _key_of(
    tx: Connection, asked: EnrolRequest, known: Row[Any] | None, key: bytes
) -> tuple[int, int]:
    """Key number and epoch: the next ones, or those it has when the same key asks again."""
    keys = tx.execute(select(terminal_key).where(terminal_key.c.terminal == asked.terminal)).all()
    current = max(keys, key=lambda row: row.number, default=None)
    if current is not None and known is not None and current.public_key == key:
        return current.number, known.epoch
    number = 1 if current is None else current.number + 1
    tx.execute(
        update(terminal_key).where(terminal_key.c.terminal == asked.terminal).values(revoked=True)
    )
    row = {"terminal": asked.terminal, "number": number, "public_key": key, "revoked": False}
    tx.execute(insert(terminal_key), row)
    return number, 1 if known is None else known.epoch + 1


def _certify(
    tx: Connection, city: City, asked: EnrolRequest, number: int, epoch: int, now_ms: int
) -> EnrolAnswer:
    era = tx.execute(select(hub_state.c.era)).scalar_one()
    until = instant(now_ms) + timedelta(days=_CERTIFICATE_DAYS)
    fields = {
        "terminal": asked.terminal,
        "role": asked.role,
        "key": asked.public_key,
        "keyid": f"{asked.terminal}.{number}",
        "site": asked.site,
        "epoch": epoch,
        "era": era,
        "city": city.fingerprint,
        "not_after": until.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }
    plain = Certificate(**fields)
    return EnrolAnswer(
        certificate=Certificate(**fields, sig=b64(city.key.sign(plain.signed_bytes()))),
        hub_key=b64(city.public_key),
        tls_sha256=None,
        era=era,
        epoch=epoch,
    )
