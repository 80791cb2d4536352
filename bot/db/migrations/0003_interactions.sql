BEGIN IMMEDIATE;

-- Every interaction that may cost money, stored before it is acknowledged. The token lets anyone answer as the bot
-- for 15 minutes, so it is deleted when that time is over.
CREATE TABLE interaction (
    id          INTEGER PRIMARY KEY,
    command     TEXT NOT NULL,
    guild_id    INTEGER NOT NULL,
    channel_id  INTEGER NOT NULL,
    member_id   INTEGER NOT NULL,
    token       TEXT,
    state       TEXT NOT NULL CHECK (state IN ('received', 'accepted', 'answered', 'void')),
    received_at INTEGER NOT NULL,
    answered_at INTEGER,
    job_id      TEXT UNIQUE
) STRICT;

CREATE INDEX interaction_open ON interaction (state, id) WHERE state IN ('received', 'accepted');
CREATE INDEX interaction_token ON interaction (id) WHERE token IS NOT NULL;

PRAGMA user_version = 3;
COMMIT;
