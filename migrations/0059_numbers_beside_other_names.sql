-- +goose Up

-- A row of a list whose number is of somebody with another name waits like one without a number, with who has the number as a candidate.
ALTER TABLE import_candidates DROP CONSTRAINT import_candidates_basis_check,
    ADD CONSTRAINT import_candidates_basis_check CHECK (basis IN ('name_birth_town', 'guardian_name', 'number', 'number_former_name'));
