package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/supervision"
)

// SupervisionOf asks for the tallies of an area in a period, both days in it. The database knows no working days: their numbers
// come along, and since when something has to have waited to be overdue today.
type SupervisionOf struct {
	Area           area.Code
	From, To       calendar.Date
	Today          calendar.Date
	FirstDay       calendar.Date // of Numbers
	Numbers        []int32       // working days since FirstDay, for each day until Today or later
	Limits         map[string]int
	TicketsOverdue map[string]calendar.Date
	Given          []string // states in which a service was given, behind their kinds
}

// inPeriod bounds an instant by the civil days $3 and $4.
func inPeriod(column string) string {
	return "(" + column + " >= $3::date::timestamp AT TIME ZONE 'Asia/Shanghai' AND " + column + " < ($4::date + 1)::timestamp AT TIME ZONE 'Asia/Shanghai')"
}

// What was done to applications in the period, and what people brought, were given and thought. Each counts by the area in which
// the case, ticket or service now stands.
var (
	movesTally = `SELECT a.area_code, count(*) FILTER (WHERE s.action = 'submit'), count(*) FILTER (WHERE s.action = 'return'), count(*) FILTER (WHERE s.action = 'reject'),
		count(*) FILTER (WHERE s.action = 'withdraw' AND s.from_stage <> 'draft')
		FROM application_steps s JOIN applications a ON a.id = s.application_id WHERE a.area_code >= $1 AND a.area_code < $2 AND ` + inPeriod("s.at") + ` GROUP BY 1`

	// The way of a case is cut into its stays in stages with a limit. What a stage used before a return is used, and days with
	// the applicant are nobody's, as on the clock of each case.
	casesTally = `WITH moved AS (
		SELECT s.application_id, a.area_code, a.stage, a.stage IN ('approved', 'rejected') AS decided, s.from_stage, s.to_stage,
			($5::int[])[` + stepDay + ` - $6::date + 1] AS n, lead(($5::int[])[` + stepDay + ` - $6::date + 1]) OVER (PARTITION BY s.application_id ORDER BY s.at, s.id) AS left_n
		FROM application_steps s JOIN applications a ON a.id = s.application_id
		WHERE a.area_code >= $1 AND a.area_code < $2 AND (a.stage = ANY($8::text[]) OR a.stage IN ('approved', 'rejected') AND ` + inPeriod("a.decided_at") + `) AND s.from_stage <> s.to_stage
	), stays AS (
		SELECT m.application_id, m.area_code, m.decided, m.to_stage = m.stage AS here, l.days AS allowed, sum(m.left_n - m.n) AS used, max(($5::int[])[$7::date - $6::date + 1] - m.n) FILTER (WHERE m.left_n IS NULL) AS now
		FROM moved m LEFT JOIN unnest($8::text[], $9::int[]) l(stage, days) ON l.stage = m.to_stage
		GROUP BY m.application_id, m.area_code, m.decided, m.to_stage, m.stage, l.days
	), cases AS (
		SELECT application_id, area_code, decided, coalesce(sum(used) FILTER (WHERE allowed IS NOT NULL), 0) AS days, bool_and(allowed IS NULL OR coalesce(used, 0) <= allowed) AS in_time,
			coalesce(bool_or(here AND now > greatest(allowed - coalesce(used, 0), 0)), false) AS overdue
		FROM stays GROUP BY application_id, area_code, decided
	)
	SELECT area_code, count(*) FILTER (WHERE decided), count(*) FILTER (WHERE decided AND in_time), count(*) FILTER (WHERE NOT decided AND overdue),
		coalesce(sum(days) FILTER (WHERE decided), 0)::bigint, coalesce(max(days) FILTER (WHERE decided), 0)::bigint FROM cases GROUP BY 1`

	ticketsTally = `SELECT t.area_code, count(*) FILTER (WHERE ` + inPeriod("t.received_at") + `), count(*) FILTER (WHERE ` + inPeriod("t.closed_at") + `),
		count(*) FILTER (WHERE EXISTS (SELECT FROM unnest($5::text[], $6::text[]::date[]) o(l, day) WHERE o.l = t.clock_limit AND t.clock_since <= o.day))
		FROM tickets t WHERE t.area_code >= $1 AND t.area_code < $2
		AND (t.clock_limit IS NOT NULL OR ` + inPeriod("t.received_at") + ` OR ` + inPeriod("t.closed_at") + `) GROUP BY 1`

	callsTally = `SELECT t.area_code, count(*), count(*) FILTER (WHERE s.result <> 'dissatisfied') FROM ticket_steps s JOIN tickets t ON t.id = s.ticket_id
		WHERE s.step = 'call_back' AND s.result <> 'unreached' AND t.area_code >= $1 AND t.area_code < $2 AND ` + inPeriod("s.at") + ` GROUP BY 1`

	openedTally = `SELECT area_code, count(*) FROM services WHERE area_code >= $1 AND area_code < $2 AND opened_on BETWEEN $3::date AND $4::date GROUP BY 1`

	// a service is completed once, on the first day of a state in which it was given
	completedTally = `SELECT s.area_code, count(DISTINCT s.id) FROM service_steps t JOIN services s ON s.id = t.service_id
		WHERE s.area_code >= $1 AND s.area_code < $2 AND t.voided_at IS NULL AND t.happened_on BETWEEN $3::date AND $4::date AND s.kind || ' ' || t.to_state = ANY($5::text[])
		AND NOT EXISTS (SELECT FROM service_steps e WHERE e.service_id = s.id AND e.voided_at IS NULL AND e.happened_on < $3::date AND s.kind || ' ' || e.to_state = ANY($5::text[])) GROUP BY 1`

	ratingsTally = `SELECT area_code, count(*), sum(score)::bigint FROM ratings WHERE area_code >= $1 AND area_code < $2 AND ` + inPeriod("rated_at") + ` GROUP BY 1`
)

// stepDay is the civil day of a step s.
const stepDay = "(s.at AT TIME ZONE 'Asia/Shanghai')::date"

// Supervision counts by the areas in which things stand, villages for the most part. It answers numbers only; so whoever counts
// in an area counts its cases too, as a statistician who sees none of them. Row security is open to it, and each statement
// bounds itself.
func (db *DB) Supervision(ctx context.Context, who access.Actor, q SupervisionOf) (map[area.Code]supervision.Tally, error) {
	if !who.Covers(q.Area) {
		return nil, NotFound
	}
	lo, hi := q.Area.Range()
	period := []any{lo, hi, q.From.String(), q.To.String()}
	tallies := map[area.Code]supervision.Tally{}
	var counts []Query
	add := func(sql string, fields func(*supervision.Tally) []any, more ...any) {
		counts = append(counts, tallyInto(tallies, sql, fields, append(period[:len(period):len(period)], more...)))
	}
	stages, limits := columnsOf(q.Limits, func(n int) int32 { return int32(n) })
	kinds, since := columnsOf(q.TicketsOverdue, calendar.Date.String)
	type t = supervision.Tally
	add(movesTally, func(t *t) []any { return []any{&t.Received, &t.Returned, &t.Rejected, &t.Withdrawn} })
	add(casesTally, func(t *t) []any { return []any{&t.Decided, &t.InTime, &t.Overdue, &t.WorkingDays, &t.MostDays} }, q.Numbers, q.FirstDay.String(), q.Today.String(), stages, limits)
	add(ticketsTally, func(t *t) []any { return []any{&t.TicketsReceived, &t.TicketsClosed, &t.TicketsOverdue} }, kinds, since)
	add(callsTally, func(t *t) []any { return []any{&t.CalledBack, &t.Satisfied} })
	add(openedTally, func(t *t) []any { return []any{&t.ServicesOpened} })
	add(completedTally, func(t *t) []any { return []any{&t.ServicesCompleted} }, q.Given)
	add(ratingsTally, func(t *t) []any { return []any{&t.Ratings, &t.Scores} })
	if err := db.readIn(ctx, who, bounds{everything, everything}, counts...); err != nil {
		return nil, fmt.Errorf("count for the supervision board: %w", err)
	}
	return tallies, nil
}

// tallyInto adds what a query counts by area to tallies. Its first column is the area; fields are where the others go.
func tallyInto(tallies map[area.Code]supervision.Tally, sql string, fields func(*supervision.Tally) []any, args []any) Query {
	return func(b *pgx.Batch) {
		b.Queue(sql, args...).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var at area.Code
				var t supervision.Tally
				if err := rows.Scan(append([]any{&at}, fields(&t)...)...); err != nil {
					return err
				}
				tallies[at] = tallies[at].Add(t)
			}
			return rows.Err()
		})
	}
}

// columnsOf is a map as two columns, of its keys and its values.
func columnsOf[K ~string, V, W any](m map[K]V, as func(V) W) (keys []string, values []W) {
	keys, values = []string{}, []W{}
	for k, v := range m {
		keys, values = append(keys, string(k)), append(values, as(v))
	}
	return keys, values
}
