package store

import (
	"context"
	"fmt"

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
