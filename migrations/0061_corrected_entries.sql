-- +goose Up

-- What a service was opened with is put right while no step rests on it; the audit keeps how it was.
GRANT UPDATE (opened_on, need) ON services TO zhucan_app;

-- +goose StatementBegin
CREATE FUNCTION services_entry_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM service_steps t WHERE t.service_id = NEW.id AND t.voided_at IS NULL) THEN
        RAISE EXCEPTION 'steps rest on what the service was opened with' USING ERRCODE = '23514', CONSTRAINT = 'services_entry_stands';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER entry_stands BEFORE UPDATE OF opened_on, need ON services FOR EACH ROW
    WHEN (OLD.opened_on <> NEW.opened_on OR OLD.need <> NEW.need) EXECUTE FUNCTION services_entry_stands();

-- The day of an application is put right before anybody has decided on it, in a step of its own.
ALTER TABLE application_steps DROP CONSTRAINT application_steps_action_check,
    ADD CONSTRAINT application_steps_action_check CHECK (action IN ('enter', 'submit', 'resubmit', 'withdraw', 'approve', 'return', 'reject', 'correct'));

-- +goose StatementBegin
CREATE FUNCTION applications_entry_stands() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.stage NOT IN ('draft', 'submitted', 'town_review', 'returned') OR NEW.stage <> OLD.stage THEN
        RAISE EXCEPTION 'a decision rests on the day of an application' USING ERRCODE = '23514', CONSTRAINT = 'applications_entry_stands';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER entry_stands BEFORE UPDATE OF applied_on ON applications FOR EACH ROW
    WHEN (OLD.applied_on <> NEW.applied_on) EXECUTE FUNCTION applications_entry_stands();

-- Who has said what the day was does not decide, either.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION application_steps_decider_is_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.action IN ('approve', 'return', 'reject') AND EXISTS (
        SELECT FROM application_steps s
        WHERE s.application_id = NEW.application_id AND s.actor_id IN (NEW.actor_id, NEW.acting_for) AND (s.action IN ('enter', 'submit', 'resubmit', 'correct')
            OR s.action IN ('approve', 'return', 'reject') AND s.from_stage <> NEW.from_stage)) THEN
        RAISE EXCEPTION 'who entered a case or acted at another of its stages does not decide it' USING ERRCODE = '23514', CONSTRAINT = 'applications_decider_is_another';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
