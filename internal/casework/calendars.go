package casework

import (
	"context"

	"zhucan/internal/access"
	"zhucan/internal/calendar/workdays"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// RecordCalendar takes the order of a year's holidays, in the place of what was known of that year. Limits are computed
// when asked, so it counts at once.
func (d *Desk) RecordCalendar(ctx context.Context, who access.Actor, year workdays.Year) (c store.Calendar, err error) {
	if !who.Covers(d.Pack().District) { // the limits of everybody's cases are counted by it
		return c, fault.New(fault.Invalid, "OUTSIDE_AREA", "超出本人管辖区域", "outside your area")
	}
	days, err := d.Workdays().With(year)
	if err != nil {
		return c, field("holidays", "BAD_CALENDAR", "日历自相矛盾："+err.Error(), err.Error())
	}
	err = d.write(ctx, who, "calendar.record", func(tx *store.Tx) error {
		c = store.Calendar{ID: d.NewID(), Year: year, RecordedAt: tx.Now}
		if err := tx.InsertCalendar(ctx, c); err != nil {
			return err
		}
		return tx.Describe(ctx, c.ID, map[string]any{"year": year.Year})
	})
	if err != nil {
		return c, err
	}
	now := *d.Rules.now.Load() // not read back: inside Once the transaction has not committed yet
	now.days = days
	d.Rules.now.Store(&now)
	return c, nil
}
