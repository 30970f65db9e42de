-- +goose Up

-- The districts of a province, which is asked for with counts that are kept by district. By the code alone all villages of the province were
-- read to find them: of the 64 thousand divisions of one, 151 are districts, and it took longer than the counts.
CREATE INDEX divisions_districts ON divisions (code) WHERE level = 'district';
