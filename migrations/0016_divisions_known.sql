-- +goose Up

-- What is asked of a day as it was known at an instant is asked of the tree as it was known then, too: a merger that is entered
-- late must not move last month's numbers. What was there before this migration counts as known from the beginning.
ALTER TABLE divisions ADD COLUMN recorded_at timestamptz NOT NULL DEFAULT '-infinity';
ALTER TABLE divisions ADD COLUMN superseded_at timestamptz;
ALTER TABLE divisions ALTER COLUMN recorded_at SET DEFAULT now();
ALTER TABLE divisions DROP CONSTRAINT divisions_one_at_a_time;
ALTER TABLE divisions ADD CONSTRAINT divisions_one_at_a_time
    EXCLUDE USING gist (code WITH =, daterange(valid_from, valid_to, '[]') WITH &&) WHERE (superseded_at IS NULL);
REVOKE UPDATE ON divisions FROM zhucan_app;
GRANT UPDATE (superseded_at) ON divisions TO zhucan_app;
