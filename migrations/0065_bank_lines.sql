-- +goose Up

-- What the bank is told of whom a line of a roster pays, as it is when the roster is locked. A name, a number, a card or a village's name that is
-- corrected later changes no file that the bank has been given. Sealed values are copies, and open as of the rows that they come from.
CREATE TABLE bank_lines (
    roster_id   uuid NOT NULL,
    seq         integer NOT NULL,
    name        text NOT NULL,
    id_number   bytea, -- as of the person of the line
    holder      text NOT NULL,
    account     bytea NOT NULL, -- as of the payee of the line
    card_id     uuid,
    card_number bytea, -- as of the card
    category    smallint,
    town        text NOT NULL,
    village     text NOT NULL,
    programme   text NOT NULL, -- its name
    since_lock  boolean NOT NULL DEFAULT true, -- false: the roster was locked before this table, and the line is as it was at the upgrade
    PRIMARY KEY (roster_id, seq),
    CONSTRAINT bank_lines_of_line FOREIGN KEY (roster_id, seq) REFERENCES roster_lines (roster_id, seq) ON DELETE CASCADE
);

SELECT set_config('zhucan.area', ':', true), set_config('zhucan.count_area', ':', true);
INSERT INTO bank_lines
SELECT l.roster_id, l.seq, p.name, p.id_number, y.holder, y.account, c.id, c.number, c.category, coalesce(t.name, ''), coalesce(v.name, ''),
    CASE l.programme WHEN 'living_allowance' THEN '困难残疾人生活补贴' WHEN 'nursing_subsidy' THEN '重度残疾人护理补贴' ELSE l.programme END, false
FROM rosters r JOIN roster_lines l ON l.roster_id = r.id JOIN persons p ON p.id = l.person_id JOIN payees y ON y.id = l.payee_id
LEFT JOIN merged_persons g ON g.person_id = l.person_id
LEFT JOIN certificates c ON c.person_id = CASE WHEN g.into_id IS NULL THEN l.person_id ELSE g.into_id END AND c.issued_on <= r.month + interval '1 month -1 day'
    AND (c.held_to IS NULL OR c.held_to >= r.month + interval '1 month -1 day')
LEFT JOIN divisions t ON t.code = left(l.area_code, 9) AND t.superseded_at IS NULL AND t.valid_from <= r.month AND (t.valid_to IS NULL OR t.valid_to >= r.month)
LEFT JOIN divisions v ON v.code = l.area_code AND v.level = 'village' AND v.superseded_at IS NULL AND v.valid_from <= r.month AND (v.valid_to IS NULL OR v.valid_to >= r.month)
WHERE r.checksum IS NOT NULL AND l.hold = '' AND l.net_fen > 0;

-- Like lines and payments they are covered by the checksum of their roster, and appear only before it is locked. Whoever may take out a roster gets
-- all of it, also what is of somebody who has moved away since; so they are read without bounds or not at all.
CREATE TRIGGER guard_insert AFTER INSERT ON bank_lines REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION roster_rows_guard();
CREATE TRIGGER guard_update AFTER UPDATE ON bank_lines REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION roster_rows_guard();
CREATE TRIGGER guard_delete AFTER DELETE ON bank_lines REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION roster_rows_guard();
ALTER TABLE bank_lines ENABLE ROW LEVEL SECURITY;
ALTER TABLE bank_lines FORCE ROW LEVEL SECURITY;
CREATE POLICY area ON bank_lines USING ((SELECT current_setting('zhucan.area', true) = ':'));
GRANT SELECT, INSERT ON bank_lines TO zhucan_app;
