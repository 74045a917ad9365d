-- The ledger in SQLite. `PRAGMA user_version` holds the version of this schema:
--   1  entry

-- create: the schema, in a database of its own
CREATE TABLE entry (
    number   INTEGER PRIMARY KEY CHECK (number >= 1),                              -- 1, 2, 3, ... without a gap
    previous TEXT    NOT NULL CHECK (length(previous) = 64),                       -- hash of the entry before
    kind     TEXT    NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
    body     TEXT    NOT NULL CHECK (substr(body, 1, 1) = '{'),                    -- canonical JSON, as it was hashed
    at       TEXT    NOT NULL,                                                     -- UTC, ISO 8601
    hash     TEXT    NOT NULL CHECK (length(hash) = 64),
    mac      TEXT             CHECK (mac IS NULL OR length(mac) = 64),             -- signature of the owner, if any
    format   INTEGER NOT NULL CHECK (typeof(format) = 'integer' AND format >= 1)   -- version of the hashed form
);

CREATE TRIGGER entry_continues_the_chain BEFORE INSERT ON entry
WHEN NEW.number <> (SELECT coalesce(max(number), 0) + 1 FROM entry)
  OR NEW.previous <> coalesce((SELECT hash FROM entry ORDER BY number DESC LIMIT 1), substr(printf('%064d', 0), 1, 64))
BEGIN
    SELECT raise(ABORT, 'an entry must continue the last one');
END;

CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
BEGIN
    SELECT raise(ABORT, 'the ledger is append-only');
END;

CREATE TRIGGER entry_is_never_removed BEFORE DELETE ON entry
BEGIN
    SELECT raise(ABORT, 'the ledger is append-only');
END;

-- begin: a transaction that others wait for
BEGIN IMMEDIATE

-- commit: make it durable
COMMIT

-- rollback: as if nothing had been tried
ROLLBACK

-- last: number and hash of the last entry
SELECT number, hash FROM entry ORDER BY number DESC LIMIT 1

-- fetch: all entries behind the first ones
SELECT number, previous, kind, body, at, hash, mac, format FROM entry WHERE number > :after ORDER BY number

-- insert: one entry
INSERT INTO entry (number, previous, kind, body, at, hash, mac, format) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
