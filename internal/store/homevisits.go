package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
)

// HomeVisit is a look at home at somebody in pay, by somebody who has not brought the application.
type HomeVisit struct {
	ID         uuid.UUID
	PersonID   uuid.UUID
	On         calendar.Date
	Outcome    string // met, not_met, moved, died or other
	Note       string
	RecordedAt time.Time
	RecordedBy uuid.UUID
	ByName     string
	ActingFor  uuid.UUID
}

// InsertHomeVisit records a visit. The database refuses one by who brought an application of the person.
func (tx *Tx) InsertHomeVisit(ctx context.Context, v HomeVisit) error {
	return tx.insert(ctx, table{"home_visits", []string{"id uuid", "person_id uuid", "happened_on date", "outcome", "note text", "recorded_at timestamptz", "recorded_by uuid", "acting_for uuid"}},
		[]row{{v.ID, v.PersonID, v.On, v.Outcome, v.Note, tx.Now, tx.Who.AccountID, tx.Who.ActingFor}})
}

// HomeVisits lists the visits to a person, the last one first: that of the latest day, and of two on one day the one recorded later.
func (db *DB) HomeVisits(ctx context.Context, who access.Actor, person uuid.UUID) (list []HomeVisit, err error) {
	seen := false
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT EXISTS (SELECT FROM persons WHERE id = $1)", person).QueryRow(func(r pgx.Row) error { return r.Scan(&seen) })
		b.Queue(`SELECT v.id, v.person_id, v.happened_on, v.outcome, v.note, v.recorded_at, v.recorded_by, a.name, v.acting_for FROM home_visits v JOIN accounts a ON a.id = v.recorded_by
			WHERE v.person_id = $1 ORDER BY v.happened_on DESC, v.recorded_at DESC, v.id DESC`, person).Query(into(&list, func(row pgx.CollectableRow) (v HomeVisit, err error) {
			var principal *uuid.UUID
			err = row.Scan(&v.ID, &v.PersonID, &v.On, &v.Outcome, &v.Note, &v.RecordedAt, &v.RecordedBy, &v.ByName, &principal)
			v.ActingFor = orZero(principal)
			return v, err
		}))
	})
	if err == nil && !seen {
		err = NotFound
	}
	if err != nil {
		return nil, fmt.Errorf("list visits at home: %w", err)
	}
	return list, nil
}
