-- +goose Up

-- A right may be suspended from before a suspension that is over: what is found later may reach further back. So suspensions may overlap, and a
-- month is paid if all of them let it; without an end there is one at a time.
ALTER TABLE award_suspensions DROP CONSTRAINT award_suspensions_do_not_overlap;
CREATE UNIQUE INDEX award_suspensions_one_in_force ON award_suspensions (award_id) WHERE to_month IS NULL;
