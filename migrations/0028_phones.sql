-- +goose Up

SET LOCAL zhucan.area = ':';

-- Browsers in which somebody works without a network. Each keeps what is entered under a key of its own; secret opens that key where
-- the PIN is forgotten, and is told only right after a sign-in. waiting is what the phone said of itself when it was last heard of,
-- which is nothing that has been decided, so it is not in the audit; that a phone is made and opened is.
CREATE TABLE phones (
    id           uuid PRIMARY KEY,
    account_id   uuid NOT NULL REFERENCES accounts,
    secret       bytea NOT NULL, -- sealed
    made_at      timestamptz NOT NULL,
    waiting      integer NOT NULL DEFAULT 0 CHECK (waiting >= 0), -- entries that are not sent yet
    oldest_at    timestamptz,                                     -- when the oldest of them was entered
    contacted_at timestamptz NOT NULL,
    CONSTRAINT phones_oldest_waits CHECK ((waiting = 0) = (oldest_at IS NULL))
);
CREATE INDEX phones_waiting ON phones (account_id) WHERE waiting > 0; -- what offices ask for
GRANT SELECT, INSERT ON phones TO zhucan_app;
GRANT UPDATE (waiting, oldest_at, contacted_at) ON phones TO zhucan_app;
