package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/indicator"
	"zhucan/internal/standing"
)

var standingsTable = table{"standings", []string{"person_id uuid", "indicator", "valid_from date", "valid_to date", "status smallint",
	"reason text", "area_code", "category smallint", "level smallint", "sex smallint", "birth_date date"}}

// ReplaceStandings writes the timelines of persons over what was derived before.
func (tx *Tx) ReplaceStandings(ctx context.Context, persons []uuid.UUID, timeline []standing.Interval) error {
	rows := make([]row, len(timeline))
	for n, i := range timeline {
		rows[n] = row{i.PersonID, i.Indicator, i.Days.From, i.Days.To, int(i.Status), i.Reason, string(i.Area), i.Category, i.Level,
			sexCode[i.Sex], i.BirthDate}
	}
	err := tx.Batch(ctx, func(b *pgx.Batch) {
		b.Queue("DELETE FROM standings WHERE person_id = ANY($1)", persons)
		standingsTable.queue(b, rows)
	})
	if err != nil {
		return fmt.Errorf("write standings: %w", err)
	}
	return nil
}

var sexCode = map[string]int{"male": 1, "female": 2}
var sexName = map[int16]string{1: "male", 2: "female"}

// Standings reads the stored timelines of persons, in order of person, indicator and day.
func (db *DB) Standings(ctx context.Context, who access.Actor, persons []uuid.UUID) ([]standing.Interval, error) {
	const columns = `SELECT person_id, indicator, valid_from, valid_to, status, reason, area_code, category, level, sex, birth_date
		FROM standings WHERE person_id = ANY($1) ORDER BY person_id, indicator, valid_from`
	var timeline []standing.Interval
	err := db.Read(ctx, who, func(b *pgx.Batch) {
		each(b, columns, persons, func(rows pgx.Rows) error {
			var i standing.Interval
			var sex int16
			err := rows.Scan(&i.PersonID, &i.Indicator, &i.Days.From, &i.Days.To, &i.Status, &i.Reason, &i.Area, &i.Category, &i.Level, &sex, &i.BirthDate)
			i.Sex = sexName[sex]
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

// Dimension is by what a count is broken down.
type Dimension string

// The dimensions. Town and village follow the division tree of the day; whoever stands in no village of that tree is
// counted openly as unplaced.
const (
	ByNone       Dimension = "none"
	ByTown       Dimension = "town"
	ByVillage    Dimension = "village"
	ByCategory   Dimension = "category"
	ByLevel      Dimension = "level"
	BySex        Dimension = "sex"
	ByAgeBand    Dimension = "age_band"
	ByUrbanRural Dimension = "urban_rural"
)

// Unplaced is the group of persons whose managing area is no village of the tree of that day.
const Unplaced = "unplaced"

// groupBy is the expression that a dimension groups by. Constants only; input chooses among them.
var groupBy = map[Dimension]string{
	ByNone:       "''",
	ByTown:       "CASE WHEN d.code IS NULL THEN 'unplaced' ELSE left(s.area_code, 9) END",
	ByVillage:    "CASE WHEN d.code IS NULL THEN 'unplaced' ELSE s.area_code END",
	ByCategory:   "s.category::text",
	ByLevel:      "s.level::text",
	BySex:        "(ARRAY['unknown', 'male', 'female'])[s.sex + 1]",
	ByUrbanRural: "CASE WHEN d.urban_rural_class IS NULL THEN 'unknown' WHEN d.urban_rural_class < '200' THEN 'urban' ELSE 'rural' END",
	// completed years as in calendar.Age: somebody born on 29 February is a year older on 1 March
	ByAgeBand: `CASE WHEN s.birth_date IS NULL OR s.birth_date > $2 THEN 'unknown'
		WHEN s.years <= 6 THEN '0-6' WHEN s.years <= 17 THEN '7-17' WHEN s.years <= 59 THEN '18-59' ELSE '60+' END`,
}

// GroupCount is the count of one group of one indicator.
type GroupCount struct {
	Indicator string
	Group     string
	indicator.Count
	Unplaced int64 // of all three parts
}

// inner is what the first step of a count groups by, so that it yields few rows.
var inner = map[Dimension]string{
	ByCategory: "category", ByLevel: "level", BySex: "sex", ByAgeBand: "birth_date",
}

// countStatement counts in two steps: standings alone into few groups, then the tree of the day joined to the groups.
func countStatement(by Dimension) string {
	keep := []string{"indicator", "status", "area_code"}
	if column := inner[by]; column != "" {
		keep = append(keep, column)
	}
	first := `SELECT ` + strings.Join(keep, ", ") + `, count(*) AS n`
	if by == ByAgeBand {
		first += `, extract(year FROM age($2::date, birth_date))::int AS years`
	}
	return `
WITH s AS (
    ` + first + `
    FROM standings
    WHERE indicator = ANY($1) AND valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2) AND area_code >= $3 AND area_code < $4
    GROUP BY ` + strings.Join(keep, ", ") + `
)
SELECT s.indicator, ` + groupBy[by] + ` AS grouped,
       coalesce(sum(s.n) FILTER (WHERE s.status = 1), 0)::bigint, coalesce(sum(s.n) FILTER (WHERE s.status = 2), 0)::bigint,
       coalesce(sum(s.n) FILTER (WHERE s.status = 3), 0)::bigint, coalesce(sum(s.n) FILTER (WHERE d.code IS NULL), 0)::bigint
FROM s LEFT JOIN divisions d ON d.code = s.area_code AND d.level = 'village' AND d.valid_from <= $2 AND (d.valid_to IS NULL OR d.valid_to >= $2)
GROUP BY 1, 2 ORDER BY 1, 2`
}

// Counts counts standings of a day in an area by one dimension.
func (db *DB) Counts(ctx context.Context, who access.Actor, indicators []string, on calendar.Date, in area.Code, by Dimension) ([]GroupCount, error) {
	lo, hi := in.Range()
	var list []GroupCount
	err := db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(countStatement(by), indicators, on, lo, hi).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var g GroupCount
				if err := rows.Scan(&g.Indicator, &g.Group, &g.Covered, &g.Gap, &g.Excluded, &g.Unplaced); err != nil {
					return err
				}
				list = append(list, g)
			}
			return rows.Err()
		})
	})
	if err != nil {
		return nil, fmt.Errorf("count standings: %w", err)
	}
	return list, nil
}

// Named is one person behind a number.
type Named struct {
	PersonID uuid.UUID
	Name     string
	Area     area.Code // the managing area on the day counted
	Category int
	Level    int
	Reason   string
}

// Names lists the persons behind one part of a count, after a person in order. elsewhere is how many of the part are
// managed outside the actor's area by now: they were counted here on that day, and are not named.
func (db *DB) Names(ctx context.Context, who access.Actor, indicator string, on calendar.Date, in area.Code, part standing.Status,
	after Cursor, limit int) (list []Named, total, elsewhere int64, err error) {
	lo, hi := in.Range()
	const part1 = ` FROM standings s %s WHERE s.indicator = $1 AND s.valid_from <= $2 AND (s.valid_to IS NULL OR s.valid_to >= $2)
		AND s.area_code >= $3 AND s.area_code < $4 AND s.status = $5`
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(`SELECT count(*), count(*) FILTER (WHERE p.id IS NULL)`+fmt.Sprintf(part1, "LEFT JOIN persons p ON p.id = s.person_id"),
			indicator, on, lo, hi, int(part)).QueryRow(func(r pgx.Row) error { return r.Scan(&total, &elsewhere) })
		b.Queue(`SELECT s.person_id, p.name, s.area_code, s.category, s.level, s.reason`+fmt.Sprintf(part1, "JOIN persons p ON p.id = s.person_id")+
			` AND (s.area_code, s.person_id) > ($6, $7) ORDER BY s.area_code, s.person_id LIMIT $8`,
			indicator, on, lo, hi, int(part), string(after.Area), after.ID, limit).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var n Named
				if err := rows.Scan(&n.PersonID, &n.Name, &n.Area, &n.Category, &n.Level, &n.Reason); err != nil {
					return err
				}
				list = append(list, n)
			}
			return rows.Err()
		})
	})
	if err != nil {
		return nil, 0, 0, fmt.Errorf("list names behind %s: %w", indicator, err)
	}
	return list, total, elsewhere, nil
}
