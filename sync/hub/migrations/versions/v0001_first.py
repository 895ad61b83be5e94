"""The first shape of the hub's database (ledger.md B.2)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables."""
    _terminals()
    _journal()
    _people()
    _bindings()
    _shared()
    op.execute(
        sa.text(
            "INSERT INTO hub_state (id, era, recovering, time_floor_ms) VALUES (1, 1, false, 0)"
        )
    )


def _terminals() -> None:
    op.create_table(
        "hub_state",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("era", sa.Integer, nullable=False),
        sa.Column("recovering", sa.Boolean, nullable=False),
        sa.Column("time_floor_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "invite",
        sa.Column("k", sa.LargeBinary, nullable=False),
        sa.Column("terminal", sa.String(32), nullable=False),
        sa.Column("expires_ms", sa.BigInteger, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("used_by", sa.LargeBinary),
        sa.PrimaryKeyConstraint("k"),
    )
    op.create_index("ix_invite_terminal", "invite", ["terminal"])
    op.create_table(
        "terminal",
        sa.Column("terminal", sa.String(32), nullable=False),
        sa.Column("role", sa.String(16)),
        sa.Column("site", sa.String(64), nullable=False),
        sa.Column("home_id", sa.LargeBinary, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("head", sa.LargeBinary, nullable=False),
        sa.Column("key_number", sa.Integer, nullable=False),
        sa.Column("checked_in", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("terminal"),
    )
    op.create_table(
        "terminal_key",
        sa.Column("terminal", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("revoked", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("terminal", "number"),
    )
    op.create_table(
        "nonce",
        sa.Column("terminal", sa.String(32), nullable=False),
        sa.Column("nonce", sa.String(22), nullable=False),
        sa.Column("seen_ms", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("terminal", "nonce"),
    )
    op.create_index("ix_nonce_seen_ms", "nonce", ["seen_ms"])


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("terminal", sa.String(32), nullable=False),
        sa.Column("seq", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("salt", sa.LargeBinary),
        sa.Column("content", sa.LargeBinary),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.Column("head", sa.LargeBinary, nullable=False),
        sa.Column("seal", sa.LargeBinary),
        sa.Column("received", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("terminal", "seq"),
    )
    op.create_table(
        "journal_orphan",
        sa.Column("terminal", sa.String(32), nullable=False),
        sa.Column("epoch", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("salt", sa.LargeBinary),
        sa.Column("content", sa.LargeBinary),
        sa.Column("received", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("terminal", "epoch", "seq", "leaf"),
    )
    op.create_table(
        "tap",
        sa.Column("card_ref", sa.LargeBinary, nullable=False),
        sa.Column("n", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("terminal", sa.String(32), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("facts", sa.LargeBinary),
        sa.PrimaryKeyConstraint("card_ref", "n", "terminal"),
    )
    op.create_table(
        "spoiled",
        sa.Column("card_ref", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("card_ref"),
    )


def _people() -> None:
    op.create_table(
        "token",
        sa.Column("token", sa.LargeBinary, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("token"),
    )
    op.create_index("ix_token_root", "token", ["root"])
    op.create_table(
        "link",
        sa.Column("a", sa.LargeBinary, nullable=False),
        sa.Column("b", sa.LargeBinary, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("evidence", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("a", "b"),
    )
    op.create_table(
        "claim",
        sa.Column("claim", sa.LargeBinary, nullable=False),
        sa.Column("digest", sa.LargeBinary),
        sa.Column("product", sa.String(64)),
        sa.Column("tokens", sa.LargeBinary),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("basis", sa.String(16), nullable=False),
        sa.Column("office", sa.String(64)),
        sa.Column("hour", sa.String(16), nullable=False),
        sa.Column("terminal", sa.String(32), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("rule", sa.String(8)),
        sa.Column("shown_office", sa.String(64)),
        sa.Column("shown_month", sa.String(8)),
        sa.PrimaryKeyConstraint("claim"),
    )
    op.create_table(
        "claim_token",
        sa.Column("product", sa.String(64), nullable=False),
        sa.Column("token", sa.LargeBinary, nullable=False),
        sa.Column("claim", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("product", "token"),
    )
    op.create_index("ix_claim_token_claim", "claim_token", ["claim"])


def _bindings() -> None:
    op.create_table(
        "binding",
        sa.Column("card_ref", sa.LargeBinary, nullable=False),
        sa.Column("binding", sa.LargeBinary, nullable=False),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("tokens", sa.LargeBinary, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("effective_ms", sa.BigInteger, nullable=False),
        sa.Column("terminal", sa.String(32), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint("card_ref", "binding"),
    )
    op.create_index(
        "binding_one_card",
        "binding",
        ["card_ref"],
        unique=True,
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    )
    op.create_index(
        "binding_one_person",
        "binding",
        ["root"],
        unique=True,
        sqlite_where=sa.text("active"),
        postgresql_where=sa.text("active"),
    )


def _shared() -> None:
    op.create_table(
        "feed",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("pos", sa.BigInteger()),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("issue", sa.Text, nullable=False),
        sa.Column("validate", sa.Text),
        sa.Column("issue_head", sa.LargeBinary),
        sa.Column("validate_head", sa.LargeBinary),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("pos"),
    )
    op.create_index(
        "feed_unnumbered",
        "feed",
        ["id"],
        sqlite_where=sa.text("pos IS NULL"),
        postgresql_where=sa.text("pos IS NULL"),
    )
    op.create_table(
        "case_file",
        sa.Column(
            "case",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("side_a", sa.String(128), nullable=False),
        sa.Column("side_b", sa.String(128), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("opened", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("case"),
    )
    op.create_index("case_once", "case_file", ["kind", "side_a", "side_b"], unique=True)
    op.create_index("case_side_b", "case_file", ["side_b"])
