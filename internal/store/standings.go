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
	"zhucan/internal/standing"
)

var standingsTable = table{"standings", []string{"person_id uuid", "indicator", "valid_from date", "valid_to date", "status smallint",
	"reason text", "area_code", "category smallint", "level smallint", "sex smallint", "birth_date date", "hardship smallint", "registered_poor boolean",
	"hukou_type smallint", "components smallint"}}

var householdStandingsTable = table{"household_standings", []string{"household_id uuid", "indicator", "valid_from date", "valid_to date", "status smallint",
	"reason text", "area_code", "holders smallint"}}

// ReplaceStandings writes the timelines of persons over what was derived before. What has changed of it is kept as what was known.
func (tx *Tx) ReplaceStandings(ctx context.Context, persons []uuid.UUID, timeline []standing.Interval) error {
	return tx.replaceStandings(ctx, persons, nil, timeline)
}

// ReplaceSomeStandings is ReplaceStandings of some indicators; the others stay as they are.
func (tx *Tx) ReplaceSomeStandings(ctx context.Context, persons []uuid.UUID, indicators []string, timeline []standing.Interval) error {
	if len(indicators) == 0 {
		return nil
	}
	return tx.replaceStandings(ctx, persons, indicators, timeline)
}

// replaceStandings replaces those of all indicators where they are nil.
func (tx *Tx) replaceStandings(ctx context.Context, persons []uuid.UUID, indicators []string, timeline []standing.Interval) error {
	if err := supersede(ctx, tx, standingsTable, persons, indicators, timeline, intervalOf, rowOfInterval); err != nil {
		return fmt.Errorf("write standings: %w", err)
	}
	return nil
}

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
	if err := supersede(ctx, tx, householdStandingsTable, households, nil, timeline, householdIntervalOf, rowOfHouseholdInterval); err != nil {
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

// supersede makes the intervals of subjects what is given. One that is there already stays with the instant since which it is
// known; one that has gone moves to the table of the past, unless nobody can have seen it. A transaction that waited for another may
// bear an earlier time than it; what it changes is known only after that, or the same day would be told twice in between.
// Of most timelines little changes, so they are read and compared here, and only what differs is written. The subjects are locked.
func supersede[I comparable](ctx context.Context, tx *Tx, t table, subjects []uuid.UUID, indicators []string, timeline []I, scanned func(*I) ([]any, func()), asRow func(I) row) error {
	fresh := make(map[I]bool, len(timeline))
	for _, i := range timeline {
		fresh[i] = true
	}
	began := tx.Now.Truncate(time.Microsecond) // as the database keeps it
	latest := began
	var gone []pgtype.TID
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		stored := fmt.Sprintf("SELECT ctid, known_from, %s FROM %s WHERE %s = ANY($1)", strings.Join(t.names(), ", "), t.name, t.names()[0])
		args := []any{subjects}
		if indicators != nil {
			stored, args = stored+" AND indicator = ANY($2)", append(args, indicators)
		}
		b.Queue(stored, args...).Query(func(rows pgx.Rows) error {
			return scanAll(rows, func() error {
				var old I
				var at pgtype.TID
				var since time.Time
				fields, scanned := scanned(&old)
				if err := rows.Scan(append([]any{&at, &since}, fields...)...); err != nil {
					return err
				}
				if scanned(); fresh[old] {
					delete(fresh, old)
				} else {
					gone = append(gone, at)
				}
				if since.After(latest) {
					latest = since
				}
				return nil
			})
		})
	})
	if err != nil || len(gone)+len(fresh) == 0 {
		return err
	}
	now := began
	if latest.After(began) {
		now = latest.Add(time.Microsecond)
	}
	var rows []row
	for _, i := range timeline {
		if fresh[i] {
			rows = append(rows, append(asRow(i), now))
		}
	}
	return tx.Batch(ctx, func(b *pgx.Batch) {
		if len(gone) > 0 { // by their places: no statistics can lead the planner to read the whole table for them
			b.Queue(fmt.Sprintf(`WITH gone AS (DELETE FROM %[1]s WHERE ctid = ANY($1) RETURNING *)
				INSERT INTO %[1]s_past SELECT gone.*, $2 FROM gone WHERE known_from < $2`, t.name), gone, now)
		}
		table{t.name, append(slices.Clone(t.columns), "known_from timestamptz")}.queue(b, rows)
	})
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
		b.Queue("SELECT id FROM persons WHERE id > $1 ORDER BY id LIMIT $2", after, limit).Query(func(rows pgx.Rows) (err error) {
			ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
			return err
		})
	})
	return ids, err
}

// PersonIDs lists persons after an id in order, inside the transaction.
func (tx *Tx) PersonIDs(ctx context.Context, after uuid.UUID, limit int) (ids []uuid.UUID, err error) {
	err = tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("SELECT id FROM persons WHERE id > $1 ORDER BY id LIMIT $2", after, limit).Query(func(rows pgx.Rows) (err error) {
			ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("list persons: %w", err)
	}
	return ids, nil
}
