-- +goose Up

-- Who may be the same person, in order, as the worklist names the first few: of thousands with one name and telephone, all would be sorted for each of them.
DROP INDEX match_keys_same;
CREATE INDEX match_keys_same ON match_keys (kind, key, person_id);
