package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/care"
)

// standingIn is the services of the area between $1 and $2 in some states of chains, from two arrays of the same length. Each state is looked
// up by itself: since row security hides how many services an area has, all of a district were read otherwise, most of which have ended.
// Waiting, they are those of the living: nothing is given to the dead, and what they have borrowed is all that somebody still has to fetch.
func standingIn(kinds, states string, waiting bool) string {
	living := ""
	if waiting {
		living = `
			AND (x.person_id IS NULL OR x.state = 'ACCEPTED' AND x.need ->> 'mode' = 'loan' OR NOT EXISTS (SELECT FROM circumstances c WHERE ` + deathOf + `x.person_id))`
	}
	return "unnest(" + kinds + "::text[], " + states + `::text[]) AS w(kind, state) CROSS JOIN LATERAL (
		SELECT x.* FROM services x WHERE x.kind = w.kind AND x.state = w.state AND x.area_code >= $1 AND x.area_code < $2` + living + ` OFFSET 0) AS s`
}

func apart(list []care.Standing) (kinds, states []string) {
	kinds, states = make([]string, len(list)), make([]string, len(list))
	for i, at := range list {
		kinds[i], states[i] = string(at.Kind), at.State
	}
	return kinds, states
}

// QueuedService is a service with what people call whom it is for: the name of the person, or of the head of the household where the actor
// knows him.
type QueuedService struct {
	care.Service
	Name, Address string
}

// serviceQueueSQL counts all that stands in some states, and reads only what is shown of it.
func serviceQueueSQL(waiting bool) string {
	return `WITH standing AS (
		SELECT s.id, count(*) OVER () AS waiting FROM ` + standingIn("$3", "$4", waiting) + `
	), page AS (
		SELECT id, waiting FROM standing WHERE id > $5 ORDER BY id LIMIT $6
	)
	SELECT ` + serviceColumns + `, g.waiting, coalesce(p.name, (SELECT q.name FROM household_members m JOIN persons q ON q.id = m.person_id
			WHERE m.household_id = s.household_id AND m.relation = 'head' AND m.to_on IS NULL AND m.superseded_at IS NULL ORDER BY m.id LIMIT 1), ''), h.address
		FROM page g JOIN services s ON s.id = g.id LEFT JOIN persons p ON p.id = s.person_id LEFT JOIN households h ON h.id = s.household_id ORDER BY s.id`
}

// ServiceQueue lists the services of an area in some states after an id in the order in which they were entered, without their steps, and
// says how many there are; nothing behind the last one. Waiting, it leaves out those of the dead.
func (db *DB) ServiceQueue(ctx context.Context, who access.Actor, in area.Code, at []care.Standing, waiting bool, after uuid.UUID, limit int) (list []QueuedService, n int64, err error) {
	if len(at) == 0 {
		return nil, 0, nil
	}
	lo, hi := in.Range()
	kinds, states := apart(at)
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(serviceQueueSQL(waiting), lo, hi, kinds, states, after, limit).Query(func(rows pgx.Rows) error {
			list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (s QueuedService, err error) {
				var address []byte
				if s.Service, err = scanService(row, &n, &s.Name, &address); err != nil {
					return s, err
				}
				o := opener{ring: db.Ring, table: "households", row: s.HouseholdID}
				s.Address = o.open("address", address)
				return s, o.err
			})
			return err
		})
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read the services that wait: %w", err)
	}
	return list, n, nil
}

// CountServices says how many services of an area wait in some states.
func (db *DB) CountServices(ctx context.Context, who access.Actor, in area.Code, at []care.Standing) (n int64, err error) {
	lo, hi := in.Range()
	kinds, states := apart(at)
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT count(*) FROM "+standingIn("$3", "$4", true), lo, hi, kinds, states).
			QueryRow(func(row pgx.Row) error { return row.Scan(&n) })
	})
	if err != nil {
		return 0, fmt.Errorf("count the services that wait: %w", err)
	}
	return n, nil
}
