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

// Trend counts an indicator on several days, in one round trip, and each as it is counted on that day alone.
func (db *DB) Trend(ctx context.Context, who access.Actor, q TrendOf) ([]TrendCount, error) {
	list := make([]TrendCount, len(q.Days))
	of := CountOf{Persons: []string{q.Indicator}, Moment: Moment{KnownAt: q.KnownAt}, Area: q.Area, By: ByNone}
	if q.Households {
		of.Persons, of.Households = nil, of.Persons
	}
	queries := []Query{counting, q.names(list), of.joins}
	for i, day := range q.Days {
		of.On = day
		queries = append(queries, of.queue(func(g GroupCount) { list[i].Count, list[i].Unplaced = g.Count, g.Unplaced }))
	}
	if err := db.Read(ctx, who, queries...); err != nil {
		return nil, fmt.Errorf("count %s over months: %w", q.Indicator, err)
	}
	return list, nil
}

// names are those that the area had on the days.
func (q TrendOf) names(list []TrendCount) Query {
	days := make([]string, len(q.Days))
	for i, d := range q.Days {
		days[i] = d.String()
	}
	m := Moment{KnownAt: q.KnownAt}
	return func(b *pgx.Batch) {
		b.Queue(`SELECT d.n, v.name FROM unnest($1::text[]::date[]) WITH ORDINALITY d(day, n) JOIN divisions v ON v.code = $2
			AND v.valid_from <= d.day AND (v.valid_to IS NULL OR v.valid_to >= d.day) AND `+m.held("v.", 3), m.args(days, string(q.Area))...).Query(func(rows pgx.Rows) error {
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
	}
}
