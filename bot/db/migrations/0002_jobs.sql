BEGIN IMMEDIATE;

-- The durable unit of work. Only queued, submitting, waiting, reviewing, delivering and unknown ones have a run_at:
-- the moment at which the runner looks at them next. A lease says which process works on the row; `lease_seq`
-- grows with every claim, so that a worker that lost its lease changes nothing any more. A parked job waits for a
-- person at the gateway and takes no place there.
CREATE TABLE job (
    id                  TEXT PRIMARY KEY,
    kind                TEXT NOT NULL,
    state               TEXT NOT NULL CHECK (state IN
                            ('queued', 'submitting', 'waiting', 'reviewing', 'delivering',
                             'done', 'failed', 'cancelled', 'unknown')),
    guild_id            INTEGER NOT NULL,
    channel_id          INTEGER NOT NULL,
    member_id           INTEGER NOT NULL,
    provider            TEXT NOT NULL,
    model               TEXT NOT NULL,
    payload             TEXT NOT NULL,
    payload_version     INTEGER NOT NULL,
    idempotency_key     TEXT NOT NULL UNIQUE,
    attempt             INTEGER NOT NULL DEFAULT 0 CHECK (attempt >= 0),
    failures            INTEGER NOT NULL DEFAULT 0 CHECK (failures >= 0),
    crashes             INTEGER NOT NULL DEFAULT 0 CHECK (crashes >= 0),
    polls               INTEGER NOT NULL DEFAULT 0 CHECK (polls >= 0),
    lease_owner         TEXT,
    lease_seq           INTEGER NOT NULL DEFAULT 0,
    run_at              INTEGER,
    deadline_at         INTEGER,
    external_id         TEXT,
    is_parked           INTEGER NOT NULL DEFAULT 0 CHECK (is_parked IN (0, 1)),
    result              TEXT,
    reason              TEXT,
    cancel_requested_at INTEGER,
    created_at          INTEGER NOT NULL,
    submitted_at        INTEGER,
    drawn_at            INTEGER,
    finished_at         INTEGER,
    CHECK ((state IN ('done', 'failed', 'cancelled')) = (finished_at IS NOT NULL)),
    CHECK (state IN ('done', 'failed', 'cancelled') OR run_at IS NOT NULL)
) STRICT;

CREATE INDEX job_due ON job (run_at) WHERE finished_at IS NULL;
CREATE INDEX job_live ON job (state, created_at) WHERE finished_at IS NULL;
CREATE INDEX job_member ON job (guild_id, member_id, created_at);
CREATE INDEX job_pace ON job (provider, model, drawn_at) WHERE drawn_at IS NOT NULL;

-- One row for every change of state, never changed afterwards.
CREATE TABLE job_event (
    id         INTEGER PRIMARY KEY,
    job_id     TEXT NOT NULL REFERENCES job (id),
    at         INTEGER NOT NULL,
    from_state TEXT,
    to_state   TEXT NOT NULL,
    note       TEXT
) STRICT;

CREATE INDEX job_event_job ON job_event (job_id);

CREATE TRIGGER job_event_is_append_only_update BEFORE UPDATE ON job_event
BEGIN
    SELECT RAISE(ABORT, 'job events are append-only');
END;

CREATE TRIGGER job_event_is_append_only_delete BEFORE DELETE ON job_event
BEGIN
    SELECT RAISE(ABORT, 'job events are append-only');
END;

PRAGMA user_version = 2;
COMMIT;
