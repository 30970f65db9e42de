-- +goose Up

SET LOCAL zhucan.area = ':';

-- Who acts for whom on which days. A deputy signs in as himself and then opens a session with the role and the area of
-- the one who is away; what he does stays under his own name.
CREATE TABLE deputations (
    id           uuid PRIMARY KEY,
    version      integer NOT NULL DEFAULT 1,
    principal_id uuid NOT NULL REFERENCES accounts,
    deputy_id    uuid NOT NULL REFERENCES accounts,
    from_on      date NOT NULL,
    until_on     date NOT NULL, -- last day
    reason       text NOT NULL,
    ended_at     timestamptz,   -- before its time
    recorded_at  timestamptz NOT NULL,
    recorded_by  uuid REFERENCES accounts,
    CONSTRAINT deputations_of_another CHECK (principal_id <> deputy_id),
    CONSTRAINT deputations_days CHECK (until_on BETWEEN from_on AND from_on + 365),
    CONSTRAINT deputations_one_at_a_time EXCLUDE USING gist (principal_id WITH =, daterange(from_on, until_on, '[]') WITH &&) WHERE (ended_at IS NULL)
);
CREATE INDEX deputations_deputy ON deputations (deputy_id) WHERE ended_at IS NULL; -- whom may I act for
SELECT audit_watch('deputations');
GRANT SELECT, INSERT ON deputations TO zhucan_app;
GRANT UPDATE (version, ended_at) ON deputations TO zhucan_app;

ALTER TABLE sessions ADD COLUMN deputation_id uuid REFERENCES deputations;
ALTER TABLE application_steps ADD COLUMN acting_for uuid REFERENCES accounts;

-- Separation of duties over the whole history of a case: a deputy is barred from his own cases, and from those that the one
-- for whom he acts is barred from.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION application_steps_decider_is_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.action IN ('approve', 'return', 'reject') AND EXISTS (
        SELECT FROM application_steps s
        WHERE s.application_id = NEW.application_id AND s.actor_id IN (NEW.actor_id, NEW.acting_for) AND (s.action IN ('enter', 'submit', 'resubmit')
            OR s.action IN ('approve', 'return', 'reject') AND s.from_stage <> NEW.from_stage)) THEN
        RAISE EXCEPTION 'who entered a case or acted at another of its stages does not decide it' USING ERRCODE = '23514', CONSTRAINT = 'applications_decider_is_another';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
