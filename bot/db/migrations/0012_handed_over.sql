-- Source pictures that a gateway was given a place for, and where results are found by their message.
BEGIN IMMEDIATE;

-- Where a gateway itself keeps a source: stored before the first submit, because a repeat under the same idempotency
-- key must be the same byte for byte.
CREATE TABLE handed_over (
    job_id   TEXT NOT NULL REFERENCES job (id),
    provider TEXT NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0),
    url      TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (job_id, provider, position)
) STRICT;

CREATE INDEX delivery_message ON delivery (message_id) WHERE message_id IS NOT NULL;

PRAGMA user_version = 12;
COMMIT;
