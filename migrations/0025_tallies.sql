-- +goose Up

-- Counts kept by village: whoever asks for a day adds up few rows instead of reading everybody's standings. They are exact for every
-- day, and equal to a recount in every snapshot: a change of standings puts its difference into tally_moves in its own transaction,
-- where nobody waits for anybody, and from there it is folded into tallies from time to time. An answer reads both.
CREATE TABLE tally_moves (
    indicator  text COLLATE "C" NOT NULL,
    area_code  text COLLATE "C" NOT NULL,
    valid_from date NOT NULL, -- the days on which there are so many more, or fewer
    valid_to   date,          -- last day; null: open
    covered    int NOT NULL,
    gap        int NOT NULL,
    excluded   int NOT NULL,
    extra      int NOT NULL,
    waived     int NOT NULL -- of the gap
);

-- Every quarter begins with a tick. Of a tick that is kept, tallies have the counts of that very day; of each day behind it, until the
-- next tick and on it, how many more or fewer there are from that day on. So a day is its tick and the days behind it until that
-- day, which lie side by side. Ticks to come are kept once they have come; what is to change behind them is known before.
CREATE TABLE tally_ticks (
    tick date PRIMARY KEY,
    kept boolean NOT NULL DEFAULT false
);
INSERT INTO tally_ticks SELECT '0001-01-01', true UNION ALL SELECT d::date, d <= now() FROM generate_series(timestamp '2015-01-01', '2100-01-01', '3 months') d;

CREATE TABLE tallies (
    tick      date NOT NULL, -- one of tally_ticks; a key would be looked up for each of the many rows of a fold
    indicator text COLLATE "C" NOT NULL,
    area_code text COLLATE "C" NOT NULL,
    day       date NOT NULL CHECK (day >= tick), -- the tick itself: the counts of that day; later: the difference from that day on
    covered   int NOT NULL,
    gap       int NOT NULL,
    excluded  int NOT NULL,
    extra     int NOT NULL,
    waived    int NOT NULL,
    PRIMARY KEY (tick, indicator, area_code, day) -- the counts of an area on a day are one stretch of it for each indicator
);

-- +goose StatementBegin
CREATE FUNCTION tally_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO tally_moves
            SELECT indicator, area_code, valid_from, valid_to, -count(*) FILTER (WHERE status = 1), -count(*) FILTER (WHERE status = 2), -count(*) FILTER (WHERE status = 3),
                -count(*) FILTER (WHERE status = 4), -count(*) FILTER (WHERE status = 2 AND reason = 'WAIVED')
            FROM gone GROUP BY 1, 2, 3, 4;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO tally_moves
            SELECT indicator, area_code, valid_from, valid_to, count(*) FILTER (WHERE status = 1), count(*) FILTER (WHERE status = 2), count(*) FILTER (WHERE status = 3),
                count(*) FILTER (WHERE status = 4), count(*) FILTER (WHERE status = 2 AND reason = 'WAIVED')
            FROM made GROUP BY 1, 2, 3, 4;
    END IF;
    RETURN NULL;
END $$;

DO $$
DECLARE
    t text;
BEGIN
    PERFORM set_config('zhucan.count_area', ':', true); -- everybody's
    FOREACH t IN ARRAY ARRAY['standings', 'household_standings'] LOOP
        EXECUTE format('CREATE TRIGGER tally_made AFTER INSERT ON %I REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION tally_moved()', t);
        EXECUTE format('CREATE TRIGGER tally_gone AFTER DELETE ON %I REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION tally_moved()', t);
        EXECUTE format('CREATE TRIGGER tally_changed AFTER UPDATE ON %I REFERENCING OLD TABLE AS gone NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION tally_moved()', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['tally_moves', 'tallies'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY area ON %I USING (area_code >= rtrim(current_setting(''zhucan.count_area'', true), '':'')
            AND area_code < current_setting(''zhucan.count_area'', true))', t);
    END LOOP;
END $$;
-- +goose StatementEnd
GRANT SELECT, INSERT ON tally_moves, tallies TO zhucan_app;
GRANT DELETE ON tally_moves, tallies TO zhucan_app;
GRANT UPDATE ON tallies, tally_ticks TO zhucan_app;
GRANT SELECT ON tally_ticks TO zhucan_app;

-- what there is already
SELECT set_config('zhucan.count_area', ':', true);
INSERT INTO tally_moves
    SELECT indicator, area_code, valid_from, valid_to, count(*) FILTER (WHERE status = 1), count(*) FILTER (WHERE status = 2), count(*) FILTER (WHERE status = 3),
        count(*) FILTER (WHERE status = 4), count(*) FILTER (WHERE status = 2 AND reason = 'WAIVED')
    FROM (SELECT indicator, area_code, valid_from, valid_to, status, reason FROM standings
        UNION ALL SELECT indicator, area_code, valid_from, valid_to, status, reason FROM household_standings) s GROUP BY 1, 2, 3, 4;
