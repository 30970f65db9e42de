package store

import (
	"context"
	"fmt"
	"maps"
	"slices"

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
// towns would not add up to their district. Uncovered are the places in the list of what lies in nothing on some of its days; then the
// list is not to be kept.
func (tx *Tx) InsertDivisions(ctx context.Context, list []area.Division) (changed int, uncovered []Uncovered, err error) {
	there, err := tx.periods(ctx)
	if err != nil {
		return 0, nil, fmt.Errorf("read divisions: %w", err)
	}
	var rows []row
	ended := map[area.Code]calendar.Date{}
	written := make([]bool, len(list))
	for i, d := range list {
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
			old.To, ended[d.Code] = d.ValidTo, d.ValidTo
		} else {
			there[d.Code] = append(there[d.Code], period{Interval: days})
		}
		written[i] = true
		rows = append(rows, row{tx.db.NewID(), string(d.Code), d.Name, d.Code.Level(), string(d.Code.Parent()), d.UrbanRuralClass, d.ValidFrom, d.ValidTo, string(d.Successor), tx.Now})
	}
	if err := tx.insert(ctx, table{"divisions", []string{"id uuid", "code", "name", "level", "parent_code text", "urban_rural_class",
		"valid_from date", "valid_to date", "successor_code", "recorded_at timestamptz"}}, rows); err != nil {
		return 0, nil, err
	}
	return len(rows), uncoveredOf(list, written, there), nothingBelow(ended, there)
}

// Uncovered is the place in a list of a division with the first of its days on which there is none above it.
type Uncovered struct {
	At int
	On calendar.Date
}

// uncoveredOf are those in a list of which nobody would be found from above, and whom no number by town would count, on some of their days:
// all of which nothing is above on the first day, and of those that were written also what outlives that. What was there before is not judged
// by the days that the list gives it, since it keeps its own. A district may come without its city and province, which the office of one need not have.
func uncoveredOf(list []area.Division, written []bool, there map[area.Code][]period) (found []Uncovered) {
	for i, d := range list {
		on := firstWithout(there[d.Code.Parent()], calendar.Interval{From: d.ValidFrom, To: d.ValidTo})
		orphan := on == d.ValidFrom
		if on.IsZero() || orphan && len(d.Code) <= len("370305") || !orphan && !written[i] {
			continue
		}
		found = append(found, Uncovered{At: i, On: on})
	}
	return found
}

// firstWithout is the first day of a time that lies in none of the periods; none where all do. A code may have one period after another.
func firstWithout(periods []period, days calendar.Interval) calendar.Date {
	day := days.From
	for {
		at := slices.IndexFunc(periods, func(p period) bool { return p.Contains(day) })
		switch {
		case at < 0:
			return day
		case periods[at].To.IsZero(), !days.To.IsZero() && !periods[at].To.Before(days.To):
			return calendar.Date{}
		}
		day = periods[at].To.Add(1)
	}
}

// nothingBelow refuses ends after which a division below would have none above it.
func nothingBelow(ended map[area.Code]calendar.Date, there map[area.Code][]period) error {
	below := map[area.Code]int{}
	for code, periods := range there {
		above := code.Parent()
		last, ok := ended[above]
		if !ok {
			continue
		}
		for _, p := range periods {
			if goesOn := p.To.IsZero() || p.To.After(last); goesOn && !firstWithout(there[above], p.Interval).IsZero() {
				below[above]++
			}
		}
	}
	if len(below) == 0 {
		return nil
	}
	code := slices.Min(slices.Collect(maps.Keys(below)))
	return fault.New(fault.Conflict, "DIVISION_NOT_EMPTY", fmt.Sprintf("区划%s终止后仍有%d个下级区划", code, below[code]), fmt.Sprintf("%d divisions below %s go on after its end", below[code], code))
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
