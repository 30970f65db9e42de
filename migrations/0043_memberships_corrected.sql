-- +goose Up

-- A membership that was recorded wrongly is superseded, as a fact is: what was believed before stays readable and stands in nobody's way.
-- That the constraint also asks for what every row fulfils keeps the planner from reading persons by its index, which is dearer than the plain one.
ALTER TABLE household_members ADD COLUMN superseded_at timestamptz;
ALTER TABLE household_members
    ADD CONSTRAINT household_members_from_some_day CHECK (from_on > '-infinity'),
    DROP CONSTRAINT household_members_one_household;
ALTER TABLE household_members
    ADD CONSTRAINT household_members_one_household EXCLUDE USING gist
        (person_id WITH =, daterange(from_on, to_on, '[]') WITH &&) WHERE (superseded_at IS NULL AND from_on > '-infinity');

-- +goose StatementBegin
CREATE FUNCTION household_members_superseded_once() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.superseded_at IS NOT NULL AND (NEW.superseded_at IS DISTINCT FROM OLD.superseded_at OR NEW.to_on IS DISTINCT FROM OLD.to_on) THEN
        RAISE EXCEPTION 'a membership is superseded once, and stays as it was believed';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER superseded_once BEFORE UPDATE ON household_members FOR EACH ROW EXECUTE FUNCTION household_members_superseded_once();
GRANT UPDATE (superseded_at) ON household_members TO zhucan_app;
