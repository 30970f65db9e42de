-- +goose Up

CREATE TABLE persons (
    id                  uuid PRIMARY KEY,
    version             integer NOT NULL DEFAULT 1,
    record_type         text NOT NULL CHECK (record_type IN ('CERTIFIED', 'UNCERTIFIED_CHILD', 'RECOVERING', 'HISTORICAL')),
    name                text NOT NULL CHECK (length(name) BETWEEN 1 AND 60),
    sex                 text CHECK (sex IN ('male', 'female')),
    birth_date          date,
    id_number           bytea, -- sealed
    id_number_index     bytea, -- keyed hash for exact search; the number itself never stands in an index
    id_number_invalid   boolean NOT NULL DEFAULT false,
    birth_certificate   bytea, -- sealed; a child without an ID number
    birth_certificate_index bytea,
    phone               bytea, -- sealed
    diagnosis           text,
    hukou_type          text CHECK (hukou_type IN ('agricultural', 'non_agricultural')),
    hukou_area_code     text COLLATE "C", -- the three places as of now; their history is in circumstances
    residence_area_code text COLLATE "C",
    managing_area_code  text COLLATE "C" NOT NULL,
    guardian_name       text,
    guardian_relation   text,
    guardian_id_number  bytea, -- sealed
    guardian_phone      bytea, -- sealed
    created_at          timestamptz NOT NULL,
    created_by          uuid,
    updated_at          timestamptz NOT NULL,
    CONSTRAINT persons_id_number_once UNIQUE (id_number_index),
    CONSTRAINT persons_birth_certificate_once UNIQUE (birth_certificate_index)
);
CREATE INDEX persons_area ON persons (managing_area_code, id); -- lists and counts of an area, and row security
SELECT audit_watch('persons');

-- Numbers that a person had before: corrected ID numbers, 15-digit originals. A search by either finds the person.
CREATE TABLE person_aliases (
    id           uuid PRIMARY KEY,
    person_id    uuid NOT NULL REFERENCES persons,
    kind         text NOT NULL CHECK (kind IN ('id_number_corrected', 'id_number_15', 'name')),
    value        bytea NOT NULL, -- sealed
    value_index  bytea NOT NULL,
    reason       text NOT NULL DEFAULT '',
    recorded_at  timestamptz NOT NULL,
    recorded_by  uuid,
    CONSTRAINT person_aliases_once UNIQUE (person_id, kind, value_index)
);
CREATE INDEX person_aliases_value ON person_aliases (value_index); -- exact search
SELECT audit_watch('person_aliases');

CREATE TABLE certificates (
    id           uuid PRIMARY KEY,
    version      integer NOT NULL DEFAULT 1,
    person_id    uuid NOT NULL REFERENCES persons,
    number       bytea NOT NULL, -- sealed, canonical
    number_index bytea NOT NULL,
    number_raw   bytea,          -- sealed, as the file wrote it where that differs
    category     smallint NOT NULL CHECK (category BETWEEN 1 AND 7),
    level        smallint NOT NULL CHECK (level BETWEEN 1 AND 4),
    components   smallint[] NOT NULL DEFAULT '{}', -- category*10+level, one a component
    issued_on    date NOT NULL,
    expires_on   date NOT NULL,
    held_to      date, -- last day on which this was the person's card; null: still is
    recorded_at  timestamptz NOT NULL,
    recorded_by  uuid,
    CONSTRAINT certificates_dates CHECK (expires_on >= issued_on AND (held_to IS NULL OR held_to >= issued_on)),
    -- a renewed card may keep its number; two people, or two cards at a time, may not have one number
    CONSTRAINT certificates_number_once EXCLUDE USING gist (number_index WITH =, daterange(issued_on, held_to, '[]') WITH &&),
    -- one certificate a person at a time (一人一证)
    CONSTRAINT certificates_one_at_a_time EXCLUDE USING gist (person_id WITH =, daterange(issued_on, held_to, '[]') WITH &&)
);
CREATE INDEX certificates_person ON certificates (person_id, issued_on); -- the file of a person, and the card held now in lists
CREATE INDEX certificates_number ON certificates (number_index);        -- exact search
SELECT audit_watch('certificates');

CREATE TABLE certificate_events (
    id             uuid PRIMARY KEY,
    certificate_id uuid NOT NULL REFERENCES certificates,
    person_id      uuid NOT NULL REFERENCES persons,
    event          text NOT NULL CHECK (event IN ('FIRST_ISSUE', 'RENEW', 'REPLACE_DAMAGED', 'REISSUE_LOST', 'CHANGE', 'MIGRATE_OUT',
                       'MIGRATE_IN', 'REASSESS', 'FREEZE', 'UNFREEZE', 'CANCEL')),
    happened_on    date NOT NULL,
    reason         text NOT NULL DEFAULT '',
    cancel_reason  text CHECK (cancel_reason IN ('DEATH', 'RECOVERED', 'VOLUNTARY', 'EXPIRED_6M', 'MOVED_1Y', 'FRAUD', 'DUPLICATE')),
    recorded_at    timestamptz NOT NULL,
    recorded_by    uuid,
    CONSTRAINT certificate_events_cancel_says_why CHECK ((event = 'CANCEL') = (cancel_reason IS NOT NULL))
);
CREATE INDEX certificate_events_person ON certificate_events (person_id); -- the whole file at once
SELECT audit_watch('certificate_events');

-- Dated facts. Never updated in place: a change sets superseded_at on the old row and inserts a new one, so that
-- both questions can be answered: what was true on a date, and what we knew then.
CREATE TABLE circumstances (
    id            uuid PRIMARY KEY,
    person_id     uuid NOT NULL REFERENCES persons,
    kind          text NOT NULL,
    exclusive_key text NOT NULL, -- the kind, or kind:sort where several sorts may run side by side
    value         jsonb NOT NULL,
    valid_from    date NOT NULL,
    valid_to      date, -- last day on which it holds; null: open
    source        text NOT NULL,
    source_doc    text NOT NULL DEFAULT '',
    recorded_at   timestamptz NOT NULL,
    recorded_by   uuid,
    superseded_at timestamptz,
    CONSTRAINT circumstances_dates CHECK (valid_to IS NULL OR valid_to >= valid_from),
    -- two answers to one question on one day cannot both be held true
    CONSTRAINT circumstances_do_not_overlap EXCLUDE USING gist
        (person_id WITH =, exclusive_key WITH =, daterange(valid_from, valid_to, '[]') WITH &&) WHERE (superseded_at IS NULL)
);
CREATE INDEX circumstances_person ON circumstances (person_id); -- the whole file at once
SELECT audit_watch('circumstances');

-- +goose StatementBegin
CREATE FUNCTION circumstances_only_superseded() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.superseded_at IS NOT NULL OR NEW.superseded_at IS NULL
       OR (to_jsonb(NEW) - 'superseded_at') <> (to_jsonb(OLD) - 'superseded_at') THEN
        RAISE EXCEPTION 'a recorded fact is superseded once, never changed';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER only_superseded BEFORE UPDATE ON circumstances FOR EACH ROW EXECUTE FUNCTION circumstances_only_superseded();
