-- +goose Up

-- The second wall is a check of rows that a query has found, and no way to find them. Written as two comparisons it offered itself as one: of
-- bounds that it does not know the planner expects half a percent of a table to lie within, so the files of a thousand persons, asked for by
-- their ids, were looked for among all persons of the area, for every thousand rows of a list; and joins of such tables were planned for five
-- rows and got ten thousand. As a case it is neither matched with an index nor believed to leave hardly anything. Whoever wants the rows of an
-- area says so in the query, as all of the store's do.
-- +goose StatementBegin
DO $$
DECLARE
    p record;
BEGIN
    FOR p IN SELECT c.relname, CASE c.relname WHEN 'persons' THEN 'managing_area_code' ELSE 'area_code' END AS area,
            CASE WHEN pg_get_expr(polqual, polrelid) LIKE '%count_area%' THEN 'zhucan.count_area' ELSE 'zhucan.area' END AS bounds
        FROM pg_policy JOIN pg_class c ON c.oid = polrelid
        WHERE polname = 'area' AND pg_get_expr(polqual, polrelid) LIKE '%area_code >= ( SELECT%' LOOP
        EXECUTE format('ALTER POLICY area ON %1$I USING (CASE WHEN %2$I >= (SELECT rtrim(current_setting(%3$L, true), '':''))
            THEN %2$I < (SELECT current_setting(%3$L, true)) ELSE false END)', p.relname, p.area, p.bounds);
    END LOOP;
END $$;
-- +goose StatementEnd
