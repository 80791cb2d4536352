BEGIN IMMEDIATE;

-- What waits for more than a look at a gateway: few among a crowd that waits, and found without reading the crowd.
CREATE INDEX job_step ON job (run_at)
    WHERE finished_at IS NULL AND state NOT IN ('queued', 'reviewing')
    AND (result IS NOT NULL OR state IN ('submitting', 'delivering'));

PRAGMA user_version = 19;
COMMIT;
