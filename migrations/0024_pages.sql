-- +goose Up

SET LOCAL zhucan.area = ':';

-- A browser's session is one of the same sessions, named by a random cookie of which only the SHA-256 is known here. A session
-- has either a cookie or refresh tokens.
ALTER TABLE sessions ADD COLUMN cookie_hash bytea CONSTRAINT sessions_cookie_once UNIQUE;

-- What is uploaded to an application lies beside what is uploaded to a service: each file belongs to one of them.
ALTER TABLE attachments ALTER COLUMN service_id DROP NOT NULL,
    ADD COLUMN application_id uuid REFERENCES applications,
    ADD COLUMN person_id uuid, -- of the application
    ADD CONSTRAINT attachments_one_subject CHECK ((service_id IS NULL) <> (application_id IS NULL) AND (application_id IS NULL) = (person_id IS NULL)),
    ADD CONSTRAINT attachments_once_of_application UNIQUE (application_id, sha256), -- the same photo again is the same attachment
    ADD CONSTRAINT attachments_of_person FOREIGN KEY (person_id, area_code) REFERENCES persons (id, managing_area_code) ON UPDATE CASCADE;
