package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
)

// Hold is a reason why nothing is paid to a person for now. What is owed meanwhile is owed still.
type Hold struct {
	ID         uuid.UUID
	PersonID   uuid.UUID
	Programme  string // empty: both
	Reason     string // OBJECTION, LEAD or OFFICER
	Note       string
	PlacedAt   time.Time
	PlacedBy   uuid.UUID
	ReleasedAt time.Time // zero: still in force
	Contested  bool      // an objection that nobody has answered keeps it
	Undecided  bool      // so does what a list says that nobody has decided
}

const holds = `SELECT h.id, h.person_id, coalesce(h.programme, ''), h.reason, h.note, h.placed_at, h.placed_by, h.released_at,
	EXISTS (SELECT FROM objections o WHERE o.hold_id = h.id AND o.outcome = 'open'),
	EXISTS (SELECT FROM list_statements s WHERE s.person_id = h.person_id AND s.hold_id = h.id AND s.state = 'pending') FROM payment_holds h WHERE `

func scanHold(row pgx.Row) (h Hold, err error) {
	var by *uuid.UUID
	var released *time.Time
	err = row.Scan(&h.ID, &h.PersonID, &h.Programme, &h.Reason, &h.Note, &h.PlacedAt, &by, &released, &h.Contested, &h.Undecided)
	h.PlacedBy, h.ReleasedAt = orZero(by), orZero(released)
	return h, err
}

// Holds lists the holds of a person, the latest first.
func (db *DB) Holds(ctx context.Context, who access.Actor, person uuid.UUID) (list []Hold, err error) {
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(holds+"h.person_id = $1 ORDER BY h.placed_at DESC, h.id", person).Query(into(&list, func(row pgx.CollectableRow) (Hold, error) { return scanHold(row) }))
	})
	if err != nil {
		return nil, fmt.Errorf("list holds: %w", err)
	}
	return list, nil
}

// InsertHold places a hold.
func (tx *Tx) InsertHold(ctx context.Context, h Hold) error { return tx.InsertHolds(ctx, h) }

// InsertHolds places holds.
func (tx *Tx) InsertHolds(ctx context.Context, list ...Hold) error {
	rows := make([]row, len(list))
	for i, h := range list {
		rows[i] = row{h.ID, h.PersonID, h.Programme, h.Reason, h.Note, tx.Now, tx.Who.AccountID}
	}
	return tx.insert(ctx, table{"payment_holds", []string{"id uuid", "person_id uuid", "programme", "reason", "note text", "placed_at timestamptz", "placed_by uuid"}}, rows)
}

// LockHold reads a hold and keeps others from releasing it until the transaction ends.
func (tx *Tx) LockHold(ctx context.Context, id uuid.UUID) (h Hold, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(holds+"h.id = $1 FOR UPDATE", id).QueryRow(func(row pgx.Row) error { h, err = scanHold(row); return err })
	})
	return h, translate(err)
}

// ReleaseHold ends a hold.
func (tx *Tx) ReleaseHold(ctx context.Context, id uuid.UUID) error {
	_, err := tx.sql.ExecContext(ctx, "UPDATE payment_holds SET released_at = $2, released_by = $3 WHERE id = $1 AND released_at IS NULL", id, tx.Now, orNull(tx.Who.AccountID))
	if err != nil {
		return fmt.Errorf("release a hold: %w", err)
	}
	return nil
}
