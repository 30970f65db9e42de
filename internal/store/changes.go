package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/standing"
)

// Passage is how many stood in one place at one moment and stand in another at a later one. A zero status is nowhere: not in the
// population, or not in the area.
type Passage struct {
	Before, After             standing.Status
	ReasonBefore, ReasonAfter string
	Count                     int64
}

// PassagesOf asks for the differences of an indicator between two moments.
type PassagesOf struct {
	Indicator  string
	Households bool
	Area       area.Code
	From, To   Moment
	After      uuid.UUID // of a list of names
	Limit      int
}

// passages are the subjects of $1 in the area from $2 to $3 whose place differs between the day $4 as known at $5 and the day $6 as
// known at $7.
func (q PassagesOf) passages() string {
	table, subject := "standings", "person_id"
	if q.Households {
		table, subject = "household_standings", "household_id"
	}
	place := func(day, known int) string {
		where := fmt.Sprintf("indicator = $1 AND area_code >= $2 AND area_code < $3 AND valid_from <= $%[1]d AND (valid_to IS NULL OR valid_to >= $%[1]d) AND known_from <= $%[2]d", day, known)
		columns := "SELECT " + subject + " AS subject, status, reason, area_code FROM " + table
		return fmt.Sprintf("%s WHERE %s UNION ALL %s_past WHERE %s AND known_to > $%d", columns, where, columns, where, known)
	}
	return `WITH b AS (` + place(4, 5) + `), a AS (` + place(6, 7) + `),
		p AS (SELECT subject, coalesce(b.status, 0) AS before, coalesce(b.reason, '') AS reason_before, coalesce(a.status, 0) AS after, coalesce(a.reason, '') AS reason_after,
			coalesce(a.area_code, b.area_code) AS area_code
			FROM b FULL JOIN a USING (subject) WHERE (b.status, b.reason) IS DISTINCT FROM (a.status, a.reason))`
}

func (q PassagesOf) args() []any {
	lo, hi := q.Area.Range()
	return []any{q.Indicator, lo, hi, q.From.On, q.From.KnownAt, q.To.On, q.To.KnownAt}
}

// Passages counts who moved between two moments, the most frequent passage first.
func (db *DB) Passages(ctx context.Context, who access.Actor, q PassagesOf) (list []Passage, err error) {
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(q.passages()+` SELECT before, reason_before, after, reason_after, count(*) FROM p GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2, 3, 4`, q.args()...).
			Query(into(&list, func(row pgx.CollectableRow) (p Passage, err error) {
				return p, row.Scan(&p.Before, &p.ReasonBefore, &p.After, &p.ReasonAfter, &p.Count)
			}))
	})
	if err != nil {
		return nil, fmt.Errorf("count passages of %s: %w", q.Indicator, err)
	}
	return list, nil
}

// Mover is one person or household that moved.
type Mover struct {
	ID                        uuid.UUID
	Name                      string
	Area                      area.Code
	Before, After             standing.Status
	ReasonBefore, ReasonAfter string
}

// Movers lists who moved between two moments and is in the actor's area, after an id in order.
func (db *DB) Movers(ctx context.Context, who access.Actor, q PassagesOf) (list []Mover, err error) {
	names := `SELECT p.subject, f.name, p.area_code, p.before, p.reason_before, p.after, p.reason_after FROM p
		CROSS JOIN LATERAL (SELECT f.name FROM persons f WHERE f.id = p.subject OFFSET 0) f` // by the key, as in behindPersons
	if q.Households {
		names = `SELECT p.subject, coalesce(head.name, ''), p.area_code, p.before, p.reason_before, p.after, p.reason_after FROM p
			CROSS JOIN LATERAL (SELECT FROM households h WHERE h.id = p.subject OFFSET 0) h
			LEFT JOIN LATERAL (SELECT f.name FROM household_members m JOIN persons f ON f.id = m.person_id WHERE m.household_id = p.subject AND m.superseded_at IS NULL
				AND m.from_on <= $6 AND (m.to_on IS NULL OR m.to_on >= $6) ORDER BY m.relation <> 'head', m.from_on, m.id LIMIT 1) head ON true`
	}
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(q.passages()+names+` WHERE p.subject > $8 ORDER BY p.subject LIMIT $9`, append(q.args(), q.After, q.Limit)...).Query(into(&list, func(row pgx.CollectableRow) (p Mover, err error) {
			return p, row.Scan(&p.ID, &p.Name, &p.Area, &p.Before, &p.ReasonBefore, &p.After, &p.ReasonAfter)
		}))
	})
	if err != nil {
		return nil, fmt.Errorf("list passages of %s: %w", q.Indicator, err)
	}
	return list, nil
}
