package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/recovery"
)

const recoveryColumns = `r.id, r.version, r.person_id, r.programme, r.state, r.reason, r.opened_at, r.closed_at, r.consented_fen,
	(SELECT coalesce(jsonb_agg(jsonb_build_object('ID', m.id, 'Month', to_char(m.month, 'YYYY-MM'), 'Amount', m.amount_fen, 'Repaid', m.repaid_fen,
		'Waived', m.waived_fen) ORDER BY m.month), '[]') FROM recovery_months m WHERE m.recovery_id = r.id),
	(SELECT coalesce(jsonb_agg(jsonb_strip_nulls(jsonb_build_object('ID', e.id, 'At', e.at, 'Event', e.event, 'Amount', e.amount_fen, 'Reason', e.reason,
		'RosterID', e.roster_id, 'ActorID', e.actor_id)) ORDER BY e.at, e.id), '[]') FROM recovery_events e WHERE e.recovery_id = r.id),
	EXISTS (SELECT FROM merged_persons g JOIN person_merges m ON m.id = g.merge_id WHERE g.into_id = r.person_id AND m.rows -> 'moved' -> 'recoveries' ? r.id::text)`

func scanRecovery(row pgx.Row) (*recovery.Recovery, error) {
	r := &recovery.Recovery{}
	var closed *time.Time
	err := row.Scan(&r.ID, &r.Version, &r.PersonID, &r.Programme, &r.State, &r.Reason, &r.OpenedAt, &closed, &r.Consented, &r.Months, &r.Events, &r.Moved)
	r.ClosedAt = orZero(closed)
	return r, err
}

func collectRecoveries(list *[]*recovery.Recovery) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		for rows.Next() {
			r, err := scanRecovery(rows)
			if err != nil {
				return err
			}
			*list = append(*list, r)
		}
		return rows.Err()
	}
}

// LockRecoveries reads the recoveries of persons, oldest first, and holds them.
func (tx *Tx) LockRecoveries(ctx context.Context, persons []uuid.UUID) (list []*recovery.Recovery, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT "+recoveryColumns+" FROM recoveries r WHERE r.person_id = ANY($1) ORDER BY r.opened_at, r.id FOR UPDATE", persons).Query(collectRecoveries(&list))
	})
	return list, err
}

// LockRecovery reads one recovery and holds it.
func (tx *Tx) LockRecovery(ctx context.Context, id uuid.UUID) (r *recovery.Recovery, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT "+recoveryColumns+" FROM recoveries r WHERE r.id = $1 FOR UPDATE", id).QueryRow(func(row pgx.Row) error { r, err = scanRecovery(row); return err })
	})
	return r, translate(err)
}

// SaveRecovery writes a recovery as it now is, and the events that are new. Version 0 is a new one.
func (tx *Tx) SaveRecovery(ctx context.Context, r *recovery.Recovery) error {
	fresh := r.Version == 0
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		if fresh {
			b.Queue(`INSERT INTO recoveries (id, person_id, programme, state, reason, opened_at, closed_at, consented_fen) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
				r.ID, r.PersonID, r.Programme, string(r.State), r.Reason, r.OpenedAt, instantOrNull(r.ClosedAt), int64(r.Consented))
		} else {
			b.Queue("UPDATE recoveries SET version = version + 1, state = $2, closed_at = $3, consented_fen = $4 WHERE id = $1", r.ID, string(r.State),
				instantOrNull(r.ClosedAt), int64(r.Consented))
		}
		for i := range r.Months {
			m := &r.Months[i]
			if m.ID == uuid.Nil {
				m.ID = tx.db.NewID()
			}
			b.Queue(`INSERT INTO recovery_months (id, recovery_id, person_id, programme, month, amount_fen, repaid_fen, waived_fen) VALUES ($1, $2, $3, $4, $5::date, $6, $7, $8)
				ON CONFLICT (recovery_id, month) DO UPDATE SET amount_fen = excluded.amount_fen, repaid_fen = excluded.repaid_fen, waived_fen = excluded.waived_fen`,
				m.ID, r.ID, r.PersonID, r.Programme, m.Month.First().String(), int64(m.Amount), int64(m.Repaid), int64(m.Waived))
		}
	})
	if err != nil {
		return fmt.Errorf("save a recovery: %w", err)
	}
	var rows []row
	for _, e := range r.Added() {
		rows = append(rows, row{tx.db.NewID(), r.ID, e.At, e.Event, int64(e.Amount), e.Reason, e.RosterID, e.ActorID})
	}
	r.Saved()
	return tx.insert(ctx, table{"recovery_events", []string{"id uuid", "recovery_id uuid", "at timestamptz", "event", "amount_fen bigint", "reason text",
		"roster_id uuid", "actor_id uuid"}}, rows)
}

// OpenMonths opens months of an account again, so that the next roster looks at them.
func (tx *Tx) OpenMonths(ctx context.Context, r *recovery.Recovery) error {
	if len(r.Months) == 0 {
		return nil
	}
	_, err := tx.sql.ExecContext(ctx, `INSERT INTO open_months VALUES ($1, $2, $3::date)
		ON CONFLICT (person_id, programme) DO UPDATE SET open_from = least(open_months.open_from, excluded.open_from)`,
		r.PersonID, r.Programme, r.Months[0].Month.First().String())
	if err != nil {
		return fmt.Errorf("open months: %w", err)
	}
	return nil
}

// RecoveryFilter narrows a list of recoveries. Zero members do not narrow.
type RecoveryFilter struct {
	Area     area.Code
	State    string
	PersonID uuid.UUID
	After    uuid.UUID
	Limit    int
}

// ListRecoveries lists recoveries of an area in the order in which they were opened.
func (db *DB) ListRecoveries(ctx context.Context, who access.Actor, f RecoveryFilter) (list []*recovery.Recovery, err error) {
	lo, hi := f.Area.Range()
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT "+recoveryColumns+` FROM recoveries r WHERE r.area_code >= $1 AND r.area_code < $2 AND ($3 = '' OR r.state = $3)
			AND ($4::uuid IS NULL OR r.person_id = $4) AND r.id > $5 ORDER BY r.id LIMIT $6`, lo, hi, f.State, orNull(f.PersonID), f.After, f.Limit).
			Query(collectRecoveries(&list))
	})
	if err != nil {
		return nil, fmt.Errorf("list recoveries: %w", err)
	}
	return list, nil
}

// Recovery reads one recovery of the actor's area.
func (db *DB) Recovery(ctx context.Context, who access.Actor, id uuid.UUID) (r *recovery.Recovery, err error) {
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT "+recoveryColumns+" FROM recoveries r WHERE r.id = $1", id).QueryRow(func(row pgx.Row) error { r, err = scanRecovery(row); return err })
	})
	return r, translate(err)
}
