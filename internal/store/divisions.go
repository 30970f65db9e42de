package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
)

const divisionColumns = `code, name, coalesce(urban_rural_class, ''), valid_from, valid_to, coalesce(successor_code, '')`

func scanDivision(r pgx.CollectableRow) (d area.Division, err error) {
	err = r.Scan(&d.Code, &d.Name, &d.UrbanRuralClass, &d.ValidFrom, &d.ValidTo, &d.Successor)
	return d, err
}

// Children lists the divisions directly below an area as of a day; an empty parent lists the roots.
func (db *DB) Children(ctx context.Context, parent area.Code, on calendar.Date) ([]area.Division, error) {
	return db.divisions(ctx, "parent_code = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2) AND superseded_at IS NULL", string(parent), on)
}

// Division reads one division as of a day.
func (db *DB) Division(ctx context.Context, code area.Code, on calendar.Date) (area.Division, error) {
	list, err := db.divisions(ctx, "code = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2) AND superseded_at IS NULL", string(code), on)
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
	return db.TreeOf(ctx, in, Moment{On: on})
}

// TreeOf lists an area and everything below it as of a day, as it was known at an instant.
func (db *DB) TreeOf(ctx context.Context, in area.Code, m Moment) ([]area.Division, error) {
	lo, hi := in.Range()
	return db.divisions(ctx, "code >= $1 AND code < $2 AND valid_from <= $3 AND (valid_to IS NULL OR valid_to >= $3) AND "+m.held("", 4),
		m.args(lo, hi, m.On)...)
}

// RootOf lists the area of TreeOf alone; nothing where it is none of that day, or the country.
func (db *DB) RootOf(ctx context.Context, in area.Code, m Moment) ([]area.Division, error) {
	return db.divisions(ctx, "code = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2) AND "+m.held("", 3), m.args(string(in), m.On)...)
}

// HasDivision reports whether a division of a day is an area or lies in it.
func (db *DB) HasDivision(ctx context.Context, in area.Code, on calendar.Date) (there bool, err error) {
	lo, hi := in.Range()
	err = db.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM divisions WHERE code >= $1 AND code < $2 AND valid_from <= $3 AND (valid_to IS NULL OR valid_to >= $3)
		AND superseded_at IS NULL)`, lo, hi, on).Scan(&there)
	if err != nil {
		return false, fmt.Errorf("look for a division: %w", translate(err))
	}
	return there, nil
}

// WasDivision reports whether on any of some days a division was an area or lay in it, as it was known at an instant.
func (db *DB) WasDivision(ctx context.Context, in area.Code, days calendar.Interval, knownAt time.Time) (there bool, err error) {
	lo, hi := in.Range()
	m := Moment{KnownAt: knownAt}
	err = db.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM divisions WHERE code >= $1 AND code < $2 AND ($4::date IS NULL OR valid_from <= $4)
		AND ($3::date IS NULL OR valid_to IS NULL OR valid_to >= $3) AND `+m.held("", 5)+")", m.args(lo, hi, days.From, days.To)...).Scan(&there)
	if err != nil {
		return false, fmt.Errorf("look for a division of some days: %w", translate(err))
	}
	return there, nil
}

// Succession is where the divisions of an area go on when their codes end, as it is known now.
func (db *DB) Succession(ctx context.Context, in area.Code) (area.Succession, error) {
	lo, hi := in.Range()
	list, err := db.divisions(ctx, "code >= $1 AND code < $2 AND superseded_at IS NULL", lo, hi)
	return area.NewSuccession(list), err
}

func (db *DB) divisions(ctx context.Context, where string, args ...any) ([]area.Division, error) {
	list, err := readAll(ctx, db, scanDivision, "SELECT "+divisionColumns+" FROM divisions WHERE "+where+" ORDER BY code", args...)
	if err != nil {
		return nil, fmt.Errorf("read divisions: %w", err)
	}
	return list, nil
}

// InsertDivisions takes in a tree: what is not there is added, and what is there and is said to have ended, ends. Anything else
// about a division that is there is left alone, so that an older file undoes nothing. What ends has nothing below it that goes on:
// towns would not add up to their district. Orphans are the places in the list of what has nothing above it; then the list is not to be kept.
func (tx *Tx) InsertDivisions(ctx context.Context, list []area.Division) (changed int, orphans []int, err error) {
	there, err := tx.periods(ctx)
	if err != nil {
		return 0, nil, fmt.Errorf("read divisions: %w", err)
	}
	var rows []row
	var ended []area.Division
	for _, d := range list {
		days := calendar.Interval{From: d.ValidFrom, To: d.ValidTo}
		at := slices.IndexFunc(there[d.Code], func(p period) bool { return p.Overlaps(days) })
		if at >= 0 {
			old := &there[d.Code][at]
			if !old.To.IsZero() || d.ValidTo.IsZero() || old.From != d.ValidFrom {
				continue
			}
			if _, err := tx.sql.ExecContext(ctx, "UPDATE divisions SET superseded_at = $2 WHERE id = $1", old.id, tx.Now); err != nil {
				return 0, nil, fmt.Errorf("end a division: %w", translate(err))
			}
			old.To, ended = d.ValidTo, append(ended, d)
		} else {
			there[d.Code] = append(there[d.Code], period{Interval: days})
		}
		rows = append(rows, row{tx.db.NewID(), string(d.Code), d.Name, d.Code.Level(), string(d.Code.Parent()), d.UrbanRuralClass, d.ValidFrom, d.ValidTo, string(d.Successor), tx.Now})
	}
	if err := tx.insert(ctx, table{"divisions", []string{"id uuid", "code", "name", "level", "parent_code text", "urban_rural_class",
		"valid_from date", "valid_to date", "successor_code", "recorded_at timestamptz"}}, rows); err != nil {
		return 0, nil, err
	}
	return len(rows), orphansOf(list, there), tx.nothingBelow(ctx, ended)
}

// orphansOf are the places in a list of towns and villages above which there is no division on their first day: nobody would find them
// from above, and no number would count them. A district may come without its city and province, which the office of one need not have.
func orphansOf(list []area.Division, there map[area.Code][]period) (orphans []int) {
	for i, d := range list {
		above := there[d.Code.Parent()]
		if len(d.Code) > len("370305") && !slices.ContainsFunc(above, func(p period) bool { return p.Contains(d.ValidFrom) }) {
			orphans = append(orphans, i)
		}
	}
	return orphans
}

// nothingBelow refuses an end after which a division below would have none above it.
func (tx *Tx) nothingBelow(ctx context.Context, ended []area.Division) error {
	for _, d := range ended {
		var below int
		if err := tx.sql.QueryRowContext(ctx, "SELECT count(*) FROM divisions WHERE parent_code = $1 AND superseded_at IS NULL AND (valid_to IS NULL OR valid_to > $2)",
			string(d.Code), d.ValidTo).Scan(&below); err != nil {
			return fmt.Errorf("look below a division: %w", translate(err))
		}
		if below > 0 {
			return fault.New(fault.Conflict, "DIVISION_NOT_EMPTY", fmt.Sprintf("区划%s终止后仍有%d个下级区划", d.Code, below), fmt.Sprintf("%d divisions below %s go on after its end", below, d.Code))
		}
	}
	return nil
}

// period is the time of a division that is there.
type period struct {
	id uuid.UUID
	calendar.Interval
}

func (tx *Tx) periods(ctx context.Context) (map[area.Code][]period, error) {
	there := map[area.Code][]period{}
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT id, code, valid_from, valid_to FROM divisions WHERE superseded_at IS NULL").Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var code area.Code
				var p period
				if err := rows.Scan(&p.id, &code, &p.From, &p.To); err != nil {
					return err
				}
				there[code] = append(there[code], p)
			}
			return rows.Err()
		})
	})
	return there, err
}
