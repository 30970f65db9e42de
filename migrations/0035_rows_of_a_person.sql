-- +goose Up

-- Each of these rows moves with its person when the managing village changes, by a key that cascades. Without an index the database looked
-- for them in the whole table, at every move and every merge.
CREATE INDEX objections_person ON objections (person_id);
CREATE INDEX attachments_person ON attachments (person_id) WHERE person_id IS NOT NULL;
CREATE INDEX import_changes_person ON import_changes (person_id);
CREATE INDEX ratings_person ON ratings (person_id);
CREATE INDEX list_services_person ON list_services (person_id);
CREATE INDEX import_candidates_person ON import_candidates (person_id);
