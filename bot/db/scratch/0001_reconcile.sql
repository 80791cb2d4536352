-- A file of its own that lives as long as one comparison: what a gateway's statement says, and what the book says.
-- Amounts in ticks, moments in milliseconds since 1970 (UTC).
BEGIN IMMEDIATE;

CREATE TABLE line (
    no INTEGER PRIMARY KEY, -- where it stands in the file
    external_id TEXT,
    payment_ref TEXT,
    tx_hash TEXT,
    at INTEGER,
    amount INTEGER NOT NULL,
    job_id TEXT -- the charge it was found to be
) STRICT;

CREATE INDEX line_of_job ON line (job_id);
CREATE INDEX line_left ON line (at, no) WHERE job_id IS NULL;

CREATE TABLE charge (
    job_id TEXT PRIMARY KEY,
    external_id TEXT,
    payment_ref TEXT,
    tx_hash TEXT,
    at INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    hold_state TEXT NOT NULL,
    is_presumed INTEGER NOT NULL CHECK (is_presumed IN (0, 1)),
    is_inside INTEGER NOT NULL CHECK (is_inside IN (0, 1)), -- within the period, not only near it
    is_found INTEGER NOT NULL DEFAULT 0 CHECK (is_found IN (0, 1))
) STRICT;

CREATE INDEX charge_external ON charge (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX charge_payment ON charge (payment_ref) WHERE payment_ref IS NOT NULL;
CREATE INDEX charge_hash ON charge (tx_hash) WHERE tx_hash IS NOT NULL;
CREATE INDEX charge_left ON charge (at, job_id) WHERE is_found = 0;

PRAGMA user_version = 1;
COMMIT;
