package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

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
	rows := make([]row, len(timeline))
	for n, i := range timeline {
		rows[n] = row{i.PersonID, i.Indicator, i.Days.From, i.Days.To, int(i.Status), i.Reason, string(i.Area), i.Category, i.Level,
			sexCode[i.Sex], i.BirthDate, int(i.Hardship), i.RegisteredPoor, hukouCode[i.HukouType], i.Components}
	}
	if err := tx.supersede(ctx, standingsTable, "person_id", persons, rows); err != nil {
		return fmt.Errorf("write standings: %w", err)
	}
	return nil
}

// ReplaceHouseholdStandings writes the timelines of households over what was derived before.
func (tx *Tx) ReplaceHouseholdStandings(ctx context.Context, households []uuid.UUID, timeline []standing.HouseholdInterval) error {
	rows := make([]row, len(timeline))
	for n, i := range timeline {
		rows[n] = row{i.HouseholdID, i.Indicator, i.Days.From, i.Days.To, int(i.Status), i.Reason, string(i.Area), i.Holders}
	}
	if err := tx.supersede(ctx, householdStandingsTable, "household_id", households, rows); err != nil {
		return fmt.Errorf("write standings of households: %w", err)
	}
	return nil
}

// supersede makes the rows of subjects what is given. A row that is there already stays with the instant since which it is
// known; one that has gone moves to the table of the past, unless nobody can have seen it. A transaction that waited for another may
// bear an earlier time than it; what it changes is known only after that, or the same day would be told twice in between.
func (tx *Tx) supersede(ctx context.Context, t table, subject string, subjects []uuid.UUID, rows []row) error {
	return tx.Batch(ctx, func(b *pgx.Batch) {
		now := len(t.columns) + 1
		args := append(t.arrays(rows), tx.Now, subjects)
		names := strings.Join(t.names(), ", ")
		b.Queue(fmt.Sprintf(`
WITH instant AS (
    SELECT greatest($%[6]d::timestamptz, (SELECT max(known_from) + interval '1 microsecond' FROM %[1]s
        WHERE %[5]s = ANY($%[7]d::uuid[]) AND known_from > $%[6]d::timestamptz)) AS now
), fresh (%[2]s) AS (
    SELECT %[3]s FROM %[4]s
), gone AS (
    DELETE FROM %[1]s o WHERE %[5]s = ANY($%[7]d::uuid[]) AND NOT EXISTS (SELECT FROM fresh f WHERE f.%[5]s = o.%[5]s AND f.indicator = o.indicator
        AND f.valid_from = o.valid_from AND (%[8]s) IS NOT DISTINCT FROM (%[9]s))
    RETURNING o.*
), kept AS (
    INSERT INTO %[1]s_past SELECT gone.*, instant.now FROM gone, instant WHERE known_from < instant.now
)
INSERT INTO %[1]s (%[2]s, known_from)
SELECT f.*, instant.now FROM fresh f, instant WHERE (SELECT count(*) FROM gone) >= 0 -- after the old rows have gone
ON CONFLICT DO NOTHING`,
			t.name, names, t.selected(), t.unnested(), subject, now, now+1, prefixed("f.", t.names()[3:]), prefixed("o.", t.names()[3:])), args...)
	})
}

func prefixed(prefix string, names []string) string {
	return prefix + strings.Join(names, ", "+prefix)
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
			var sex, hukou int16
			err := rows.Scan(&i.PersonID, &i.Indicator, &i.Days.From, &i.Days.To, &i.Status, &i.Reason, &i.Area, &i.Category, &i.Level, &sex, &i.BirthDate,
				&i.Hardship, &i.RegisteredPoor, &hukou, &i.Components)
			i.Sex, i.HukouType = sexName[sex], hukouName[hukou]
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
