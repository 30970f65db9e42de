package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
)

// Deputation is that one account acts with the role and area of another on some days.
type Deputation struct {
	ID          uuid.UUID
	Version     int
	PrincipalID uuid.UUID
	Principal   string // the name
	Role        access.Role
	Area        area.Code
	DeputyID    uuid.UUID
	Deputy      string
	From, Until calendar.Date // both days belong to it
	Reason      string
	EndedAt     time.Time // before its time; zero: not
	RecordedAt  time.Time
}

const deputations = `SELECT d.id, d.version, d.principal_id, p.name, p.role, p.area_code, d.deputy_id, a.name, d.from_on, d.until_on, d.reason, d.ended_at, d.recorded_at
	FROM deputations d JOIN accounts p ON p.id = d.principal_id JOIN accounts a ON a.id = d.deputy_id WHERE `

func scanDeputation(row pgx.Row) (d Deputation, err error) {
	var ended *time.Time
	err = row.Scan(&d.ID, &d.Version, &d.PrincipalID, &d.Principal, &d.Role, &d.Area, &d.DeputyID, &d.Deputy, &d.From, &d.Until, &d.Reason, &ended, &d.RecordedAt)
	d.EndedAt = orZero(ended)
	return d, err
}

func (db *DB) deputations(ctx context.Context, where string, args ...any) ([]Deputation, error) {
	rows, err := db.pool.Query(ctx, deputations+where, args...)
	if err == nil {
		var list []Deputation
		if list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Deputation, error) { return scanDeputation(row) }); err == nil {
			return list, nil
		}
	}
	return nil, translate(fmt.Errorf("list deputations: %w", err))
}

// ListDeputations lists deputations of principals of an area, after one in the order in which they were recorded.
func (db *DB) ListDeputations(ctx context.Context, in area.Code, after uuid.UUID, limit int) ([]Deputation, error) {
	lo, hi := in.Range()
	return db.deputations(ctx, "p.area_code >= $1 AND p.area_code < $2 AND d.id > $3 ORDER BY d.id LIMIT $4", lo, hi, after, limit)
}

// financeApart leaves out deputations between finance and another role, which were once recorded and count no more.
const financeApart = "(p.role = 'finance_officer') = (a.role = 'finance_officer')"

// DeputationsOf lists whom an account may act for on a day.
func (db *DB) DeputationsOf(ctx context.Context, deputy uuid.UUID, on calendar.Date) ([]Deputation, error) {
	return db.deputations(ctx, `d.deputy_id = $1 AND d.ended_at IS NULL AND $2::date BETWEEN d.from_on AND d.until_on AND NOT p.disabled
		AND `+financeApart+` ORDER BY d.id LIMIT 100`, deputy, on.String())
}

// InsertDeputation records a deputation.
func (tx *Tx) InsertDeputation(ctx context.Context, d Deputation) error {
	_, err := tx.sql.ExecContext(ctx, `INSERT INTO deputations (id, principal_id, deputy_id, from_on, until_on, reason, recorded_at, recorded_by)
		VALUES ($1, $2, $3, $4::date, $5::date, $6, $7, $8)`, d.ID, d.PrincipalID, d.DeputyID, d.From, d.Until, d.Reason, tx.Now, orNull(tx.Who.AccountID))
	if err != nil {
		return fmt.Errorf("record a deputation: %w", err)
	}
	return nil
}

// LockDeputation reads a deputation and holds it until the transaction ends.
func (tx *Tx) LockDeputation(ctx context.Context, id uuid.UUID) (d Deputation, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(deputations+"d.id = $1 FOR UPDATE OF d", id).QueryRow(func(row pgx.Row) error { d, err = scanDeputation(row); return err })
	})
	return d, translate(err)
}

// EndDeputation ends a deputation before its time, and with it the sessions under it.
func (tx *Tx) EndDeputation(ctx context.Context, d Deputation) error {
	done, err := tx.sql.ExecContext(ctx, "UPDATE deputations SET version = version + 1, ended_at = $3 WHERE id = $1 AND version = $2", d.ID, d.Version, tx.Now)
	if err != nil {
		return fmt.Errorf("end a deputation: %w", err)
	}
	if _, err := tx.sql.ExecContext(ctx, "UPDATE sessions SET ended_at = $2 WHERE deputation_id = $1 AND ended_at IS NULL", d.ID, tx.Now); err != nil {
		return fmt.Errorf("end the sessions of a deputation: %w", err)
	}
	n, err := done.RowsAffected()
	return exactlyOne(int(n), err)
}

// EndDeputationsOf ends the deputations of which an account is either side and that are not over on a day, and with them the sessions
// under them.
func (tx *Tx) EndDeputationsOf(ctx context.Context, account uuid.UUID, day calendar.Date) error {
	_, err := tx.sql.ExecContext(ctx, `UPDATE deputations SET version = version + 1, ended_at = $3
		WHERE $1 IN (principal_id, deputy_id) AND ended_at IS NULL AND until_on >= $2::date`, account, day, tx.Now)
	if err == nil {
		_, err = tx.sql.ExecContext(ctx, `UPDATE sessions SET ended_at = $2
			WHERE deputation_id IN (SELECT id FROM deputations WHERE $1 IN (principal_id, deputy_id)) AND ended_at IS NULL`, account, tx.Now)
	}
	if err != nil {
		return fmt.Errorf("end the deputations of an account: %w", err)
	}
	return nil
}

// ActUnder puts a session under a deputation.
func (tx *Tx) ActUnder(ctx context.Context, session, deputation uuid.UUID) error {
	if _, err := tx.sql.ExecContext(ctx, "UPDATE sessions SET deputation_id = $2 WHERE id = $1", session, deputation); err != nil {
		return fmt.Errorf("put a session under a deputation: %w", err)
	}
	return nil
}
