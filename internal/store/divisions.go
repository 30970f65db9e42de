package store

import (
	"context"
	"fmt"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gorm.io/gorm/clause"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
)

var forUpdate = clause.Locking{Strength: clause.LockingStrengthUpdate}

const divisionColumns = `code, name, coalesce(urban_rural_class, ''), valid_from, valid_to, coalesce(successor_code, '')`

func scanDivision(r pgx.CollectableRow) (d area.Division, err error) {
	err = r.Scan(&d.Code, &d.Name, &d.UrbanRuralClass, &d.ValidFrom, &d.ValidTo, &d.Successor)
	return d, err
}

// Children lists the divisions directly below an area as of a day; an empty parent lists the roots.
func (db *DB) Children(ctx context.Context, parent area.Code, on calendar.Date) ([]area.Division, error) {
	return db.divisions(ctx, "parent_code = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2)", string(parent), on)
}

// Division reads one division as of a day.
func (db *DB) Division(ctx context.Context, code area.Code, on calendar.Date) (area.Division, error) {
	list, err := db.divisions(ctx, "code = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2)", string(code), on)
	if err != nil {
		return area.Division{}, err
	}
	if len(list) == 0 {
		return area.Division{}, NotFound
	}
	return list[0], nil
}

// Divisions lists an area and everything below it as of a day.
func (db *DB) Divisions(ctx context.Context, in area.Code, on calendar.Date) ([]area.Division, error) {
	lo, hi := in.Range()
	return db.divisions(ctx, "code >= $1 AND code < $2 AND valid_from <= $3 AND (valid_to IS NULL OR valid_to >= $3)", lo, hi, on)
}

func (db *DB) divisions(ctx context.Context, where string, args ...any) ([]area.Division, error) {
	rows, err := db.pool.Query(ctx, "SELECT "+divisionColumns+" FROM divisions WHERE "+where+" ORDER BY code", args...)
	if err != nil {
		return nil, translate(fmt.Errorf("read divisions: %w", err))
	}
	list, err := pgx.CollectRows(rows, scanDivision)
	return list, translate(err)
}

// InsertDivisions adds divisions; those that are there already with the same code in the same period are left alone.
func (tx *Tx) InsertDivisions(ctx context.Context, list []area.Division) (added int, err error) {
	known := map[area.Code]bool{}
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT code FROM divisions WHERE valid_to IS NULL").Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var code area.Code
				if err := rows.Scan(&code); err != nil {
					return err
				}
				known[code] = true
			}
			return rows.Err()
		})
	})
	if err != nil {
		return 0, fmt.Errorf("read divisions: %w", err)
	}
	var rows []row
	for _, d := range list {
		if !known[d.Code] {
			rows = append(rows, row{tx.db.NewID(), string(d.Code), d.Name, d.Code.Level(), string(d.Code.Parent()), d.UrbanRuralClass, d.ValidFrom, d.ValidTo, string(d.Successor)})
		}
	}
	return len(rows), tx.insert(ctx, table{"divisions", []string{"id uuid", "code", "name", "level", "parent_code text", "urban_rural_class",
		"valid_from date", "valid_to date", "successor_code"}}, rows)
}

// Pack is a policy pack as it was activated.
type Pack struct {
	ID       uuid.UUID
	Name     string
	Version  string
	SHA256   []byte
	Document string
}

// ActivePack reads the pack activated last.
func (db *DB) ActivePack(ctx context.Context) (Pack, error) {
	var p Pack
	err := db.pool.QueryRow(ctx, "SELECT id, name, version, sha256, document FROM policy_packs ORDER BY activated_at DESC, id DESC LIMIT 1").
		Scan(&p.ID, &p.Name, &p.Version, &p.SHA256, &p.Document)
	if err != nil {
		return p, fmt.Errorf("read the active policy pack: %w", translate(err))
	}
	return p, nil
}

// InsertPack activates a pack.
func (tx *Tx) InsertPack(ctx context.Context, p Pack) error {
	return tx.insert(ctx, table{"policy_packs", []string{"id uuid", "name", "version", "sha256 bytea", "document", "activated_at timestamptz"}},
		[]row{{p.ID, p.Name, p.Version, p.SHA256, p.Document, tx.Now}})
}
