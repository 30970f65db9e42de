-- +goose Up

-- Rights are taken over from the system before when an office begins. Once a roster that covers somebody is locked, this service pays there, and a
-- new right is applied for and decided by another: a file would make one by a single hand. The command line, which has no account, takes over still.
-- +goose StatementBegin
CREATE FUNCTION awards_taken_over_at_the_start() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM added a JOIN rosters r ON r.checksum IS NOT NULL AND a.area_code >= r.area_code AND a.area_code < r.area_code || ':'
        WHERE a.basis = 'import' AND a.recorded_by IS NOT NULL) THEN
        RAISE EXCEPTION 'a right is not taken over where rosters pay' USING ERRCODE = '23514', CONSTRAINT = 'awards_taken_over_at_the_start';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER taken_over_at_the_start AFTER INSERT ON awards REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION awards_taken_over_at_the_start();
