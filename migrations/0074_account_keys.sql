-- +goose Up

-- Who is paid to the same account as somebody else, by keyed hashes: accounts stand sealed and cannot be compared. ward_of is the guardian to
-- whom the money of a ward goes, null where it goes to the person or the estate; recorded_at is since when both are so. Follows the accounts;
-- those of before are keyed by `zhucan standing rebuild`. No area of its own, as match_keys: a query comes here from a person of the actor's
-- area and goes on to another one.
CREATE TABLE account_keys (
    person_id   uuid PRIMARY KEY REFERENCES persons,
    key         bytea NOT NULL,
    ward_of     bytea,
    recorded_at timestamptz NOT NULL
);
CREATE INDEX account_keys_same ON account_keys (key, person_id); -- who has the same, in order, as the worklist names the first few
GRANT SELECT, INSERT, DELETE ON account_keys TO zhucan_app;
GRANT UPDATE (key, ward_of, recorded_at) ON account_keys TO zhucan_app;

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION refresh_worklist_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    ANALYZE match_keys, account_keys; -- taken for different, thousands that share one account would be sorted for each of them
END $$;
-- +goose StatementEnd
