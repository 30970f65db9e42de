-- +goose Up

SET LOCAL zhucan.area = ':';

-- A phone that is lost is written off: what opens it without its PIN is destroyed.
ALTER TABLE phones ADD COLUMN written_off_at timestamptz,
    ADD CONSTRAINT phones_lost_have_no_secret CHECK ((written_off_at IS NULL) = (secret <> ''));
GRANT UPDATE (secret, written_off_at) ON phones TO zhucan_app;
