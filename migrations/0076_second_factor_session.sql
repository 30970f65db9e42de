-- +goose Up

-- The session in which a secret was begun, which alone is told it and may confirm it: who had the password before there was a factor, and is signed
-- in beside its owner, learns nothing.
ALTER TABLE second_factors ADD COLUMN begun_in uuid REFERENCES sessions;
GRANT UPDATE (begun_in) ON second_factors TO zhucan_app;
