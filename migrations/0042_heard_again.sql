-- +goose Up

-- The import because of which a statement was withdrawn: it said otherwise, or had said so first and waits. The statement is heard again when
-- that import is taken back. No foreign key: statements are written by the tens of thousands, nearly all without it, and no import is ever deleted.
ALTER TABLE list_statements ADD COLUMN withdrawn_by uuid;
CREATE INDEX list_statements_withdrawn_by ON list_statements (withdrawn_by) WHERE withdrawn_by IS NOT NULL; -- to take an import back
GRANT UPDATE (withdrawn_by, monthly_fen, due_on) ON list_statements TO zhucan_app;
