package application

import (
	"slices"
	"time"

	"zhucan/internal/calendar"
	"zhucan/internal/calendar/workdays"
)

// Clock is the time that a stage has left. It is computed when asked, never stored.
type Clock struct {
	DueOn    calendar.Date // last day of the limit; zero while paused
	DaysLeft int           // working days until then; negative once it has passed
	Paused   bool          // the case is with the applicant
}

// Overdue reports whether the limit has passed.
func (c Clock) Overdue() bool { return !c.Paused && c.DaysLeft < 0 }

// ClockOn is the clock of an application on a day, or nil in a stage without a limit. Days that the stage used before a
// return are used; the days with the applicant are not.
func (a *Application) ClockOn(day calendar.Date, days *workdays.Calendar, limits map[string]int) *Clock {
	if a.Stage == Returned {
		return &Clock{Paused: true}
	}
	limit, limited := limits[string(a.Stage)]
	if !limited {
		return nil
	}
	var since calendar.Date
	moves := slices.DeleteFunc(slices.Clone(a.Steps), func(s Step) bool { return s.From == s.To })
	for i, s := range moves {
		if s.To != a.Stage {
			continue
		}
		since = dayOf(s.At)
		if i+1 < len(moves) {
			limit -= days.Between(since, dayOf(moves[i+1].At))
		}
	}
	due := days.Add(since, max(limit, 0))
	return &Clock{DueOn: due, DaysLeft: days.Between(day, due)}
}

func dayOf(t time.Time) calendar.Date { return calendar.DateOf(t) }
