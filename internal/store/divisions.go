package store

import (
	"context"
	"fmt"
	"maps"
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

// TakenDivisions is how many divisions of a list became what.
type TakenDivisions struct{ Added, Ended, Corrected int }

// Changed is how many there are in all.
func (t TakenDivisions) Changed() int { return t.Added + t.Ended + t.Corrected }

// InsertDivisions takes in a tree. A division that is not there is added. One that is there ends where the list says so, and is corrected
// where the list gives it another name, class or, if it has ended, successor; what it was stays readable as it was known. Its other days are
// left alone, so that an older file undoes no end. A row is about the division that began on its first day; an undated one about that of the
// day, or the first after it. An end is refused while something below goes on: towns would not add up to their district.
//
// Uncovered are the places in the list of divisions above which there is nothing on some of their days; then the list is not to be kept.
func (tx *Tx) InsertDivisions(ctx context.Context, list []area.Division, undated map[int]bool) (TakenDivisions, []Uncovered, error) {
	there, err := tx.periods(ctx)
	if err != nil {
		return TakenDivisions{}, nil, fmt.Errorf("read divisions: %w", err)
	}
	t := taking{tx: tx, there: there, ended: map[area.Code]calendar.Date{}, written: make([]bool, len(list))}
	order := make([]int, len(list)) // by their first days: of two times of a code that was open, the first is its end, and the second new
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return list[a].ValidFrom.Compare(list[b].ValidFrom) })
	for _, i := range order {
		t.take(i, list[i], undated[i])
	}
	if _, err := tx.sql.ExecContext(ctx, "UPDATE divisions SET superseded_at = $2 WHERE id = ANY($1)", t.superseded, tx.Now); err != nil {
		return TakenDivisions{}, nil, fmt.Errorf("supersede divisions: %w", translate(err))
	}
	if err := tx.insert(ctx, table{"divisions", []string{"id uuid", "code", "name", "level", "parent_code text", "urban_rural_class",
		"valid_from date", "valid_to date", "successor_code", "recorded_at timestamptz"}}, t.rows); err != nil {
		return TakenDivisions{}, nil, err
	}
	return t.taken, uncoveredOf(list, t.written, there), nothingBelow(t.ended, there)
}

// taking is a list of divisions while it is compared with those that are there.
type taking struct {
	tx         *Tx
	there      map[area.Code][]period
	taken      TakenDivisions
	ended      map[area.Code]calendar.Date
	written    []bool // with other days than before
	superseded []uuid.UUID
	rows       []row
}

func (t *taking) take(i int, d area.Division, undated bool) {
	days := calendar.Interval{From: d.ValidFrom, To: d.ValidTo}
	at := meant(t.there[d.Code], days)
	if at < 0 {
		added := period{Interval: days, name: d.Name, class: d.UrbanRuralClass, successor: d.Successor}
		t.there[d.Code] = append(t.there[d.Code], added)
		t.write(d.Code, added)
		t.taken.Added, t.written[i] = t.taken.Added+1, true
		return
	}
	old := &t.there[d.Code][at]
	next := old.corrected(d)
	switch began := old.From == d.ValidFrom; {
	case old.id == uuid.Nil, !began && (!undated || !d.ValidTo.IsZero()):
		return // another row of the list has said it, or it is about other days
	case began && old.To.IsZero() && !d.ValidTo.IsZero():
		next.To, next.successor, t.ended[d.Code] = d.ValidTo, d.Successor, d.ValidTo
		t.taken.Ended, t.written[i] = t.taken.Ended+1, true
	case next != *old:
		t.taken.Corrected++
	default:
		return
	}
	t.superseded = append(t.superseded, old.id)
	next.id = uuid.Nil
	*old = next
	t.write(d.Code, next)
}

func (t *taking) write(code area.Code, p period) {
	t.rows = append(t.rows, row{t.tx.db.NewID(), string(code), p.name, code.Level(), string(code.Parent()), p.class, p.From, p.To, string(p.successor), t.tx.Now})
}

// meant is the index of the period that a row with these days is about: the one that began on the same day, or else the first that
// overlaps; -1 where none does.
func meant(periods []period, days calendar.Interval) int {
	first := -1
	for i, p := range periods {
		switch {
		case !p.Overlaps(days):
		case p.From == days.From:
			return i
		case first < 0 || p.From.Before(periods[first].From):
			first = i
		}
	}
	return first
}

// Uncovered is the place in a list of a division with the first of its days on which there is none above it.
type Uncovered struct {
	At int
	On calendar.Date
}

// uncoveredOf are the divisions of a list above which there is nothing on some of their days: nobody in them would be found from above, and
// no number by town would count them. It names all that have nothing above them on their first day, and of those that were written also
// those that outlive what is above. What was there before keeps its own days and is not judged by those of the list. A district may come
// without its city and province, which an office of one need not have.
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

// firstWithout is the first of some days that lies in none of the periods; none where all do. A code may have several periods, one after
// another.
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

// period is a division that is there, in its time. What this list has written has no id yet.
type period struct {
	id uuid.UUID
	calendar.Interval
	name, class string
	successor   area.Code
}

// corrected is a period as a row gives it, but for its days. What the row leaves empty is not said, and stays.
func (p period) corrected(d area.Division) period {
	p.name = d.Name
	if d.UrbanRuralClass != "" {
		p.class = d.UrbanRuralClass
	}
	if d.Successor != "" && !p.To.IsZero() && d.ValidTo == p.To {
		p.successor = d.Successor
	}
	return p
}

func (tx *Tx) periods(ctx context.Context) (map[area.Code][]period, error) {
	there := map[area.Code][]period{}
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT id, code, valid_from, valid_to, name, coalesce(urban_rural_class, ''), coalesce(successor_code, '') FROM divisions WHERE superseded_at IS NULL").Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var code area.Code
				var p period
				if err := rows.Scan(&p.id, &code, &p.From, &p.To, &p.name, &p.class, &p.successor); err != nil {
					return err
				}
				there[code] = append(there[code], p)
			}
			return rows.Err()
		})
	})
	return there, err
}
