package casework

import (
	"context"
	"time"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/store"
)

// anyDay is the interval of all days.
var anyDay = calendar.Interval{}

// DivisionOn is InArea for a question that is answered with numbers: for a division that does not exist, 0 of 0 would pass for an answer.
// One that existed by the last of the days asked about is enough, since people may still stand in one that has ended, and so is one of
// today. The caller's own area was checked when the account was made.
func (d *Desk) DivisionOn(ctx context.Context, who access.Actor, asked area.Code, days calendar.Interval, knownAt time.Time) (area.Code, error) {
	in, err := InArea(who, asked)
	if err != nil || in == who.Area {
		return in, err
	}
	if there, err := d.DB.WasDivision(ctx, in, calendar.Interval{To: days.To}, knownAt); err != nil || there {
		return in, err
	}
	if there, err := d.DB.HasDivision(ctx, in, d.today()); err != nil || there {
		return in, err
	}
	ever, err := d.DB.WasDivision(ctx, in, anyDay, time.Time{})
	if err != nil {
		return "", err
	}
	if ever {
		return "", field("area", "NOT_THEN", "该区划在所查日期尚不存在，今天也不存在", "there was no such division yet on the day asked about, nor is there today")
	}
	return "", field("area", "UNKNOWN_AREA", "区划代码不存在", "no division has this code")
}

// divisionAt is DivisionOn for a single day.
func (d *Desk) divisionAt(ctx context.Context, who access.Actor, asked area.Code, m store.Moment) (area.Code, error) {
	return d.DivisionOn(ctx, who, asked, calendar.Interval{From: m.On, To: m.On}, m.KnownAt)
}
