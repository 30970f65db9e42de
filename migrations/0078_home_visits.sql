-- +goose Up

-- Looks at home at somebody who is in pay, by others than those who brought the application (T4: a liaison who invents a beneficiary, or keeps a
-- dead one alive). Nobody chooses at whom: the worklist home_visit draws, and nothing of the draw is kept. Append-only, and it changes no right.
CREATE TABLE home_visits (
    id          uuid PRIMARY KEY,
    person_id   uuid NOT NULL,
    area_code   text COLLATE "C" NOT NULL,
    happened_on date NOT NULL,
    outcome     text COLLATE "C" NOT NULL CHECK (outcome IN ('met', 'not_met', 'moved', 'died', 'other')),
    note        text NOT NULL DEFAULT '',
    recorded_at timestamptz NOT NULL,
    recorded_by uuid NOT NULL REFERENCES accounts,
    acting_for  uuid REFERENCES accounts,
    CONSTRAINT home_visits_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE,
    CONSTRAINT home_visits_other_says_what CHECK (outcome <> 'other' OR note <> '')
);
CREATE INDEX home_visits_person ON home_visits (person_id, recorded_at); -- the visits to a person, and what the last one found
CREATE INDEX home_visits_area ON home_visits (area_code, person_id);     -- who was ever visited in an area, for the worklist
SELECT audit_watch('home_visits');
ALTER TABLE home_visits ENABLE ROW LEVEL SECURITY;
ALTER TABLE home_visits FORCE ROW LEVEL SECURITY;
CREATE TRIGGER area_of_person BEFORE INSERT ON home_visits FOR EACH ROW WHEN (NEW.area_code IS NULL) EXECUTE FUNCTION area_of_person();
CREATE POLICY area ON home_visits USING (area_code >= (SELECT rtrim(current_setting('zhucan.area', true), ':'))
    AND area_code < (SELECT current_setting('zhucan.area', true)));
CREATE TRIGGER person_by_merge BEFORE UPDATE OF person_id ON home_visits FOR EACH ROW WHEN (NEW.person_id <> OLD.person_id) EXECUTE FUNCTION person_by_merge();
GRANT SELECT, INSERT ON home_visits TO zhucan_app;
GRANT UPDATE (person_id, area_code) ON home_visits TO zhucan_app; -- by a merge

-- Whoever entered or handed in an application of the person does not say that the person is there, nor does a liaison who acts for an officer.
-- +goose StatementBegin
CREATE FUNCTION home_visits_by_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM accounts a WHERE a.id = NEW.recorded_by AND a.role = 'village_liaison')
       OR EXISTS (SELECT FROM applications a JOIN application_steps s ON s.application_id = a.id
            WHERE a.person_id = NEW.person_id AND s.action IN ('enter', 'submit', 'resubmit') AND s.actor_id IN (NEW.recorded_by, NEW.acting_for)) THEN
        RAISE EXCEPTION 'who brought an application of a person does not visit him to check' USING ERRCODE = '23514', CONSTRAINT = 'home_visits_by_another';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER by_another BEFORE INSERT ON home_visits FOR EACH ROW EXECUTE FUNCTION home_visits_by_another();

-- draw_seed is what a draw from an instant on rests on: the hash of the entry of the audit before the first one of that time, which nobody knew
-- beforehand, everybody can look up, and nothing moves any more. In the time in which a register begins there is none before, and its first entry
-- is taken; before the time has an entry, the last one there is. The first by its number is looked for among those of a day, by the index of times,
-- and only where that has none among more.
-- +goose StatementBegin
CREATE FUNCTION draw_seed(since timestamptz) RETURNS bytea LANGUAGE plpgsql STABLE AS $$
DECLARE
    within interval;
    seed bytea;
BEGIN
    FOREACH within IN ARRAY ARRAY['1 day', '10 days', '100 years']::interval[] LOOP
        SELECT CASE WHEN e.seq = 1 THEN e.hash ELSE e.prev_hash END INTO seed
        FROM (SELECT seq, prev_hash, hash FROM audit_entries WHERE at >= since AND at < since + within AND coalesce(seq, 0) > 0 OFFSET 0) e ORDER BY e.seq LIMIT 1;
        IF FOUND THEN
            RETURN seed;
        END IF;
    END LOOP;
    RETURN (SELECT hash FROM audit_entries WHERE seq > 0 ORDER BY seq DESC LIMIT 1);
END $$;
-- +goose StatementEnd
