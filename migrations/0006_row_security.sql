-- +goose Up

-- The second wall: even a query that forgets its area sees no row outside it. The bounds are set for one transaction
-- by the store; unset means no row at all. Codes are compared as ranges under the C collation, never by LIKE.
-- lo = '' and hi = ':' is the whole register (':' sorts after every digit).

ALTER TABLE persons ENABLE ROW LEVEL SECURITY;
ALTER TABLE persons FORCE ROW LEVEL SECURITY;
-- The settings are read in sub-selects, once a statement; as bare functions they would be read once a row.
CREATE POLICY area ON persons USING (managing_area_code >= (SELECT current_setting('zhucan.lo', true))
    AND managing_area_code < (SELECT current_setting('zhucan.hi', true)));

-- A function and not a sub-select: the planner would answer a sub-select by reading all persons into a hash, for the
-- sake of the few rows of one file. Both run as their caller, under row security.
-- +goose StatementBegin
CREATE FUNCTION person_in_area(person uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM persons WHERE id = person);
END $$;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION application_in_area(application uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
    RETURN EXISTS (SELECT FROM applications WHERE id = application);
END $$;
-- +goose StatementEnd

-- Tables that belong to a person are visible with the person.
-- +goose StatementBegin
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['person_aliases', 'certificates', 'certificate_events', 'circumstances', 'applications', 'awards'] LOOP
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY area ON %I USING ((SELECT current_setting(''zhucan.lo'', true) = '''' AND current_setting(''zhucan.hi'', true) = '':'') OR person_in_area(person_id))', t);
    END LOOP;
END $$;
-- +goose StatementEnd

ALTER TABLE application_steps ENABLE ROW LEVEL SECURITY;
ALTER TABLE application_steps FORCE ROW LEVEL SECURITY;
CREATE POLICY area ON application_steps USING ((SELECT current_setting('zhucan.lo', true) = '' AND current_setting('zhucan.hi', true) = ':') OR application_in_area(application_id));

-- Standings carry no name and keep the area of their time; counting has bounds of its own, so that a
-- statistician counts where he may not see a person.
ALTER TABLE standings ENABLE ROW LEVEL SECURITY;
ALTER TABLE standings FORCE ROW LEVEL SECURITY;
CREATE POLICY area ON standings USING (area_code >= (SELECT current_setting('zhucan.count_lo', true))
    AND area_code < (SELECT current_setting('zhucan.count_hi', true)));

-- Grants of the service. No DELETE but on what is derived or short-lived; nothing at all on the audit's tables but reading.
GRANT USAGE ON SCHEMA public TO zhucan_app, zhucan_auditor;
GRANT SELECT, INSERT ON divisions, accounts, sessions, refresh_tokens, login_attempts, idempotency_keys, policy_packs, persons,
    person_aliases, certificates, certificate_events, circumstances, applications, application_steps, awards, imports, standings TO zhucan_app;
GRANT SELECT ON application_transitions, audit_entries, audit_changes TO zhucan_app;
GRANT UPDATE ON accounts, sessions, refresh_tokens, login_attempts, idempotency_keys, persons, certificates, applications, awards,
    divisions TO zhucan_app;
GRANT UPDATE (superseded_at) ON circumstances TO zhucan_app;
GRANT DELETE ON sessions, refresh_tokens, login_attempts, idempotency_keys, standings TO zhucan_app;
REVOKE ALL ON FUNCTION audit_sign, audit_describe, audit_entry_of_this_transaction, audit_seal, audit_capture, audit_watch FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_sign, audit_describe TO zhucan_app;

GRANT SELECT ON audit_entries, audit_changes TO zhucan_auditor;

-- After a bulk load the planner must know at once how large the tables have become; waiting for the server's own round
-- would leave a minute of bad plans.
-- +goose StatementBegin
CREATE FUNCTION refresh_statistics() RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    ANALYZE persons, certificates, certificate_events, circumstances, person_aliases, applications, awards, standings;
END $$;
-- +goose StatementEnd
REVOKE ALL ON FUNCTION refresh_statistics FROM PUBLIC;
GRANT EXECUTE ON FUNCTION refresh_statistics TO zhucan_app;
GRANT SELECT ON goose_db_version TO zhucan_app;
