-- +goose Up

-- Lists of other departments: what they said is kept, what follows is derived, and nothing stops money by itself.

-- An import may take a while: it is queued, works, and is done, or has failed, or was taken back. What kinds there are says the service.
ALTER TABLE imports DROP CONSTRAINT imports_kind_check;
ALTER TABLE imports ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE imports ADD COLUMN state text NOT NULL DEFAULT 'done' CHECK (state IN ('queued', 'done', 'failed', 'undone'));
ALTER TABLE imports ADD COLUMN sender text NOT NULL DEFAULT '';
ALTER TABLE imports ADD COLUMN as_of date;                           -- of which day the list speaks
ALTER TABLE imports ADD COLUMN mapping jsonb NOT NULL DEFAULT '{}';  -- heading to column, where somebody corrected it
ALTER TABLE imports ADD COLUMN reading jsonb;                        -- what was recognised, and repaired in sight
ALTER TABLE imports ADD COLUMN pending_rows integer NOT NULL DEFAULT 0;
ALTER TABLE imports ADD COLUMN failure jsonb;
ALTER TABLE imports ADD COLUMN key text;                             -- the caller's Idempotency-Key
ALTER TABLE imports ADD COLUMN finished_at timestamptz;
DROP INDEX imports_file_once;
CREATE UNIQUE INDEX imports_file_once ON imports (kind, area_code, sender, coalesce(as_of, '-infinity'), sha256)
    WHERE NOT dry_run AND state IN ('queued', 'done'); -- the same file again is the same import
CREATE UNIQUE INDEX imports_key_once ON imports (account_id, key) WHERE key IS NOT NULL;
CREATE INDEX imports_queued ON imports (at) WHERE state = 'queued'; -- what is to be done
CREATE INDEX imports_area ON imports (area_code, id);               -- lists
GRANT UPDATE (version, state, reading, new_rows, changed_rows, same_rows, refused_rows, pending_rows, refusals, failure, finished_at) ON imports TO zhucan_app;

-- How far a queued import is, and when its worker was last seen. Not in the audit: it says nothing that lasts.
CREATE TABLE import_progress (
    import_id uuid PRIMARY KEY REFERENCES imports,
    done      integer NOT NULL DEFAULT 0,
    total     integer NOT NULL DEFAULT 0,
    worker    uuid,
    seen_at   timestamptz
);
GRANT SELECT, INSERT, UPDATE ON import_progress TO zhucan_app;

-- What a list said of a person and a kind of fact. The facts of that kind are a function of all active statements; what would
-- take money from somebody is pending until an officer has confirmed it.
CREATE TABLE list_statements (
    id          uuid PRIMARY KEY,
    import_id   uuid REFERENCES imports, -- null: what was recorded by hand before a list spoke of it
    row         integer NOT NULL,        -- of the file; 0: the list is silent
    person_id   uuid NOT NULL,
    area_code   text COLLATE "C" NOT NULL,
    kind        text NOT NULL,
    says        text NOT NULL CHECK (says IN ('holds', 'ended', 'absent')),
    sort        text NOT NULL DEFAULT '',
    from_on     date,
    to_on       date,
    as_of       date NOT NULL,
    state       text NOT NULL CHECK (state IN ('active', 'pending', 'dismissed', 'withdrawn', 'undone', 'overruled')),
    monthly_fen bigint NOT NULL DEFAULT 0, -- of a pending one: what a month stands to lose
    due_on      date,
    hold_id     uuid REFERENCES payment_holds,
    recorded_at timestamptz NOT NULL,
    decided_at  timestamptz,
    decided_by  uuid,
    reason      text NOT NULL DEFAULT '',
    CONSTRAINT list_statements_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE,
    CONSTRAINT list_statements_pending_has_a_day CHECK (state <> 'pending' OR due_on IS NOT NULL)
);
CREATE INDEX list_statements_person ON list_statements (person_id, kind);                        -- what was said of a person
CREATE INDEX list_statements_import ON list_statements (import_id) WHERE import_id IS NOT NULL;  -- to take an import back
CREATE INDEX list_statements_pending ON list_statements (area_code, id) WHERE state = 'pending'; -- what an area has to confirm
SELECT audit_watch('list_statements');

-- What an import changed, or would change, row by row: for who sends it and who looks at it before.
CREATE TABLE import_changes (
    import_id uuid NOT NULL REFERENCES imports,
    n         integer NOT NULL,
    row       integer NOT NULL,
    person_id uuid NOT NULL,
    area_code text COLLATE "C" NOT NULL,
    outcome   text NOT NULL CHECK (outcome IN ('changed', 'pending')),
    kind      text NOT NULL,
    before    jsonb NOT NULL, -- the facts of the kind with their days
    after     jsonb NOT NULL,
    monthly_fen bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (import_id, n),
    CONSTRAINT import_changes_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE
);

-- What a sender's headings mean, as somebody has corrected it.
CREATE TABLE list_mappings (
    id          uuid PRIMARY KEY,
    area_code   text COLLATE "C" NOT NULL,
    kind        text NOT NULL,
    sender      text NOT NULL,
    mapping     jsonb NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by uuid
);
CREATE INDEX list_mappings_latest ON list_mappings (area_code, kind, sender, recorded_at DESC); -- the one that holds
SELECT audit_watch('list_mappings');
GRANT SELECT, INSERT ON list_mappings TO zhucan_app;

CREATE INDEX persons_birth_date ON persons (birth_date); -- who a list means that gives names and no numbers
CREATE INDEX circumstances_kind ON circumstances (kind, area_code, person_id) WHERE superseded_at IS NULL; -- of whom a list that names everybody is silent

-- +goose StatementBegin
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['list_statements', 'import_changes'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE TRIGGER area_of_person BEFORE INSERT ON %I FOR EACH ROW WHEN (NEW.area_code IS NULL) EXECUTE FUNCTION area_of_person()', t);
        EXECUTE format('CREATE POLICY area ON %I USING (area_code >= (SELECT rtrim(current_setting(''zhucan.area'', true), '':''))
            AND area_code < (SELECT current_setting(''zhucan.area'', true)))', t);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO zhucan_app', t);
    END LOOP;
END $$;
-- +goose StatementEnd
GRANT UPDATE (state, hold_id, decided_at, decided_by, reason) ON list_statements TO zhucan_app;
