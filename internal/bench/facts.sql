-- Facts that a roster does not bring: what the surveys, the service chains and other offices say of the people of a district,
-- so that each of the twelve indicators has something to count. n runs over the people in the order of the roster.
SET session_replication_role = replica; -- no audit and no foreign keys: entering facts is not what is measured
CREATE TEMP TABLE person AS SELECT id, managing_area_code AS village, birth_date, row_number() OVER (ORDER BY id) AS n FROM persons;

INSERT INTO circumstances (id, person_id, area_code, kind, exclusive_key, value, valid_from, source, recorded_at)
    SELECT gen_random_uuid(), p.id, village, kind, kind, to_jsonb(sort), '2019-01-01', 'office', now()
    FROM person p, LATERAL (VALUES
        ('insurance_pension', CASE WHEN n % 10 < 7 THEN 'resident' WHEN n % 10 = 7 THEN 'employee' END),
        ('insurance_medical', CASE WHEN n % 20 < 17 THEN 'resident' WHEN n % 20 = 17 THEN 'employee' END),
        ('registered_poor', CASE WHEN n % 50 < 9 THEN 'exited' WHEN n % 50 = 9 THEN 'yes' END),
        ('school', CASE WHEN birth_date > '2009-01-01' AND n % 20 < 19 THEN 'regular' END)) f(kind, sort)
    WHERE sort IS NOT NULL;

INSERT INTO survey_responses (id, survey_year, person_id, area_code, mode, collected_on, answers, needs, questionnaire, recorded_at)
    SELECT gen_random_uuid(), year, id, village, 'visit', make_date(year, 9, 1) + (n % 60)::int, '{}',
           array_remove(ARRAY[CASE WHEN (n + year) % 10 < 3 THEN 'rehab' END, CASE WHEN (n + year) % 10 = 3 THEN 'device' END], NULL), '1', now()
    FROM person, generate_series(2024, 2026) year;
INSERT INTO services (id, kind, person_id, area_code, state, opened_on, need, created_at)
    SELECT gen_random_uuid(), CASE WHEN n % 10 = 4 THEN 'device' ELSE 'rehab' END, id, village, 'DONE', make_date(year, 2, 1), '{}', now()
    FROM person, generate_series(2025, 2026) year WHERE (n + year - 1) % 11 < 4;

-- every third person heads a household, with the next person as its second member
CREATE TEMP TABLE home AS SELECT gen_random_uuid() AS id, id AS head, lead(id) OVER (ORDER BY n) AS second, village, n / 3 AS n, n % 3 = 1 AS heads FROM person;
DELETE FROM home WHERE NOT heads OR second IS NULL;
INSERT INTO households (id, area_code, created_at, updated_at) SELECT id, village, now(), now() FROM home;
INSERT INTO household_members (id, household_id, area_code, person_id, relation, from_on, recorded_at)
    SELECT gen_random_uuid(), h.id, village, m.person, m.relation, '2016-01-01', now() FROM home h, LATERAL (VALUES (head, 'head'), (second, 'spouse')) m(person, relation);
INSERT INTO household_circumstances (id, household_id, area_code, kind, exclusive_key, value, valid_from, source, recorded_at)
    SELECT gen_random_uuid(), id, village, kind, kind, to_jsonb(sort), day::date, 'office', now()
    FROM home, (VALUES ('dangerous_house', 'C', '2016-01-01', 20), ('house_converted', 'repaired', '2018-06-01', 19)) f(kind, sort, day, share) WHERE n % 100 < share;
INSERT INTO services (id, kind, household_id, area_code, state, opened_on, need, created_at)
    SELECT gen_random_uuid(), 'retrofit', id, village, CASE WHEN n % 10 < 4 THEN 'DONE' ELSE 'SURVEYED' END, '2023-03-01', '{}', now() FROM home WHERE n % 10 < 5;

INSERT INTO service_steps (id, service_id, area_code, seq, step, from_state, to_state, happened_on, evidence, counts, actor_role, recorded_at)
    SELECT gen_random_uuid(), id, area_code, 1, 'accept', 'ACCEPTANCE', state, opened_on + 100, '{}', CASE WHEN state = 'DONE' THEN ARRAY[kind] ELSE '{}' END, 'cdpf_reviewer', now()
    FROM services;
DROP TABLE person, home;
SET session_replication_role = origin;
ANALYZE;
