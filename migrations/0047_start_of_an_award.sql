-- +goose Up

SET LOCAL zhucan.area = ':'; -- the owner, too, is under row security unless he is a superuser

-- The month from which an application counts stands with its award, since the first month that is owed follows from the facts: what is
-- recorded about the months between after the approval makes the same as before it. start_month only says which months are the
-- award's own, so it begins there where no other award has those months; otherwise it stays where it was approved.
ALTER TABLE awards DROP CONSTRAINT awards_taken_over_has_month;
ALTER TABLE awards DISABLE TRIGGER USER; -- the audit has nothing to learn from this
UPDATE awards a SET owed_from = p.owed_from FROM applications p WHERE p.id = a.application_id;
UPDATE awards a SET start_month = a.owed_from
WHERE a.basis = 'application' AND a.owed_from < a.start_month AND NOT EXISTS (SELECT FROM awards o
    WHERE o.person_id = a.person_id AND o.programme = a.programme AND o.id <> a.id AND NOT o.void
      AND daterange(o.start_month, o.end_month, '[]') && daterange(a.owed_from, a.start_month, '[)'));
ALTER TABLE awards ENABLE TRIGGER USER;
ALTER TABLE awards ALTER COLUMN owed_from SET NOT NULL;

-- When an account was named: an application names its own when it is handed in, long before it becomes the account to pay to.
ALTER TABLE payees ADD COLUMN named_at timestamptz;
ALTER TABLE payees DISABLE TRIGGER USER;
UPDATE payees y SET named_at = coalesce((SELECT min(p.submitted_at) FROM applications p
    WHERE p.person_id = y.person_id AND p.stage = 'approved' AND p.decided_at = y.recorded_at), y.recorded_at);
ALTER TABLE payees ENABLE TRIGGER USER;
ALTER TABLE payees ALTER COLUMN named_at SET NOT NULL;
