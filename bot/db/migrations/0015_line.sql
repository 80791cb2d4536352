BEGIN IMMEDIATE;

-- Whose turn it is at a gateway follows from who was started when. `turn` is the number of the event of the job's
-- last start: it grows with every start, whatever the clock does. Jobs of before have none, as if never started.
ALTER TABLE job ADD COLUMN turn INTEGER;

CREATE INDEX job_line ON job (provider, guild_id, member_id, created_at, id, run_at)
    WHERE state = 'queued' AND finished_at IS NULL;
CREATE INDEX job_guild_turn ON job (provider, guild_id, turn) WHERE turn IS NOT NULL;
CREATE INDEX job_member_turn ON job (guild_id, member_id, turn) WHERE turn IS NOT NULL;

PRAGMA user_version = 15;
COMMIT;
