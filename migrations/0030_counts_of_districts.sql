-- +goose Up

-- An area and everything below it is a range of codes, and one of a nation's 665,000 divisions is found as such.
CREATE INDEX divisions_code ON divisions (code);

-- The counts kept by village, added up by district: whoever asks for a city, a province or the country adds up few districts, and not
-- each of hundreds of thousands of villages. They are folded together with those of the villages, and are their sum.
CREATE TABLE district_tallies (
    tick      date NOT NULL,
    indicator text COLLATE "C" NOT NULL,
    area_code text COLLATE "C" NOT NULL, -- the first six digits of the villages
    day       date NOT NULL CHECK (day >= tick),
    covered   int NOT NULL,
    gap       int NOT NULL,
    excluded  int NOT NULL,
    extra     int NOT NULL,
    waived    int NOT NULL,
    PRIMARY KEY (tick, indicator, area_code, day)
);
ALTER TABLE district_tallies ENABLE ROW LEVEL SECURITY;
ALTER TABLE district_tallies FORCE ROW LEVEL SECURITY;
CREATE POLICY area ON district_tallies USING (area_code >= rtrim(current_setting('zhucan.count_area', true), ':')
    AND area_code < current_setting('zhucan.count_area', true));
GRANT SELECT, INSERT, UPDATE, DELETE ON district_tallies TO zhucan_app;

-- what there is already
SELECT set_config('zhucan.count_area', ':', true);
INSERT INTO district_tallies
    SELECT tick, indicator, left(area_code, 6), day, sum(covered), sum(gap), sum(excluded), sum(extra), sum(waived) FROM tallies GROUP BY 1, 2, 3, 4;
