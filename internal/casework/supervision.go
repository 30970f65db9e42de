package casework

import (
	"context"
	"time"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/exchange"
	"zhucan/internal/store"
	"zhucan/internal/supervision"
)

// BoardOf asks for the supervision board of an area: one row a district, town or village.
type BoardOf struct {
	Area     area.Code // the caller's own where empty
	From, To calendar.Date
	By       string
}

// boardDays is how many days a board spans at most.
const boardDays = 3 * 366

// firstNumbered is the day from which working days are numbered: before anything that the register knows.
var firstNumbered = calendar.MustDate("2010-01-01")

// Supervision counts what the units of an area took in, did in time and left lying.
func (d *Desk) Supervision(ctx context.Context, who access.Actor, q BoardOf) (b exchange.Board, err error) {
	if ctx, err = d.DB.Reading(ctx, who); err != nil {
		return b, err
	}
	today := d.today()
	if q.To.IsZero() {
		q.To = today
	}
	if q.From.IsZero() {
		q.From = q.To.Month().First()
	}
	if q.To.Before(q.From) || q.To.Sub(q.From) >= boardDays || q.From.Before(firstNumbered) {
		return b, field("to", "BAD_RANGE", "时间范围不合理，最多三年", "the days do not fit; at most three years")
	}
	in, err := d.DivisionOn(ctx, who, q.Area, calendar.Interval{From: q.From, To: q.To}, time.Time{})
	if err != nil {
		return b, err
	}
	tallies, err := d.DB.Supervision(ctx, who, store.SupervisionOf{Area: in, From: q.From, To: q.To, Today: today, FirstDay: firstNumbered,
		Numbers: d.Workdays().Numbers(firstNumbered, today), Limits: d.Pack().Limits, TicketsOverdue: d.TicketsOverdueSince(), Given: care.GivenStates()})
	if err != nil {
		return b, err
	}
	tree, err := d.DB.Divisions(ctx, in, earlier(q.To, today))
	if err != nil {
		return b, err
	}
	return exchange.Board{From: q.From, To: q.To, AsOf: today, Area: string(in), By: q.By, Rows: boardRows(in, q.By, tree, tallies)}, nil
}

// boardRows adds tallies up to the units of a level. What stands in none of them, such as the tickets of the district's own offices
// or the cases of a village that is no more, has a row of its own: so rows of every level add up to the same.
func boardRows(in area.Code, by string, tree []area.Division, tallies map[area.Code]supervision.Tally) []exchange.BoardRow {
	rows := []exchange.BoardRow{}
	at := map[area.Code]int{}
	for _, div := range tree {
		if div.Code.Level() == by || div.Code == in && len(in) >= lengthOf[by] {
			at[div.Code] = len(rows)
			rows = append(rows, exchange.BoardRow{AreaCode: string(div.Code), AreaName: div.Name})
		}
	}
	rest := exchange.BoardRow{AreaCode: string(in), Group: store.Unplaced}
	for code, tally := range tallies {
		row := &rest
		for unit := code; unit != ""; unit = unit.Parent() {
			if i, is := at[unit]; is {
				row = &rows[i]
				break
			}
		}
		row.Tally = row.Add(tally)
	}
	if rest.Tally != (supervision.Tally{}) {
		rows = append(rows, rest)
	}
	return rows
}

var lengthOf = map[string]int{"district": 6, "town": 9, "village": 12}
