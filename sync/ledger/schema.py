"""The tables of a home's ledger and their versions (ledger.md B.1).

`sqlite_utils` is imported only when there is something to migrate: it costs a fifth of a cold
start, and every tap opens the ledger.
"""

from __future__ import annotations

import sqlite3

from sync.errors import LedgerFaulty, LedgerNewer

VERSION = 3

# An entry is written once. Its content and salt may be erased together (ledger.md 8.3), nothing
# else of it ever changes (I12).
_JOURNAL = (
    """CREATE TABLE journal (
        seq INTEGER PRIMARY KEY,
        epoch INTEGER NOT NULL,
        kind TEXT NOT NULL,
        content BLOB,
        salt BLOB,
        leaf BLOB NOT NULL CHECK (length(leaf) = 32),
        head BLOB NOT NULL CHECK (length(head) = 32),
        seal BLOB CHECK (length(seal) = 64)
    ) STRICT""",
    """CREATE TRIGGER journal_no_gap BEFORE INSERT ON journal
    WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM journal)
    BEGIN SELECT RAISE(ABORT, 'a journal has no gaps'); END""",
    """CREATE TRIGGER journal_written_once BEFORE UPDATE ON journal
    WHEN NEW.content IS NOT NULL OR NEW.salt IS NOT NULL
        OR NEW.seq IS NOT OLD.seq OR NEW.epoch IS NOT OLD.epoch OR NEW.kind IS NOT OLD.kind
        OR NEW.leaf IS NOT OLD.leaf OR NEW.head IS NOT OLD.head OR NEW.seal IS NOT OLD.seal
    BEGIN SELECT RAISE(ABORT, 'a journal entry is only ever erased'); END""",
    """CREATE TRIGGER journal_kept BEFORE DELETE ON journal
    BEGIN SELECT RAISE(ABORT, 'a journal only grows'); END""",
)

# `claim.tokens`: what the claim was made with, 16 bytes each, sorted; emptied when it is void.
# `claim_token`: the whole person of each live claim. `doubled`: a live claim that lost rows of
# its person to another live claim (a double by facts or by a late link).
_CLAIMS = (
    """CREATE TABLE claim (
        claim_id BLOB PRIMARY KEY CHECK (length(claim_id) = 16),
        product TEXT NOT NULL,
        tokens BLOB NOT NULL CHECK (length(tokens) % 16 = 0),
        state TEXT NOT NULL CHECK (state IN ('open', 'confirmed', 'void')),
        basis TEXT,
        office TEXT,
        month TEXT,
        doubled INTEGER NOT NULL DEFAULT 0 CHECK (doubled IN (0, 1)),
        pos INTEGER
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX claim_doubled ON claim (product) WHERE doubled = 1",
    """CREATE TABLE claim_token (
        product TEXT NOT NULL,
        token BLOB NOT NULL CHECK (length(token) = 16),
        claim_id BLOB NOT NULL REFERENCES claim (claim_id),
        PRIMARY KEY (product, token)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX claim_token_claim ON claim_token (claim_id)",
    """CREATE TABLE link (
        a BLOB NOT NULL CHECK (length(a) = 16),
        b BLOB NOT NULL CHECK (length(b) = 16),
        evidence INTEGER,
        active INTEGER NOT NULL CHECK (active IN (0, 1)),
        pos INTEGER,
        PRIMARY KEY (a, b),
        CHECK (a < b)
    ) STRICT, WITHOUT ROWID""",
    "CREATE INDEX link_b ON link (b)",
)

# The UID has a table of its own with a row or a few, so that no page split copies it about
# (ledger.md 8.4 rule 4); handed-out cards of ledger mode are one blob of sorted refs, because
# rows of their own would keep their order of arrival (rule 5).
_CARDS = (
    """CREATE TABLE open_row (
        n INTEGER PRIMARY KEY AUTOINCREMENT,
        claim_id BLOB NOT NULL UNIQUE REFERENCES claim (claim_id),
        step TEXT NOT NULL CHECK (step IN ('asked', 'claimed', 'writing', 'confirmed')),
        epoch INTEGER NOT NULL,
        since TEXT NOT NULL,
        rule TEXT NOT NULL,
        proxy TEXT NOT NULL,
        clerk TEXT,
        mode TEXT
    ) STRICT""",
    """CREATE TABLE join_row (
        n INTEGER PRIMARY KEY REFERENCES open_row (n),
        uid BLOB NOT NULL
    ) STRICT""",
    """CREATE TABLE handed_out (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        refs BLOB NOT NULL CHECK (length(refs) % 8 = 0)
    ) STRICT""",
    "INSERT INTO handed_out (id, refs) VALUES (1, x'')",
    """CREATE TABLE trip (
        card_ref BLOB PRIMARY KEY CHECK (length(card_ref) = 8),
        state BLOB NOT NULL
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE spoiled (
        card_ref BLOB PRIMARY KEY CHECK (length(card_ref) = 8),
        pos INTEGER
    ) STRICT, WITHOUT ROWID""",
)

# `seq`: the entry of this journal that last changed the row (null: the feed did); until it is
# acknowledged the hub cannot have decided with it. `binding` is the view of homes that issue,
# `bound` that of validators and kiosks: no tokens, no card numbers.
_BINDINGS = (
    """CREATE TABLE binding (
        card_ref BLOB NOT NULL CHECK (length(card_ref) = 8),
        binding BLOB NOT NULL CHECK (length(binding) = 4),
        tokens BLOB NOT NULL CHECK (length(tokens) % 16 = 0),
        card_number TEXT,
        mode TEXT NOT NULL CHECK (mode IN ('record', 'ledger')),
        policy INTEGER NOT NULL,
        class TEXT NOT NULL CHECK (class IN ('full', 'half')),
        expires_on TEXT,
        rule TEXT,
        at TEXT NOT NULL,
        active INTEGER NOT NULL CHECK (active IN (0, 1)),
        seq INTEGER,
        pos INTEGER,
        PRIMARY KEY (card_ref, binding)
    ) STRICT, WITHOUT ROWID""",
    "CREATE UNIQUE INDEX binding_of_card ON binding (card_ref) WHERE active = 1",
    """CREATE TABLE binding_token (
        token BLOB NOT NULL CHECK (length(token) = 16),
        card_ref BLOB NOT NULL,
        binding BLOB NOT NULL,
        PRIMARY KEY (token, card_ref, binding),
        FOREIGN KEY (card_ref, binding) REFERENCES binding (card_ref, binding)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE bound (
        card_ref BLOB NOT NULL CHECK (length(card_ref) = 8),
        binding BLOB NOT NULL CHECK (length(binding) = 4),
        policy INTEGER NOT NULL,
        class TEXT NOT NULL CHECK (class IN ('full', 'half')),
        expires_on TEXT,
        active INTEGER NOT NULL CHECK (active IN (0, 1)),
        pos INTEGER,
        PRIMARY KEY (card_ref, binding)
    ) STRICT, WITHOUT ROWID""",
)

# `cleared` counts transactions that put a UID away, `scrubbed` how far a truncating checkpoint
# is known to have removed it from the write-ahead log as well. `settle_seq`: the journal's end
# when this home was enrolled; `pulled_at`: the last full pull since then.
_STATE = (
    """CREATE TABLE state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        home_id BLOB NOT NULL CHECK (length(home_id) = 16),
        terminal TEXT NOT NULL,
        site TEXT NOT NULL,
        role TEXT,
        profile TEXT NOT NULL,
        epoch INTEGER NOT NULL DEFAULT 1,
        cleared INTEGER NOT NULL DEFAULT 0,
        scrubbed INTEGER NOT NULL DEFAULT 0,
        hub_url TEXT,
        keyid TEXT,
        hub_key BLOB,
        settle_seq INTEGER NOT NULL DEFAULT 0,
        pulled_at TEXT,
        heard_at TEXT
    ) STRICT""",
    """CREATE TABLE cursor (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        era INTEGER NOT NULL,
        pos INTEGER NOT NULL,
        head BLOB
    ) STRICT""",
    "INSERT INTO cursor (id, era, pos, head) VALUES (1, 0, 0, NULL)",
    """CREATE TABLE ack (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        seq INTEGER NOT NULL,
        head BLOB NOT NULL,
        era INTEGER NOT NULL,
        sig BLOB NOT NULL
    ) STRICT""",
)

# A card between two versions of its keys (rekey.py).
_REKEY = """CREATE TABLE rekey (
    card_ref BLOB PRIMARY KEY CHECK (length(card_ref) = 8),
    to_version INTEGER NOT NULL CHECK (to_version BETWEEN 1 AND 255)
) STRICT, WITHOUT ROWID"""

# What the card of an open issuance is to say of its holder (issuance/rules/wanted.py): goes with
# the row, so that the day of birth behind a child card's ends stays no longer than that.
_WANTED = "ALTER TABLE open_row ADD COLUMN wanted BLOB"


def migrate(db: sqlite3.Connection) -> None:
    """Bring an open connection's file to `VERSION`, in one immediate transaction.

    Raises `LedgerNewer` for a file that newer software wrote, and then nothing is changed.
    """
    if (found := version_of(db)) == VERSION:
        return
    if found > VERSION:
        raise LedgerNewer(version=found, ours=VERSION)
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

    steps = Migrations("flora-ledger")

    @steps()
    def m0001_first(tables: Database) -> None:
        for statement in (*_JOURNAL, *_CLAIMS, *_CARDS, *_BINDINGS, *_STATE):
            tables.execute(statement)

    @steps()
    def m0002_rekey(tables: Database) -> None:
        tables.execute(_REKEY)

    @steps()
    def m0003_wanted(tables: Database) -> None:
        tables.execute(_WANTED)

    db.execute("BEGIN IMMEDIATE")
    try:
        # Our connection and no plug-ins: a second one would bring pragmas of its own.
        steps.apply(Database(db, execute_plugins=False, recursive_triggers=False))
        db.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def version_of(db: sqlite3.Connection) -> int:
    """The schema's version; 0 is a file without tables of ours."""
    return int(db.execute("PRAGMA user_version").fetchone()[0])


def must_be_ours(db: sqlite3.Connection) -> None:
    """Raises `LedgerFaulty` where the file was never a ledger."""
    if version_of(db) == 0:
        raise LedgerFaulty(why="not a ledger")
