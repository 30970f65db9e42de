-- +goose Up

-- What waits for an office is what stands in some of the states of the chains. Most services of a district have come to their end, so they are
-- found by their state, and not looked for among all.
CREATE INDEX services_standing ON services (kind, state, area_code, id);

-- A photo of the wrong home is withdrawn: nobody is shown it again and no step takes it, but that it was there stays known, since steps may
-- have rested on it.
ALTER TABLE attachments
    ADD COLUMN withdrawn_at timestamptz,
    ADD COLUMN withdrawn_by uuid,
    ADD COLUMN withdrawn_reason text NOT NULL DEFAULT '',
    ADD CONSTRAINT attachments_withdrawn_for_a_reason CHECK ((withdrawn_at IS NULL) = (withdrawn_reason = ''));
GRANT UPDATE (withdrawn_at, withdrawn_by, withdrawn_reason) ON attachments TO zhucan_app;
