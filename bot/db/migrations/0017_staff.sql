-- What the staff of a guild and the operators are sent, and requests over a guild's own limits that wait for leave.
BEGIN IMMEDIATE;

-- Each card is about one thing and is sent once. No guild: a direct message, and `place_id` is whom it is for.
-- `tries` is counted before each, so that a later one knows to look first.
CREATE TABLE staff_post (
    about      TEXT PRIMARY KEY CHECK (about <> ''),
    guild_id   INTEGER,
    place_id   INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    tries      INTEGER NOT NULL,
    message_id INTEGER
) STRICT, WITHOUT ROWID;

-- A request that waits for a moderator. Nothing is held for it; once allowed, it becomes the job of this id. `request`
-- is what its kind makes the work from again, `words` what was asked for, `refusal` which limit stands in its way,
-- `blocked` what stood in the way of the last "allow once"; the first two are emptied when it ends.
-- `revision` grows with each change that the staff's card must show, `shown` is the one that it shows.
CREATE TABLE leave (
    job_id         TEXT PRIMARY KEY,
    interaction_id INTEGER NOT NULL UNIQUE,
    guild_id       INTEGER NOT NULL,
    channel_id     INTEGER NOT NULL,
    parent_channel_id INTEGER, -- of a thread
    member_id      INTEGER NOT NULL,
    roles          TEXT NOT NULL, -- those of the member's roles that rules named then
    kind           TEXT NOT NULL,
    provider       TEXT NOT NULL,
    model          TEXT NOT NULL,
    request        TEXT NOT NULL,
    words          TEXT NOT NULL,
    amount         INTEGER NOT NULL CHECK (amount >= 0), -- ticks, the worst case
    pictures       INTEGER NOT NULL CHECK (pictures >= 0),
    parent_id      TEXT REFERENCES job (id),
    purpose        TEXT,
    refusal        TEXT NOT NULL,
    staff_channel_id INTEGER NOT NULL,
    asked_at       INTEGER NOT NULL,
    expires_at     INTEGER NOT NULL,
    state          TEXT NOT NULL CHECK (state IN
                       ('waiting', 'allowed', 'refused', 'expired', 'cancelled', 'unheard')),
    decided_at     INTEGER,
    decided_by     INTEGER,
    reason         TEXT CHECK (length(reason) <= 200),
    blocked        TEXT,
    revision       INTEGER NOT NULL DEFAULT 1,
    shown          INTEGER NOT NULL DEFAULT 0 CHECK (shown <= revision),
    CHECK ((state = 'waiting') = (decided_at IS NULL)),
    CHECK (state = 'waiting' OR (request = '' AND words = ''))
) STRICT, WITHOUT ROWID;

CREATE INDEX leave_waiting ON leave (guild_id, member_id) WHERE state = 'waiting';
CREATE INDEX leave_expiring ON leave (expires_at) WHERE state = 'waiting';
CREATE INDEX leave_unshown ON leave (asked_at) WHERE shown < revision;

-- Pictures that it hands in, as in `source`; gone when it ends.
CREATE TABLE leave_source (
    job_id   TEXT NOT NULL REFERENCES leave (job_id),
    position INTEGER NOT NULL CHECK (position >= 0),
    asset_id TEXT NOT NULL REFERENCES asset (id),
    url      TEXT,
    PRIMARY KEY (job_id, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX leave_source_asset ON leave_source (asset_id);

PRAGMA user_version = 17;
COMMIT;
