-- The ledger: counters per scope, unit and window; holds with their legs; entries that are only ever added.
-- Amounts of money are ticks (1e-10 USD), of pictures pieces; moments are milliseconds since 1970 (UTC).
BEGIN IMMEDIATE;

CREATE TABLE ledger_clock (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    last_seen INTEGER NOT NULL -- windows only open forward: the latest moment any request was made at
) STRICT;

CREATE TABLE counter (
    id INTEGER PRIMARY KEY,
    scope TEXT NOT NULL CHECK (scope <> ''), -- bot, guild:<id>, member:<guild>:<id>
    unit TEXT NOT NULL CHECK (unit IN ('money', 'pictures')),
    window_kind TEXT NOT NULL CHECK (window_kind IN ('day', 'month')),
    starts_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,
    limit_amount INTEGER NOT NULL CHECK (limit_amount >= 0), -- as of the last hold that was accepted
    held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0),
    spent INTEGER NOT NULL DEFAULT 0 CHECK (spent >= 0),
    overrun INTEGER NOT NULL DEFAULT 0 CHECK (overrun >= 0), -- how far the truth went beyond what was held
    CHECK (starts_at < ends_at),
    CHECK (held + spent <= limit_amount + overrun), -- no overspend, whatever the program does
    UNIQUE (scope, unit, window_kind, starts_at)
) STRICT;

CREATE TABLE hold (
    hold_id TEXT PRIMARY KEY,
    job_id TEXT NOT NULL,
    guild_id INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    pictures INTEGER NOT NULL CHECK (pictures >= 0),
    price_version TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'posted', 'voided', 'presumed')),
    opened_at INTEGER NOT NULL,
    closed_at INTEGER,
    CHECK ((state = 'open') = (closed_at IS NULL))
) STRICT, WITHOUT ROWID;

CREATE INDEX hold_open ON hold (opened_at) WHERE state = 'open';

-- Which counters a hold weighs on, and how much: its windows are fixed here, whenever it is closed.
CREATE TABLE hold_leg (
    hold_id TEXT NOT NULL REFERENCES hold (hold_id),
    counter_id INTEGER NOT NULL REFERENCES counter (id),
    amount INTEGER NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (hold_id, counter_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE entry (
    id INTEGER PRIMARY KEY,
    hold_id TEXT NOT NULL REFERENCES hold (hold_id),
    kind TEXT NOT NULL CHECK (kind IN ('hold', 'post', 'void', 'presume', 'overrun', 'adjust')),
    amount INTEGER NOT NULL CHECK (amount >= 0 OR kind = 'adjust'),
    pictures INTEGER NOT NULL CHECK (pictures >= 0),
    basis TEXT CHECK (basis IN ('reported', 'listed')), -- where a posted price comes from
    note TEXT NOT NULL CHECK (length(note) <= 500),
    author TEXT, -- who made a correction
    at INTEGER NOT NULL,
    CHECK ((kind = 'post') = (basis IS NOT NULL)),
    CHECK ((kind = 'adjust') = (author IS NOT NULL))
) STRICT;

CREATE INDEX entry_of_hold ON entry (hold_id);
CREATE UNIQUE INDEX entry_closes_once ON entry (hold_id) WHERE kind IN ('post', 'void', 'presume');

CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;

CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;

CREATE TRIGGER leg_is_never_changed BEFORE UPDATE ON hold_leg
BEGIN SELECT RAISE(ABORT, 'legs are immutable'); END;

CREATE TRIGGER leg_is_never_deleted BEFORE DELETE ON hold_leg
BEGIN SELECT RAISE(ABORT, 'legs are immutable'); END;

CREATE TRIGGER hold_closes_once BEFORE UPDATE ON hold WHEN OLD.state <> 'open'
BEGIN SELECT RAISE(ABORT, 'a closed hold stays closed'); END;

CREATE TRIGGER hold_terms_are_fixed
BEFORE UPDATE OF hold_id, job_id, guild_id, member_id, amount, pictures, price_version, opened_at ON hold
BEGIN SELECT RAISE(ABORT, 'the terms of a hold are fixed'); END;

CREATE TRIGGER hold_is_never_deleted BEFORE DELETE ON hold
BEGIN SELECT RAISE(ABORT, 'holds are never deleted'); END;

PRAGMA user_version = 1;
COMMIT;
