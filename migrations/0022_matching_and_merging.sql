-- +goose Up

-- Whom a list means that gives no number, or one that nobody has, is asked of an officer. What such a row says waits here; the
-- row's own words stay in the file.
CREATE TABLE import_unmatched (
    id         uuid PRIMARY KEY,
    version    integer NOT NULL DEFAULT 1,
    import_id  uuid NOT NULL REFERENCES imports,
    row        integer NOT NULL,
    outcome    text NOT NULL DEFAULT 'open' CHECK (outcome IN ('open', 'changed', 'same', 'pending', 'nobody')),
    person_id  uuid REFERENCES persons, -- who was chosen
    reason     text NOT NULL DEFAULT '',
    decided_at timestamptz,
    decided_by uuid REFERENCES accounts,
    acting_for uuid REFERENCES accounts,
    CONSTRAINT import_unmatched_once UNIQUE (import_id, row),
    CONSTRAINT import_unmatched_chosen CHECK ((person_id IS NOT NULL) = (outcome IN ('changed', 'same', 'pending'))),
    CONSTRAINT import_unmatched_decided CHECK ((decided_at IS NOT NULL) = (outcome <> 'open'))
);
SELECT audit_watch('import_unmatched');

CREATE TABLE import_candidates (
    import_id uuid NOT NULL,
    row       integer NOT NULL,
    person_id uuid NOT NULL,
    area_code text COLLATE "C" NOT NULL,
    basis     text NOT NULL CHECK (basis IN ('name_birth_town', 'guardian_name')),
    PRIMARY KEY (import_id, row, person_id),
    CONSTRAINT import_candidates_of_row FOREIGN KEY (import_id, row) REFERENCES import_unmatched (import_id, row),
    CONSTRAINT import_candidates_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE
);
ALTER TABLE import_candidates ENABLE ROW LEVEL SECURITY;
ALTER TABLE import_candidates FORCE ROW LEVEL SECURITY;
CREATE TRIGGER area_of_person BEFORE INSERT ON import_candidates FOR EACH ROW WHEN (NEW.area_code IS NULL) EXECUTE FUNCTION area_of_person();
CREATE POLICY area ON import_candidates USING (area_code >= (SELECT rtrim(current_setting('zhucan.area', true), ':'))
    AND area_code < (SELECT current_setting('zhucan.area', true)));
GRANT SELECT, INSERT ON import_unmatched, import_candidates TO zhucan_app;
GRANT UPDATE (version, outcome, person_id, reason, decided_at, decided_by, acting_for) ON import_unmatched TO zhucan_app;

-- Two files of one person made one. The rows of the merged file move to the one that stays; what cannot stand beside the rows there
-- stays behind, or is cut. The record says which rows moved, which were cut and how they were, so that the merge can be undone.
CREATE TABLE person_merges (
    id          uuid PRIMARY KEY,
    version     integer NOT NULL DEFAULT 1,
    person_id   uuid NOT NULL,                    -- who stays
    area_code   text COLLATE "C" NOT NULL,
    merged_id   uuid NOT NULL REFERENCES persons, -- who is merged into it
    reason      text NOT NULL CHECK (reason <> ''),
    rows        jsonb NOT NULL,
    merged_at   timestamptz NOT NULL,
    merged_by   uuid NOT NULL REFERENCES accounts,
    acting_for  uuid REFERENCES accounts,
    undone_at   timestamptz,
    undone_by   uuid REFERENCES accounts,
    undo_reason text NOT NULL DEFAULT '',
    CONSTRAINT person_merges_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE,
    CONSTRAINT person_merges_of_two CHECK (person_id <> merged_id),
    CONSTRAINT person_merges_undone CHECK ((undone_at IS NULL) = (undone_by IS NULL))
);
CREATE UNIQUE INDEX person_merges_once ON person_merges (merged_id) WHERE undone_at IS NULL; -- nobody is merged into two
CREATE INDEX person_merges_person ON person_merges (person_id, id);                          -- what was merged into a person
CREATE INDEX person_merges_merged ON person_merges (merged_id);                              -- what became of one
SELECT audit_watch('person_merges');
ALTER TABLE person_merges ENABLE ROW LEVEL SECURITY;
ALTER TABLE person_merges FORCE ROW LEVEL SECURITY;
CREATE TRIGGER area_of_person BEFORE INSERT ON person_merges FOR EACH ROW WHEN (NEW.area_code IS NULL) EXECUTE FUNCTION area_of_person();
CREATE POLICY area ON person_merges USING (area_code >= (SELECT rtrim(current_setting('zhucan.area', true), ':'))
    AND area_code < (SELECT current_setting('zhucan.area', true)));
GRANT SELECT, INSERT ON person_merges TO zhucan_app;
GRANT UPDATE (version, undone_at, undone_by, undo_reason) ON person_merges TO zhucan_app;

-- Who is merged into whom now. Lines and payments of rosters stay under the person they were made for, since a locked roster does not
-- change; whoever adds up an account finds them by this. Ids only, so without row security: it is asked beside every account.
CREATE TABLE merged_persons (
    person_id uuid PRIMARY KEY REFERENCES persons,
    into_id   uuid NOT NULL REFERENCES persons,
    merge_id  uuid NOT NULL REFERENCES person_merges DEFERRABLE INITIALLY DEFERRED, -- what moved is written when it has
    CONSTRAINT merged_persons_of_two CHECK (person_id <> into_id)
);
CREATE INDEX merged_persons_into ON merged_persons (into_id); -- what belongs to an account
GRANT SELECT, INSERT, DELETE ON merged_persons TO zhucan_app;

-- Nobody is merged into somebody who is merged himself: an account is one step away.
-- +goose StatementBegin
CREATE FUNCTION merged_persons_one_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM merged_persons WHERE person_id = NEW.into_id OR into_id = NEW.person_id) THEN
        RAISE EXCEPTION 'merges do not chain' USING ERRCODE = '23514', CONSTRAINT = 'merged_persons_one_step';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER one_step BEFORE INSERT ON merged_persons FOR EACH ROW EXECUTE FUNCTION merged_persons_one_step();

-- A row goes from one person to another along a recorded merge, or not at all.
-- +goose StatementBegin
CREATE FUNCTION person_by_merge() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM merged_persons WHERE (person_id, into_id) IN ((OLD.person_id, NEW.person_id), (NEW.person_id, OLD.person_id))) THEN
        RAISE EXCEPTION 'a row of % goes to another person only by a merge', TG_TABLE_NAME;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- A recorded fact moves with its person, or to the person it is merged into; all else about it stays.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION circumstances_only_superseded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(NEW) - 'superseded_at' - 'area_code' - 'person_id') <> (to_jsonb(OLD) - 'superseded_at' - 'area_code' - 'person_id')
       OR (NEW.superseded_at IS DISTINCT FROM OLD.superseded_at AND (OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL)) THEN
        RAISE EXCEPTION 'a recorded fact is superseded once, never changed';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['person_aliases', 'certificates', 'certificate_events', 'circumstances', 'applications', 'awards', 'award_suspensions',
        'award_grants', 'payees', 'payment_holds', 'recoveries', 'recovery_months', 'notice_items', 'objections', 'verifications', 'survey_responses',
        'services', 'list_statements', 'worklist_actions', 'ratings', 'household_members', 'tickets'] LOOP
        EXECUTE format('CREATE TRIGGER person_by_merge BEFORE UPDATE OF person_id ON %I FOR EACH ROW
            WHEN (NEW.person_id IS NOT NULL AND OLD.person_id IS NOT NULL AND NEW.person_id <> OLD.person_id) EXECUTE FUNCTION person_by_merge()', t);
        IF t IN ('household_members', 'tickets') THEN -- their area is another's
            EXECUTE format('GRANT UPDATE (person_id) ON %I TO zhucan_app', t);
        ELSE
            EXECUTE format('GRANT UPDATE (person_id, area_code) ON %I TO zhucan_app', t);
        END IF;
    END LOOP;
END $$;
-- +goose StatementEnd

-- An award that is void is owed for no month, and stands in nobody's way. Deferrable, because a merge may exchange awards of two files.
ALTER TABLE awards DROP CONSTRAINT awards_do_not_overlap;
ALTER TABLE awards ADD CONSTRAINT awards_do_not_overlap EXCLUDE USING gist
    (person_id WITH =, programme WITH =, daterange(start_month, end_month, '[]') WITH &&) WHERE (NOT void) DEFERRABLE INITIALLY IMMEDIATE;

-- An award that has come with a merge and gone again when that was undone may have paid one month to either.
DROP INDEX payments_once_a_kind;
CREATE UNIQUE INDEX payments_once_a_kind ON payments (award_id, month, person_id) WHERE live AND kind <> 'supplement';
