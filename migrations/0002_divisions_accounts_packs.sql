-- +goose Up

-- Administrative divisions, effective-dated: codes are revoked, merged and renamed over the years.
CREATE TABLE divisions (
    id                uuid PRIMARY KEY,
    code              text COLLATE "C" NOT NULL CHECK (code ~ '^(\d{2}|\d{4}|\d{6}|\d{9}|\d{12})$'),
    name              text NOT NULL,
    level             text NOT NULL CHECK (level IN ('province', 'city', 'district', 'town', 'village')),
    parent_code       text COLLATE "C" NOT NULL,
    urban_rural_class text CHECK (urban_rural_class IN ('111', '112', '121', '122', '123', '210', '220')), -- null: not known
    valid_from        date NOT NULL,
    valid_to          date,
    successor_code    text COLLATE "C",
    CONSTRAINT divisions_dates CHECK (valid_to IS NULL OR valid_to >= valid_from),
    CONSTRAINT divisions_one_at_a_time EXCLUDE USING gist (code WITH =, daterange(valid_from, valid_to, '[]') WITH &&)
);
CREATE INDEX divisions_parent ON divisions (parent_code, code); -- children of an area
SELECT audit_watch('divisions');

CREATE TABLE accounts (
    id           uuid PRIMARY KEY,
    version      integer NOT NULL DEFAULT 1,
    username     text NOT NULL CHECK (username ~ '^[a-z0-9][a-z0-9_.-]{1,59}$'),
    name         text NOT NULL,
    role         text NOT NULL CHECK (role IN ('village_liaison', 'town_officer', 'cdpf_reviewer', 'civil_affairs_approver',
                     'finance_officer', 'statistician', 'hotline_clerk', 'auditor', 'administrator')),
    area_code    text COLLATE "C" NOT NULL CHECK (area_code ~ '^(\d{2}|\d{4}|\d{6}|\d{9}|\d{12})$'),
    password_phc text NOT NULL,
    disabled     boolean NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL,
    updated_at   timestamptz NOT NULL,
    CONSTRAINT accounts_username_taken UNIQUE (username)
);
SELECT audit_watch('accounts');

-- A sign-in. Access tokens name it; ending it ends them.
CREATE TABLE sessions (
    id         uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES accounts,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at   timestamptz
);
CREATE INDEX sessions_account ON sessions (account_id) WHERE ended_at IS NULL; -- end all sessions of an account

-- Refresh tokens of a session; only their SHA-256 is known here. A used one that comes again ends the session.
CREATE TABLE refresh_tokens (
    hash       bytea PRIMARY KEY,
    session_id uuid NOT NULL REFERENCES sessions ON DELETE CASCADE,
    issued_at  timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX refresh_tokens_session ON refresh_tokens (session_id); -- removed with the session

-- Failed sign-ins by keyed hash of (user name, client network) and of client address; never by user name alone.
CREATE TABLE login_attempts (
    bucket       bytea PRIMARY KEY,
    failures     integer NOT NULL,
    last_failure timestamptz NOT NULL,
    window_start timestamptz NOT NULL
);

-- Answers already given, by account and Idempotency-Key, written in the transaction that did the work.
CREATE TABLE idempotency_keys (
    account_id   uuid NOT NULL REFERENCES accounts,
    key          text NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
    request_hash bytea NOT NULL,
    status       integer,
    etag         text,
    body         bytea,
    created_at   timestamptz NOT NULL,
    PRIMARY KEY (account_id, key)
);

-- Policy packs as activated: the document itself, so that last year's decision can be explained next year.
CREATE TABLE policy_packs (
    id           uuid PRIMARY KEY,
    name         text NOT NULL,
    version      text NOT NULL,
    sha256       bytea NOT NULL,
    document     text NOT NULL,
    activated_at timestamptz NOT NULL,
    CONSTRAINT policy_packs_version_once UNIQUE (name, version)
);
SELECT audit_watch('policy_packs');
