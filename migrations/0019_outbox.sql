-- +goose Up

-- What other departments may want to know. An event stands in the transaction of its change; it holds ids and codes, never a
-- name, a number or a day of somebody's life: who may see more fetches it.
CREATE TABLE events (
    id          uuid PRIMARY KEY,
    seq         bigint, -- null until the transaction commits
    entry_id    uuid NOT NULL DEFAULT nullif(current_setting('zhucan.entry', true), '')::uuid, -- the audit entry of the change
    type        text COLLATE "C" NOT NULL,
    subject_id  uuid NOT NULL,
    person_id   uuid,
    area_code   text COLLATE "C" NOT NULL, -- where the subject stood then
    occurred_at timestamptz NOT NULL,
    data        jsonb NOT NULL
);
CREATE UNIQUE INDEX events_in_order ON events (seq) WHERE seq IS NOT NULL; -- the feed
CREATE INDEX events_unnumbered ON events (entry_id, id) WHERE seq IS NULL; -- those of the transaction that is just committing

-- +goose StatementBegin
CREATE FUNCTION events_signed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM audit_entry_of_this_transaction(TG_TABLE_NAME);
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER signed AFTER INSERT ON events FOR EACH STATEMENT EXECUTE FUNCTION events_signed();

-- Events are numbered at commit, under a lock that is held until the commit is visible to everybody. So whoever sees a number
-- sees every smaller one, and a reader that goes on from the last number it saw never misses an event, however long the
-- transaction took that made it. It fires behind seal (triggers fire in order of their names), so both locks are always taken in
-- one order.
-- +goose StatementBegin
CREATE FUNCTION events_number() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    last bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM events WHERE entry_id = NEW.id AND seq IS NULL) THEN
        RETURN NULL;
    END IF;
    PERFORM pg_advisory_xact_lock(370305, 16);
    SELECT coalesce(max(seq), 0) INTO last FROM events;
    UPDATE events e SET seq = last + n.n
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM events WHERE entry_id = NEW.id AND seq IS NULL) n WHERE e.id = n.id;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER sealed_events AFTER INSERT ON audit_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION events_number();

-- events_horizon is the last number given, whatever the reader may see of it.
CREATE FUNCTION events_horizon() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$ SELECT coalesce(max(seq), 0) FROM events $$;

-- Readers see their area. What is written follows from a change that row security has let through, or from a count
-- (a statistician, who sees no person, seals releases). The numbering runs as the owner, who has to see all of it.
ALTER TABLE events ENABLE ROW LEVEL SECURITY;
CREATE POLICY area ON events FOR SELECT USING (area_code >= (SELECT rtrim(current_setting('zhucan.area', true), ':'))
    AND area_code < (SELECT current_setting('zhucan.area', true)));
CREATE POLICY written ON events FOR INSERT WITH CHECK (true);
GRANT SELECT, INSERT (id, type, subject_id, person_id, area_code, occurred_at, data) ON events TO zhucan_app; -- neither seq nor entry_id
REVOKE ALL ON FUNCTION events_signed, events_number, events_horizon FROM PUBLIC;
GRANT EXECUTE ON FUNCTION events_horizon TO zhucan_app;

-- Where events are sent. One that is deleted stays for the audit and is sent nothing.
CREATE TABLE webhooks (
    id         uuid PRIMARY KEY,
    version    integer NOT NULL DEFAULT 1,
    area_code  text COLLATE "C" NOT NULL, -- events of this area and all below it
    url        text NOT NULL CHECK (length(url) BETWEEN 1 AND 500),
    types      text[] NOT NULL CHECK (cardinality(types) > 0),
    secret     bytea NOT NULL, -- sealed
    paused     boolean NOT NULL DEFAULT false,
    deleted_at timestamptz,
    created_at timestamptz NOT NULL,
    created_by uuid
);
CREATE INDEX webhooks_area ON webhooks (area_code, id) WHERE deleted_at IS NULL; -- lists
SELECT audit_watch('webhooks');

-- How far a webhook has come, and which process is sending to it: one at a time, until it has done or its claim has run out
-- because it died. Bookkeeping of the service, like the deliveries below: nobody signs it.
CREATE TABLE webhook_progress (
    webhook_id    uuid PRIMARY KEY REFERENCES webhooks,
    cursor        bigint NOT NULL, -- every event up to here was delivered, given up or not asked for
    claimed_by    uuid,
    claimed_until timestamptz
);

-- What became of an event at a webhook: pending while it is tried again, dead when it was given up.
CREATE TABLE webhook_deliveries (
    id         uuid PRIMARY KEY,
    webhook_id uuid NOT NULL REFERENCES webhooks,
    event_id   uuid NOT NULL REFERENCES events,
    seq        bigint NOT NULL, -- of the event
    type       text COLLATE "C" NOT NULL,
    state      text NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts   integer NOT NULL CHECK (attempts >= 0),
    next_at    timestamptz, -- of the next attempt
    status     smallint,    -- of the last answer, where there was one
    error      text NOT NULL DEFAULT '', -- a code of ours, never what the receiver said
    first_at   timestamptz NOT NULL,
    last_at    timestamptz NOT NULL,
    CONSTRAINT webhook_deliveries_once UNIQUE (webhook_id, seq), -- lists, and one row for all attempts
    CONSTRAINT webhook_deliveries_next CHECK ((state = 'pending') = (next_at IS NOT NULL))
);
CREATE INDEX webhook_deliveries_pending ON webhook_deliveries (webhook_id, seq) WHERE state = 'pending'; -- what to try again
CREATE INDEX webhook_deliveries_old ON webhook_deliveries (last_at) WHERE state = 'delivered';           -- what to forget
GRANT SELECT, INSERT ON webhooks, webhook_progress, webhook_deliveries TO zhucan_app;
GRANT UPDATE (version, paused, deleted_at) ON webhooks TO zhucan_app;
GRANT UPDATE ON webhook_progress, webhook_deliveries TO zhucan_app;
GRANT DELETE ON webhook_deliveries TO zhucan_app;

-- Who took out which list for another department. The file itself is not kept.
CREATE TABLE exports (
    id         uuid PRIMARY KEY,
    list       text COLLATE "C" NOT NULL,
    area_code  text COLLATE "C" NOT NULL,
    form       text NOT NULL CHECK (form IN ('csv', 'xlsx')),
    purpose    text NOT NULL CHECK (length(purpose) BETWEEN 1 AND 1000),
    rows       integer NOT NULL CHECK (rows >= 0),
    account_id uuid NOT NULL REFERENCES accounts,
    role       text NOT NULL,
    acting_for uuid REFERENCES accounts,
    at         timestamptz NOT NULL
);
CREATE INDEX exports_area ON exports (area_code, id); -- lists
SELECT audit_watch('exports');
GRANT SELECT, INSERT ON exports TO zhucan_app;
