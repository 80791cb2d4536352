-- Pictures that lie on disk under the SHA-256 of their bytes. The same bytes have one row, whoever asked for them.
BEGIN IMMEDIATE;

CREATE TABLE asset (
    id TEXT NOT NULL PRIMARY KEY CHECK (length(id) = 64),
    format TEXT NOT NULL CHECK (format IN ('png', 'jpeg', 'webp')),
    width INTEGER NOT NULL CHECK (width > 0),
    height INTEGER NOT NULL CHECK (height > 0),
    byte_size INTEGER NOT NULL CHECK (byte_size > 0),
    created_at INTEGER NOT NULL
) STRICT;

PRAGMA user_version = 4;
COMMIT;
