-- +goose Up

SET LOCAL zhucan.area = ':'; -- the owner, too, is under row security unless he is a superuser

-- A right ends with the card that was cancelled since it was applied for, whatever brings the next one: that follows from the dates. Rights that were
-- ended in this table with reason CARD_CANCELLED stay so. Where the cancellation stands, they end in that month anyway; where it was taken
-- back, an officer has to look at what became of the right since, and reinstates it.
ALTER TABLE awards ADD COLUMN applied_on date; -- null of one taken over
ALTER TABLE awards DISABLE TRIGGER USER; -- the audit has nothing to learn from this
UPDATE awards w SET applied_on = CASE WHEN a.owed_from > a.applied_on THEN (a.submitted_at AT TIME ZONE 'Asia/Shanghai')::date ELSE a.applied_on END
    FROM applications a WHERE a.id = w.application_id;
ALTER TABLE awards ENABLE TRIGGER USER;
ALTER TABLE awards ADD CONSTRAINT awards_applied_for_on CHECK ((application_id IS NOT NULL) = (applied_on IS NOT NULL));

-- What an officer ended by mistake is reinstated: by which document and why, the last time. That it had ended, and when, is in the audit.
ALTER TABLE awards
    ADD COLUMN reinstated_document text NOT NULL DEFAULT '',
    ADD COLUMN reinstated_reason text NOT NULL DEFAULT '',
    ADD CONSTRAINT awards_reinstated_by_document CHECK ((reinstated_document = '') = (reinstated_reason = ''));
