-- +goose Up

-- Standing worklists. A lead is no row: it is what facts, standings, awards, dues and payments say today. Here is what
-- their queries need beside these, and what people note about them.

-- What somebody did about a lead. Append-only, and it closes nothing: facts do.
CREATE TABLE worklist_actions (
    id           uuid PRIMARY KEY,
    worklist     text COLLATE "C" NOT NULL,
    person_id    uuid NOT NULL,
    area_code    text COLLATE "C" NOT NULL,
    programme    text COLLATE "C" NOT NULL DEFAULT '', -- empty: the person as a whole
    outcome      text NOT NULL CHECK (outcome IN ('contacted', 'visited', 'not_found', 'declined', 'application_helped', 'forwarded', 'other')),
    note         text NOT NULL DEFAULT '',
    follow_up_on date,
    recorded_at  timestamptz NOT NULL,
    recorded_by  uuid NOT NULL REFERENCES accounts,
    acting_for   uuid REFERENCES accounts,
    CONSTRAINT worklist_actions_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE
);
CREATE INDEX worklist_actions_last ON worklist_actions (person_id, worklist, recorded_at); -- what was done last, for each line of a page
SELECT audit_watch('worklist_actions');
ALTER TABLE worklist_actions ENABLE ROW LEVEL SECURITY;
ALTER TABLE worklist_actions FORCE ROW LEVEL SECURITY;
CREATE TRIGGER area_of_person BEFORE INSERT ON worklist_actions FOR EACH ROW WHEN (NEW.area_code IS NULL) EXECUTE FUNCTION area_of_person();
CREATE POLICY area ON worklist_actions USING (area_code >= (SELECT rtrim(current_setting('zhucan.area', true), ':'))
    AND area_code < (SELECT current_setting('zhucan.area', true)));
GRANT SELECT, INSERT ON worklist_actions TO zhucan_app;

-- What may say that two files are of one person, as keyed hashes: the ID number of the guardian and the telephone stand
-- sealed in the register and cannot be compared there. Follows the row of the person; recorded_at is since when it is so.
-- No area of its own: a query comes here from a person of the actor's area and goes on to another one.
CREATE TABLE match_keys (
    person_id   uuid NOT NULL REFERENCES persons,
    kind        text COLLATE "C" NOT NULL CHECK (kind IN ('name_birth_town', 'guardian_name', 'phone_name')),
    key         bytea NOT NULL,
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (person_id, kind)
);
CREATE INDEX match_keys_same ON match_keys (kind, key); -- who has the same
GRANT SELECT, INSERT, DELETE ON match_keys TO zhucan_app;
GRANT UPDATE (key, recorded_at) ON match_keys TO zhucan_app;

-- Since when a month is owed at this amount: a wrong amount is known from then on. What stands here already is known by now.
ALTER TABLE dues ADD COLUMN known_from timestamptz NOT NULL DEFAULT now();

-- When the bank answered; null of lines that it had answered before.
ALTER TABLE roster_lines ADD COLUMN answered_at timestamptz;
GRANT UPDATE (answered_at) ON roster_lines TO zhucan_app;

CREATE INDEX roster_lines_failed ON roster_lines (person_id, programme) WHERE state = 'failed'; -- few among all: what the bank could not pay
CREATE INDEX standings_past_person ON standings_past (person_id, indicator);                    -- since when somebody has stood on a list

-- +goose StatementBegin
CREATE FUNCTION refresh_worklist_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    ANALYZE match_keys;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION refresh_worklist_statistics FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refresh_worklist_statistics TO zhucan_app;
