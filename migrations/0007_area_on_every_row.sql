-- +goose Up

-- Row security by plain comparison, on every table of a person. Asking for each row whether its person is in the area
-- cost a third of reading a file; so each row keeps the managing area of its person. Bulk inserts bring it,
-- a trigger fills it in for others, the foreign key keeps it true: moving a person moves the rows, in the same statement.
--
-- The bounds come in one setting instead of two: the upper bound, an area code with ':' behind it, which sorts after all
-- codes that begin with it. Cutting the ':' off gives the lower bound. ':' alone is the whole register; empty or unset
-- is no row at all.

SET LOCAL zhucan.lo = '';  -- the owner, too, is under row security unless he is a superuser
SET LOCAL zhucan.hi = ':';

ALTER TABLE persons ADD CONSTRAINT persons_id_area UNIQUE (id, managing_area_code); -- what the foreign keys refer to

-- +goose StatementBegin
CREATE FUNCTION area_of_person() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT managing_area_code INTO NEW.area_code FROM persons WHERE id = NEW.person_id;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- A recorded fact moves with its person; all else about it stays.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION circumstances_only_superseded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (to_jsonb(NEW) - 'superseded_at' - 'area_code') <> (to_jsonb(OLD) - 'superseded_at' - 'area_code')
       OR (NEW.superseded_at IS DISTINCT FROM OLD.superseded_at AND (OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL)) THEN
        RAISE EXCEPTION 'a recorded fact is superseded once, never changed';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['person_aliases', 'certificates', 'certificate_events', 'circumstances', 'applications', 'awards'] LOOP
        EXECUTE format('ALTER TABLE %I ADD COLUMN area_code text COLLATE "C"', t);
        EXECUTE format('ALTER TABLE %I DISABLE TRIGGER USER', t); -- the audit has nothing to learn from this
        EXECUTE format('UPDATE %I c SET area_code = p.managing_area_code FROM persons p WHERE p.id = c.person_id', t);
        EXECUTE format('ALTER TABLE %I ENABLE TRIGGER USER', t);
        EXECUTE format('ALTER TABLE %I ALTER COLUMN area_code SET NOT NULL', t);
        EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', t, t || '_person_id_fkey');
        EXECUTE format('ALTER TABLE %I ADD CONSTRAINT %I FOREIGN KEY (person_id, area_code)
            REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE', t, t || '_of_person');
        EXECUTE format('CREATE TRIGGER area_of_person BEFORE INSERT ON %I FOR EACH ROW
            WHEN (NEW.area_code IS NULL) EXECUTE FUNCTION area_of_person()', t);
        EXECUTE format('ALTER POLICY area ON %I USING (area_code >= (SELECT rtrim(current_setting(''zhucan.area'', true), '':''))
            AND area_code < (SELECT current_setting(''zhucan.area'', true)))', t);
    END LOOP;
END $$;
-- +goose StatementEnd

ALTER POLICY area ON persons USING (managing_area_code >= (SELECT rtrim(current_setting('zhucan.area', true), ':'))
    AND managing_area_code < (SELECT current_setting('zhucan.area', true)));
ALTER POLICY area ON application_steps USING ((SELECT current_setting('zhucan.area', true) = ':') OR application_in_area(application_id));
ALTER POLICY area ON standings USING (area_code >= (SELECT rtrim(current_setting('zhucan.count_area', true), ':'))
    AND area_code < (SELECT current_setting('zhucan.count_area', true)));

DROP FUNCTION person_in_area;

CREATE INDEX applications_area ON applications (area_code, id); -- the cases of a town, without reading its persons
