-- +goose Up

-- An area and everything below it is a range of codes. The exclusion constraint's index can look one up, too, but it is a GiST index, and
-- of a nation's 665,000 divisions it was slower than reading them all.
CREATE INDEX divisions_code ON divisions (code);
