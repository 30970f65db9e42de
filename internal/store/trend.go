package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/indicator"
)

// TrendOf asks for an indicator, by its key, on several days.
type TrendOf struct {
	Indicator  string
	Households bool // it counts households
	Area       area.Code
	Days       []calendar.Date
	KnownAt    time.Time // zero: as it is known now
}

// TrendCount is an indicator on one day.
type TrendCount struct {
	AreaName string // on that day; empty where the area was not there
	indicator.Count
	Unplaced int64 // of the denominator and the excluded
}

// Trend counts an indicator on several days, in one statement.
func (db *DB) Trend(ctx context.Context, who access.Actor, q TrendOf) ([]TrendCount, error) {
	lo, hi := q.Area.Range()
	table := "standings"
	if q.Households {
		table = "household_standings"
	}
	texts := make([]string, len(q.Days))
	for i, d := range q.Days {
		texts[i] = d.String()
	}
	m := Moment{KnownAt: q.KnownAt}
	const days = "unnest($1::text[]::date[]) WITH ORDINALITY d(day, n)"
	const columns, where = "status, reason, area_code, valid_from, valid_to", "indicator = $2 AND area_code >= $3 AND area_code < $4"
	const inForce = ".valid_from <= d.day AND (%[1]s.valid_to IS NULL OR %[1]s.valid_to >= d.day)"
	on := func(alias string) string { return alias + fmt.Sprintf(inForce, alias) }
	list := make([]TrendCount, len(q.Days))
	err := db.Read(ctx, who, func(b *pgx.Batch) {
		b.Queue(`SELECT d.n, count(*) FILTER (WHERE status = 1), count(*) FILTER (WHERE status = 2), count(*) FILTER (WHERE status = 3), count(*) FILTER (WHERE status = 4),
				count(*) FILTER (WHERE status = 2 AND reason = 'WAIVED'), count(*) FILTER (WHERE v.code IS NULL AND status < 4)
			FROM `+days+` JOIN (`+m.of(table, columns, where, 5)+`) s ON `+on("s")+`
			LEFT JOIN divisions v ON v.code = s.area_code AND v.level = 'village' AND `+on("v")+` AND `+m.held("v.", 5)+` GROUP BY 1`,
			m.args(texts, q.Indicator, lo, hi)...).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var n int
				var c TrendCount
				if err := rows.Scan(&n, &c.Covered, &c.Gap, &c.Excluded, &c.Extra, &c.Waived, &c.Unplaced); err != nil {
					return err
				}
				list[n-1] = c
			}
			return rows.Err()
		})
		b.Queue("SELECT d.n, v.name FROM "+days+" JOIN divisions v ON v.code = $2 AND "+on("v")+" AND "+m.held("v.", 3), m.args(texts, string(q.Area))...).Query(func(rows pgx.Rows) error {
			for rows.Next() {
				var n int
				var name string
				if err := rows.Scan(&n, &name); err != nil {
					return err
				}
				list[n-1].AreaName = name
			}
			return rows.Err()
		})
	})
	if err != nil {
		return nil, fmt.Errorf("count %s over months: %w", q.Indicator, err)
	}
	return list, nil
}
