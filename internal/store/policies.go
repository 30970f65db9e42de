package store

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/calendar/workdays"
)

// Pack is a version of the rules: proposed, or activated as the number Activation. The last number is in force.
type Pack struct {
	ID          uuid.UUID
	Name        string
	Version     string
	Document    string
	Note        string
	Activation  int // zero: proposed only
	ProposedBy  uuid.UUID
	ProposedAt  time.Time
	ActivatedBy uuid.UUID
	ActivatedAt time.Time
}

// SHA256 is the checksum of the document.
func (p Pack) SHA256() []byte {
	sum := sha256.Sum256([]byte(p.Document))
	return sum[:]
}

const (
	packColumns = "id, name, version, document, coalesce(note, ''), coalesce(activation, 0), proposed_by, proposed_at, activated_by, activated_at"
	activePack  = " FROM policy_packs WHERE activation IS NOT NULL ORDER BY activation DESC LIMIT 1"
)

func scanPack(row pgx.Row) (p Pack, err error) {
	var proposer, activator *uuid.UUID
	var activated *time.Time
	err = row.Scan(&p.ID, &p.Name, &p.Version, &p.Document, &p.Note, &p.Activation, &proposer, &p.ProposedAt, &activator, &activated)
	p.ProposedBy, p.ActivatedBy = orZero(proposer), orZero(activator)
	if activated != nil {
		p.ActivatedAt = *activated
	}
	return p, err
}

// ActivePack reads the pack in force.
func (db *DB) ActivePack(ctx context.Context) (Pack, error) {
	p, err := scanPack(db.pool.QueryRow(ctx, "SELECT "+packColumns+activePack))
	if err != nil {
		return p, fmt.Errorf("read the active policy pack: %w", translate(err))
	}
	return p, nil
}

// PackAt reads the pack that was in force at an instant; none where that is before the first.
func (db *DB) PackAt(ctx context.Context, instant time.Time) (p Pack, found bool, err error) {
	p, err = scanPack(db.pool.QueryRow(ctx, "SELECT "+packColumns+" FROM policy_packs WHERE activated_at <= $1 ORDER BY activation DESC LIMIT 1", instant))
	if errors.Is(err, pgx.ErrNoRows) {
		return p, false, nil
	}
	if err != nil {
		return p, false, fmt.Errorf("read the policy pack of an earlier time: %w", translate(err))
	}
	return p, true, nil
}

// Pack reads one pack.
func (db *DB) Pack(ctx context.Context, id uuid.UUID) (Pack, error) {
	p, err := scanPack(db.pool.QueryRow(ctx, "SELECT "+packColumns+" FROM policy_packs WHERE id = $1", id))
	if err != nil {
		return p, translate(fmt.Errorf("read a policy pack: %w", err))
	}
	return p, nil
}

// ListPacks lists packs, the one proposed last first, before one in this order.
func (db *DB) ListPacks(ctx context.Context, before uuid.UUID, limit int) (list []Pack, err error) {
	rows, err := db.pool.Query(ctx, "SELECT "+packColumns+" FROM policy_packs WHERE $1::uuid IS NULL OR id < $1 ORDER BY id DESC LIMIT $2", orNull(before), limit)
	if err == nil {
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (Pack, error) { return scanPack(row) })
	}
	if err != nil {
		return nil, translate(fmt.Errorf("list policy packs: %w", err))
	}
	return list, nil
}

// InsertPack writes a proposal.
func (tx *Tx) InsertPack(ctx context.Context, p Pack) error {
	return tx.insert(ctx, table{"policy_packs", []string{"id uuid", "name", "version", "sha256 bytea", "document", "note", "proposed_by uuid", "proposed_at timestamptz"}},
		[]row{{p.ID, p.Name, p.Version, p.SHA256(), p.Document, p.Note, p.ProposedBy, tx.Now}})
}

// ActivatePack puts a proposed pack in force and returns it as it then is.
func (tx *Tx) ActivatePack(ctx context.Context, id uuid.UUID) (p Pack, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(`UPDATE policy_packs SET activated_at = $2, activated_by = $3,
				activation = (SELECT coalesce(max(activation), 0) + 1 FROM policy_packs)
			WHERE id = $1 AND activation IS NULL RETURNING `+packColumns, id, tx.Now, orNull(tx.Who.AccountID)).
			QueryRow(func(row pgx.Row) error { p, err = scanPack(row); return err })
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return p, exactlyOne(0, nil) // another was first
	}
	if err != nil {
		return p, fmt.Errorf("activate a policy pack: %w", err)
	}
	return p, nil
}

// PackInForce reads the pack whose identity the transaction has seen.
func (tx *Tx) PackInForce(ctx context.Context) (p Pack, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT "+packColumns+" FROM policy_packs WHERE id = $1", tx.PackID).QueryRow(func(row pgx.Row) error { p, err = scanPack(row); return err })
	})
	if err != nil {
		return p, fmt.Errorf("read the active policy pack: %w", err)
	}
	return p, nil
}

// Calendar is the order of a year's holidays as recorded.
type Calendar struct {
	ID uuid.UUID
	workdays.Year
	RecordedAt time.Time
}

// Calendars reads all recorded orders, in the order in which they replace each other.
func (db *DB) Calendars(ctx context.Context) (list []Calendar, err error) {
	rows, err := db.pool.Query(ctx, "SELECT id, year, document, holidays, working, recorded_at FROM work_calendars ORDER BY number")
	if err == nil {
		list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Calendar, err error) {
			return c, row.Scan(&c.ID, &c.Year.Year, &c.Document, &c.Holidays, &c.Working, &c.RecordedAt)
		})
	}
	if err != nil {
		return nil, translate(fmt.Errorf("read the calendars: %w", err))
	}
	return list, nil
}

// InsertCalendar records an order.
func (tx *Tx) InsertCalendar(ctx context.Context, c Calendar) error {
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue(`INSERT INTO work_calendars (id, number, year, document, holidays, working, recorded_at, recorded_by)
			SELECT $1, coalesce(max(number), 0) + 1, $2, $3, $4::text[], $5::text[], $6, $7 FROM work_calendars`,
			c.ID, c.Year.Year, c.Document, append([]string{}, c.Holidays...), append([]string{}, c.Working...), tx.Now, orNull(tx.Who.AccountID))
	})
	if err != nil {
		return fmt.Errorf("record a calendar: %w", err)
	}
	return nil
}
