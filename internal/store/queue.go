package store

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
)

// QueueOf asks for the cases of an area that wait in a stage. The database knows no working days: their numbers come along, as for the
// supervision board. Zero members do not narrow.
type QueueOf struct {
	Area      area.Code
	Stage     string
	Programme string
	Late      bool // only those whose limit has passed
	Today     calendar.Date
	FirstDay  calendar.Date // of Numbers
	Numbers   []int32       // working days since FirstDay, for each day until Today
	Allowed   int           // working days of the stage
	After     QueueKey
	Behind    uuid.UUID // a case of the queue: only what comes after it
	Limit     int
}

// QueueKey is where a queue goes on: the number of the working day on which a case is due, and the case.
type QueueKey struct {
	Due int
	ID  uuid.UUID
}

// QueuedCase is a case with its place in the queue.
type QueuedCase struct {
	Case
	Key QueueKey
}

// Queue is a part of the cases that wait, the one that is due first in front, and how many there are in all.
type Queue struct {
	Cases         []QueuedCase
	Waiting, Late int64
}

// The way of each case is cut into its stays. What the stage used before a return is used, as on the clock of the case. Due is the
// number of the last working day of the limit, so its order is that of the days left.
var queueSQL = `WITH moved AS (
		SELECT s.application_id, s.from_stage, s.to_stage, ($5::int[])[` + stepDay + ` - $6::date + 1] AS n,
			lead(($5::int[])[` + stepDay + ` - $6::date + 1]) OVER (PARTITION BY s.application_id ORDER BY s.at, s.id) AS left_n
		FROM application_steps s JOIN applications a ON a.id = s.application_id
		WHERE a.area_code >= $1 AND a.area_code < $2 AND a.stage = $3 AND ($4 = '' OR a.programme = $4) AND s.from_stage <> s.to_stage
	), waiting AS (
		SELECT application_id AS id, coalesce(max(n) FILTER (WHERE left_n IS NULL), 0) + greatest($8::int - coalesce(sum(left_n - n), 0), 0)::int AS due
		FROM moved WHERE to_stage = $3 GROUP BY 1
	), counted AS (
		SELECT id, due, due < ($5::int[])[$7::date - $6::date + 1] AS late, count(*) OVER () AS waiting, count(*) FILTER (WHERE due < ($5::int[])[$7::date - $6::date + 1]) OVER () AS late_ones FROM waiting
	)
	SELECT id, due, waiting, late_ones FROM counted WHERE (late OR NOT $9) AND (due, id) > ($10::int, $11::uuid)
		AND ($12::uuid IS NULL OR (due, id) > (SELECT b.due, b.id FROM waiting b WHERE b.id = $12)) ORDER BY due, id LIMIT $13`

// Queue lists cases that wait in a stage, after one in order.
func (db *DB) Queue(ctx context.Context, who access.Actor, q QueueOf) (found Queue, err error) {
	lo, hi := q.Area.Range()
	places := map[uuid.UUID]QueueKey{}
	var ids []uuid.UUID
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(queueSQL, lo, hi, q.Stage, q.Programme, q.Numbers, q.FirstDay.String(), q.Today.String(), q.Allowed, q.Late, q.After.Due, q.After.ID, orNull(q.Behind), q.Limit).
			Query(func(rows pgx.Rows) error {
				for rows.Next() {
					var k QueueKey
					if err := rows.Scan(&k.ID, &k.Due, &found.Waiting, &found.Late); err != nil {
						return err
					}
					ids, places[k.ID] = append(ids, k.ID), k
				}
				return rows.Err()
			})
	})
	if err != nil {
		return found, fmt.Errorf("read a queue: %w", err)
	}
	cases, err := db.Cases(ctx, who, ids)
	if err != nil {
		return found, err
	}
	for _, c := range cases {
		found.Cases = append(found.Cases, QueuedCase{Case: c, Key: places[c.ID]})
	}
	return found, nil
}

// Cases reads cases of the actor's area in the order asked for. What is not there, or outside, is left out.
func (db *DB) Cases(ctx context.Context, who access.Actor, ids []uuid.UUID) ([]Case, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := db.applications(func(q Query) error { return db.Read(ctx, who, q) }, "a.id = ANY($1)", ids)
	slices.SortFunc(list, func(a, b Case) int { return slices.Index(ids, a.ID) - slices.Index(ids, b.ID) })
	return list, err
}
