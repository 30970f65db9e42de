-- +goose Up

-- The derived timeline of each person: for each indicator, over which days the person was in the population, covered
-- or not, and otherwise why not. Every column is constant over the interval, so a count reads this table alone.
-- Never edited by hand; rebuilt from facts at any time (zhucan standing rebuild).
CREATE TABLE standings (
    person_id  uuid NOT NULL REFERENCES persons,
    indicator  text COLLATE "C" NOT NULL,
    valid_from date NOT NULL,
    valid_to   date, -- last day; null: open
    status     smallint NOT NULL CHECK (status IN (1, 2, 3)), -- 1 covered, 2 gap, 3 excluded
    reason     text COLLATE "C" NOT NULL DEFAULT '', -- why excluded
    area_code  text COLLATE "C" NOT NULL,
    category   smallint NOT NULL,
    level      smallint NOT NULL,
    sex        smallint NOT NULL, -- 0 unknown, 1 male, 2 female
    birth_date date,
    PRIMARY KEY (person_id, indicator, valid_from) -- replaced by person; no two intervals start together
);
-- counts and lists of an area, deep in any register: the area bounds the scan
CREATE INDEX standings_area ON standings (indicator, area_code, person_id);
