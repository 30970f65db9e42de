-- +goose Up

SET LOCAL zhucan.area = ':'; -- the owner, too, is under row security unless he is a superuser

-- What an award needs to say when it is not simply running.
ALTER TABLE awards ADD COLUMN owed_from date CHECK (extract(day FROM owed_from) = 1); -- of one taken over: before it another system has paid
ALTER TABLE awards DISABLE TRIGGER USER; -- the audit has nothing to learn from this
UPDATE awards SET owed_from = date_trunc('month', recorded_at AT TIME ZONE 'Asia/Shanghai') WHERE basis = 'import';
ALTER TABLE awards ENABLE TRIGGER USER;
ALTER TABLE awards ADD CONSTRAINT awards_taken_over_has_month CHECK ((basis = 'import') = (owed_from IS NOT NULL));
ALTER TABLE awards ADD COLUMN end_reason text NOT NULL DEFAULT '';
ALTER TABLE awards ADD COLUMN void boolean NOT NULL DEFAULT false; -- wrong from the start (false materials): nothing was ever owed

-- Months in which a right that runs is not paid. Both ends belong to it; back_pay pays them after all once it is over.
CREATE TABLE award_suspensions (
    id          uuid PRIMARY KEY,
    award_id    uuid NOT NULL REFERENCES awards,
    person_id   uuid NOT NULL,
    area_code   text COLLATE "C" NOT NULL,
    from_month  date NOT NULL CHECK (extract(day FROM from_month) = 1),
    to_month    date CHECK (extract(day FROM to_month) = 1),
    reason      text NOT NULL,
    back_pay    boolean NOT NULL DEFAULT false,
    recorded_at timestamptz NOT NULL,
    recorded_by uuid,
    CONSTRAINT award_suspensions_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE,
    CONSTRAINT award_suspensions_months CHECK (to_month IS NULL OR to_month >= from_month),
    CONSTRAINT award_suspensions_do_not_overlap EXCLUDE USING gist (award_id WITH =, daterange(from_month, to_month, '[]') WITH &&)
);
CREATE INDEX award_suspensions_person ON award_suspensions (person_id); -- the file of a person
SELECT audit_watch('award_suspensions');

-- Single months of the gap before a late renewal that are paid after all: at most three an award and card.
CREATE TABLE award_grants (
    id          uuid PRIMARY KEY,
    award_id    uuid NOT NULL REFERENCES awards,
    person_id   uuid NOT NULL,
    area_code   text COLLATE "C" NOT NULL,
    month       date NOT NULL CHECK (extract(day FROM month) = 1),
    level       smallint NOT NULL CHECK (level BETWEEN 1 AND 4),
    reason      text NOT NULL,
    recorded_at timestamptz NOT NULL,
    recorded_by uuid,
    CONSTRAINT award_grants_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE,
    CONSTRAINT award_grants_once UNIQUE (award_id, month)
);
CREATE INDEX award_grants_person ON award_grants (person_id); -- the file of a person
SELECT audit_watch('award_grants');

-- Whom and where to pay. A row is never changed but to be superseded, so a roster line that names one keeps meaning the
-- account that it was made for.
CREATE TABLE payees (
    id            uuid PRIMARY KEY,
    person_id     uuid NOT NULL,
    area_code     text COLLATE "C" NOT NULL,
    holder        text NOT NULL,
    relation      text NOT NULL CHECK (relation IN ('self', 'guardian', 'estate')),
    account       bytea NOT NULL, -- sealed
    reason        text NOT NULL DEFAULT '',
    recorded_at   timestamptz NOT NULL,
    recorded_by   uuid,
    superseded_at timestamptz,
    CONSTRAINT payees_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE
);
CREATE UNIQUE INDEX payees_current ON payees (person_id) WHERE superseded_at IS NULL; -- one account at a time
CREATE INDEX payees_person ON payees (person_id); -- the accounts of a person
SELECT audit_watch('payees');

-- Reasons why nothing is paid to a person for now. What is owed meanwhile is owed still.
CREATE TABLE payment_holds (
    id          uuid PRIMARY KEY,
    person_id   uuid NOT NULL,
    area_code   text COLLATE "C" NOT NULL,
    programme   text CHECK (programme IN ('living_allowance', 'nursing_subsidy')), -- null: both
    reason      text NOT NULL CHECK (reason IN ('OBJECTION', 'LEAD', 'OFFICER')),
    note        text NOT NULL DEFAULT '',
    placed_at   timestamptz NOT NULL,
    placed_by   uuid,
    released_at timestamptz,
    released_by uuid,
    CONSTRAINT payment_holds_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE
);
CREATE INDEX payment_holds_open ON payment_holds (person_id) WHERE released_at IS NULL; -- asked for every person of a roster
SELECT audit_watch('payment_holds');

-- What is owed a month, derived from facts and rules like standings, never edited by hand.
CREATE TABLE dues (
    person_id     uuid NOT NULL REFERENCES persons,
    programme     text COLLATE "C" NOT NULL,
    from_month    date NOT NULL CHECK (extract(day FROM from_month) = 1),
    to_month      date CHECK (extract(day FROM to_month) = 1 AND to_month >= from_month), -- last month; null: open
    award_id      uuid NOT NULL REFERENCES awards,
    level         smallint NOT NULL,
    amount_fen    bigint NOT NULL CHECK (amount_fen > 0),
    rule_set      text NOT NULL,
    rate_document text NOT NULL,
    area_code     text COLLATE "C" NOT NULL, -- that manages the person on the first of the month
    PRIMARY KEY (person_id, programme, from_month)
);
CREATE INDEX dues_area ON dues (area_code, person_id); -- the roster of a town

-- From which month on what is owed and what was paid may differ: before it nothing is open. A change of what is owed, a
-- payment that failed, a roster that was undone move it back; a locked roster moves it on.
CREATE TABLE open_months (
    person_id  uuid NOT NULL REFERENCES persons,
    programme  text COLLATE "C" NOT NULL,
    open_from  date NOT NULL,
    PRIMARY KEY (person_id, programme)
) WITH (fillfactor = 80); -- every locked roster updates its rows in place

-- A roster of payments and its way: calculated, checked, locked, sent, answered by the bank, closed.
CREATE TABLE rosters (
    id             uuid PRIMARY KEY,
    version        integer NOT NULL DEFAULT 1,
    month          date NOT NULL CHECK (extract(day FROM month) = 1),
    area_code      text COLLATE "C" NOT NULL,
    programme      text CHECK (programme IN ('living_allowance', 'nursing_subsidy')), -- null: both
    state          text NOT NULL CHECK (state IN ('draft', 'calculated', 'checked', 'locked', 'sent', 'results_in', 'closed', 'cancelled')),
    made_by        uuid NOT NULL REFERENCES accounts,
    made_at        timestamptz NOT NULL,
    checked_by     uuid REFERENCES accounts,
    checked_at     timestamptz,
    locked_by      uuid REFERENCES accounts,
    locked_at      timestamptz,
    sent_by        uuid REFERENCES accounts,
    sent_at        timestamptz,
    closed_by      uuid REFERENCES accounts,
    closed_at      timestamptz,
    persons        integer NOT NULL DEFAULT 0, -- of the lines that are paid
    lines          integer NOT NULL DEFAULT 0,
    person_months  integer NOT NULL DEFAULT 0,
    held           integer NOT NULL DEFAULT 0, -- lines that are not paid for now
    gross_fen      bigint NOT NULL DEFAULT 0,
    deduction_fen  bigint NOT NULL DEFAULT 0,
    net_fen        bigint NOT NULL DEFAULT 0,
    programmes     jsonb NOT NULL DEFAULT '[]', -- totals of each programme
    checksum       bytea, -- over all lines, given when locked
    -- maker, checker and sender are three people, whatever their roles
    CONSTRAINT rosters_checker_is_another CHECK (checked_by IS NULL OR checked_by <> made_by),
    CONSTRAINT rosters_sender_is_another CHECK (sent_by IS NULL OR (sent_by <> made_by AND sent_by <> checked_by)),
    CONSTRAINT rosters_locked_has_checksum CHECK (state IN ('draft', 'calculated', 'checked', 'cancelled') OR checksum IS NOT NULL)
);
CREATE INDEX rosters_month ON rosters (month, area_code); -- the list of rosters
SELECT audit_watch('rosters');

CREATE TABLE roster_transitions (from_state text NOT NULL, to_state text NOT NULL, PRIMARY KEY (from_state, to_state));
INSERT INTO roster_transitions VALUES ('draft', 'calculated'), ('draft', 'cancelled'), ('calculated', 'calculated'), ('calculated', 'checked'),
    ('calculated', 'cancelled'), ('checked', 'calculated'), ('checked', 'locked'), ('checked', 'cancelled'), ('locked', 'sent'),
    ('sent', 'results_in'), ('results_in', 'results_in'), ('results_in', 'closed');

-- +goose StatementBegin
CREATE FUNCTION rosters_legal_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> OLD.state AND NOT EXISTS (SELECT FROM roster_transitions WHERE from_state = OLD.state AND to_state = NEW.state) THEN
        RAISE EXCEPTION 'a roster does not go from % to %', OLD.state, NEW.state;
    END IF;
    IF OLD.checksum IS NOT NULL AND (NEW.checksum, NEW.month, NEW.area_code, NEW.programme, NEW.net_fen, NEW.gross_fen, NEW.lines, NEW.made_by, NEW.checked_by)
        IS DISTINCT FROM (OLD.checksum, OLD.month, OLD.area_code, OLD.programme, OLD.net_fen, OLD.gross_fen, OLD.lines, OLD.made_by, OLD.checked_by) THEN
        RAISE EXCEPTION 'a locked roster does not change';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER legal_step BEFORE UPDATE ON rosters FOR EACH ROW EXECUTE FUNCTION rosters_legal_step();

-- One line is what one person gets from one programme. Written by the million and immutable once locked, lines and
-- payments are covered by the checksum of their roster in its audit entry instead of one audit row each.
CREATE TABLE roster_lines (
    roster_id      uuid NOT NULL REFERENCES rosters,
    seq            integer NOT NULL,
    person_id      uuid NOT NULL,
    programme      text COLLATE "C" NOT NULL,
    award_id       uuid NOT NULL,
    payee_id       uuid, -- null: nobody knows where to pay
    area_code      text COLLATE "C" NOT NULL,
    level          smallint NOT NULL,
    rate_fen       bigint NOT NULL,
    rate_document  text NOT NULL,
    months         integer NOT NULL CHECK (months > 0), -- person-months
    arrears_from   date,
    arrears_to     date,
    regular_fen    bigint NOT NULL CHECK (regular_fen >= 0),
    arrears_fen    bigint NOT NULL CHECK (arrears_fen >= 0),
    supplement_fen bigint NOT NULL CHECK (supplement_fen >= 0),
    deduction_fen  bigint NOT NULL CHECK (deduction_fen >= 0),
    net_fen        bigint NOT NULL CHECK (net_fen >= 0),
    hold           text NOT NULL DEFAULT '', -- why the line is not paid: NO_ACCOUNT, NOTICE, OBJECTION, LEAD, OFFICER
    state          text NOT NULL CHECK (state IN ('due', 'held', 'sent', 'paid', 'failed')),
    failure        text NOT NULL DEFAULT '', -- as the bank says
    PRIMARY KEY (roster_id, seq),
    CONSTRAINT roster_lines_once UNIQUE (roster_id, person_id, programme),
    CONSTRAINT roster_lines_add_up CHECK (net_fen = regular_fen + arrears_fen + supplement_fen - deduction_fen),
    CONSTRAINT roster_lines_held_says_why CHECK ((state = 'held') = (hold <> '')),
    CONSTRAINT roster_lines_paid_to_somebody CHECK (state = 'held' OR payee_id IS NOT NULL)
);
CREATE INDEX roster_lines_person ON roster_lines (person_id, programme); -- the ledger of a person

-- One payment is what a line pays for one month. It is live from the calculation on until the bank fails it; the two
-- keys let no difference be paid twice, however many rosters are calculated and by however many processes.
CREATE TABLE payments (
    roster_id  uuid NOT NULL,
    person_id  uuid NOT NULL,
    programme  text COLLATE "C" NOT NULL,
    month      date NOT NULL,
    award_id   uuid NOT NULL,
    kind       text COLLATE "C" NOT NULL CHECK (kind IN ('regular', 'arrears', 'supplement')),
    sequence   smallint NOT NULL, -- which payment for this month it is, counting live ones from 1
    amount_fen bigint NOT NULL CHECK (amount_fen > 0),
    live       boolean NOT NULL DEFAULT true,
    PRIMARY KEY (roster_id, person_id, programme, month),
    CONSTRAINT payments_of_line FOREIGN KEY (roster_id, person_id, programme) REFERENCES roster_lines (roster_id, person_id, programme) ON DELETE CASCADE
);
CREATE UNIQUE INDEX payments_once ON payments (person_id, programme, month, sequence) WHERE live;
CREATE UNIQUE INDEX payments_once_a_kind ON payments (award_id, month) WHERE live AND kind <> 'supplement'; -- regular and arrears pay a month first, once

-- What was paid and was not owed, and what became of it.
CREATE TABLE recoveries (
    id            uuid PRIMARY KEY,
    version       integer NOT NULL DEFAULT 1,
    person_id     uuid NOT NULL,
    area_code     text COLLATE "C" NOT NULL,
    programme     text NOT NULL CHECK (programme IN ('living_allowance', 'nursing_subsidy')),
    state         text NOT NULL CHECK (state IN ('open', 'notified', 'instalments', 'transferred', 'closed')),
    reason        text NOT NULL,
    opened_at     timestamptz NOT NULL,
    closed_at     timestamptz,
    consented_fen bigint NOT NULL DEFAULT 0 CHECK (consented_fen >= 0), -- what may still be kept back from rosters, with consent
    CONSTRAINT recoveries_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE
);
CREATE INDEX recoveries_person ON recoveries (person_id, programme); -- the ledger of a person
CREATE INDEX recoveries_open ON recoveries (area_code, id) WHERE state <> 'closed'; -- the list of an office
SELECT audit_watch('recoveries');

CREATE TABLE recovery_months (
    id           uuid PRIMARY KEY,
    recovery_id  uuid NOT NULL REFERENCES recoveries,
    person_id    uuid NOT NULL,
    area_code    text COLLATE "C" NOT NULL,
    programme    text NOT NULL,
    month        date NOT NULL,
    amount_fen   bigint NOT NULL CHECK (amount_fen >= 0), -- asked back; what was asked wrongly is taken off again
    repaid_fen   bigint NOT NULL DEFAULT 0 CHECK (repaid_fen >= 0),
    waived_fen   bigint NOT NULL DEFAULT 0 CHECK (waived_fen >= 0),
    CONSTRAINT recovery_months_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE,
    CONSTRAINT recovery_months_once UNIQUE (recovery_id, month),
    CONSTRAINT recovery_months_add_up CHECK (repaid_fen + waived_fen <= amount_fen)
);
CREATE INDEX recovery_months_person ON recovery_months (person_id, programme, month); -- the ledger of a person
SELECT audit_watch('recovery_months');

CREATE TABLE recovery_events (
    id          uuid PRIMARY KEY,
    recovery_id uuid NOT NULL REFERENCES recoveries,
    at          timestamptz NOT NULL,
    event       text NOT NULL CHECK (event IN ('opened', 'increased', 'reduced', 'notified', 'consented', 'instalments_agreed', 'repaid', 'offset',
                    'transferred', 'waiver_proposed', 'waived', 'closed')),
    amount_fen  bigint NOT NULL DEFAULT 0 CHECK (amount_fen >= 0),
    reason      text NOT NULL DEFAULT '',
    roster_id   uuid REFERENCES rosters, -- of an offset
    actor_id    uuid
);
CREATE INDEX recovery_events_recovery ON recovery_events (recovery_id, at); -- the steps of a recovery in order
SELECT audit_watch('recovery_events');

-- Who proposes a waiver does not approve it.
-- +goose StatementBegin
CREATE FUNCTION recovery_events_waived_by_another() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.event = 'waived' AND NOT EXISTS (
        SELECT FROM recovery_events e WHERE e.recovery_id = NEW.recovery_id AND e.event = 'waiver_proposed' AND e.actor_id <> NEW.actor_id
            AND e.amount_fen = NEW.amount_fen) THEN
        RAISE EXCEPTION 'a waiver is proposed by one and approved by another' USING ERRCODE = '23514', CONSTRAINT = 'recovery_waived_by_another';
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER waived_by_another BEFORE INSERT ON recovery_events FOR EACH ROW EXECUTE FUNCTION recovery_events_waived_by_another();

-- Lines and payments: signed like all else, written only while their roster may change, and afterwards only answered by
-- the bank. Once a statement, so a million lines cost one look.
-- +goose StatementBegin
CREATE FUNCTION roster_rows_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM audit_entry_of_this_transaction(TG_TABLE_NAME);
    IF EXISTS (SELECT FROM rosters WHERE id IN (SELECT DISTINCT roster_id FROM touched)
        AND NOT CASE TG_OP WHEN 'UPDATE' THEN state IN ('locked', 'sent', 'results_in') ELSE state IN ('draft', 'calculated', 'checked', 'cancelled') END) THEN
        RAISE EXCEPTION 'rows of a locked roster do not change' USING ERRCODE = 'ZC002';
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['roster_lines', 'payments'] LOOP
        EXECUTE format('CREATE TRIGGER guard_insert AFTER INSERT ON %s REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION roster_rows_guard()', t);
        EXECUTE format('CREATE TRIGGER guard_update AFTER UPDATE ON %s REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION roster_rows_guard()', t);
        EXECUTE format('CREATE TRIGGER guard_delete AFTER DELETE ON %s REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION roster_rows_guard()', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['award_suspensions', 'award_grants', 'payees', 'payment_holds', 'recoveries', 'recovery_months'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE TRIGGER area_of_person BEFORE INSERT ON %I FOR EACH ROW WHEN (NEW.area_code IS NULL) EXECUTE FUNCTION area_of_person()', t);
        EXECUTE format('CREATE POLICY area ON %I USING (area_code >= (SELECT rtrim(current_setting(''zhucan.area'', true), '':''))
            AND area_code < (SELECT current_setting(''zhucan.area'', true)))', t);
    END LOOP;
    -- these keep the area of their time, like standings
    FOREACH t IN ARRAY ARRAY['dues', 'roster_lines', 'rosters'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY area ON %I USING (area_code >= (SELECT rtrim(current_setting(''zhucan.count_area'', true), '':''))
            AND area_code < (SELECT current_setting(''zhucan.count_area'', true)))', t);
    END LOOP;
END $$;
-- +goose StatementEnd

ALTER TABLE recovery_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE recovery_events FORCE ROW LEVEL SECURITY;
CREATE POLICY area ON recovery_events USING ((SELECT current_setting('zhucan.area', true) = ':')
    OR EXISTS (SELECT FROM recoveries r WHERE r.id = recovery_id));

GRANT SELECT, INSERT ON award_suspensions, award_grants, payees, payment_holds, dues, open_months, rosters, roster_lines, payments, recoveries,
    recovery_months, recovery_events TO zhucan_app;
GRANT SELECT ON roster_transitions TO zhucan_app;
GRANT UPDATE (to_month, back_pay) ON award_suspensions TO zhucan_app;
GRANT UPDATE (superseded_at) ON payees TO zhucan_app;
GRANT UPDATE (released_at, released_by) ON payment_holds TO zhucan_app;
GRANT UPDATE ON open_months, rosters, recoveries, recovery_months TO zhucan_app;
GRANT UPDATE (state, failure) ON roster_lines TO zhucan_app;
GRANT UPDATE (live) ON payments TO zhucan_app;
GRANT DELETE ON dues, open_months, roster_lines, payments TO zhucan_app;

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION refresh_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    ANALYZE persons, certificates, certificate_events, circumstances, person_aliases, applications, awards, standings, dues, open_months;
END $$;
-- +goose StatementEnd
