-- Pictures that a request hands in, and the job whose result it goes on with.
BEGIN IMMEDIATE;

-- In the order in which the member gave them. `url` is where Discord keeps the picture, for gateways that take only
-- addresses; it may have ended, and then another is asked for.
CREATE TABLE source (
    job_id   TEXT NOT NULL REFERENCES job (id),
    position INTEGER NOT NULL CHECK (position >= 0),
    asset_id TEXT NOT NULL REFERENCES asset (id),
    url      TEXT,
    PRIMARY KEY (job_id, position)
) STRICT;

CREATE INDEX source_asset ON source (asset_id);
CREATE INDEX picture_asset ON picture (asset_id);

ALTER TABLE job ADD COLUMN parent_id TEXT REFERENCES job (id);

CREATE INDEX job_parent ON job (parent_id) WHERE parent_id IS NOT NULL;

PRAGMA user_version = 8;
COMMIT;
