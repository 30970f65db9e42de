-- Copies of the standings of a small register, which lie in copy_standings and copy_household_standings, as a larger one. Of
-- a hundred persons, %[3]d live in as many districts of their own and the others in %[1]s; so whoever lives in a small district
-- is spread over the whole table, as people are who came in over the years. Standings only: counts read nothing else of a person.
SET session_replication_role = replica;
SET maintenance_work_mem = '512MB';

-- the trees of a hundred districts, like that of the first
CREATE TEMP TABLE district AS SELECT (410000 + n)::text AS code FROM generate_series(1, 100) n;
INSERT INTO divisions (id, code, name, level, parent_code, valid_from)
    SELECT gen_random_uuid(), t.code || substr(d.code, 7), name, level, CASE level WHEN 'district' THEN left(t.code, 4) ELSE t.code || substr(parent_code, 7) END, valid_from
    FROM divisions d, district t WHERE d.code >= '370305' AND d.code < '370306';
UPDATE divisions SET recorded_at = '2023-01-01'; -- or nobody would have known the tree at an instant of the past
INSERT INTO facilities (id, area_code, name, kind, created_at)
    SELECT gen_random_uuid(), code, 'x', 'government', now() FROM divisions WHERE level = 'village' AND right(code, 1) = '1';
INSERT INTO facility_inspections (id, facility_id, inspected_on, standard, compliant, recorded_at)
    SELECT gen_random_uuid(), id, '2023-05-01', 'GB 50763', left(md5(id::text), 1) > '2', '2023-05-01' FROM facilities;
INSERT INTO external_figures (id, indicator, year, area_code, income_fen, source_doc, recorded_at)
    SELECT gen_random_uuid(), 'income_growth', year, left(code, 6), 1000000 + 100000 * (year - 2015), 'x', '2023-05-01' FROM divisions, generate_series(2015, 2025) year WHERE level = 'district';

-- Rows first and indexes afterwards, and no write-ahead log: how the tables were filled is not what is measured.
ALTER TABLE standings SET UNLOGGED;
ALTER TABLE standings_past SET UNLOGGED;
UPDATE pg_index SET indisready = false, indisvalid = false WHERE indrelid IN ('standings'::regclass, 'standings_past'::regclass, 'household_standings'::regclass);

-- of every fourth person something else was known until a day of the last three years
CREATE TEMP TABLE source AS SELECT *, (dense_rank() OVER (ORDER BY person_id))::int AS n FROM copy_standings ORDER BY person_id;
INSERT INTO standings (person_id, indicator, valid_from, valid_to, status, reason, area_code, category, level, sex, birth_date, hardship, registered_poor, hukou_type, components, known_from)
    SELECT (lpad(to_hex(k), 8, '0') || substr(person_id::text, 9))::uuid, indicator, valid_from, valid_to, status, reason,
        CASE WHEN (7 * n + k) %% 100 < %[3]d THEN (410001 + (7 * n + k) %% 100)::text ELSE '%[1]s' END || substr(area_code, 7),
        category, level, sex, birth_date, hardship, registered_poor, hukou_type, components,
        '2023-11-01'::timestamptz + CASE WHEN n %% 4 = 0 THEN (31 * n + 17 * k) %% 1095 ELSE 0 END * interval '1 day'
    FROM generate_series(1, %[2]d) k, source;
INSERT INTO standings_past (person_id, indicator, valid_from, valid_to, status, reason, area_code, category, level, sex, birth_date, hardship, registered_poor, hukou_type, components, known_from, known_to)
    SELECT person_id, indicator, valid_from, valid_to, CASE status WHEN 1 THEN 2 ELSE status END, reason, area_code, category, level, sex, birth_date, hardship, registered_poor, hukou_type, components,
        '2023-11-01', known_from FROM standings WHERE known_from > '2023-11-01';
CREATE TEMP TABLE home AS SELECT *, (dense_rank() OVER (ORDER BY household_id))::int AS n FROM copy_household_standings ORDER BY household_id;
INSERT INTO household_standings (household_id, indicator, valid_from, valid_to, status, reason, area_code, holders, known_from)
    SELECT (lpad(to_hex(k), 8, '0') || substr(household_id::text, 9))::uuid, indicator, valid_from, valid_to, status, reason,
        CASE WHEN (7 * n + k) %% 100 < %[3]d THEN (410001 + (7 * n + k) %% 100)::text ELSE '%[1]s' END || substr(area_code, 7), holders, '2023-11-01'
    FROM generate_series(1, %[2]d) k, home;

UPDATE pg_index SET indisready = true, indisvalid = true WHERE indrelid IN ('standings'::regclass, 'standings_past'::regclass, 'household_standings'::regclass);
REINDEX TABLE standings;
REINDEX TABLE standings_past;
REINDEX TABLE household_standings;
DROP TABLE district, source, home, copy_standings, copy_household_standings;
SET session_replication_role = origin;
