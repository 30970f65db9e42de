-- +goose Up

-- A step of a service that was taken by mistake is taken back, once, the last one first. It stays as it was recorded, with who took it back,
-- when and why; it counts for nothing, and the number that it has among the steps of its service is not given again.
ALTER TABLE service_steps
    ADD COLUMN voided_at timestamptz,
    ADD COLUMN voided_by uuid,
    ADD COLUMN voided_role text,
    ADD COLUMN voided_for uuid,
    ADD COLUMN void_reason text,
    ADD CONSTRAINT service_steps_voided_by_somebody CHECK ((voided_at IS NULL) = (voided_role IS NULL) AND (voided_at IS NULL) = (void_reason IS NULL) AND void_reason <> '');

-- The past of a table has its columns in the same order, and the instant behind them. Row security stands in no way of a rewrite.
ALTER TABLE service_steps_taken_back RENAME COLUMN taken_back_at TO was_taken_back_at;
ALTER TABLE service_steps_taken_back
    ADD COLUMN voided_at timestamptz,
    ADD COLUMN voided_by uuid,
    ADD COLUMN voided_role text,
    ADD COLUMN voided_for uuid,
    ADD COLUMN void_reason text,
    ADD COLUMN taken_back_at timestamptz;
ALTER TABLE service_steps_taken_back ALTER COLUMN taken_back_at TYPE timestamptz USING was_taken_back_at, ALTER COLUMN taken_back_at SET NOT NULL;
ALTER TABLE service_steps_taken_back DROP COLUMN was_taken_back_at;

-- +goose StatementBegin
CREATE FUNCTION service_steps_voided_once() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    may text[] := '{area_code}';
BEGIN
    IF OLD.voided_at IS NULL THEN
        may := may || '{voided_at,voided_by,voided_role,voided_for,void_reason}';
    END IF;
    IF to_jsonb(NEW) - may <> to_jsonb(OLD) - may THEN
        RAISE EXCEPTION 'a step is taken back once, and stays as it was recorded';
    END IF;
    IF OLD.voided_at IS NULL AND NEW.voided_at IS NOT NULL
       AND EXISTS (SELECT FROM service_steps l WHERE l.service_id = NEW.service_id AND l.seq > NEW.seq AND l.voided_at IS NULL) THEN
        RAISE EXCEPTION 'only the last step that stands is taken back';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER voided_once BEFORE UPDATE ON service_steps FOR EACH ROW EXECUTE FUNCTION service_steps_voided_once();
GRANT UPDATE (voided_at, voided_by, voided_role, voided_for, void_reason) ON service_steps TO zhucan_app;
