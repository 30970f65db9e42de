-- +goose Up

-- Two database roles beside the owner who migrates. Both may be created beforehand by a database
-- administrator with other attributes; the migration then only grants.
-- +goose StatementBegin
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'zhucan_app') THEN
        CREATE ROLE zhucan_app LOGIN NOSUPERUSER NOBYPASSRLS;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'zhucan_auditor') THEN
        CREATE ROLE zhucan_auditor LOGIN NOSUPERUSER NOBYPASSRLS;
    END IF;
EXCEPTION WHEN unique_violation OR duplicate_object THEN
    NULL; -- another database of the same cluster is being migrated at this moment
END $$;
-- +goose StatementEnd

CREATE EXTENSION IF NOT EXISTS btree_gist;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;

-- An entry is one signed transaction or one refused attempt: who, when, why. seq and hash are given at commit.
CREATE TABLE audit_entries (
    id          uuid PRIMARY KEY,
    seq         bigint UNIQUE,
    xact        xid8 NOT NULL DEFAULT pg_current_xact_id(),
    at          timestamptz NOT NULL,
    account_id  uuid,
    session_id  uuid,
    role        text NOT NULL,
    area_code   text COLLATE "C" NOT NULL,
    action      text NOT NULL,
    subject_id  uuid,
    outcome     text NOT NULL CHECK (outcome IN ('done', 'refused')),
    request_id  text NOT NULL DEFAULT '',
    detail      jsonb NOT NULL DEFAULT '{}',
    digest      bytea,
    prev_hash   bytea,
    hash        bytea
);
CREATE INDEX audit_entries_subject ON audit_entries (subject_id, seq) WHERE subject_id IS NOT NULL; -- who touched this record
CREATE INDEX audit_entries_account ON audit_entries (account_id, seq);                              -- what this account did

-- Every row changed under an entry, as it was and as it became. Personal columns are sealed before they get here.
CREATE TABLE audit_changes (
    n          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    entry_id   uuid NOT NULL REFERENCES audit_entries,
    table_name text NOT NULL,
    row_id     uuid NOT NULL,
    op         text NOT NULL CHECK (op IN ('insert', 'update', 'delete')),
    old_row    jsonb,
    new_row    jsonb
);
CREATE INDEX audit_changes_entry ON audit_changes (entry_id, n);     -- the digest of an entry, in order
CREATE INDEX audit_changes_row ON audit_changes (table_name, row_id); -- the history of one row

-- audit_sign opens the entry of this transaction. The triggers below refuse writes without it.
-- +goose StatementBegin
CREATE FUNCTION audit_sign(entry uuid, at timestamptz, account uuid, session uuid, role text, area text,
    action text, subject uuid, outcome text, request text, detail jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO audit_entries (id, at, account_id, session_id, role, area_code, action, subject_id, outcome, request_id, detail)
    VALUES (entry, at, account, session, role, area, action, subject, outcome, request, detail);
    PERFORM set_config('zhucan.entry', entry::text, true);
END $$;
-- +goose StatementEnd

-- audit_describe adds to the open entry of this transaction what became known after signing.
-- +goose StatementBegin
CREATE FUNCTION audit_describe(subject uuid, more jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE audit_entries SET subject_id = coalesce(subject, subject_id), detail = detail || more
    WHERE id = nullif(current_setting('zhucan.entry', true), '')::uuid AND xact = pg_current_xact_id() AND seq IS NULL;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no open audit entry in this transaction';
    END IF;
END $$;
-- +goose StatementEnd

-- audit_line is the text of one change that the digest covers; the verifier rebuilds it from the same columns.
CREATE FUNCTION audit_line(table_name text, row_id uuid, op text, old_row jsonb, new_row jsonb) RETURNS bytea
LANGUAGE sql IMMUTABLE AS
$$ SELECT sha256(convert_to(concat_ws(E'\n', table_name, row_id::text, op, coalesce(old_row::text, ''), coalesce(new_row::text, '')), 'UTF8')) $$;

-- audit_text is the text of one entry that its hash covers beside the previous hash and the digest.
CREATE FUNCTION audit_text(e audit_entries) RETURNS text
LANGUAGE sql STABLE AS
$$ SELECT concat_ws(E'\n', e.seq::text, e.id::text, (extract(epoch FROM e.at) * 1000000)::bigint::text,
       coalesce(e.account_id::text, ''), coalesce(e.session_id::text, ''), e.role, e.area_code, e.action,
       coalesce(e.subject_id::text, ''), e.outcome, e.request_id, e.detail::text) $$;

-- audit_seal runs at commit, once an entry: it takes the chain's lock last and for the shortest time.
-- +goose StatementBegin
CREATE FUNCTION audit_seal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    e audit_entries;
    last_seq bigint;
    last_hash bytea;
BEGIN
    SELECT * INTO e FROM audit_entries WHERE id = NEW.id;
    SELECT sha256(coalesce(string_agg(audit_line(c.table_name, c.row_id, c.op, c.old_row, c.new_row), ''::bytea ORDER BY c.n), ''::bytea))
    INTO e.digest FROM audit_changes c WHERE c.entry_id = e.id;
    PERFORM pg_advisory_xact_lock(370305, 1);
    SELECT seq, hash INTO last_seq, last_hash FROM audit_entries WHERE seq IS NOT NULL ORDER BY seq DESC LIMIT 1;
    e.seq := coalesce(last_seq, 0) + 1;
    e.prev_hash := coalesce(last_hash, ''::bytea);
    e.hash := sha256(e.prev_hash || e.digest || convert_to(audit_text(e), 'UTF8'));
    UPDATE audit_entries SET seq = e.seq, digest = e.digest, prev_hash = e.prev_hash, hash = e.hash WHERE id = e.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd

CREATE CONSTRAINT TRIGGER seal AFTER INSERT ON audit_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION audit_seal();

-- audit_entry_of_this_transaction refuses a write that nobody signed.
-- +goose StatementBegin
CREATE FUNCTION audit_entry_of_this_transaction(written text) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    entry uuid := nullif(current_setting('zhucan.entry', true), '')::uuid;
BEGIN
    IF entry IS NULL OR NOT EXISTS (SELECT FROM audit_entries WHERE id = entry AND xact = pg_current_xact_id()) THEN
        RAISE EXCEPTION 'unsigned write to %', written USING ERRCODE = 'ZC001';
    END IF;
    RETURN entry;
END $$;
-- +goose StatementEnd

-- One function for every watched table and operation. It runs once a statement, so a bulk load costs one insert.
-- +goose StatementBegin
CREATE FUNCTION audit_capture() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    entry uuid := audit_entry_of_this_transaction(TG_TABLE_NAME);
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO audit_changes (entry_id, table_name, row_id, op, new_row)
        SELECT entry, TG_TABLE_NAME, r.id, 'insert', to_jsonb(r) FROM new_rows r;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO audit_changes (entry_id, table_name, row_id, op, old_row, new_row)
        SELECT entry, TG_TABLE_NAME, n.id, 'update', to_jsonb(o), to_jsonb(n) FROM new_rows n JOIN old_rows o ON o.id = n.id;
    ELSE
        INSERT INTO audit_changes (entry_id, table_name, row_id, op, old_row)
        SELECT entry, TG_TABLE_NAME, o.id, 'delete', to_jsonb(o) FROM old_rows o;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- audit_watch puts a table under audit: no unsigned write, no change of a row's id, every change recorded.
-- +goose StatementBegin
CREATE FUNCTION audit_watch(watched regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER audit_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION audit_capture()', watched);
    EXECUTE format('CREATE TRIGGER audit_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION audit_capture()', watched);
    EXECUTE format('CREATE TRIGGER audit_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION audit_capture()', watched);
    EXECUTE format('CREATE TRIGGER id_is_fixed BEFORE UPDATE OF id ON %s FOR EACH ROW EXECUTE FUNCTION id_is_fixed()', watched);
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION id_is_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id <> OLD.id THEN
        RAISE EXCEPTION 'the id of a row of % may not change', TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
