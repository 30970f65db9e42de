-- +goose Up

-- What was done about a lead has its own day: a phone that was out of reach tells of a visit days later. NULL: the day on which it was
-- recorded, as for all that was written before.
ALTER TABLE worklist_actions ADD COLUMN done_on date;
ALTER TABLE worklist_actions ADD CONSTRAINT worklist_actions_days CHECK (done_on <= (recorded_at AT TIME ZONE 'Asia/Shanghai')::date AND follow_up_on >= done_on);
