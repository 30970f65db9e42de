-- +goose Up

-- Each look at whether a person still meets the conditions (定期复核). What follows from it is derived.
CREATE TABLE verifications (
    id          uuid PRIMARY KEY,
    person_id   uuid NOT NULL,
    area_code   text COLLATE "C" NOT NULL,
    happened_on date NOT NULL,
    method      text NOT NULL CHECK (method IN ('data', 'visit', 'video')),
    passed      boolean NOT NULL,
    findings    text NOT NULL DEFAULT '',
    recorded_at timestamptz NOT NULL,
    recorded_by uuid,
    CONSTRAINT verifications_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE,
    CONSTRAINT verifications_failed_says_why CHECK (passed OR findings <> '')
);
CREATE INDEX verifications_person ON verifications (person_id, happened_on); -- the file of a person, and whether a window is done
SELECT audit_watch('verifications');
ALTER TABLE verifications ENABLE ROW LEVEL SECURITY;
ALTER TABLE verifications FORCE ROW LEVEL SECURITY;
CREATE TRIGGER area_of_person BEFORE INSERT ON verifications FOR EACH ROW WHEN (NEW.area_code IS NULL) EXECUTE FUNCTION area_of_person();
CREATE POLICY area ON verifications USING (area_code >= (SELECT rtrim(current_setting('zhucan.area', true), ':'))
    AND area_code < (SELECT current_setting('zhucan.area', true)));
GRANT SELECT, INSERT ON verifications TO zhucan_app;
