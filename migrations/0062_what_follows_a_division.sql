-- +goose Up

-- Where a facility stood until the end of a division: what is counted on a day before it stays with the old code.
CREATE TABLE facility_places (
    id          uuid PRIMARY KEY,
    facility_id uuid NOT NULL REFERENCES facilities,
    valid_to    date NOT NULL,
    area_code   text COLLATE "C" NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT facility_places_once UNIQUE (facility_id, valid_to)
);
SELECT audit_watch('facility_places');
GRANT SELECT, INSERT ON facility_places TO zhucan_app;

-- A ticket that is open goes with its unit to the one that follows. On the command line nobody does it who has an account.
ALTER TABLE ticket_steps
    ALTER COLUMN actor_id DROP NOT NULL,
    ADD CONSTRAINT ticket_steps_taken_by_somebody CHECK (actor_id IS NOT NULL OR step = 'follow'),
    DROP CONSTRAINT ticket_steps_legal,
    ADD CONSTRAINT ticket_steps_legal CHECK ((step, from_state, to_state) IN (('receive', 'received', 'received'),
        ('assign', 'received', 'assigned'), ('assign', 'returned', 'assigned'), ('forward', 'assigned', 'assigned'), ('return', 'assigned', 'returned'),
        ('reply', 'assigned', 'answered'), ('call_back', 'answered', 'called_back'), ('call_back', 'answered', 'assigned'),
        ('close', 'called_back', 'closed'), ('close', 'answered', 'closed'), ('reopen', 'closed', 'assigned'), ('archive', 'closed', 'archived'),
        ('follow', 'assigned', 'assigned'), ('follow', 'answered', 'answered'), ('follow', 'called_back', 'called_back')));
