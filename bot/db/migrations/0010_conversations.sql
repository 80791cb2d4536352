-- Questions with their answers, the messages that show them, and sounds on their way to Discord.
BEGIN IMMEDIATE;

-- One question each, and what it goes on from. No other table holds these texts, so that forgetting empties them here and
-- nothing else: jobs, holds and entries stay. `question_message_id` is the message that asked, NULL for a command.
-- `is_live` while the message at position 0 shows an answer that is still being written.
CREATE TABLE turn (
    job_id              TEXT PRIMARY KEY REFERENCES job (id),
    root_id             TEXT NOT NULL REFERENCES turn (job_id),
    parent_id           TEXT REFERENCES turn (job_id),
    question            TEXT,
    answer              TEXT,
    citations           TEXT,
    is_cut              INTEGER NOT NULL DEFAULT 0 CHECK (is_cut IN (0, 1)),
    is_private          INTEGER NOT NULL CHECK (is_private IN (0, 1)),
    is_live             INTEGER NOT NULL DEFAULT 0 CHECK (is_live IN (0, 1)),
    question_message_id INTEGER,
    created_at          INTEGER NOT NULL,
    forgotten_at        INTEGER,
    forgotten_by        INTEGER,
    CHECK (forgotten_at IS NULL OR (question IS NULL AND answer IS NULL AND citations IS NULL))
) STRICT;

CREATE INDEX turn_root ON turn (root_id);
CREATE INDEX turn_age ON turn (created_at) WHERE forgotten_at IS NULL;
CREATE INDEX turn_live ON turn (job_id) WHERE is_live = 1;

-- The messages of an answer in their order; a reply to any of them goes on from it.
CREATE TABLE turn_message (
    message_id INTEGER PRIMARY KEY,
    job_id     TEXT NOT NULL REFERENCES turn (job_id),
    position   INTEGER NOT NULL CHECK (position >= 0),
    UNIQUE (job_id, position)
) STRICT;

-- A spoken answer until it is delivered.
CREATE TABLE sound (
    job_id     TEXT PRIMARY KEY REFERENCES job (id),
    media_type TEXT NOT NULL,
    data       BLOB NOT NULL
) STRICT;

PRAGMA user_version = 10;
COMMIT;
