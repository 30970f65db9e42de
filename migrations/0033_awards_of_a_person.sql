-- +goose Up

-- Whoever reads or changes a file asks for the person's awards, for which there was only the index of awards that are not void. So every
-- change read the awards of the whole register, twice: a quarter of what a change took in a district of ten thousand.
CREATE INDEX awards_person ON awards (person_id);

-- An open entry is found by its id. Asked for as one without a number, it was looked for among all that had none at first, of which the
-- index keeps a trace until it is vacuumed.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION audit_describe(subject uuid, more jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    UPDATE audit_entries SET subject_id = coalesce(subject, subject_id), detail = detail || more
    WHERE id = nullif(current_setting('zhucan.entry', true), '')::uuid AND xact = pg_current_xact_id() AND coalesce(seq, 0) = 0;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no open audit entry in this transaction';
    END IF;
END $$;
-- +goose StatementEnd

-- Only functions ask for the entry of their transaction that are the owner's and name their search path themselves; changing both again
-- took longer than to ask.
ALTER FUNCTION audit_entry_of_this_transaction(text) SECURITY INVOKER RESET ALL;

-- Entries differ in how many changes they have, from one to an import's tens of thousands, so the changes of each were planned for anew. By
-- the index of entries is right for all of them.
ALTER FUNCTION audit_seal() SET plan_cache_mode = force_generic_plan;
ALTER FUNCTION audit_seal() SET enable_seqscan = off;
