-- +goose Up

-- Lists of houses, services, moves and certificates; and a list that names far fewer than it should waits until somebody confirms it.

-- waiting: a list that claims to name everybody leaves out too many of those it should name.
ALTER TABLE imports DROP CONSTRAINT imports_state_check;
ALTER TABLE imports ADD CONSTRAINT imports_state_check CHECK (state IN ('queued', 'waiting', 'done', 'failed', 'undone'));
ALTER TABLE imports ADD COLUMN known_rows integer;    -- whom such a list should still name; null: it does not claim to name everybody
ALTER TABLE imports ADD COLUMN missing_rows integer;  -- of them, whom it does not name
ALTER TABLE imports ADD COLUMN kept jsonb NOT NULL DEFAULT '[]'; -- of one taken back: what stays of it, and why
ALTER TABLE imports ADD COLUMN confirmed_at timestamptz;
ALTER TABLE imports ADD COLUMN confirmed_by uuid REFERENCES accounts;
ALTER TABLE imports ADD COLUMN confirmed_reason text NOT NULL DEFAULT '';
GRANT UPDATE (known_rows, missing_rows, kept, confirmed_at, confirmed_by, confirmed_reason) ON imports TO zhucan_app;
DROP INDEX imports_file_once;
CREATE UNIQUE INDEX imports_file_once ON imports (kind, area_code, sender, coalesce(as_of, '-infinity'), sha256)
    WHERE NOT dry_run AND state IN ('queued', 'waiting', 'done'); -- the same file again is the same import

ALTER TABLE import_changes DROP CONSTRAINT import_changes_outcome_check;
ALTER TABLE import_changes ADD CONSTRAINT import_changes_outcome_check CHECK (outcome IN ('new', 'changed', 'pending'));

-- What a list says of a house is about the household; the person is the member whom it names.
ALTER TABLE list_statements ADD COLUMN household_id uuid REFERENCES households;
CREATE INDEX list_statements_household ON list_statements (household_id, kind) WHERE household_id IS NOT NULL; -- what was said of a household
CREATE INDEX household_circumstances_kind ON household_circumstances (kind, area_code, household_id) WHERE superseded_at IS NULL; -- of whom a list is silent

-- Which services a list has named. One that only lists have brought goes with the last of them that is in force. Of a service that was
-- taken back this is still true; so it refers to no row.
CREATE TABLE list_services (
    import_id  uuid NOT NULL REFERENCES imports,
    row        integer NOT NULL,
    service_id uuid NOT NULL,
    person_id  uuid NOT NULL, -- whom the row names
    area_code  text COLLATE "C" NOT NULL,
    brought    integer NOT NULL, -- the version in which this row made the service; 0: it was there
    PRIMARY KEY (import_id, row),
    CONSTRAINT list_services_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE
);
CREATE INDEX list_services_service ON list_services (service_id); -- who else names it

-- Cards and what happened to them that lists said and nobody has written by hand.
ALTER TABLE certificates ADD COLUMN by_list boolean NOT NULL DEFAULT false;
ALTER TABLE certificate_events ADD COLUMN by_list boolean NOT NULL DEFAULT false;

-- What was taken back with its list moves here with the instant: until then the service said so. Their columns are those of the tables that
-- the rows come from, in the same order, and the instant; whoever adds a column there adds it here.
CREATE TABLE certificates_taken_back (LIKE certificates, taken_back_at timestamptz NOT NULL);
CREATE TABLE certificate_events_taken_back (LIKE certificate_events, taken_back_at timestamptz NOT NULL);
CREATE TABLE services_taken_back (LIKE services, taken_back_at timestamptz NOT NULL);
CREATE TABLE service_steps_taken_back (LIKE service_steps, taken_back_at timestamptz NOT NULL);
ALTER TABLE certificates_taken_back ADD CONSTRAINT certificates_taken_back_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE;
ALTER TABLE certificate_events_taken_back ADD CONSTRAINT certificate_events_taken_back_of_person FOREIGN KEY (person_id, area_code)
    REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE;
CREATE INDEX certificates_taken_back_person ON certificates_taken_back (person_id);             -- the file as it was known
CREATE INDEX certificate_events_taken_back_person ON certificate_events_taken_back (person_id);
GRANT DELETE ON certificates, certificate_events, services, service_steps TO zhucan_app; -- only into these tables

-- Deleting is moving: the row has to be there with this transaction's instant.
-- +goose StatementBegin
CREATE FUNCTION taken_back_first() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM %I WHERE id = $1)', TG_TABLE_NAME || '_taken_back') INTO moved USING OLD.id;
    IF NOT moved THEN
        RAISE EXCEPTION 'a row of % is taken back, never deleted', TG_TABLE_NAME;
    END IF;
    RETURN OLD;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['certificates', 'certificate_events', 'services', 'service_steps'] LOOP
        EXECUTE format('CREATE TRIGGER taken_back_first BEFORE DELETE ON %I FOR EACH ROW EXECUTE FUNCTION taken_back_first()', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['list_services', 'certificates_taken_back', 'certificate_events_taken_back', 'services_taken_back', 'service_steps_taken_back'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY area ON %I USING (area_code >= (SELECT rtrim(current_setting(''zhucan.area'', true), '':''))
            AND area_code < (SELECT current_setting(''zhucan.area'', true)))', t);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO zhucan_app', t);
    END LOOP;
END $$;
-- +goose StatementEnd
CREATE TRIGGER area_of_person BEFORE INSERT ON list_services FOR EACH ROW WHEN (NEW.area_code IS NULL) EXECUTE FUNCTION area_of_person();
