-- +goose Up

-- What others than the village's own liaison hand in waits for the village first, where the pack says so.
INSERT INTO application_transitions VALUES ('draft', 'submitted'), ('returned', 'submitted'), ('submitted', 'town_review'), ('submitted', 'returned'),
    ('submitted', 'withdrawn');
