BEGIN IMMEDIATE;

-- Which assets a job brought, in the gateway's order.
CREATE TABLE picture (
    job_id   TEXT NOT NULL REFERENCES job (id),
    position INTEGER NOT NULL CHECK (position >= 0),
    asset_id TEXT NOT NULL REFERENCES asset (id),
    PRIMARY KEY (job_id, position)
) STRICT;

-- Where a result went. `route` is decided before the first try, `message_id` is stored after the send.
CREATE TABLE delivery (
    job_id       TEXT PRIMARY KEY REFERENCES job (id),
    route        TEXT NOT NULL CHECK (route IN ('channel', 'private', 'kept')),
    channel_id   INTEGER NOT NULL,
    started_at   INTEGER NOT NULL,
    tries        INTEGER NOT NULL DEFAULT 0,
    message_id   INTEGER,
    delivered_at INTEGER,
    reason       TEXT
) STRICT;

-- Single facts the bot remembers about itself, such as the hash of the commands it last registered.
CREATE TABLE fact (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;

PRAGMA user_version = 5;
COMMIT;
