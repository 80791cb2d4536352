-- Threads under the rules of their channel, alerts that say whose limit they are about.
BEGIN IMMEDIATE;

ALTER TABLE hold ADD COLUMN parent_channel_id INTEGER; -- the channel that a thread belongs to, whose rules bind it

DROP TRIGGER hold_terms_are_fixed;

CREATE TRIGGER hold_terms_are_fixed
BEFORE UPDATE OF hold_id, job_id, guild_id, member_id, pictures, opened_at, purpose, roles, parent_channel_id ON hold
BEGIN SELECT RAISE(ABORT, 'the terms of a hold are fixed'); END;

-- The limit that the last hold really met, which limit_amount is not where more was taken than a rule begins with; NULL
-- until a hold has met one. Whose it is, as in a refusal.
ALTER TABLE counter ADD COLUMN met_limit INTEGER;
ALTER TABLE counter ADD COLUMN met_rule TEXT NOT NULL DEFAULT '';
ALTER TABLE counter ADD COLUMN met_subject TEXT NOT NULL DEFAULT '';

-- A limit that is changed within its window is another one to be told of.
CREATE TABLE alert_anew (
    scope TEXT NOT NULL,
    unit TEXT NOT NULL,
    window_kind TEXT NOT NULL,
    starts_at INTEGER NOT NULL,
    threshold INTEGER NOT NULL CHECK (threshold > 0),
    limit_amount INTEGER NOT NULL,
    guild_id INTEGER, -- none: for the operator alone
    rule TEXT NOT NULL,
    subject TEXT NOT NULL, -- whom the rule is for; empty for the operator's
    ends_at INTEGER NOT NULL,
    taken INTEGER NOT NULL,
    at INTEGER NOT NULL,
    told_at INTEGER,
    PRIMARY KEY (scope, unit, window_kind, starts_at, threshold, limit_amount)
) STRICT, WITHOUT ROWID;

INSERT INTO alert_anew
SELECT scope, unit, window_kind, starts_at, threshold, limit_amount, guild_id, rule, '', ends_at, taken, at, told_at
FROM alert;

DROP TABLE alert;
ALTER TABLE alert_anew RENAME TO alert;

CREATE INDEX alert_untold ON alert (at) WHERE told_at IS NULL;

PRAGMA user_version = 18;
COMMIT;
