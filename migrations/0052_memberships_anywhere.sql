-- +goose Up

-- The households of persons, wherever they stand: one may stand in another village than a member's file, where row security hides it from who
-- changes the file, and what is derived must not depend on who that is. Persons are asked for by who has read their files. The bounds are
-- lifted inside, since only a superuser may make a function that has a setting of ours.
-- +goose StatementBegin
CREATE FUNCTION memberships_of(persons uuid[]) RETURNS TABLE (person_id uuid, household_id uuid, from_on date, to_on date)
LANGUAGE plpgsql AS $$
DECLARE
    bounds text := current_setting('zhucan.area', true);
BEGIN
    PERFORM set_config('zhucan.area', ':', true);
    RETURN QUERY SELECT m.person_id, m.household_id, m.from_on, m.to_on FROM household_members m
        WHERE m.person_id = ANY (persons) AND m.superseded_at IS NULL ORDER BY 1, 2;
    PERFORM set_config('zhucan.area', bounds, true);
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION memberships_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION memberships_of TO zhucan_app;
