-- +goose Up

SET LOCAL zhucan.area = ':';

-- A pack is proposed by one person and activated by another; of the activated ones the last is in force. Packs that the
-- command line put here have no proposer.
ALTER TABLE policy_packs ADD COLUMN activation integer, ADD COLUMN note text, ADD COLUMN proposed_by uuid REFERENCES accounts,
    ADD COLUMN proposed_at timestamptz, ADD COLUMN activated_by uuid REFERENCES accounts;
ALTER TABLE policy_packs DISABLE TRIGGER USER; -- the audit has nothing to learn from this
UPDATE policy_packs p SET activation = o.n, proposed_at = p.activated_at
    FROM (SELECT id, row_number() OVER (ORDER BY activated_at, id) AS n FROM policy_packs) o WHERE o.id = p.id;
ALTER TABLE policy_packs ENABLE TRIGGER USER;
ALTER TABLE policy_packs ALTER COLUMN proposed_at SET NOT NULL, ALTER COLUMN activated_at DROP NOT NULL,
    ADD CONSTRAINT policy_packs_activation_once UNIQUE (activation),
    ADD CONSTRAINT policy_packs_activated_has_number CHECK ((activation IS NULL) = (activated_at IS NULL)),
    ADD CONSTRAINT policy_packs_activated_by_another CHECK (activated_by <> proposed_by); -- null passes: the command line
GRANT UPDATE (activation, activated_at, activated_by) ON policy_packs TO zhucan_app;

-- Holidays and make-up working days of a year as ordered. A later order for the same year replaces an earlier one.
CREATE TABLE work_calendars (
    id          uuid PRIMARY KEY,
    number      integer NOT NULL CONSTRAINT work_calendars_in_order UNIQUE,
    year        integer NOT NULL CHECK (year BETWEEN 2016 AND 2100),
    document    text NOT NULL,
    holidays    text[] NOT NULL, -- days, or from..to
    working     text[] NOT NULL, -- days of weekends that are worked
    recorded_at timestamptz NOT NULL,
    recorded_by uuid REFERENCES accounts
);
SELECT audit_watch('work_calendars');
GRANT SELECT, INSERT ON work_calendars TO zhucan_app;
