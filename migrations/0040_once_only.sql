-- +goose Up

-- What one has proposed to waive is waived once: a proposal stands until the next waiver, which answers all before it.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION recovery_events_waived_by_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.event = 'waived' AND NOT EXISTS (
        SELECT FROM recovery_events e WHERE e.recovery_id = NEW.recovery_id AND e.event = 'waiver_proposed' AND e.actor_id <> NEW.actor_id
            AND e.amount_fen = NEW.amount_fen AND NOT EXISTS (
                SELECT FROM recovery_events w WHERE w.recovery_id = e.recovery_id AND w.event = 'waived' AND (w.at, w.id) > (e.at, e.id))) THEN
        RAISE EXCEPTION 'a waiver is proposed by one and approved by another' USING ERRCODE = '23514', CONSTRAINT = 'recovery_waived_by_another';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- What is kept back by lines that the bank has not answered, of all rosters: asked for with every roster, so that it is kept back once.
CREATE INDEX roster_lines_kept_back ON roster_lines (person_id, programme) INCLUDE (deduction_fen) WHERE deduction_fen > 0 AND state IN ('due', 'sent');
