package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/indicator"
	"zhucan/internal/standing"
)

// Moment is a day, and the instant of which we ask what was known of it.
type Moment struct {
	On      calendar.Date
	KnownAt time.Time // zero: as it is known now
}

// Dimension is by what a count is broken down.
type Dimension string

// The dimensions. Town and village follow the division tree of the day; whoever stands in no village of that tree is
// counted openly as unplaced. Tree is the area itself, its towns and its villages in one answer.
const (
	ByNone           Dimension = "none"
	ByTown           Dimension = "town"
	ByVillage        Dimension = "village"
	ByTree           Dimension = "tree"
	ByCategory       Dimension = "category"
	ByComponent      Dimension = "component" // overlapping: somebody with several disabilities counts under each
	ByLevel          Dimension = "level"
	BySeverity       Dimension = "severity"
	BySex            Dimension = "sex"
	ByAgeBand        Dimension = "age_band"
	ByAgeGroup       Dimension = "age_group" // overlapping: rescue 0-9, school 6-14, care 16-59
	ByUrbanRural     Dimension = "urban_rural"
	ByHardship       Dimension = "hardship"
	ByRegisteredPoor Dimension = "registered_poor"
	ByHukouType      Dimension = "hukou_type"
	ByHolders        Dimension = "multi_disabled" // of households: one member with a certificate, or several (一户多残)
)

// Unplaced is the group of those whose managing area is no village of the tree of that day.
const Unplaced = "unplaced"

// split says how a dimension groups: the column of a standing that the first step keeps, the expression of the group made from it in the
// second, and a join where one row belongs to several groups. They are constants; input only chooses among them.
type split struct{ keep, group, join string }

const (
	notHere = "'not_applicable'" // the group of households in a dimension of persons, and the other way round
	placed  = "CASE WHEN d.code IS NULL THEN 'unplaced' ELSE "
	urban   = "CASE WHEN d.urban_rural_class IS NULL THEN 'unknown' WHEN d.urban_rural_class < '200' THEN 'urban' ELSE 'rural' END"
)

var splits = map[Dimension]split{
	ByNone:      {group: "''"},
	ByTown:      {group: placed + "left(s.area_code, 9) END"},
	ByVillage:   {group: placed + "s.area_code END"},
	ByTree:      {group: placed + "s.area_code END"},
	ByCategory:  {keep: "category", group: "s.category::text"},
	ByComponent: {keep: "components", group: "k.n::text", join: " JOIN generate_series(0, 7) k(n) ON (s.components >> k.n) & 1 = 1 OR s.components = 0 AND k.n = 0"},
	ByLevel:     {keep: "level", group: "s.level::text"},
	BySeverity:  {keep: "level", group: "CASE WHEN s.level IN (1, 2) THEN 'severe' ELSE 'other' END"},
	BySex:       {keep: "sex", group: "(ARRAY['unknown', 'male', 'female'])[s.sex + 1]"},
	// completed years as in calendar.Age: somebody born on 29 February is a year older on 1 March
	ByAgeBand: {keep: "birth_date", group: `CASE WHEN s.birth_date IS NULL OR s.birth_date > $2 THEN 'unknown'
		WHEN s.years <= 6 THEN '0-6' WHEN s.years <= 17 THEN '7-17' WHEN s.years <= 59 THEN '18-59' ELSE '60+' END`},
	ByAgeGroup: {keep: "birth_date", group: "k.name",
		join: " JOIN (VALUES ('0-9', 0, 9), ('6-14', 6, 14), ('16-59', 16, 59)) k(name, lo, hi) ON s.birth_date <= $2 AND s.years BETWEEN k.lo AND k.hi"},
	ByUrbanRural:     {group: urban},
	ByHardship:       {keep: "hardship", group: "(ARRAY['none', 'dibao', 'dibao_edge', 'tekun'])[s.hardship + 1]"},
	ByRegisteredPoor: {keep: "registered_poor", group: "CASE WHEN s.registered_poor THEN 'registered' ELSE 'other' END"},
	ByHukouType:      {keep: "hukou_type", group: "(ARRAY['unknown', 'agricultural', 'non_agricultural'])[s.hukou_type + 1]"},
	ByHolders:        {group: notHere},
}

// householdSplits are the dimensions that households have; in the others they are one group of their own.
var householdSplits = map[Dimension]split{
	ByNone: splits[ByNone], ByTown: splits[ByTown], ByVillage: splits[ByVillage], ByTree: splits[ByTree], ByUrbanRural: splits[ByUrbanRural],
	ByHolders: {keep: "holders", group: "CASE WHEN s.holders >= 2 THEN 'several' ELSE 'one' END"},
}

// Overlapping reports whether one person may be counted in several groups of a dimension, so that they do not add up.
func (d Dimension) Overlapping() bool { return splits[d].join != "" }

// GroupCount is the count of one group of one indicator.
type GroupCount struct {
	Indicator string
	Group     string
	indicator.Count
	Unplaced int64 // of the denominator and the excluded
}

// CountOf asks for counts of indicators by their keys: those that count persons, and those that count households.
type CountOf struct {
	Persons, Households []string
	Moment
	Area area.Code
	By   Dimension
}

// onDay bounds a scan of standings: the indicators $1 on the day $2 in the area from $3 to $4. oneOnDay is for one indicator, whose standings
// then come in the order of the index.
const (
	onDay    = "indicator = ANY($1) AND " + thatDay
	oneOnDay = "indicator = $1 AND " + thatDay
	thatDay  = "valid_from <= $2 AND (valid_to IS NULL OR valid_to >= $2) AND area_code >= $3 AND area_code < $4"
)

// of is a table of standings as it is known now, or as it was known at the parameter of that number.
func (m Moment) of(table, columns, where string, known int) string {
	rows := "SELECT " + columns + " FROM " + table + " WHERE " + where
	if m.KnownAt.IsZero() {
		return rows
	}
	at := fmt.Sprintf("$%d", known)
	return rows + " AND known_from <= " + at + " UNION ALL SELECT " + columns + " FROM " + table + "_past WHERE " + where + " AND known_from <= " + at + " AND known_to > " + at
}

// held is a condition for tables whose rows are superseded and never changed: those held true at the instant in the parameter of that
// number, or now.
func (m Moment) held(of string, known int) string {
	if m.KnownAt.IsZero() {
		return of + "superseded_at IS NULL"
	}
	return fmt.Sprintf("%[1]srecorded_at <= $%[2]d AND (%[1]ssuperseded_at IS NULL OR %[1]ssuperseded_at > $%[2]d)", of, known)
}

// villages joins the village of the tree of the day in parameter on, if the row of s stands in one.
func (m Moment) villages(on, known int) string {
	return fmt.Sprintf(" LEFT JOIN divisions d ON d.code = s.area_code AND d.level = 'village' AND d.valid_from <= $%[1]d AND (d.valid_to IS NULL OR d.valid_to >= $%[1]d) AND ", on) +
		m.held("d.", known)
}

// args are the parameters of a scan, with the instant behind them where one is asked for.
func (m Moment) args(list ...any) []any {
	if m.KnownAt.IsZero() {
		return list
	}
	return append(list, m.KnownAt)
}

// countStatement counts in two steps: standings alone into few groups, in the order of their index, then the tree of the day
// joined to the groups.
func countStatement(table string, m Moment, by split) string {
	keep := "indicator, area_code"
	if by.keep != "" {
		keep += ", " + by.keep
	}
	years := ""
	if by.keep == "birth_date" {
		years = "extract(year FROM age($2::date, birth_date))::int AS years, "
	}
	from := "(" + m.of(table, keep+", status, reason", onDay, 5) + ") o"
	return `
WITH s AS (
    SELECT ` + keep + `, ` + years + `count(*) FILTER (WHERE status = 1)::int AS covered, count(*) FILTER (WHERE status = 2)::int AS gap,
           count(*) FILTER (WHERE status = 3)::int AS excluded, count(*) FILTER (WHERE status = 4)::int AS extra,
           count(*) FILTER (WHERE status = 2 AND reason = 'WAIVED')::int AS waived
    FROM ` + from + ` GROUP BY ` + keep + `
)
SELECT s.indicator, ` + by.group + ` AS grouped, sum(s.covered), sum(s.gap), sum(s.excluded), sum(s.waived), sum(s.extra),
       coalesce(sum(s.covered + s.gap + s.excluded) FILTER (WHERE d.code IS NULL), 0)
FROM s` + by.join + m.villages(2, 5) + `
GROUP BY 1, 2 ORDER BY 1, 2`
}

// counting prepares a transaction for a count, or for the many rows of a file. Statements are planned for the area and indicators asked
// about, since a generic plan takes a village for the whole register or the other way round. And they may take longer than a look-up: a
// count of a million persons takes seconds, and more while others count as well.
func counting(b *pgx.Batch) {
	b.Queue("SELECT set_config('plan_cache_mode', 'force_custom_plan', true), set_config('statement_timeout', '30s', true)")
}

// Counts counts standings of a day in an area by one dimension: from what is kept by village where that is enough.
func (db *DB) Counts(ctx context.Context, who access.Actor, q CountOf) (list []GroupCount, err error) {
	err = db.Read(ctx, who, counting, q.joins, q.queue(func(g GroupCount) { list = append(list, g) }))
	if err != nil {
		return nil, fmt.Errorf("count standings: %w", err)
	}
	return list, nil
}

// joins prepares a transaction for adding up what is kept: it cannot be known beforehand how few rows that is, and the tree was looked through
// for each village.
func (q CountOf) joins(b *pgx.Batch) {
	if _, ok := q.kept(); ok {
		hashing(b)
	}
}

// queue asks for the counts, each of which is given to each.
func (q CountOf) queue(each func(GroupCount)) Query {
	if statement, ok := q.kept(); ok {
		return func(b *pgx.Batch) { q.count(b, statement, slices.Concat(q.Persons, q.Households), each) }
	}
	households, ok := householdSplits[q.By]
	if !ok {
		households = split{group: notHere}
	}
	return func(b *pgx.Batch) {
		q.count(b, countStatement("standings", q.Moment, splits[q.By]), q.Persons, each)
		q.count(b, countStatement("household_standings", q.Moment, households), q.Households, each)
	}
}

func (q CountOf) count(b *pgx.Batch, statement string, keys []string, each func(GroupCount)) {
	if len(keys) == 0 {
		return
	}
	lo, hi := q.Area.Range()
	b.Queue(statement, q.args(keys, q.On, lo, hi)...).Query(func(rows pgx.Rows) error {
		for rows.Next() {
			var g GroupCount
			if err := rows.Scan(&g.Indicator, &g.Group, &g.Covered, &g.Gap, &g.Excluded, &g.Waived, &g.Extra, &g.Unplaced); err != nil {
				return err
			}
			each(g)
		}
		return rows.Err()
	})
}

// NamesOf asks for who is behind one part of a number, after a subject in order.
type NamesOf struct {
	Indicator  string // a key
	Households bool   // it counts households
	Moment
	Area  area.Code
	Part  standing.Status
	After Cursor
	Limit int
}

// Named is one person or household behind a number.
type Named struct {
	ID       uuid.UUID
	Name     string    // of the person, or of the head of the household
	Area     area.Code // the managing area on the day counted
	Category int       // 0 of a household
	Level    int
	Reason   string
}

// ownArea is the condition that row security puts on a column, written out. Row security only hides rows, and PostgreSQL does not use it
// to find them: without this, a join with an area would read the whole register. It needs hashing: in a large register the planner takes
// an area to hold one person, and would compare every row with all of them.
func ownArea(column string) string {
	return column + " >= rtrim(current_setting('zhucan.area', true), ':') AND " + column + " < current_setting('zhucan.area', true)"
}

// hashing makes the planner join large sets by hashing, however small it takes them to be.
func hashing(b *pgx.Batch) { b.Queue("SELECT set_config('enable_nestloop', 'off', true)") }

// The files behind standings, each looked up by its key: of persons, and of households by the name of who heads them on the day. A fence,
// OFFSET 0, keeps a look-up from being planned as a join.
const (
	behindPersons    = `s CROSS JOIN LATERAL (SELECT p.name FROM persons p WHERE p.id = s.subject OFFSET 0) p`
	behindHouseholds = `s CROSS JOIN LATERAL (SELECT FROM households h WHERE h.id = s.subject OFFSET 0) h LEFT JOIN LATERAL (
		SELECT p.name FROM household_members m JOIN persons p ON p.id = m.person_id
		WHERE m.household_id = s.subject AND m.superseded_at IS NULL AND m.from_on <= $2 AND (m.to_on IS NULL OR m.to_on >= $2) ORDER BY m.relation <> 'head', m.from_on, m.id LIMIT 1) p ON true`
)

// Names lists who is behind one part of a count, in the order of the index and as many as are asked for: the rest of the part is counted,
// and not looked up. elsewhere is how many of the part are outside the actor's area by now: they were counted here on that day, and are
// not named.
func (db *DB) Names(ctx context.Context, who access.Actor, q NamesOf) (list []Named, total, elsewhere int64, err error) {
	lo, hi := q.Area.Range()
	if q.After.ID == uuid.Nil {
		q.After.Area = area.Code(lo) // where the reading of the index begins
	}
	table, subject, behind, file, of := "standings", "person_id AS subject, category, level, area_code, reason, status", behindPersons, "persons", "f.managing_area_code"
	if q.Households {
		table, subject, behind, file, of = "household_standings", "household_id AS subject, 0 AS category, 0 AS level, area_code, reason, status", behindHouseholds, "households", "f.area_code"
	}
	found := "WITH s AS (SELECT * FROM (" + q.of(table, subject, oneOnDay, 6) + ") o WHERE status = $5) "
	listed := "WITH s AS (SELECT * FROM (" + q.of(table, subject, oneOnDay, 9) + ") o WHERE status = $5 AND (area_code, subject) > ($6, $7)) "
	err = db.Read(ctx, who, func(b *pgx.Batch) {
		paging(b)
		asKept(func(b *pgx.Batch) {
			b.Queue(listed+"SELECT s.subject, coalesce(p.name, ''), s.area_code, s.category, s.level, s.reason FROM "+behind+
				" ORDER BY s.area_code, s.subject LIMIT $8", q.args(q.Indicator, q.On, lo, hi, int(q.Part), string(q.After.Area), q.After.ID, q.Limit)...).
				Query(func(rows pgx.Rows) error {
					list, err = pgx.CollectRows(rows, pgx.RowToStructByPos[Named])
					return err
				})
		})(b)
		hashing(b)
		b.Queue(found+"SELECT count(*), count(*) FILTER (WHERE f.id IS NULL) FROM s LEFT JOIN "+file+" f ON f.id = s.subject AND "+ownArea(of),
			q.args(q.Indicator, q.On, lo, hi, int(q.Part))...).QueryRow(func(r pgx.Row) error { return r.Scan(&total, &elsewhere) })
	})
	if err != nil {
		return nil, 0, 0, fmt.Errorf("list names behind %s: %w", q.Indicator, err)
	}
	db.Told(ctx, who, idsBy(list, func(n Named) uuid.UUID { return n.ID }))
	return list, total, elsewhere, nil
}
