-- +goose Up

-- A figure for the wrong year or area gives way to none: it is withdrawn, for a reason.
ALTER TABLE external_figures
    ADD COLUMN withdrawn_by uuid,
    ADD COLUMN withdrawn_reason text CHECK (withdrawn_reason <> ''),
    ADD CONSTRAINT external_figures_withdrawn_at_an_instant CHECK (withdrawn_reason IS NULL OR superseded_at IS NOT NULL);
GRANT UPDATE (withdrawn_by, withdrawn_reason) ON external_figures TO zhucan_app;

-- A facility that was entered wrongly is put right, or taken off the list; its name is free again then. What was believed of it before is kept
-- with the instants between which the service said so.
ALTER TABLE facilities
    ADD COLUMN corrected_at timestamptz, -- since when it is as it stands here; null: since created_at
    ADD COLUMN withdrawn_at timestamptz,
    ADD COLUMN withdrawn_by uuid,
    ADD COLUMN withdrawn_reason text,
    ADD CONSTRAINT facilities_withdrawn_for_a_reason CHECK ((withdrawn_at IS NULL) = (withdrawn_reason IS NULL) AND withdrawn_reason <> ''),
    DROP CONSTRAINT facilities_once;
CREATE UNIQUE INDEX facilities_once ON facilities (area_code, name) WHERE withdrawn_at IS NULL;
GRANT UPDATE (version, area_code, name, kind, address, corrected_at, withdrawn_at, withdrawn_by, withdrawn_reason) ON facilities TO zhucan_app;

CREATE TABLE facilities_past (
    id            uuid PRIMARY KEY,
    facility_id   uuid NOT NULL REFERENCES facilities,
    version       integer NOT NULL,
    area_code     text COLLATE "C" NOT NULL,
    name          text NOT NULL,
    kind          text NOT NULL,
    address       text NOT NULL,
    recorded_at   timestamptz NOT NULL,
    superseded_at timestamptz NOT NULL,
    superseded_by uuid,
    reason        text NOT NULL CHECK (reason <> ''),
    CONSTRAINT facilities_past_once UNIQUE (facility_id, version)
);
SELECT audit_watch('facilities_past');
GRANT SELECT, INSERT ON facilities_past TO zhucan_app;

-- An inspection that was entered wrongly gives way to the right one, or to none.
ALTER TABLE facility_inspections
    ADD COLUMN superseded_at timestamptz,
    ADD COLUMN superseded_by uuid,
    ADD COLUMN superseded_reason text,
    ADD CONSTRAINT facility_inspections_superseded_for_a_reason CHECK ((superseded_at IS NULL) = (superseded_reason IS NULL) AND superseded_reason <> '');
GRANT UPDATE (superseded_at, superseded_by, superseded_reason) ON facility_inspections TO zhucan_app;
