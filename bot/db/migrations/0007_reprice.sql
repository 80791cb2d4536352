-- An open hold may be priced anew, when its job goes to another gateway before anything was taken. Its scopes, windows
-- and pictures stay; its amount, its legs in money and one entry change together. A closed hold still never changes.
BEGIN IMMEDIATE;

CREATE TABLE entry_anew (
    id INTEGER PRIMARY KEY,
    hold_id TEXT NOT NULL REFERENCES hold (hold_id),
    kind TEXT NOT NULL CHECK (kind IN ('hold', 'reprice', 'post', 'void', 'presume', 'overrun', 'adjust')),
    amount INTEGER NOT NULL CHECK (amount >= 0 OR kind = 'adjust'),
    pictures INTEGER NOT NULL CHECK (pictures >= 0),
    basis TEXT CHECK (basis IN ('reported', 'listed')), -- where a posted price comes from
    note TEXT NOT NULL CHECK (length(note) <= 500),
    author TEXT, -- who made a correction
    at INTEGER NOT NULL,
    CHECK ((kind = 'post') = (basis IS NOT NULL)),
    CHECK ((kind = 'adjust') = (author IS NOT NULL))
) STRICT;

INSERT INTO entry_anew (id, hold_id, kind, amount, pictures, basis, note, author, at)
SELECT id, hold_id, kind, amount, pictures, basis, note, author, at FROM entry ORDER BY id;

DROP TABLE entry;
ALTER TABLE entry_anew RENAME TO entry;

CREATE INDEX entry_of_hold ON entry (hold_id);
CREATE UNIQUE INDEX entry_closes_once ON entry (hold_id) WHERE kind IN ('post', 'void', 'presume');

CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;

CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
BEGIN SELECT RAISE(ABORT, 'entries are append-only'); END;

DROP TRIGGER leg_is_never_changed;

CREATE TRIGGER leg_is_never_moved BEFORE UPDATE OF hold_id, counter_id ON hold_leg
BEGIN SELECT RAISE(ABORT, 'a leg stays where it stands'); END;

CREATE TRIGGER leg_of_a_closed_hold_is_fixed BEFORE UPDATE ON hold_leg
WHEN (SELECT state FROM hold WHERE hold.hold_id = OLD.hold_id) <> 'open'
BEGIN SELECT RAISE(ABORT, 'the legs of a closed hold are fixed'); END;

DROP TRIGGER hold_terms_are_fixed;

CREATE TRIGGER hold_terms_are_fixed
BEFORE UPDATE OF hold_id, job_id, guild_id, member_id, pictures, opened_at ON hold
BEGIN SELECT RAISE(ABORT, 'the terms of a hold are fixed'); END;

PRAGMA user_version = 7;
COMMIT;
