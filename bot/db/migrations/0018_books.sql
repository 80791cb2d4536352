-- Threads under the rules of their channel.
BEGIN IMMEDIATE;

ALTER TABLE hold ADD COLUMN parent_channel_id INTEGER; -- the channel that a thread belongs to, whose rules bind it

DROP TRIGGER hold_terms_are_fixed;

CREATE TRIGGER hold_terms_are_fixed
BEFORE UPDATE OF hold_id, job_id, guild_id, member_id, pictures, opened_at, purpose, roles, parent_channel_id ON hold
BEGIN SELECT RAISE(ABORT, 'the terms of a hold are fixed'); END;

PRAGMA user_version = 18;
COMMIT;
