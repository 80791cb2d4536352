-- What members do with a finished result beside making another: deleting it, and telling of it.
BEGIN IMMEDIATE;

-- Who deleted a result and when. `removed_at` is NULL until its message is gone, so that a second press goes on with
-- what a crash cut off; `was_gone` when somebody had taken the message away by hand.
CREATE TABLE removal (
    job_id       TEXT PRIMARY KEY REFERENCES job (id),
    member_id    INTEGER NOT NULL,
    is_moderator INTEGER NOT NULL CHECK (is_moderator IN (0, 1)),
    asked_at     INTEGER NOT NULL,
    removed_at   INTEGER,
    was_gone     INTEGER NOT NULL DEFAULT 0 CHECK (was_gone IN (0, 1))
) STRICT;

-- Pictures of deleted results that nothing else showed or used at that moment. Whoever removes the file looks again.
CREATE TABLE discard (
    asset_id TEXT PRIMARY KEY REFERENCES asset (id) ON DELETE CASCADE,
    at       INTEGER NOT NULL
) STRICT;

-- What members told of a result; one of each member, the last one counts.
CREATE TABLE report (
    job_id    TEXT NOT NULL REFERENCES job (id),
    member_id INTEGER NOT NULL,
    reason    TEXT NOT NULL,
    text      TEXT NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (job_id, member_id)
) STRICT;

CREATE INDEX report_at ON report (at);

PRAGMA user_version = 9;
COMMIT;
