package casework

import (
	"context"
	"errors"
	"fmt"

	"zhucan/internal/access"
	"zhucan/internal/calendar/workdays"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// badCalendar names the list in which a day cannot be meant, and where it stands there.
func badCalendar(err error) error {
	var w *workdays.WrongDay
	switch {
	case !errors.As(err, &w):
		return field("document", "BAD_CALENDAR", "请填写发布日历的文件", "name the document that orders the calendar")
	case w.Of == "working":
		return field(w.Of, "BAD_CALENDAR", fmt.Sprintf("第%d项不是该年可以上班的周末", w.N), w.Error())
	}
	return field(w.Of, "BAD_CALENDAR", fmt.Sprintf("第%d项不是该年的日期", w.N), w.Error())
}

// RecordCalendar takes the order of a year's holidays, in the place of what was known of that year. Limits are computed
// when asked, so it counts at once.
func (d *Desk) RecordCalendar(ctx context.Context, who access.Actor, year workdays.Year) (c store.Calendar, err error) {
	if !who.Covers(d.Pack().District) { // the limits of everybody's cases are counted by it
		return c, fault.New(fault.Invalid, "OUTSIDE_AREA", "超出本人管辖区域", "outside your area")
	}
	days, err := d.Workdays().With(year)
	if err != nil {
		return c, badCalendar(err)
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
