-- Budgets that guilds set for themselves: weeks and requests as what a counter counts by, rules with the log of their
-- changes, marks of members, allow-lists, settings and pauses of a guild, and which alerts were raised.
BEGIN IMMEDIATE;

CREATE TABLE counter_anew (
    id INTEGER PRIMARY KEY,
    scope TEXT NOT NULL CHECK (scope <> ''), -- bot, guild:<id>, member:<guild>:<id>, channel:…, command:…, model:…
    unit TEXT NOT NULL CHECK (unit IN ('money', 'pictures', 'requests')),
    window_kind TEXT NOT NULL CHECK (window_kind IN ('day', 'week', 'month')),
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

INSERT INTO counter_anew
    (id, scope, unit, window_kind, starts_at, ends_at, limit_amount, held, spent, overrun)
SELECT id, scope, unit, window_kind, starts_at, ends_at, limit_amount, held, spent, overrun FROM counter;

-- It refers to the new table, whose rename below it follows; the old one can then be dropped without an orphan.
CREATE TABLE hold_leg_anew (
    hold_id TEXT NOT NULL REFERENCES hold (hold_id),
    counter_id INTEGER NOT NULL REFERENCES counter_anew (id),
    amount INTEGER NOT NULL CHECK (amount >= 0),
    PRIMARY KEY (hold_id, counter_id)
) STRICT, WITHOUT ROWID;

INSERT INTO hold_leg_anew (hold_id, counter_id, amount) SELECT hold_id, counter_id, amount FROM hold_leg;

DROP TABLE hold_leg;
DROP TABLE counter;
ALTER TABLE counter_anew RENAME TO counter;
ALTER TABLE hold_leg_anew RENAME TO hold_leg;

CREATE TRIGGER leg_is_never_moved BEFORE UPDATE OF hold_id, counter_id ON hold_leg
BEGIN SELECT RAISE(ABORT, 'a leg stays where it stands'); END;

CREATE TRIGGER leg_of_a_closed_hold_is_fixed BEFORE UPDATE ON hold_leg
WHEN (SELECT state FROM hold WHERE hold.hold_id = OLD.hold_id) <> 'open'
BEGIN SELECT RAISE(ABORT, 'the legs of a closed hold are fixed'); END;

-- An open hold leaves the counters of a gateway that its job leaves.
CREATE TRIGGER leg_of_a_closed_hold_is_kept BEFORE DELETE ON hold_leg
WHEN (SELECT state FROM hold WHERE hold.hold_id = OLD.hold_id) <> 'open'
BEGIN SELECT RAISE(ABORT, 'the legs of a closed hold are fixed'); END;

ALTER TABLE hold ADD COLUMN purpose TEXT; -- the named purpose whose reserve it may use
ALTER TABLE hold ADD COLUMN roles TEXT NOT NULL DEFAULT ''; -- those of the member's roles that rules named then

DROP TRIGGER hold_terms_are_fixed;

CREATE TRIGGER hold_terms_are_fixed
BEFORE UPDATE OF hold_id, job_id, guild_id, member_id, pictures, opened_at, purpose, roles ON hold
BEGIN SELECT RAISE(ABORT, 'the terms of a hold are fixed'); END;

CREATE INDEX hold_of_member ON hold (guild_id, member_id, opened_at);

-- `name` is an id, a command, provider/model or a purpose; empty for the guild and for everyone. Amounts are ticks,
-- pictures or requests. A rule that has ended stays, for what refused or spent under it names its id.
CREATE TABLE budget_rule (
    id INTEGER PRIMARY KEY,
    guild_id INTEGER NOT NULL,
    whom TEXT NOT NULL CHECK (whom IN
        ('guild', 'channel', 'role', 'member', 'everyone', 'command', 'model', 'purpose')),
    name TEXT NOT NULL CHECK ((whom IN ('guild', 'everyone')) = (name = '')),
    unit TEXT NOT NULL CHECK (unit IN ('money', 'pictures', 'requests')),
    span TEXT NOT NULL CHECK (span IN ('day', 'week', 'month', 'rolling')),
    minutes INTEGER CHECK (minutes > 0),
    amount INTEGER NOT NULL CHECK (amount >= 0),
    raised_to INTEGER CHECK (raised_to >= 0),
    raised_until INTEGER,
    created_at INTEGER NOT NULL,
    ended_at INTEGER,
    CHECK ((span = 'rolling') = (minutes IS NOT NULL)),
    CHECK ((raised_to IS NULL) = (raised_until IS NULL))
) STRICT;

CREATE UNIQUE INDEX budget_rule_in_force ON budget_rule (guild_id, whom, name, unit, span) WHERE ended_at IS NULL;

CREATE TRIGGER budget_rule_is_never_deleted BEFORE DELETE ON budget_rule
BEGIN SELECT RAISE(ABORT, 'rules end and stay'); END;

-- Every change of rules, marks, lists, settings and pauses: who, when, from what to what.
CREATE TABLE rule_change (
    id INTEGER PRIMARY KEY,
    guild_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    author_id INTEGER NOT NULL,
    subject TEXT NOT NULL,
    before TEXT,
    after TEXT
) STRICT;

CREATE INDEX rule_change_of_guild ON rule_change (guild_id, id);

CREATE TRIGGER rule_change_is_never_changed BEFORE UPDATE ON rule_change
BEGIN SELECT RAISE(ABORT, 'changes are append-only'); END;

CREATE TRIGGER rule_change_is_never_deleted BEFORE DELETE ON rule_change
BEGIN SELECT RAISE(ABORT, 'changes are append-only'); END;

CREATE TABLE member_mark (
    guild_id INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    mark TEXT NOT NULL CHECK (mark IN ('exempt', 'blocked')),
    PRIMARY KEY (guild_id, member_id)
) STRICT, WITHOUT ROWID;

-- One row for each value that is allowed; for a count the value is the most.
CREATE TABLE allow_rule (
    guild_id INTEGER NOT NULL,
    whom TEXT NOT NULL CHECK (whom IN ('role', 'channel')),
    name TEXT NOT NULL CHECK (name <> ''),
    what TEXT NOT NULL CHECK (what IN ('model', 'resolution', 'count')),
    value TEXT NOT NULL,
    PRIMARY KEY (guild_id, whom, name, what, value)
) STRICT, WITHOUT ROWID;

CREATE TABLE guild_setting (
    guild_id INTEGER PRIMARY KEY,
    zone TEXT NOT NULL,
    staff_channel_id INTEGER,
    is_soft INTEGER NOT NULL CHECK (is_soft IN (0, 1)),
    thresholds TEXT NOT NULL, -- percent, in order, with spaces
    digest TEXT CHECK (digest IN ('daily', 'weekly'))
) STRICT;

CREATE TABLE pause (
    guild_id INTEGER NOT NULL,
    command TEXT NOT NULL, -- empty for all of them
    reason TEXT NOT NULL CHECK (length(reason) <= 200),
    author_id INTEGER NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (guild_id, command)
) STRICT, WITHOUT ROWID;

-- A row for each threshold that a window has passed; told_at once somebody was told. No guild: for the operator alone.
CREATE TABLE alert (
    scope TEXT NOT NULL,
    unit TEXT NOT NULL,
    window_kind TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    threshold INTEGER NOT NULL CHECK (threshold > 0),
    guild_id INTEGER,
    rule TEXT NOT NULL,
    ends_at INTEGER NOT NULL,
    limit_amount INTEGER NOT NULL,
    taken INTEGER NOT NULL,
    at INTEGER NOT NULL,
    told_at INTEGER,
    PRIMARY KEY (scope, unit, window_kind, starts_at, threshold)
) STRICT, WITHOUT ROWID;

CREATE INDEX alert_untold ON alert (at) WHERE told_at IS NULL;

PRAGMA user_version = 14;
COMMIT;
