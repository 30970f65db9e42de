-- +goose Up

-- The second factor of a sign-in: codes of an app (RFC 6238). An account has it from second_factor_at on, when its owner has shown that his app
-- knows the secret; before that the secret only waits. The secret is sealed, of the codes for a lost telephone there are keyed hashes, which go
-- when they are used; a code of the app is good once, since no later one may have a smaller step.
ALTER TABLE accounts ADD COLUMN second_factor_at timestamptz;

CREATE TABLE second_factors (
    account_id uuid PRIMARY KEY REFERENCES accounts,
    secret     bytea NOT NULL,
    begun_at   timestamptz NOT NULL,
    last_step  bigint NOT NULL DEFAULT 0,
    spare      bytea[] NOT NULL DEFAULT '{}'
);
GRANT SELECT, INSERT ON second_factors TO zhucan_app;
GRANT UPDATE (secret, begun_at, last_step, spare) ON second_factors TO zhucan_app;

-- Whether who opened the session has shown it.
ALTER TABLE sessions ADD COLUMN second_factor boolean NOT NULL DEFAULT false;
