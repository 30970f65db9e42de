-- +goose Up

-- What the bank could not pay, by person: few among all. It stands on payments and not on roster_lines, where the planner took such an
-- index for the answers of the bank and read each line of a roster for each (see 0018). The bank's answers look for payments that are
-- live, which this index does not have.
CREATE INDEX payments_failed ON payments (person_id, programme, month) WHERE NOT live;
