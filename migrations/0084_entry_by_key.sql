-- +goose Up

-- Every signed write asks for its own entry by key. A connection keeps the plan it made first, and while a register is young that one read the whole
-- audit: with three thousand entries a fact that is recorded took a fifth longer. As audit_seal (0033), these ask by the index from the first entry on.
ALTER FUNCTION audit_entry_of_this_transaction(text) SET enable_seqscan = off;
ALTER FUNCTION audit_describe(uuid, jsonb) SET enable_seqscan = off;
