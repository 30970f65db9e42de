-- +goose Up

CREATE TABLE applications (
    id             uuid PRIMARY KEY,
    version        integer NOT NULL DEFAULT 1,
    person_id      uuid NOT NULL REFERENCES persons,
    programme      text NOT NULL CHECK (programme IN ('living_allowance', 'nursing_subsidy')),
    stage          text NOT NULL CHECK (stage IN ('draft', 'submitted', 'town_review', 'cdpf_review', 'civil_affairs_decision',
                       'approved', 'returned', 'rejected', 'withdrawn', 'cancelled_duplicate')),
    applied_on     date NOT NULL,
    owed_from      date CHECK (extract(day FROM owed_from) = 1), -- the first month that can be owed; fixed at submission
    applicant_relation text NOT NULL CHECK (applicant_relation IN ('self', 'guardian', 'supporter', 'village_committee', 'agent')),
    applicant_name text,
    bank_account   bytea, -- sealed
    entered_by     uuid NOT NULL REFERENCES accounts,
    submitted_by   uuid REFERENCES accounts,
    submitted_at   timestamptz,
    returned_on    date,
    decided_by     uuid REFERENCES accounts,
    decided_at     timestamptz,
    explanation    jsonb,
    created_at     timestamptz NOT NULL,
    CONSTRAINT applications_submitted_has_month CHECK (stage IN ('draft', 'withdrawn') OR owed_from IS NOT NULL),
    -- nobody decides a case that he entered or submitted, whatever his role
    CONSTRAINT applications_decider_is_another CHECK (decided_by IS NULL OR (decided_by <> entered_by AND decided_by <> submitted_by))
);
CREATE UNIQUE INDEX applications_one_open ON applications (person_id, programme)
    WHERE stage IN ('draft', 'submitted', 'town_review', 'cdpf_review', 'civil_affairs_decision', 'returned');
CREATE INDEX applications_person ON applications (person_id);  -- the file of a person
CREATE INDEX applications_stage ON applications (stage, id);   -- an officer's queue
SELECT audit_watch('applications');

CREATE TABLE application_transitions (from_stage text NOT NULL, to_stage text NOT NULL, PRIMARY KEY (from_stage, to_stage));
INSERT INTO application_transitions VALUES
    ('draft', 'town_review'), ('draft', 'withdrawn'),
    ('town_review', 'approved'), ('town_review', 'returned'), ('town_review', 'rejected'), ('town_review', 'withdrawn'),
    ('returned', 'town_review'), ('returned', 'withdrawn');

-- +goose StatementBegin
CREATE FUNCTION applications_legal_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.stage <> OLD.stage AND NOT EXISTS (SELECT FROM application_transitions WHERE from_stage = OLD.stage AND to_stage = NEW.stage) THEN
        RAISE EXCEPTION 'an application does not go from % to %', OLD.stage, NEW.stage;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER legal_step BEFORE UPDATE OF stage ON applications FOR EACH ROW EXECUTE FUNCTION applications_legal_step();

CREATE TABLE application_steps (
    id             uuid PRIMARY KEY,
    application_id uuid NOT NULL REFERENCES applications,
    at             timestamptz NOT NULL,
    action         text NOT NULL CHECK (action IN ('enter', 'submit', 'resubmit', 'withdraw', 'approve', 'return', 'reject')),
    actor_id       uuid NOT NULL REFERENCES accounts,
    actor_role     text NOT NULL,
    from_stage     text NOT NULL,
    to_stage       text NOT NULL,
    reason_code    text NOT NULL DEFAULT '',
    reason         text NOT NULL DEFAULT '',
    fields         jsonb NOT NULL DEFAULT '[]'
);
CREATE INDEX application_steps_application ON application_steps (application_id, at); -- the steps of a case in order
SELECT audit_watch('application_steps');

-- Separation of duties over the whole history of a case, whatever the role and whatever the code.
-- +goose StatementBegin
CREATE FUNCTION application_steps_decider_is_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.action IN ('approve', 'return', 'reject') AND EXISTS (
        SELECT FROM application_steps s
        WHERE s.application_id = NEW.application_id AND s.actor_id = NEW.actor_id AND s.action IN ('enter', 'submit', 'resubmit')) THEN
        RAISE EXCEPTION 'who entered a case does not decide it' USING ERRCODE = '23514', CONSTRAINT = 'applications_decider_is_another';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER decider_is_another BEFORE INSERT ON application_steps FOR EACH ROW EXECUTE FUNCTION application_steps_decider_is_another();

-- The right to a benefit over months.
CREATE TABLE awards (
    id             uuid PRIMARY KEY,
    version        integer NOT NULL DEFAULT 1,
    person_id      uuid NOT NULL REFERENCES persons,
    programme      text NOT NULL CHECK (programme IN ('living_allowance', 'nursing_subsidy')),
    application_id uuid UNIQUE REFERENCES applications,
    basis          text NOT NULL CHECK (basis IN ('application', 'import')),
    start_month    date NOT NULL CHECK (extract(day FROM start_month) = 1),
    end_month      date CHECK (extract(day FROM end_month) = 1), -- last month; null: open
    recorded_at    timestamptz NOT NULL,
    recorded_by    uuid,
    CONSTRAINT awards_months CHECK (end_month IS NULL OR end_month >= start_month),
    CONSTRAINT awards_application_has_basis CHECK ((basis = 'application') = (application_id IS NOT NULL)),
    CONSTRAINT awards_do_not_overlap EXCLUDE USING gist
        (person_id WITH =, programme WITH =, daterange(start_month, end_month, '[]') WITH &&)
);
SELECT audit_watch('awards');

-- An import that was applied; the same file again is the same import.
CREATE TABLE imports (
    id         uuid PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('roster')),
    sha256     bytea NOT NULL,
    area_code  text COLLATE "C" NOT NULL,
    account_id uuid,
    dry_run    boolean NOT NULL,
    new_rows   integer NOT NULL,
    changed_rows integer NOT NULL,
    same_rows  integer NOT NULL,
    refused_rows integer NOT NULL,
    refusals   jsonb NOT NULL, -- row, column, code, messages; never a cell's content
    at         timestamptz NOT NULL
);
CREATE UNIQUE INDEX imports_file_once ON imports (kind, area_code, sha256) WHERE NOT dry_run;
SELECT audit_watch('imports');
