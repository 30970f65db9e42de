package casework

import (
	"context"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/money"
	"zhucan/internal/policy"
	"zhucan/internal/roster"
	"zhucan/internal/store"
)

// Question is what somebody wants to know about a draft: what Month to To would cost, and what the roster of Month
// would pay.
type Question struct {
	Draft     Draft
	Area      area.Code
	Month, To calendar.Month
}

// Forecast is what would become of an area by other rules. Now is what the rules in force make of the same data.
type Forecast struct {
	PackVersion string
	Area        area.Code
	Month, To   calendar.Month
	Costs       []store.Cost
	Changes     []store.Change
	Unenrolled  []Unenrolled
	Roster      roster.Totals
	AskedBack   money.Fen
}

// Unenrolled is who of a town meets the conditions and does not receive, and what a month would cost if they all did.
type Unenrolled struct {
	Area                    area.Code
	Programme               string
	PersonsNow, PersonsThen int
	Now, Then               money.Fen
}

// longestForecast is how many months a forecast looks at.
const longestForecast = 36

// Simulate derives everybody of an area by a draft and calculates the month's roster, on copies: what it says is what
// activation and the next roster do on the same data, because they run the same code.
func (d *Desk) Simulate(ctx context.Context, who access.Actor, q Question) (f Forecast, err error) {
	if q.Area, err = InArea(who, q.Area); err != nil {
		return f, err
	}
	if q.To.Before(q.Month) || q.To.After(q.Month.Add(longestForecast-1)) {
		return f, field("to_month", "MONTHS_REVERSED", "测算期应为1至36个月", "a forecast is of 1 to 36 months")
	}
	_, pack, err := d.compile(ctx, q.Draft)
	if err != nil {
		return f, err
	}
	done, err := rehearsals.take(ctx)
	if err != nil {
		return f, err
	}
	defer done()
	f = Forecast{PackVersion: pack.Version, Area: q.Area, Month: q.Month, To: q.To}
	return f, d.DB.Rehearse(ctx, who, q.Area, func(r *store.Rehearsal) error {
		if err := d.deriveRehearsed(ctx, r, pack); err != nil {
			return err
		}
		return d.forecast(ctx, r, pack, &f)
	})
}

// rehearsals are run one after the other in a process: each derives a whole area, and others want to work meanwhile.
var rehearsals = make(baton, 1)

func (d *Desk) deriveRehearsed(ctx context.Context, r *store.Rehearsal, pack *policy.Pack) error {
	return portions(ctx, r.Persons, func(ids []uuid.UUID) error {
		dossiers, err := r.ReadDossiers(ctx, ids...)
		if err != nil {
			return err
		}
		return d.deriveBy(ctx, r.Tx, pack, ids, dossiers)
	})
}

func (d *Desk) forecast(ctx context.Context, r *store.Rehearsal, pack *policy.Pack, f *Forecast) (err error) {
	if f.Costs, err = r.Costs(ctx, f.Month, f.To); err != nil {
		return err
	}
	if f.Changes, err = r.Changes(ctx, f.Month, f.To); err != nil {
		return err
	}
	missing, err := r.Missing(ctx, f.Month.First())
	if err != nil {
		return err
	}
	f.Unenrolled = unenrolled(missing, d.Pack(), pack, f.Month)
	lines, err := r.Lines(ctx, roster.Roster{ID: d.NewID(), Month: f.Month, Area: f.Area})
	if err != nil {
		return err
	}
	f.Roster = roster.TotalsOf(lines)
	f.AskedBack, err = r.AskedBack(ctx)
	return err
}

// unenrolled adds up levels, each at its rate of the month.
func unenrolled(missing []store.Missing, now, then *policy.Pack, month calendar.Month) (list []Unenrolled) {
	for _, m := range missing {
		before, after := now.Indicator(m.Indicator), then.Indicator(m.Indicator)
		if before == nil || after == nil || before.Programme == "" || before.Variant != "" {
			continue
		}
		if n := len(list); n == 0 || list[n-1].Area != m.Area || list[n-1].Programme != after.Programme {
			list = append(list, Unenrolled{Area: m.Area, Programme: after.Programme})
		}
		u := &list[len(list)-1]
		rateNow, _ := now.Programme(before.Programme).Amount(m.Level, month)
		rateThen, _ := then.Programme(after.Programme).Amount(m.Level, month)
		u.PersonsNow, u.PersonsThen = u.PersonsNow+m.Now, u.PersonsThen+m.Then
		u.Now, u.Then = u.Now+rateNow*money.Fen(m.Now), u.Then+rateThen*money.Fen(m.Then)
	}
	return list
}
