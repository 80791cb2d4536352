-- Named ways of drawing, and what is cleaned up after its time: pictures and members' words.
BEGIN IMMEDIATE;

-- A guild's styles are kept by those who manage it, a member's own go with them into every guild. `key` is the name in
-- one spelling. No more than so many for each owner: the statement that adds one counts.
CREATE TABLE style (
    id         INTEGER PRIMARY KEY,
    owner      TEXT NOT NULL CHECK (owner IN ('guild', 'member')),
    owner_id   INTEGER NOT NULL,
    name       TEXT NOT NULL,
    key        TEXT NOT NULL,
    text       TEXT NOT NULL,
    author_id  INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    UNIQUE (owner, owner_id, key)
) STRICT;

-- `kept_at` is when these bytes came last, and what their age counts from. A row with `removed_at` says that there was
-- a picture; its file is gone, or goes with the next sweep. The same bytes again bring both back.
ALTER TABLE asset ADD COLUMN kept_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE asset ADD COLUMN removed_at INTEGER;
UPDATE asset SET kept_at = created_at;

CREATE INDEX asset_kept ON asset (kept_at) WHERE removed_at IS NULL;

-- When the words of a request were blanked. The rest of the row stays.
ALTER TABLE job ADD COLUMN words_removed_at INTEGER;

CREATE INDEX job_words ON job (finished_at) WHERE finished_at IS NOT NULL AND words_removed_at IS NULL;

PRAGMA user_version = 11;
COMMIT;
