package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/ticket"
)

// Awaiting is what waits for an account beside cases, services and worklists, and how much of it is overdue.
type Awaiting struct {
	Tickets, TicketsOverdue       int64
	Statements, StatementsOverdue int64 // of lists, that would take something and are not confirmed
}

// Awaiting counts it. A ticket is overdue that has waited under its limit since the day that the limit has here.
func (db *DB) Awaiting(ctx context.Context, who access.Actor, overdue map[string]calendar.Date) (n Awaiting, err error) {
	lo, hi := who.Area.Range()
	var limits, since []string
	for limit, day := range overdue {
		limits, since = append(limits, limit), append(since, day.String())
	}
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(`SELECT count(*), count(*) FILTER (WHERE EXISTS (SELECT FROM unnest($6::text[], $7::text[]::date[]) o(l, day) WHERE o.l = t.clock_limit AND t.clock_since <= o.day))
			FROM tickets t WHERE `+seesTicket+` AND t.area_code >= $3 AND t.area_code < $4 AND t.state = ANY($5)`,
			string(who.Role), string(who.Area), lo, hi, ticket.WaitsFor(who.Role), limits, since).
			QueryRow(func(row pgx.Row) error { return row.Scan(&n.Tickets, &n.TicketsOverdue) })
		b.Queue("SELECT count(*), count(*) FILTER (WHERE s.due_on < $3::date) FROM list_statements s WHERE s.state = 'pending' AND s.area_code >= $1 AND s.area_code < $2",
			lo, hi, calendar.DateOf(db.Now())).
			QueryRow(func(row pgx.Row) error { return row.Scan(&n.Statements, &n.StatementsOverdue) })
	})
	if err != nil {
		return n, fmt.Errorf("count what waits: %w", err)
	}
	return n, nil
}
