-- The ledger in PostgreSQL, in the first schema of the search path (one ledger for each schema).
-- `proctor_ledger.version` is the version of these tables:
--   1  proctor_entry

-- guard: creators wait for each other until the end of the transaction
SELECT pg_advisory_xact_lock(8101811117994279)

-- create: the tables, at first use
CREATE TABLE proctor_ledger (
    version  integer PRIMARY KEY
);
INSERT INTO proctor_ledger VALUES (1);

CREATE TABLE proctor_entry (
    number   bigint  PRIMARY KEY CHECK (number >= 1),                    -- 1, 2, 3, ... without a gap
    previous text    NOT NULL UNIQUE CHECK (length(previous) = 64),      -- hash of the entry before: no two continue it
    kind     text    NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
    body     text    NOT NULL CHECK (left(body, 1) = '{'),               -- canonical JSON, as it was hashed
    at       text    NOT NULL,                                           -- UTC, ISO 8601
    hash     text    NOT NULL CHECK (length(hash) = 64),
    mac      text             CHECK (length(mac) = 64),                  -- signature of the owner, if any
    format   integer NOT NULL CHECK (format >= 1)                        -- version of the hashed form
);

CREATE FUNCTION proctor_entry_continues() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last text;
BEGIN
    IF NEW.number = 1 THEN
        last := repeat('0', 64);
    ELSE
        SELECT hash INTO last FROM proctor_entry WHERE number = NEW.number - 1;
    END IF;
    IF last IS DISTINCT FROM NEW.previous THEN
        RAISE EXCEPTION 'an entry must continue the last one' USING ERRCODE = 'PR001';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION proctor_entry_is_never_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only' USING ERRCODE = 'PR002';
END $$;

CREATE TRIGGER entry_continues_the_chain BEFORE INSERT ON proctor_entry
    FOR EACH ROW EXECUTE FUNCTION proctor_entry_continues();
CREATE TRIGGER entry_is_never_changed BEFORE UPDATE OR DELETE ON proctor_entry
    FOR EACH ROW EXECUTE FUNCTION proctor_entry_is_never_changed();
CREATE TRIGGER ledger_is_never_emptied BEFORE TRUNCATE ON proctor_entry
    FOR EACH STATEMENT EXECUTE FUNCTION proctor_entry_is_never_changed();

-- session: never weaker than durable on commit, never waiting for ever
SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')

-- exists: whether there is a ledger, by a look into the catalog: within the transaction that waited for another
-- creator, to_regclass would still answer from the cache
SELECT EXISTS (
    SELECT FROM pg_catalog.pg_class WHERE relname = 'proctor_entry' AND pg_catalog.pg_table_is_visible(oid)
)

-- version: of the tables
SELECT max(version) FROM proctor_ledger

-- fetch: all entries behind the first ones
SELECT number, previous, kind, body, at, hash, mac, format FROM proctor_entry WHERE number > %(after)s ORDER BY number

-- holds: whether an entry has arrived
SELECT count(*) FROM proctor_entry WHERE number = %s AND hash = %s

-- insert: one entry; the keys and the trigger refuse it unless it continues the last one
INSERT INTO proctor_entry (number, previous, kind, body, at, hash, mac, format) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
