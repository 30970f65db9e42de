package casework

import (
	"context"
	"time"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/store"
)

// anyDay is all the days that a division may have been there.
var anyDay = calendar.Interval{}

// DivisionOn is InArea for a question that is answered with numbers: where there is no such division, nobody is counted, and 0 of 0
// would pass for an answer. A division of any of the days asked about will do, and so will one of today. The caller's own area was
// looked at when the account was made.
func (d *Desk) DivisionOn(ctx context.Context, who access.Actor, asked area.Code, days calendar.Interval, knownAt time.Time) (area.Code, error) {
	in, err := InArea(who, asked)
	if err != nil || in == who.Area {
		return in, err
	}
	if there, err := d.DB.WasDivision(ctx, in, days, knownAt); err != nil || there {
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
		return "", field("area", "NOT_THEN", "该区划在所查日期和今天都不存在", "there was no such division on the day asked about, nor is there today")
	}
	return "", field("area", "UNKNOWN_AREA", "区划代码不存在", "no division has this code")
}

// divisionAt is DivisionOn for a single day. What this year comes to may be asked for its end, and what the survey's needs are for next
// year. Of later years nothing is known: rights would have run out by then, and a wrong digit in a year would look like a catastrophe.
func (d *Desk) divisionAt(ctx context.Context, who access.Actor, asked area.Code, m store.Moment) (area.Code, error) {
	if m.On.Year() > d.today().Year()+1 {
		return "", field("as_of", "IN_FUTURE", "统计日期不能晚于明年年底", "the day lies behind the end of next year")
	}
	return d.DivisionOn(ctx, who, asked, calendar.Interval{From: m.On, To: m.On}, m.KnownAt)
}
