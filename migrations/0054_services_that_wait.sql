-- +goose Up

-- What waits for an office is what stands in some of the states of the chains. Most services of a district have come to their end, so they are
-- found by their state, and not looked for among all.
CREATE INDEX services_standing ON services (kind, state, area_code, id);
