-- +goose Up

-- Households, the three service chains, the yearly survey, and what the twelve indicators need beside them.

-- A household stands under the village of its dwelling. Its members' persons keep managing areas of their own.
CREATE TABLE households (
    id         uuid PRIMARY KEY,
    version    integer NOT NULL DEFAULT 1,
    area_code  text COLLATE "C" NOT NULL,
    address    bytea, -- sealed
    created_at timestamptz NOT NULL,
    created_by uuid,
    updated_at timestamptz NOT NULL,
    CONSTRAINT households_id_area UNIQUE (id, area_code) -- what the foreign keys refer to
);
CREATE INDEX households_area ON households (area_code, id); -- lists of an area
SELECT audit_watch('households');

CREATE TABLE household_members (
    id           uuid PRIMARY KEY,
    version      integer NOT NULL DEFAULT 1,
    household_id uuid NOT NULL,
    area_code    text COLLATE "C" NOT NULL,
    person_id    uuid NOT NULL REFERENCES persons,
    relation     text NOT NULL CHECK (relation IN ('head', 'spouse', 'child', 'parent', 'grandparent', 'grandchild', 'sibling', 'other')),
    from_on      date NOT NULL,
    to_on        date, -- last day; null: still a member
    recorded_at  timestamptz NOT NULL,
    recorded_by  uuid,
    CONSTRAINT household_members_of_household FOREIGN KEY (household_id, area_code) REFERENCES households (id, area_code) ON UPDATE CASCADE,
    CONSTRAINT household_members_dates CHECK (to_on IS NULL OR to_on >= from_on),
    -- nobody lives in two households on one day
    CONSTRAINT household_members_one_household EXCLUDE USING gist (person_id WITH =, daterange(from_on, to_on, '[]') WITH &&)
);
CREATE INDEX household_members_household ON household_members (household_id); -- who lives there
SELECT audit_watch('household_members');

-- Dated facts of a household, kept like those of a person.
CREATE TABLE household_circumstances (
    id            uuid PRIMARY KEY,
    household_id  uuid NOT NULL,
    area_code     text COLLATE "C" NOT NULL,
    kind          text NOT NULL,
    exclusive_key text NOT NULL,
    value         jsonb NOT NULL,
    valid_from    date NOT NULL,
    valid_to      date, -- last day on which it holds; null: open
    source        text NOT NULL,
    source_doc    text NOT NULL DEFAULT '',
    recorded_at   timestamptz NOT NULL,
    recorded_by   uuid,
    superseded_at timestamptz,
    CONSTRAINT household_circumstances_of_household FOREIGN KEY (household_id, area_code) REFERENCES households (id, area_code) ON UPDATE CASCADE,
    CONSTRAINT household_circumstances_dates CHECK (valid_to IS NULL OR valid_to >= valid_from),
    CONSTRAINT household_circumstances_do_not_overlap EXCLUDE USING gist
        (household_id WITH =, exclusive_key WITH =, daterange(valid_from, valid_to, '[]') WITH &&) WHERE (superseded_at IS NULL)
);
CREATE INDEX household_circumstances_household ON household_circumstances (household_id); -- the whole file at once
SELECT audit_watch('household_circumstances');
CREATE TRIGGER only_superseded BEFORE UPDATE ON household_circumstances FOR EACH ROW EXECUTE FUNCTION circumstances_only_superseded();

-- One answer set of a person in a survey year. Append-only: a correction is another set, and the latest of a year counts.
CREATE TABLE survey_responses (
    id             uuid PRIMARY KEY,
    survey_year    smallint NOT NULL CHECK (survey_year BETWEEN 2014 AND 2199),
    person_id      uuid NOT NULL,
    area_code      text COLLATE "C" NOT NULL,
    mode           text NOT NULL CHECK (mode IN ('visit', 'phone', 'window', 'system')), -- 入户 电话 窗口 系统
    collected_on   date NOT NULL,
    answers        jsonb NOT NULL,           -- question code to the chosen codes
    confirmed      text[] NOT NULL DEFAULT '{}', -- questions whose answers were last year's, and were confirmed
    needs          text[] NOT NULL,          -- what follows: rehab, device, retrofit
    questionnaire  text NOT NULL,            -- the version that was asked
    recorded_at    timestamptz NOT NULL,
    recorded_by    uuid,
    CONSTRAINT survey_responses_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE
);
CREATE INDEX survey_responses_person ON survey_responses (person_id, survey_year, recorded_at); -- the file of a person; the latest of a year
CREATE INDEX survey_responses_area ON survey_responses (survey_year, area_code, person_id);      -- completion per village
SELECT audit_watch('survey_responses');

-- One run through a service chain, for a person (rehab, device) or a household (retrofit).
CREATE TABLE services (
    id           uuid PRIMARY KEY,
    version      integer NOT NULL DEFAULT 1,
    kind         text NOT NULL CHECK (kind IN ('rehab', 'device', 'retrofit')),
    person_id    uuid,
    household_id uuid,
    area_code    text COLLATE "C" NOT NULL,
    state        text NOT NULL,
    opened_on    date NOT NULL,
    need         jsonb NOT NULL,
    opened_by    uuid,
    created_at   timestamptz NOT NULL,
    CONSTRAINT services_one_subject CHECK ((kind = 'retrofit') = (household_id IS NOT NULL) AND (kind = 'retrofit') = (person_id IS NULL)),
    CONSTRAINT services_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE,
    CONSTRAINT services_of_household FOREIGN KEY (household_id, area_code) REFERENCES households (id, area_code) ON UPDATE CASCADE,
    CONSTRAINT services_id_area UNIQUE (id, area_code)
);
CREATE INDEX services_person ON services (person_id) WHERE person_id IS NOT NULL;          -- the file of a person
CREATE INDEX services_household ON services (household_id) WHERE household_id IS NOT NULL; -- the file of a household
CREATE INDEX services_area ON services (area_code, id);                                    -- the queue of an area
SELECT audit_watch('services');

CREATE TABLE service_steps (
    id          uuid PRIMARY KEY,
    service_id  uuid NOT NULL,
    area_code   text COLLATE "C" NOT NULL,
    seq         smallint NOT NULL,
    step        text NOT NULL,
    from_state  text NOT NULL,
    to_state    text NOT NULL,
    happened_on date NOT NULL,
    evidence    jsonb NOT NULL,
    counts      text[] NOT NULL DEFAULT '{}', -- the indicators' services that this step completes: rehab, device, retrofit
    actor_id    uuid,
    actor_role  text NOT NULL,
    acting_for  uuid,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT service_steps_once UNIQUE (service_id, seq), -- two steps at a time cannot both be the next
    CONSTRAINT service_steps_of_service FOREIGN KEY (service_id, area_code) REFERENCES services (id, area_code) ON UPDATE CASCADE
);
SELECT audit_watch('service_steps');

-- What was uploaded to a service. The content lies sealed in the blob store under the row's id. Names of files are not
-- kept: people name files after people.
CREATE TABLE attachments (
    id          uuid PRIMARY KEY,
    service_id  uuid NOT NULL,
    area_code   text COLLATE "C" NOT NULL,
    media_type  text NOT NULL CHECK (media_type IN ('image/jpeg', 'image/png', 'application/pdf')),
    bytes       integer NOT NULL CHECK (bytes > 0),
    sha256      bytea NOT NULL, -- of the content as it is served
    recorded_at timestamptz NOT NULL,
    recorded_by uuid,
    CONSTRAINT attachments_once UNIQUE (service_id, sha256), -- the same photo again is the same attachment
    CONSTRAINT attachments_of_service FOREIGN KEY (service_id, area_code) REFERENCES services (id, area_code) ON UPDATE CASCADE
);
SELECT audit_watch('attachments');

-- Figures that come from outside: income growth (indicator 1), or a count of facilities (12) where no list is kept.
CREATE TABLE external_figures (
    id            uuid PRIMARY KEY,
    indicator     text NOT NULL,
    year          smallint NOT NULL CHECK (year BETWEEN 2010 AND 2199),
    area_code     text COLLATE "C" NOT NULL,
    income_fen    bigint CHECK (income_fen > 0),   -- per-capita disposable income of the year
    numerator     bigint CHECK (numerator >= 0),
    denominator   bigint CHECK (denominator >= numerator),
    source_doc    text NOT NULL CHECK (source_doc <> ''),
    recorded_at   timestamptz NOT NULL,
    recorded_by   uuid,
    superseded_at timestamptz,
    CONSTRAINT external_figures_one_form CHECK ((income_fen IS NOT NULL) <> (denominator IS NOT NULL) AND (numerator IS NULL) = (denominator IS NULL))
);
CREATE UNIQUE INDEX external_figures_current ON external_figures (indicator, year, area_code) WHERE superseded_at IS NULL; -- one truth at a time
SELECT audit_watch('external_figures');

CREATE TABLE facilities (
    id         uuid PRIMARY KEY,
    version    integer NOT NULL DEFAULT 1,
    area_code  text COLLATE "C" NOT NULL,
    name       text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
    kind       text NOT NULL CHECK (kind IN ('government', 'school', 'community', 'welfare', 'transport', 'medical', 'culture_sport')),
    address    text NOT NULL DEFAULT '',
    created_at timestamptz NOT NULL,
    created_by uuid,
    CONSTRAINT facilities_once UNIQUE (area_code, name)
);
SELECT audit_watch('facilities');
CREATE TABLE facility_inspections (
    id           uuid PRIMARY KEY,
    facility_id  uuid NOT NULL REFERENCES facilities,
    inspected_on date NOT NULL,
    standard     text NOT NULL,
    compliant    boolean NOT NULL,
    report       text NOT NULL DEFAULT '',
    recorded_at  timestamptz NOT NULL,
    recorded_by  uuid
);
CREATE INDEX facility_inspections_latest ON facility_inspections (facility_id, inspected_on, recorded_at); -- what is known of one on a day
SELECT audit_watch('facility_inspections');

-- Instants at which the register was still: everything recorded until then is there, and what comes later is recorded later,
-- whatever its clock says. So what was counted at such an instant can be counted again.
CREATE TABLE closed_instants (at timestamptz PRIMARY KEY);

-- A sealed release: what was counted, and the very bytes that are handed out.
CREATE TABLE indicator_releases (
    id           uuid PRIMARY KEY,
    area_code    text COLLATE "C" NOT NULL,
    as_of        date NOT NULL,
    known_at     timestamptz NOT NULL,
    public       boolean NOT NULL,
    title        text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
    pack_version text NOT NULL,
    rows         integer NOT NULL CHECK (rows > 0),
    hidden       integer NOT NULL DEFAULT 0, -- of the rows of a public one
    json_sha256  bytea NOT NULL,
    csv_sha256   bytea NOT NULL,
    xlsx_sha256  bytea, -- null: more rows than a workbook holds
    sealed_at    timestamptz NOT NULL,
    sealed_by    uuid,
    sealed_by_name text NOT NULL
);
CREATE INDEX indicator_releases_area ON indicator_releases (area_code, id);                   -- lists
CREATE INDEX indicator_releases_public ON indicator_releases (area_code, as_of) WHERE public; -- what earlier public ones showed and hid
SELECT audit_watch('indicator_releases');

-- The bytes of a release in pieces, so that neither writing nor reading one takes memory. Its row has their checksums, and is
-- in the audit; these are not.
CREATE TABLE indicator_release_files (
    release_id uuid NOT NULL REFERENCES indicator_releases DEFERRABLE INITIALLY DEFERRED, -- the row with the checksums comes last
    form       text COLLATE "C" NOT NULL CHECK (form IN ('json', 'csv', 'xlsx')),
    seq        integer NOT NULL,
    piece      bytea NOT NULL,
    PRIMARY KEY (release_id, form, seq)
);
ALTER TABLE indicator_release_files ALTER COLUMN piece SET STORAGE EXTERNAL; -- read often, packed once by xlsx itself

-- Standings also say by what a person is counted, and since when they are known.
ALTER TABLE standings DROP CONSTRAINT standings_status_check;
ALTER TABLE standings ADD CONSTRAINT standings_status_check CHECK (status IN (1, 2, 3, 4)); -- 4 extra: served without being in the target population
ALTER TABLE standings ADD COLUMN hardship smallint NOT NULL DEFAULT 0;    -- 1 dibao, 2 dibao edge, 3 tekun
ALTER TABLE standings ADD COLUMN registered_poor boolean NOT NULL DEFAULT false;
ALTER TABLE standings ADD COLUMN hukou_type smallint NOT NULL DEFAULT 0;  -- 1 agricultural, 2 not
ALTER TABLE standings ADD COLUMN components smallint NOT NULL DEFAULT 0;  -- one bit a category
ALTER TABLE standings ADD COLUMN known_from timestamptz NOT NULL DEFAULT now();
-- Lists of an area in order; and its counts, of all its persons and indicators at once, which read nothing but this index
-- where a vacuum has seen the table: half the time of reading the rows.
DROP INDEX standings_area;
CREATE INDEX standings_area ON standings (indicator, area_code, person_id) INCLUDE (status, valid_from, valid_to, reason, known_from);

-- The standing of a household, for the indicators that count households.
CREATE TABLE household_standings (
    household_id uuid NOT NULL REFERENCES households,
    indicator    text COLLATE "C" NOT NULL,
    valid_from   date NOT NULL,
    valid_to     date,
    status       smallint NOT NULL CHECK (status IN (1, 2, 3, 4)),
    reason       text COLLATE "C" NOT NULL DEFAULT '',
    area_code    text COLLATE "C" NOT NULL,
    holders      smallint NOT NULL, -- members who hold a valid certificate
    known_from   timestamptz NOT NULL,
    PRIMARY KEY (household_id, indicator, valid_from)
);
-- lists of an area in order; and its counts, which read nothing but this index where a vacuum has seen the table
CREATE INDEX household_standings_area ON household_standings (indicator, area_code, household_id) INCLUDE (status, valid_from, valid_to, reason, known_from);

-- What standings were before: from known_from until known_to the service said so. Never changed.
CREATE TABLE standings_past (LIKE standings, known_to timestamptz NOT NULL);
CREATE INDEX standings_past_area ON standings_past (indicator, area_code, known_to); -- counts and lists as known at an instant
CREATE TABLE household_standings_past (LIKE household_standings, known_to timestamptz NOT NULL);
CREATE INDEX household_standings_past_area ON household_standings_past (indicator, area_code, known_to);

-- The bounds of standings are no sub-selects, unlike those of other tables: the planner knows them then, and does not take every
-- count for a two-hundredth of the register. They are conditions of the index and so still read once a scan.
ALTER POLICY area ON standings USING (area_code >= rtrim(current_setting('zhucan.count_area', true), ':')
    AND area_code < current_setting('zhucan.count_area', true));
-- +goose StatementBegin
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['survey_responses', 'services', 'service_steps', 'attachments', 'households', 'household_members', 'household_circumstances'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY area ON %I USING (area_code >= (SELECT rtrim(current_setting(''zhucan.area'', true), '':''))
            AND area_code < (SELECT current_setting(''zhucan.area'', true)))', t);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO zhucan_app', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['standings_past', 'household_standings', 'household_standings_past'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY area ON %I USING (area_code >= rtrim(current_setting(''zhucan.count_area'', true), '':'')
            AND area_code < current_setting(''zhucan.count_area'', true))', t);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO zhucan_app', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['survey_responses'] LOOP
        EXECUTE format('CREATE TRIGGER area_of_person BEFORE INSERT ON %I FOR EACH ROW WHEN (NEW.area_code IS NULL) EXECUTE FUNCTION area_of_person()', t);
    END LOOP;
END $$;
-- +goose StatementEnd
GRANT UPDATE (version, area_code, address, updated_at) ON households TO zhucan_app;
GRANT UPDATE (version, to_on) ON household_members TO zhucan_app;
GRANT UPDATE (superseded_at) ON household_circumstances TO zhucan_app;
GRANT UPDATE (version, state) ON services TO zhucan_app;
GRANT DELETE ON household_standings TO zhucan_app;
GRANT SELECT, INSERT ON external_figures, facilities, facility_inspections, indicator_releases, indicator_release_files, closed_instants TO zhucan_app;
GRANT UPDATE (superseded_at) ON external_figures TO zhucan_app;

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION refresh_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    ANALYZE persons, certificates, certificate_events, circumstances, person_aliases, applications, awards, standings, dues, open_months,
        households, household_members, household_standings, survey_responses, services, service_steps;
END $$;
-- +goose StatementEnd
