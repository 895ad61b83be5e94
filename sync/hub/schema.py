"""The hub's tables, one schema for SQLite and PostgreSQL (ledger.md B.2).

The constraint that carries an invariant stands beside its table. Instants are milliseconds since
1970 by the hub's clock; tokens, claim ids and refs are bytes. Migrations build these tables, and
a test holds the two against each other.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

metadata = MetaData()


class Octets(LargeBinary):
    """Bytes as both drivers take and give them, without a wrapper around each: a push has
    thousands."""

    def bind_processor(self, dialect: Any) -> None:
        """None: as they are."""

    def result_processor(self, dialect: Any, coltype: Any) -> None:
        """None: as they are."""


# SQLite hands out row numbers to a column of exactly the type INTEGER only.
Serial = BigInteger().with_variant(Integer, "sqlite")

hub_state = Table(
    "hub_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("era", Integer, nullable=False),
    Column("recovering", Boolean, nullable=False),
    Column("time_floor_ms", BigInteger, nullable=False),
)

invite = Table(
    "invite",
    metadata,
    Column("k", Octets, primary_key=True),
    Column("terminal", String(32), nullable=False, index=True),
    Column("expires_ms", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    # The key that used it: the same terminal may ask again for an answer that got lost.
    Column("used_by", Octets),
)

terminal = Table(
    "terminal",
    metadata,
    Column("terminal", String(32), primary_key=True),
    Column("role", String(16)),
    Column("site", String(64), nullable=False),
    Column("home_id", Octets, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("head", Octets, nullable=False),
    Column("key_number", Integer, nullable=False),
    Column("checked_in", Boolean, nullable=False),  # heard since the hub began to recover
)

terminal_key = Table(
    "terminal_key",
    metadata,
    Column("terminal", String(32), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("public_key", Octets, nullable=False),
    Column("revoked", Boolean, nullable=False),
)

nonce = Table(  # S31: a request has its effect once
    "nonce",
    metadata,
    Column("terminal", String(32), primary_key=True),
    Column("nonce", String(22), primary_key=True),
    Column("seen_ms", BigInteger, nullable=False, index=True),
)

journal = Table(  # I12: each acknowledged entry exactly once
    "journal",
    metadata,
    Column("terminal", String(32), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("epoch", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("salt", Octets),
    Column("content", Octets),
    Column("leaf", Octets, nullable=False),
    Column("head", Octets, nullable=False),
    Column("seal", Octets),
    # Of claim, confirm, void and refusal the hour only (ledger.md 8.4 rule 7).
    Column("received", String(32), nullable=False),
)

journal_orphan = Table(  # I13: what contradicts is kept
    "journal_orphan",
    metadata,
    Column("terminal", String(32), primary_key=True),
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("leaf", Octets, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("salt", Octets),
    Column("content", Octets),
    Column("received", String(32), nullable=False),
)

token = Table(  # S18: the row to lock; root is the smallest token of its component
    "token",
    metadata,
    Column("token", Octets, primary_key=True),
    Column("root", Octets, nullable=False, index=True),
)

link = Table(
    "link",
    metadata,
    Column("a", Octets, primary_key=True),
    Column("b", Octets, primary_key=True),
    Column("active", Boolean, nullable=False),
    Column("evidence", String(64), nullable=False),
)

claim = Table(  # I4: one answer for ever
    "claim",
    metadata,
    Column("claim", Octets, primary_key=True),
    # Null: a void came before its claim (S4).
    Column("digest", Octets),
    Column("product", String(64)),
    Column("tokens", Octets),  # as shown, in a row; null where refused
    Column("state", String(16), nullable=False),
    Column("basis", String(16), nullable=False),
    Column("office", String(64)),
    Column("hour", String(16), nullable=False),
    Column("terminal", String(32), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("rule", String(8)),  # of a refusal, with the office and month that it named
    Column("shown_office", String(64)),
    Column("shown_month", String(8)),
)

claim_token = Table(  # I1, S17: rows of live claims only
    "claim_token",
    metadata,
    Column("product", String(64), primary_key=True),
    Column("token", Octets, primary_key=True),
    Column("claim", Octets, nullable=False, index=True),
)

binding = Table(  # I23 by the two partial indices
    "binding",
    metadata,
    Column("card_ref", Octets, primary_key=True),
    Column("binding", Octets, primary_key=True),
    Column("root", Octets, nullable=False),
    Column("tokens", Octets, nullable=False),
    Column("body", Text, nullable=False),  # what the feed says of it, `active` left out
    Column("effective_ms", BigInteger, nullable=False),
    Column("terminal", String(32), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("active", Boolean, nullable=False),
)
Index(
    "binding_one_person",
    binding.c.root,
    unique=True,
    sqlite_where=text("active"),
    postgresql_where=text("active"),
)
Index(
    "binding_one_card",
    binding.c.card_ref,
    unique=True,
    sqlite_where=text("active"),
    postgresql_where=text("active"),
)

tap = Table(
    "tap",
    metadata,
    Column("card_ref", Octets, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("terminal", String(32), primary_key=True),
    Column("seq", BigInteger, nullable=False),
    # Money and place of the last entry; null where two homes may differ: torn, ledger mode.
    Column("facts", Octets),
)

spoiled = Table("spoiled", metadata, Column("card_ref", Octets, primary_key=True))

feed = Table(  # I19: `pos` is given after the commit, by one sequencer at a time
    "feed",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=True),
    Column("pos", BigInteger, unique=True),
    Column("kind", String(32), nullable=False),
    Column("key", String(128), nullable=False),
    Column("issue", Text, nullable=False),  # the body of each view; null: not in it
    Column("validate", Text),
    Column("issue_head", Octets),  # each view's chain up to this row
    Column("validate_head", Octets),
)
Index(
    "feed_unnumbered",
    feed.c.id,
    sqlite_where=text("pos IS NULL"),
    postgresql_where=text("pos IS NULL"),
)

case_file = Table(  # I13: both sides are named, nothing is dropped
    "case_file",
    metadata,
    Column("case", Serial, primary_key=True, autoincrement=True),
    Column("kind", String(32), nullable=False),
    Column("side_a", String(128), nullable=False),
    Column("side_b", String(128), nullable=False),
    Column("detail", Text, nullable=False),
    Column("opened", String(32), nullable=False),
    Column("state", String(16), nullable=False),
)
Index("case_once", case_file.c.kind, case_file.c.side_a, case_file.c.side_b, unique=True)
Index("case_side_b", case_file.c.side_b)
