-- Payments by HTTP 402. One row for each paid job and never a second one: `job_id` is the key, a challenge is paid once.
-- Written before anything is signed; the hash and the sealed credential before anything is sent. Amounts in ticks.
BEGIN IMMEDIATE;

CREATE TABLE payment (
    job_id       TEXT PRIMARY KEY REFERENCES job (id),
    challenge_id TEXT NOT NULL UNIQUE,
    amount       INTEGER NOT NULL CHECK (amount > 0),
    currency     TEXT NOT NULL,
    recipient    TEXT NOT NULL,
    expires_at   INTEGER NOT NULL,
    state        TEXT NOT NULL CHECK (state IN
                     ('signing', 'sent', 'settled', 'settled_no_receipt', 'unpaid', 'unknown')),
    tx_hash      TEXT UNIQUE,
    valid_before INTEGER,
    credential   BLOB,
    payment_id   TEXT,
    receipt      TEXT,
    note         TEXT,
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    CHECK ((tx_hash IS NULL) = (valid_before IS NULL)),
    CHECK (state <> 'signing' OR tx_hash IS NULL),
    CHECK (state IN ('signing', 'unpaid') OR tx_hash IS NOT NULL)
) STRICT;

CREATE INDEX payment_open ON payment (created_at) WHERE state IN ('signing', 'sent', 'unknown');

-- What was signed on each day (UTC), whatever became of it.
CREATE TABLE payment_day (
    starts_at INTEGER PRIMARY KEY,
    signed    INTEGER NOT NULL CHECK (signed >= 0)
) STRICT;

PRAGMA user_version = 6;
COMMIT;
