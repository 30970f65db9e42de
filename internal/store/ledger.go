package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
)

// ledgerOf is every month of a person up to one in which something is owed, was paid or has come back; with what was paid under a
// file that is merged into this one.
const ledgerOf = `
WITH due AS (
    SELECT d.programme, m::date AS month, d.amount_fen, d.level, d.rule_set, d.rate_document
    FROM dues d CROSS JOIN LATERAL generate_series(d.from_month::timestamp, least(coalesce(d.to_month, $2::date), $2::date)::timestamp, '1 month') m
    WHERE d.person_id = $1
), paid AS (
    SELECT p.programme, p.month, sum(p.amount_fen) FILTER (WHERE l.state = 'paid') AS paid,
           sum(p.amount_fen) FILTER (WHERE l.state <> 'paid') AS coming, array_agg(p.roster_id ORDER BY p.sequence) AS rosters
    FROM payments p JOIN roster_lines l USING (roster_id, person_id, programme)
    WHERE p.person_id = ANY(ARRAY(SELECT $1::uuid WHERE NOT EXISTS (SELECT FROM merged_persons g WHERE g.person_id = $1)
        UNION ALL SELECT g.person_id FROM merged_persons g WHERE g.into_id = $1)) AND p.live
    GROUP BY 1, 2
), back AS (
    SELECT programme, month, sum(repaid_fen) AS repaid, sum(waived_fen) AS waived FROM recovery_months
    WHERE person_id = $1 AND month <= $2::date AND repaid_fen + waived_fen > 0 GROUP BY 1, 2
)
SELECT programme, month, coalesce(amount_fen, 0), coalesce(level, 0), coalesce(rule_set, ''), coalesce(rate_document, ''),
       coalesce(paid, 0)::bigint, coalesce(coming, 0)::bigint, coalesce(repaid, 0)::bigint, coalesce(waived, 0)::bigint, coalesce(rosters, '{}')
FROM due FULL JOIN paid USING (programme, month) FULL JOIN back USING (programme, month)
ORDER BY programme, month`

// Ledger is the account of a person month by month up to a month. Dues and payments keep the area of their time, so
// they are read with open bounds, after the person has been seen inside the actor's own.
func (db *DB) Ledger(ctx context.Context, who access.Actor, person uuid.UUID, upTo calendar.Month) (list []LedgerRow, err error) {
	seen := false
	inside := boundsOf(who)
	inside.counts = everything
	err = db.readIn(ctx, who, inside, func(b *pgx.Batch) {
		b.Queue("SELECT EXISTS (SELECT FROM persons WHERE id = $1)", person).QueryRow(func(r pgx.Row) error { return r.Scan(&seen) })
		b.Queue(ledgerOf, person, upTo.First().String()).Query(func(rows pgx.Rows) error {
			for seen && rows.Next() {
				var r LedgerRow
				err := rows.Scan(&r.Programme, &r.Month, &r.Due, &r.Level, &r.RuleSet, &r.RateDocument, &r.Paid, &r.OnRoster, &r.Repaid, &r.Waived, &r.RosterIDs)
				if err != nil {
					return err
				}
				list = append(list, r)
			}
			return rows.Err()
		})
	})
	if err != nil {
		return nil, fmt.Errorf("read a ledger: %w", err)
	}
	if !seen {
		return nil, NotFound
	}
	return list, nil
}
