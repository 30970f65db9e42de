-- +goose Up

-- The audit is searched by days. Entries lie in the order in which they were made, so the bounds of each range of pages are an index
-- of the time that costs a write nothing.
CREATE INDEX audit_entries_at ON audit_entries USING brin (at) WITH (pages_per_range = 32);
