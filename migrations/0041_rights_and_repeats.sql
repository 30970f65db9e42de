-- +goose Up

-- Answers to repeats are sealed and the hashes of requests keyed. What was kept before is neither, and cannot be opened: it goes. A request
-- of before that is sent again after this is done as a new one.
DELETE FROM idempotency_keys;
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at); -- what was kept long enough

-- For whom a deputy has handed a list in: it is taken in with the rights of that account, and only while he may act for it.
ALTER TABLE imports ADD COLUMN acting_for uuid REFERENCES accounts;
