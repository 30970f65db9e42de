-- +goose Up

-- Public notices (公示) of approved cases. An item has a masked name, the village, the benefit and its amount, and no column
-- for anything else: what is not here cannot be put on a board.
CREATE TABLE notices (
    id         uuid PRIMARY KEY,
    version    integer NOT NULL DEFAULT 1,
    area_code  text COLLATE "C" NOT NULL,
    from_on    date NOT NULL,
    until_on   date NOT NULL, -- last day
    telephones jsonb NOT NULL DEFAULT '[]',
    created_by uuid NOT NULL REFERENCES accounts,
    created_at timestamptz NOT NULL,
    CONSTRAINT notices_seven_days CHECK (until_on >= from_on + 6)
);
CREATE INDEX notices_running ON notices (until_on, id); -- what is on the boards today
SELECT audit_watch('notices');

CREATE TABLE notice_items (
    id             uuid PRIMARY KEY,
    notice_id      uuid NOT NULL REFERENCES notices,
    place          integer NOT NULL, -- in the list
    application_id uuid NOT NULL REFERENCES applications,
    person_id      uuid NOT NULL,
    area_code      text COLLATE "C" NOT NULL,
    masked_name    text NOT NULL,
    village        text NOT NULL,
    programme      text COLLATE "C" NOT NULL,
    monthly_fen    bigint NOT NULL,
    CONSTRAINT notice_items_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE,
    CONSTRAINT notice_items_once UNIQUE (application_id), -- a case is made public once
    CONSTRAINT notice_items_numbered UNIQUE (notice_id, place)
);
CREATE INDEX notice_items_person ON notice_items (person_id, programme); -- asked for every person of a roster
SELECT audit_watch('notice_items');

CREATE TABLE objections (
    id          uuid PRIMARY KEY,
    version     integer NOT NULL DEFAULT 1,
    item_id     uuid NOT NULL REFERENCES notice_items,
    person_id   uuid NOT NULL,
    area_code   text COLLATE "C" NOT NULL,
    received_on date NOT NULL,
    content     text NOT NULL,
    outcome     text NOT NULL DEFAULT 'open' CHECK (outcome IN ('open', 'dismissed', 'upheld')),
    answer      text NOT NULL DEFAULT '',
    recorded_at timestamptz NOT NULL,
    recorded_by uuid NOT NULL REFERENCES accounts,
    answered_at timestamptz,
    answered_by uuid REFERENCES accounts,
    hold_id     uuid NOT NULL REFERENCES payment_holds,
    CONSTRAINT objections_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE
);
CREATE INDEX objections_item ON objections (item_id); -- the objections to a notice
SELECT audit_watch('objections');

-- +goose StatementBegin
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['notice_items', 'objections'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE TRIGGER area_of_person BEFORE INSERT ON %I FOR EACH ROW WHEN (NEW.area_code IS NULL) EXECUTE FUNCTION area_of_person()', t);
        EXECUTE format('CREATE POLICY area ON %I USING (area_code >= (SELECT rtrim(current_setting(''zhucan.area'', true), '':''))
            AND area_code < (SELECT current_setting(''zhucan.area'', true)))', t);
    END LOOP;
END $$;
-- +goose StatementEnd

GRANT SELECT, INSERT ON notices, notice_items, objections TO zhucan_app;
GRANT UPDATE (version, outcome, answer, answered_at, answered_by) ON objections TO zhucan_app;
