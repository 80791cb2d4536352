-- What reports read: bookings summed by day and by who asked for what, and each guild's holds in the order of time.
BEGIN IMMEDIATE;

CREATE INDEX hold_of_guild ON hold (guild_id, opened_at);

-- What each entry that books money adds. The day (UTC, its beginning) is that of the moment the money was reserved at,
-- which windows follow too. What was presumed stands apart until the first correction settles it. A hold without a job
-- has empty names. Whoever makes the entry table anew drops this view and makes the trigger below again.
CREATE VIEW booking AS
SELECT entry.id, hold.guild_id, hold.opened_at - hold.opened_at % 86400000 AS day, hold.member_id,
    COALESCE(job.kind, '') AS command, COALESCE(job.provider, '') AS provider, COALESCE(job.model, '') AS model,
    CASE WHEN entry.kind = 'post' OR settled.id IS NOT NULL THEN 1 ELSE 0 END AS jobs,
    CASE entry.kind WHEN 'post' THEN entry.pictures ELSE COALESCE(settled.pictures, 0) END AS pictures,
    CASE entry.kind WHEN 'presume' THEN 0 ELSE entry.amount + COALESCE(settled.amount, 0) END AS amount,
    CASE WHEN entry.kind = 'presume' THEN 1 WHEN settled.id IS NOT NULL THEN -1 ELSE 0 END AS presumed_jobs,
    CASE entry.kind WHEN 'presume' THEN entry.pictures ELSE -COALESCE(settled.pictures, 0) END AS presumed_pictures,
    CASE entry.kind WHEN 'presume' THEN entry.amount ELSE -COALESCE(settled.amount, 0) END AS presumed_amount
FROM entry
JOIN hold ON hold.hold_id = entry.hold_id
LEFT JOIN job ON job.id = hold.job_id
LEFT JOIN entry AS settled ON entry.kind = 'adjust' AND settled.hold_id = entry.hold_id AND settled.kind = 'presume'
    AND NOT EXISTS (
        SELECT 1 FROM entry AS earlier
        WHERE earlier.hold_id = entry.hold_id AND earlier.kind = 'adjust' AND earlier.id < entry.id
    )
WHERE entry.kind IN ('post', 'presume', 'adjust');

-- The sums of `booking`, kept by the transaction that writes the entry. Derived: the entries give them anew.
CREATE TABLE spend (
    guild_id INTEGER NOT NULL,
    day INTEGER NOT NULL,
    member_id INTEGER NOT NULL,
    command TEXT NOT NULL,
    provider TEXT NOT NULL,
    model TEXT NOT NULL,
    jobs INTEGER NOT NULL,
    pictures INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    presumed_jobs INTEGER NOT NULL,
    presumed_pictures INTEGER NOT NULL,
    presumed_amount INTEGER NOT NULL,
    PRIMARY KEY (guild_id, day, member_id, command, provider, model)
) STRICT, WITHOUT ROWID;

INSERT INTO spend
SELECT guild_id, day, member_id, command, provider, model, SUM(jobs), SUM(pictures), SUM(amount),
    SUM(presumed_jobs), SUM(presumed_pictures), SUM(presumed_amount)
FROM booking GROUP BY guild_id, day, member_id, command, provider, model;

CREATE TRIGGER entry_is_summed AFTER INSERT ON entry WHEN NEW.kind IN ('post', 'presume', 'adjust')
BEGIN
    INSERT INTO spend
    SELECT guild_id, day, member_id, command, provider, model, jobs, pictures, amount,
        presumed_jobs, presumed_pictures, presumed_amount
    FROM booking WHERE id = NEW.id
    ON CONFLICT (guild_id, day, member_id, command, provider, model) DO UPDATE
    SET jobs = spend.jobs + excluded.jobs,
        pictures = spend.pictures + excluded.pictures,
        amount = spend.amount + excluded.amount,
        presumed_jobs = spend.presumed_jobs + excluded.presumed_jobs,
        presumed_pictures = spend.presumed_pictures + excluded.presumed_pictures,
        presumed_amount = spend.presumed_amount + excluded.presumed_amount;
END;

PRAGMA user_version = 13;
COMMIT;
