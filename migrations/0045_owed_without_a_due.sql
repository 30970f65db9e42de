-- +goose Up

SET LOCAL zhucan.area = ':'; -- the owner, too, is under row security unless he is a superuser

-- Whose money has come back, by where they live: where more has come back than was paid, it is owed also if nothing else ever was, as of a
-- right that was void from the start. A roster of a town looks there.
CREATE INDEX recovery_months_came_back ON recovery_months (area_code, person_id) WHERE repaid_fen + waived_fen > 0;

-- Until now no roster looked at a month of which nothing is due, and closed it as paid.
INSERT INTO open_months (person_id, programme, open_from) SELECT person_id, programme, min(month) FROM recovery_months WHERE repaid_fen + waived_fen > 0 GROUP BY 1, 2
ON CONFLICT (person_id, programme) DO UPDATE SET open_from = least(open_months.open_from, excluded.open_from);

-- Every roster asks for all that may be kept back, wherever who agreed to it lives by now: few among all that was ever asked back.
CREATE INDEX recoveries_consented ON recoveries (person_id, programme) INCLUDE (consented_fen) WHERE state <> 'closed' AND consented_fen > 0;

-- A roster of which all is kept back needs no answer of the bank.
INSERT INTO roster_transitions VALUES ('locked', 'results_in');
