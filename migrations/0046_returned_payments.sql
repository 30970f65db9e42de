-- +goose Up

-- What the bank reported as paid and has sent back since (退票), also when its roster was closed. The line is failed from then on, and nothing
-- else about its roster changes. A payment comes back once.
CREATE TABLE returned_payments (
    id          uuid PRIMARY KEY,
    roster_id   uuid NOT NULL REFERENCES rosters,
    seq         integer NOT NULL,
    area_code   text COLLATE "C" NOT NULL, -- of the line
    returned_on date NOT NULL,
    document    text NOT NULL CHECK (document <> ''),
    reason      text NOT NULL CHECK (reason <> ''),
    recorded_at timestamptz NOT NULL,
    recorded_by uuid NOT NULL REFERENCES accounts,
    CONSTRAINT returned_payments_once UNIQUE (roster_id, seq)
);
SELECT audit_watch('returned_payments');
ALTER TABLE returned_payments ENABLE ROW LEVEL SECURITY;
ALTER TABLE returned_payments FORCE ROW LEVEL SECURITY;
CREATE POLICY area ON returned_payments USING (area_code >= (SELECT rtrim(current_setting('zhucan.count_area', true), ':'))
    AND area_code < (SELECT current_setting('zhucan.count_area', true)));
GRANT SELECT, INSERT ON returned_payments TO zhucan_app;

-- Lines and payments as in 0008; of a closed roster those that were paid and have come back.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION roster_rows_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    other boolean;
BEGIN
    PERFORM audit_entry_of_this_transaction(TG_TABLE_NAME);
    IF EXISTS (SELECT FROM rosters WHERE id IN (SELECT DISTINCT roster_id FROM touched)
        AND NOT CASE TG_OP WHEN 'UPDATE' THEN state IN ('locked', 'sent', 'results_in', 'closed') ELSE state IN ('draft', 'calculated', 'checked', 'cancelled') END) THEN
        RAISE EXCEPTION 'rows of a locked roster do not change' USING ERRCODE = 'ZC002';
    END IF;
    IF TG_OP = 'UPDATE' AND EXISTS (SELECT FROM rosters WHERE id IN (SELECT DISTINCT roster_id FROM touched) AND state = 'closed') THEN
        IF TG_TABLE_NAME = 'roster_lines' THEN
            other := EXISTS (SELECT FROM touched t JOIN rosters r ON r.id = t.roster_id AND r.state = 'closed'
                LEFT JOIN returned_payments b ON b.roster_id = t.roster_id AND b.seq = t.seq WHERE b.id IS NULL OR t.state <> 'paid');
        ELSE
            other := EXISTS (SELECT FROM touched t JOIN rosters r ON r.id = t.roster_id AND r.state = 'closed'
                LEFT JOIN roster_lines l ON l.roster_id = t.roster_id AND l.person_id = t.person_id AND l.programme = t.programme
                LEFT JOIN returned_payments b ON b.roster_id = l.roster_id AND b.seq = l.seq WHERE b.id IS NULL OR NOT t.live);
        END IF;
        IF other THEN
            RAISE EXCEPTION 'of a closed roster only what the bank has returned changes' USING ERRCODE = 'ZC002';
        END IF;
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

-- What was kept back from a payment that came back is outstanding again.
ALTER TABLE recovery_events DROP CONSTRAINT recovery_events_event_check;
ALTER TABLE recovery_events ADD CONSTRAINT recovery_events_event_check CHECK (event IN ('opened', 'increased', 'reduced', 'notified', 'consented',
    'instalments_agreed', 'repaid', 'offset', 'offset_returned', 'transferred', 'waiver_proposed', 'waived', 'closed'));
