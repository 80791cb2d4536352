-- Threads under the rules of their channel, alerts that say whose limit they are about, coarser
-- sums for reports, what corrections are about, and scopes that have drifted.
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

-- The same sums once more without members, and of each member alone: a report of a month with a thousand members reads
-- hundreds of rows instead of hundreds of thousands. Kept by whatever changes the finer sums.
CREATE TABLE spend_of_day (
    guild_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    command TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    jobs INTEGER NOT NULL,
    pictures INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    presumed_jobs INTEGER NOT NULL,
    presumed_pictures INTEGER NOT NULL,
    presumed_amount INTEGER NOT NULL,
    PRIMARY KEY (guild_id, day, command, provider, model)
) STRICT, WITHOUT ROWID;

CREATE TABLE spend_of_member (
    guild_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    jobs INTEGER NOT NULL,
    pictures INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    presumed_jobs INTEGER NOT NULL,
    presumed_pictures INTEGER NOT NULL,
    presumed_amount INTEGER NOT NULL,
    PRIMARY KEY (guild_id, day, member_id)
) STRICT, WITHOUT ROWID;

INSERT INTO spend_of_day
SELECT guild_id, day, command, provider, model, SUM(jobs), SUM(pictures), SUM(amount), SUM(presumed_jobs), SUM(presumed_pictures), SUM(presumed_amount)
FROM spend GROUP BY guild_id, day, command, provider, model;

INSERT INTO spend_of_member
SELECT guild_id, day, member_id, SUM(jobs), SUM(pictures), SUM(amount), SUM(presumed_jobs), SUM(presumed_pictures), SUM(presumed_amount)
FROM spend GROUP BY guild_id, day, member_id;

-- What one member had is read by themselves.
CREATE INDEX spend_by_member ON spend (member_id, day);

CREATE TRIGGER spend_is_summed AFTER INSERT ON spend
BEGIN
    INSERT INTO spend_of_day VALUES
        (NEW.guild_id, NEW.day, NEW.command, NEW.provider, NEW.model,
         NEW.jobs, NEW.pictures, NEW.amount, NEW.presumed_jobs, NEW.presumed_pictures, NEW.presumed_amount) ON CONFLICT (guild_id, day, command, provider, model) DO UPDATE
    SET jobs = spend_of_day.jobs + excluded.jobs,
        pictures = spend_of_day.pictures + excluded.pictures,
        amount = spend_of_day.amount + excluded.amount,
        presumed_jobs = spend_of_day.presumed_jobs + excluded.presumed_jobs,
        presumed_pictures = spend_of_day.presumed_pictures + excluded.presumed_pictures,
        presumed_amount = spend_of_day.presumed_amount + excluded.presumed_amount;
    INSERT INTO spend_of_member VALUES
        (NEW.guild_id, NEW.day, NEW.member_id,
         NEW.jobs, NEW.pictures, NEW.amount, NEW.presumed_jobs, NEW.presumed_pictures, NEW.presumed_amount) ON CONFLICT (guild_id, day, member_id) DO UPDATE
    SET jobs = spend_of_member.jobs + excluded.jobs,
        pictures = spend_of_member.pictures + excluded.pictures,
        amount = spend_of_member.amount + excluded.amount,
        presumed_jobs = spend_of_member.presumed_jobs + excluded.presumed_jobs,
        presumed_pictures = spend_of_member.presumed_pictures + excluded.presumed_pictures,
        presumed_amount = spend_of_member.presumed_amount + excluded.presumed_amount;
END;

CREATE TRIGGER spend_is_summed_again AFTER UPDATE ON spend
BEGIN
    INSERT INTO spend_of_day VALUES
        (NEW.guild_id, NEW.day, NEW.command, NEW.provider, NEW.model,
         NEW.jobs - OLD.jobs, NEW.pictures - OLD.pictures, NEW.amount - OLD.amount, NEW.presumed_jobs - OLD.presumed_jobs, NEW.presumed_pictures - OLD.presumed_pictures, NEW.presumed_amount - OLD.presumed_amount) ON CONFLICT (guild_id, day, command, provider, model) DO UPDATE
    SET jobs = spend_of_day.jobs + excluded.jobs,
        pictures = spend_of_day.pictures + excluded.pictures,
        amount = spend_of_day.amount + excluded.amount,
        presumed_jobs = spend_of_day.presumed_jobs + excluded.presumed_jobs,
        presumed_pictures = spend_of_day.presumed_pictures + excluded.presumed_pictures,
        presumed_amount = spend_of_day.presumed_amount + excluded.presumed_amount;
    INSERT INTO spend_of_member VALUES
        (NEW.guild_id, NEW.day, NEW.member_id,
         NEW.jobs - OLD.jobs, NEW.pictures - OLD.pictures, NEW.amount - OLD.amount, NEW.presumed_jobs - OLD.presumed_jobs, NEW.presumed_pictures - OLD.presumed_pictures, NEW.presumed_amount - OLD.presumed_amount) ON CONFLICT (guild_id, day, member_id) DO UPDATE
    SET jobs = spend_of_member.jobs + excluded.jobs,
        pictures = spend_of_member.pictures + excluded.pictures,
        amount = spend_of_member.amount + excluded.amount,
        presumed_jobs = spend_of_member.presumed_jobs + excluded.presumed_jobs,
        presumed_pictures = spend_of_member.presumed_pictures + excluded.presumed_pictures,
        presumed_amount = spend_of_member.presumed_amount + excluded.presumed_amount;
END;

CREATE TRIGGER spend_is_taken_out AFTER DELETE ON spend
BEGIN
    INSERT INTO spend_of_day VALUES
        (OLD.guild_id, OLD.day, OLD.command, OLD.provider, OLD.model,
         -OLD.jobs, -OLD.pictures, -OLD.amount, -OLD.presumed_jobs, -OLD.presumed_pictures, -OLD.presumed_amount) ON CONFLICT (guild_id, day, command, provider, model) DO UPDATE
    SET jobs = spend_of_day.jobs + excluded.jobs,
        pictures = spend_of_day.pictures + excluded.pictures,
        amount = spend_of_day.amount + excluded.amount,
        presumed_jobs = spend_of_day.presumed_jobs + excluded.presumed_jobs,
        presumed_pictures = spend_of_day.presumed_pictures + excluded.presumed_pictures,
        presumed_amount = spend_of_day.presumed_amount + excluded.presumed_amount;
    INSERT INTO spend_of_member VALUES
        (OLD.guild_id, OLD.day, OLD.member_id,
         -OLD.jobs, -OLD.pictures, -OLD.amount, -OLD.presumed_jobs, -OLD.presumed_pictures, -OLD.presumed_amount) ON CONFLICT (guild_id, day, member_id) DO UPDATE
    SET jobs = spend_of_member.jobs + excluded.jobs,
        pictures = spend_of_member.pictures + excluded.pictures,
        amount = spend_of_member.amount + excluded.amount,
        presumed_jobs = spend_of_member.presumed_jobs + excluded.presumed_jobs,
        presumed_pictures = spend_of_member.presumed_pictures + excluded.presumed_pictures,
        presumed_amount = spend_of_member.presumed_amount + excluded.presumed_amount;
END;

-- What a correction is about; those from before this are adjustments.
ALTER TABLE entry ADD COLUMN correction TEXT
    CHECK (correction IS NULL OR (kind = 'adjust' AND correction IN ('refund', 'credit', 'adjustment')));

-- Scopes whose counters the last check found to differ from the entries: nothing more is held there.
CREATE TABLE drift (
    scope TEXT PRIMARY KEY,
    found_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 18;
COMMIT;
