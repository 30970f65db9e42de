-- +goose Up

-- Answers to repeats are sealed and the hashes of requests keyed. What was kept before is neither, and cannot be opened: it goes. A request
-- of before that is sent again after this is done as a new one.
DELETE FROM idempotency_keys;
CREATE INDEX idempotency_keys_age ON idempotency_keys (created_at); -- what was kept long enough
