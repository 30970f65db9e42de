-- +goose Up

-- The full chain: town, then the county's disabled persons' federation (残联), then civil affairs (民政). Each may return or
-- reject; a returned case begins again at the town.
INSERT INTO application_transitions VALUES
    ('town_review', 'cdpf_review'), ('cdpf_review', 'civil_affairs_decision'), ('cdpf_review', 'returned'), ('cdpf_review', 'rejected'),
    ('cdpf_review', 'withdrawn'), ('civil_affairs_decision', 'approved'), ('civil_affairs_decision', 'returned'),
    ('civil_affairs_decision', 'rejected'), ('civil_affairs_decision', 'withdrawn');

-- What a resubmission changed: field, before and after, long numbers masked.
ALTER TABLE application_steps ADD COLUMN changes jsonb NOT NULL DEFAULT '[]';

-- Separation of duties over the whole history of a case, whatever the role and whatever the code: who entered a case does
-- not decide it, and nobody acts at two of its stages.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION application_steps_decider_is_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.action IN ('approve', 'return', 'reject') AND EXISTS (
        SELECT FROM application_steps s
        WHERE s.application_id = NEW.application_id AND s.actor_id = NEW.actor_id AND (s.action IN ('enter', 'submit', 'resubmit')
            OR s.action IN ('approve', 'return', 'reject') AND s.from_stage <> NEW.from_stage)) THEN
        RAISE EXCEPTION 'who entered a case or acted at another of its stages does not decide it' USING ERRCODE = '23514', CONSTRAINT = 'applications_decider_is_another';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
