-- +goose Up

-- The households of persons, wherever they stand: one may stand in another village than a member's file, where row security hides it from who
-- changes the file, and what is derived must not depend on who that is. Persons are asked for by who has read their files.
CREATE FUNCTION memberships_of(persons uuid[]) RETURNS TABLE (person_id uuid, household_id uuid, from_on date, to_on date)
LANGUAGE sql STABLE SET "zhucan.area" = ':' AS
$$ SELECT m.person_id, m.household_id, m.from_on, m.to_on FROM household_members m WHERE m.person_id = ANY(persons) AND m.superseded_at IS NULL ORDER BY 1, 2 $$;
REVOKE ALL ON FUNCTION memberships_of FROM PUBLIC;
GRANT EXECUTE ON FUNCTION memberships_of TO zhucan_app;
