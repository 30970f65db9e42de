package store

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"zhucan/internal/access"
	"zhucan/internal/ledger"
	"zhucan/internal/standing"
)

var standingsTable = table{"standings", []string{"person_id uuid", "indicator", "valid_from date", "valid_to date", "status smallint",
	"reason text", "area_code", "category smallint", "level smallint", "sex smallint", "birth_date date", "hardship smallint", "registered_poor boolean",
	"hukou_type smallint", "components smallint"}}

var householdStandingsTable = table{"household_standings", []string{"household_id uuid", "indicator", "valid_from date", "valid_to date", "status smallint",
	"reason text", "area_code", "holders smallint"}}

// Reached is what of standings and dues a change may have reached; the rest stays as it is.
type Reached struct {
	All        bool     // standings for every indicator
	Indicators []string // or for these
	Dues       bool
}

// ReplaceDerived writes what follows from the files of persons, standings and dues, over what was derived before, opens the months in
// which what is owed differs, and returns the persons for whom it does. What has changed of a timeline is kept as what was known.
func (tx *Tx) ReplaceDerived(ctx context.Context, persons []uuid.UUID, of Reached, timeline []standing.Interval, dues []ledger.Due) ([]uuid.UUID, error) {
	standings := newSupersession(standingsTable, persons, timeline, intervalOf, rowOfInterval)
	if !of.All {
		standings.only = append([]string{}, of.Indicators...)
	}
	owed := duesChange{tx: tx, persons: persons, dues: dues}
	read := func(b *pgx.Batch) {
		standings.read(b)
		if of.Dues {
			owed.read(b)
		}
	}
	if len(persons) > fewPersons {
		read = afresh(read)
	}
	if err := tx.Batch(ctx, read); err != nil {
		return nil, fmt.Errorf("read what was derived: %w", err)
	}
	var writes []Query
	if standings.differs() {
		writes = append(writes, standings.write(tx.Now))
	}
	if of.Dues && owed.differs() {
		writes = append(writes, owed.write)
	}
	if len(writes) == 0 {
		return nil, nil
	}
	if err := tx.Batch(ctx, writes...); err != nil {
		return nil, fmt.Errorf("write what is derived: %w", err)
	}
	return owed.changed(), nil
}

// fewPersons is up to how many persons a generic plan serves well; for more, the statement is planned for their number.
const fewPersons = 50

func intervalOf(i *standing.Interval) ([]any, func()) {
	var sex, hukou int16
	return []any{&i.PersonID, &i.Indicator, &i.Days.From, &i.Days.To, &i.Status, &i.Reason, &i.Area, &i.Category, &i.Level, &sex, &i.BirthDate,
		&i.Hardship, &i.RegisteredPoor, &hukou, &i.Components}, func() { i.Sex, i.HukouType = sexName[sex], hukouName[hukou] }
}

func rowOfInterval(i standing.Interval) row {
	return row{i.PersonID, i.Indicator, i.Days.From, i.Days.To, int(i.Status), i.Reason, string(i.Area), i.Category, i.Level,
		sexCode[i.Sex], i.BirthDate, int(i.Hardship), i.RegisteredPoor, hukouCode[i.HukouType], i.Components}
}

// ReplaceHouseholdStandings writes the timelines of households over what was derived before.
func (tx *Tx) ReplaceHouseholdStandings(ctx context.Context, households []uuid.UUID, timeline []standing.HouseholdInterval) error {
	s := newSupersession(householdStandingsTable, households, timeline, householdIntervalOf, rowOfHouseholdInterval)
	err := tx.Batch(ctx, s.read)
	if err == nil && s.differs() {
		err = tx.Batch(ctx, s.write(tx.Now))
	}
	if err != nil {
		return fmt.Errorf("write standings of households: %w", err)
	}
	return nil
}

func householdIntervalOf(i *standing.HouseholdInterval) ([]any, func()) {
	return []any{&i.HouseholdID, &i.Indicator, &i.Days.From, &i.Days.To, &i.Status, &i.Reason, &i.Area, &i.Holders}, func() {}
}

func rowOfHouseholdInterval(i standing.HouseholdInterval) row {
	return row{i.HouseholdID, i.Indicator, i.Days.From, i.Days.To, int(i.Status), i.Reason, string(i.Area), i.Holders}
}

// supersession makes the intervals of subjects what is given. One that is there already stays with the instant since which it is
// known; one that has gone moves to the table of the past, unless nobody can have seen it. A transaction that waited for another may
// bear an earlier time than it; what it changes is known only after that, or the same day would be told twice in between.
// Of most timelines little changes, so they are read and compared here, and only what differs is written. The subjects are locked.
type supersession[I comparable] struct {
	table    table
	subjects []uuid.UUID
	only     []string // indicators; nil: all
	timeline []I
	scanned  func(*I) ([]any, func())
	asRow    func(I) row

	fresh  map[I]bool   // what is not there yet
	gone   []pgtype.TID // where what is there no longer lies
	latest time.Time    // since when what is there is known
}

func newSupersession[I comparable](t table, subjects []uuid.UUID, timeline []I, scanned func(*I) ([]any, func()), asRow func(I) row) *supersession[I] {
	s := &supersession[I]{table: t, subjects: subjects, timeline: timeline, scanned: scanned, asRow: asRow, fresh: make(map[I]bool, len(timeline))}
	for _, i := range timeline {
		s.fresh[i] = true
	}
	return s
}

func (s *supersession[I]) read(b *pgx.Batch) {
	names := s.table.names()
	stored := fmt.Sprintf("SELECT ctid, known_from, %s FROM %s WHERE %s = ANY($1)", strings.Join(names, ", "), s.table.name, names[0])
	stored, subjects := overIDs(stored, s.subjects)
	args := []any{subjects}
	if s.only != nil {
		stored, args = stored+" AND indicator = ANY($2)", append(args, s.only)
	}
	eachRow(b, stored, args, func(rows pgx.Rows) error {
		var old I
		var at pgtype.TID
		var since time.Time
		fields, scanned := s.scanned(&old)
		if err := rows.Scan(append([]any{&at, &since}, fields...)...); err != nil {
			return err
		}
		if scanned(); s.fresh[old] {
			delete(s.fresh, old)
		} else {
			s.gone = append(s.gone, at)
		}
		if since.After(s.latest) {
			s.latest = since
		}
		return nil
	})
}

func (s *supersession[I]) differs() bool { return len(s.gone)+len(s.fresh) > 0 }

// write writes what differs as known since now.
func (s *supersession[I]) write(now time.Time) Query {
	if now = now.Truncate(time.Microsecond); s.latest.After(now) { // as the database keeps it
		now = s.latest.Add(time.Microsecond)
	}
	var rows []row
	for _, i := range s.timeline {
		if s.fresh[i] {
			rows = append(rows, append(s.asRow(i), now))
		}
	}
	return func(b *pgx.Batch) {
		if len(s.gone) > 0 { // by their places: no statistics can lead the planner to read the whole table for them
			asKept(func(b *pgx.Batch) {
				b.Queue(fmt.Sprintf(`WITH gone AS (DELETE FROM %[1]s WHERE ctid = ANY($1) RETURNING *)
					INSERT INTO %[1]s_past SELECT gone.*, $2 FROM gone WHERE known_from < $2`, s.table.name), s.gone, now)
			})(b)
		}
		table{s.table.name, append(slices.Clone(s.table.columns), "known_from timestamptz")}.queue(b, rows)
	}
}

var hukouCode = map[string]int{"agricultural": 1, "non_agricultural": 2}
var hukouName = map[int16]string{1: "agricultural", 2: "non_agricultural"}
var sexCode = map[string]int{"male": 1, "female": 2}
var sexName = map[int16]string{1: "male", 2: "female"}

// Standings reads the stored timelines of persons, in order of person, indicator and day.
func (db *DB) Standings(ctx context.Context, who access.Actor, persons []uuid.UUID) ([]standing.Interval, error) {
	const columns = `SELECT person_id, indicator, valid_from, valid_to, status, reason, area_code, category, level, sex, birth_date,
		hardship, registered_poor, hukou_type, components FROM standings WHERE person_id = ANY($1) ORDER BY person_id, indicator, valid_from`
	var timeline []standing.Interval
	err := db.Read(ctx, who, func(b *pgx.Batch) {
		each(b, columns, persons, func(rows pgx.Rows) error {
			var i standing.Interval
			fields, scanned := intervalOf(&i)
			err := rows.Scan(fields...)
			scanned()
			timeline = append(timeline, i)
			return err
		})
	})
	return timeline, err
}

// PersonIDs lists persons after an id in order, for work over the whole register in portions.
func (db *DB) PersonIDs(ctx context.Context, who access.Actor, after uuid.UUID, limit int) ([]uuid.UUID, error) {
	var ids []uuid.UUID
	err := db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue("SELECT id FROM persons WHERE id > $1 ORDER BY id LIMIT $2", after, limit).Query(into(&ids, pgx.RowTo[uuid.UUID]))
	})
	return ids, err
}

// PersonIDs lists persons after an id in order, inside the transaction.
func (tx *Tx) PersonIDs(ctx context.Context, after uuid.UUID, limit int) (ids []uuid.UUID, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT id FROM persons WHERE id > $1 ORDER BY id LIMIT $2", after, limit).Query(into(&ids, pgx.RowTo[uuid.UUID]))
	})
	if err != nil {
		return nil, fmt.Errorf("list persons: %w", err)
	}
	return ids, nil
}
