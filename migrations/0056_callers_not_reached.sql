-- +goose Up

-- A caller whom nobody could reach ends a ticket, too: otherwise it stayed open for good, or somebody invented what he said.
ALTER TABLE tickets
    DROP CONSTRAINT tickets_result_check,
    DROP CONSTRAINT tickets_called_back,
    ADD CONSTRAINT tickets_result_check CHECK (result IN ('satisfied', 'fairly_satisfied', 'dissatisfied', 'unreached')),
    ADD CONSTRAINT tickets_called_back CHECK (state NOT IN ('closed', 'archived') OR anonymous OR coalesce(result, '') IN ('satisfied', 'fairly_satisfied', 'unreached'));
