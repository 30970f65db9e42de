-- +goose Up

-- By what the service finds out that a key file is the one of this register, before it works with another: people would be entered twice, since
-- their blind indexes differ, and what is sealed would not open for some of them. A proof tells nothing of its key.
--   blind_index  a keyed hash of a constant; there is one key for the life of a register
--   encryption   a constant sealed by this key
--   sealing      the same, of a key that rows have been sealed by, without which they cannot be read
CREATE TABLE key_proofs (
    use      text NOT NULL CHECK (use IN ('blind_index', 'encryption', 'sealing')),
    key_id   text NOT NULL CHECK (length(key_id) <= 32 AND (key_id = '') = (use = 'blind_index')),
    proof    bytea NOT NULL,
    added_at timestamptz NOT NULL,
    PRIMARY KEY (use, key_id)
);
GRANT SELECT, INSERT ON key_proofs TO zhucan_app;
