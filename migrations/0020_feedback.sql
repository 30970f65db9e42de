-- +goose Up

SET LOCAL zhucan.area = ':';

-- Every application has a number that people can say and write: digits of a sequence and a check digit by ISO 7064 MOD 11,10,
-- which finds every single wrong digit. It says nothing of the person, so it may stand on a slip of paper.
CREATE SEQUENCE case_numbers START 100001;
GRANT USAGE ON SEQUENCE case_numbers TO zhucan_app;
-- +goose StatementBegin
CREATE FUNCTION next_case_number() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    digits text := nextval('case_numbers')::text;
    p integer := 10;
BEGIN
    FOR i IN 1..length(digits) LOOP
        p := (p + substr(digits, i, 1)::integer) % 10;
        IF p = 0 THEN
            p := 10;
        END IF;
        p := p * 2 % 11;
    END LOOP;
    RETURN digits || ((11 - p) % 10)::text;
END $$;
-- +goose StatementEnd
ALTER TABLE applications ADD COLUMN case_number text NOT NULL DEFAULT next_case_number(),
    ADD CONSTRAINT applications_case_number_once UNIQUE (case_number),
    ADD COLUMN status_code_hash bytea; -- of the code on the slip; keyed, so that the few possible codes cannot be tried on a copy
CREATE INDEX applications_decided ON applications (decided_at) WHERE decided_at IS NOT NULL; -- what was decided in a period
CREATE INDEX application_steps_at ON application_steps (at);                                  -- what was done in a period
CREATE INDEX service_steps_on ON service_steps (happened_on);                                 -- what was given in a period

-- What people think of a decision or of a service step, once each. Entered for them, or by themselves with the code.
CREATE TABLE ratings (
    id             uuid PRIMARY KEY,
    application_id uuid REFERENCES applications,
    person_id      uuid, -- of the application
    service_id     uuid,
    step_id        uuid NOT NULL, -- the step of the application or the service that is rated
    area_code      text COLLATE "C" NOT NULL,
    score          smallint NOT NULL CHECK (score BETWEEN 1 AND 5),
    text           bytea, -- sealed
    channel        text NOT NULL CHECK (channel IN ('liaison', 'hotline', 'code')),
    rated_at       timestamptz NOT NULL,
    rated_by       uuid REFERENCES accounts,
    acting_for     uuid REFERENCES accounts,
    CONSTRAINT ratings_once UNIQUE (step_id),
    CONSTRAINT ratings_one_subject CHECK ((application_id IS NULL) <> (service_id IS NULL) AND (application_id IS NULL) = (person_id IS NULL)),
    CONSTRAINT ratings_signed CHECK ((channel = 'code') = (rated_by IS NULL)),
    CONSTRAINT ratings_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE,
    CONSTRAINT ratings_of_service FOREIGN KEY (service_id, area_code) REFERENCES services (id, area_code) ON UPDATE CASCADE
);
CREATE INDEX ratings_at ON ratings (rated_at);      -- those of a period
CREATE INDEX ratings_area ON ratings (area_code, id); -- the list of an area
SELECT audit_watch('ratings');

-- Nobody enters what others think of his own decision or step, whatever his role; nor does a deputy for whom he acts.
-- +goose StatementBegin
CREATE FUNCTION ratings_by_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM application_steps s WHERE s.id = NEW.step_id AND (s.actor_id IN (NEW.rated_by, NEW.acting_for) OR s.acting_for IN (NEW.rated_by, NEW.acting_for)))
       OR EXISTS (SELECT FROM service_steps s WHERE s.id = NEW.step_id AND (s.actor_id IN (NEW.rated_by, NEW.acting_for) OR s.acting_for IN (NEW.rated_by, NEW.acting_for))) THEN
        RAISE EXCEPTION 'nobody rates what he did himself' USING ERRCODE = '23514', CONSTRAINT = 'ratings_by_another';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER by_another BEFORE INSERT ON ratings FOR EACH ROW EXECUTE FUNCTION ratings_by_another();

-- What people bring to the hotline (12385), and which unit answers it. area_code is that of the unit, or of the hotline while
-- nobody has it.
CREATE TABLE tickets (
    id           uuid PRIMARY KEY,
    version      integer NOT NULL DEFAULT 1,
    home_area    text COLLATE "C" NOT NULL, -- whose hotline
    area_code    text COLLATE "C" NOT NULL,
    unit_role    text CHECK (unit_role IN ('town_officer', 'cdpf_reviewer', 'civil_affairs_approver')),
    state        text NOT NULL CHECK (state IN ('received', 'assigned', 'returned', 'answered', 'called_back', 'closed', 'archived')),
    channel      text NOT NULL CHECK (channel IN ('12385', '12345', 'web', 'visit')),
    kind         text NOT NULL CHECK (kind IN ('advice', 'complaint', 'petition')),
    topic        text NOT NULL,
    anonymous    boolean NOT NULL,
    caller_name  bytea, -- sealed
    caller_phone bytea, -- sealed
    person_id    uuid REFERENCES persons,
    text         bytea NOT NULL, -- sealed
    received_at  timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL,
    clock_since  date NOT NULL, -- the day from which working days count
    clock_limit  text,          -- which limit runs; null: none
    result       text CHECK (result IN ('satisfied', 'fairly_satisfied', 'dissatisfied')), -- of the last call back
    reopened     smallint NOT NULL DEFAULT 0,
    closed_at    timestamptz,
    CONSTRAINT tickets_unit_at_home CHECK (left(area_code, length(home_area)) = home_area),
    CONSTRAINT tickets_with_unit CHECK ((unit_role IS NULL) = (state IN ('received', 'returned'))),
    CONSTRAINT tickets_caller CHECK (anonymous = (caller_phone IS NULL) AND anonymous = (caller_name IS NULL)),
    -- 件件有回音: nothing is closed before the caller was asked, unless there is nobody to ask
    CONSTRAINT tickets_called_back CHECK (state NOT IN ('closed', 'archived') OR anonymous OR coalesce(result, '') IN ('satisfied', 'fairly_satisfied')),
    CONSTRAINT tickets_closed CHECK ((closed_at IS NOT NULL) = (state IN ('closed', 'archived')) AND (clock_limit IS NULL) = (closed_at IS NOT NULL))
);
CREATE INDEX tickets_area ON tickets (area_code, id);                                            -- lists and counts of an area
CREATE INDEX tickets_received ON tickets (received_at);                                           -- those of a period
CREATE INDEX tickets_closed_at ON tickets (closed_at) WHERE closed_at IS NOT NULL;               -- those closed in a period
CREATE INDEX tickets_running ON tickets (clock_limit, clock_since) WHERE clock_limit IS NOT NULL; -- the overdue
SELECT audit_watch('tickets');

CREATE TABLE ticket_steps (
    id         uuid PRIMARY KEY,
    ticket_id  uuid NOT NULL REFERENCES tickets,
    seq        smallint NOT NULL,
    step       text NOT NULL,
    from_state text NOT NULL,
    to_state   text NOT NULL,
    unit_area  text COLLATE "C",
    unit_role  text,
    text       bytea, -- sealed
    result     text,
    at         timestamptz NOT NULL,
    actor_id   uuid NOT NULL REFERENCES accounts,
    actor_role text NOT NULL,
    acting_for uuid REFERENCES accounts,
    CONSTRAINT ticket_steps_once UNIQUE (ticket_id, seq), -- two steps at a time cannot both be the next
    CONSTRAINT ticket_steps_legal CHECK ((step, from_state, to_state) IN (('receive', 'received', 'received'),
        ('assign', 'received', 'assigned'), ('assign', 'returned', 'assigned'), ('forward', 'assigned', 'assigned'), ('return', 'assigned', 'returned'),
        ('reply', 'assigned', 'answered'), ('call_back', 'answered', 'called_back'), ('call_back', 'answered', 'assigned'),
        ('close', 'called_back', 'closed'), ('close', 'answered', 'closed'), ('reopen', 'closed', 'assigned'), ('archive', 'closed', 'archived')))
);
CREATE INDEX ticket_steps_at ON ticket_steps (at); -- what was done in a period
SELECT audit_watch('ticket_steps');

-- +goose StatementBegin
CREATE FUNCTION ticket_in_area(ticket uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM tickets WHERE id = ticket);
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['ratings', 'tickets', 'ticket_steps'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('GRANT SELECT, INSERT ON %I TO zhucan_app', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['ratings', 'tickets'] LOOP
        EXECUTE format('CREATE POLICY area ON %I USING (area_code >= (SELECT rtrim(current_setting(''zhucan.area'', true), '':''))
            AND area_code < (SELECT current_setting(''zhucan.area'', true)))', t);
    END LOOP;
END $$;
-- +goose StatementEnd
CREATE POLICY area ON ticket_steps USING ((SELECT current_setting('zhucan.area', true) = ':') OR ticket_in_area(ticket_id));
GRANT UPDATE (version, area_code, unit_role, state, clock_since, clock_limit, result, reopened, closed_at) ON tickets TO zhucan_app;
