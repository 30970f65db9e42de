-- +goose Up

-- Every signed write asks for its own entry by key. A connection keeps the plan that it made while the audit was short, which was to read all of it, until
-- the server has looked at the table again: with three thousand entries more, recording a fact took a fifth longer. As audit_seal (0033), these ask by the
-- index from the first entry on.
ALTER FUNCTION audit_entry_of_this_transaction(text) SET enable_seqscan = off;
ALTER FUNCTION audit_describe(uuid, jsonb) SET enable_seqscan = off;
