-- What members want to have deleted of themselves: the wish first, the work after it, in batches and over restarts.
BEGIN IMMEDIATE;

-- One open wish of each member of a guild. It covers what was asked for until `asked_at`; requests that still run are
-- left until they end, and it stays open so long. `jobs` were emptied; `posts_left` messages could not be reached.
CREATE TABLE erasure (
    id          INTEGER PRIMARY KEY,
    guild_id    INTEGER NOT NULL,
    member_id   INTEGER NOT NULL,
    asked_at    INTEGER NOT NULL,
    with_posts  INTEGER NOT NULL CHECK (with_posts IN (0, 1)),
    jobs        INTEGER NOT NULL DEFAULT 0 CHECK (jobs >= 0),
    posts_left  INTEGER NOT NULL DEFAULT 0 CHECK (posts_left >= 0),
    finished_at INTEGER
) STRICT;

CREATE UNIQUE INDEX erasure_open ON erasure (guild_id, member_id) WHERE finished_at IS NULL;
CREATE INDEX erasure_of_member ON erasure (guild_id, member_id, id);

-- Public messages that go with a wish; a row leaves once its message is gone or out of reach.
CREATE TABLE erasure_post (
    message_id INTEGER PRIMARY KEY,
    erasure_id INTEGER NOT NULL REFERENCES erasure (id),
    job_id     TEXT NOT NULL REFERENCES job (id),
    channel_id INTEGER NOT NULL
) STRICT;

CREATE INDEX erasure_post_wish ON erasure_post (erasure_id);

-- When a member's wish emptied the row. What it cost, when and by which model stays.
ALTER TABLE job ADD COLUMN erased_at INTEGER;

PRAGMA user_version = 16;
COMMIT;
