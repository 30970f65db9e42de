package application

import (
	"time"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
)

// KnownAt is the application as it was at an instant after it was entered: later steps have not been taken. What it says of the applicant is
// as it is now.
func (a Application) KnownAt(at time.Time) Application {
	steps := a.Steps
	a.Stage, a.Steps, a.ReturnedOn = Draft, nil, calendar.Date{}
	a.SubmittedAt, a.SubmittedBy, a.OwedFrom = time.Time{}, uuid.Nil, calendar.Month{}
	a.AppliedOn = appliedFirst(a.AppliedOn, steps)
	for _, s := range steps {
		if s.At.After(at) {
			continue
		}
		a.Stage, a.Steps = s.To, append(a.Steps, s)
		switch day := calendar.DateOf(s.At); {
		case s.Action == "correct": // before the stage is looked at, which it leaves as it is
			a.applyOn(calendar.MustDate(s.Changes[0].After)) // as Correct writes it
		case s.To == Returned:
			a.ReturnedOn = day
		case s.Action == "submit":
			a.SubmittedAt, a.SubmittedBy, a.OwedFrom = s.At, s.ActorID, a.AppliedOn.Month()
		case s.Action == "resubmit":
			a.SubmittedAt, a.SubmittedBy, a.OwedFrom = s.At, s.ActorID, a.monthOnReturn(day)
		}
	}
	if a.DecidedAt.After(at) {
		a.DecidedAt, a.DecidedBy, a.Explanation = time.Time{}, uuid.Nil, nil
	}
	return a
}

// appliedFirst is the day of application as it was entered.
func appliedFirst(now calendar.Date, steps []Step) calendar.Date {
	for _, s := range steps {
		if s.Action == "correct" {
			return calendar.MustDate(s.Changes[0].Before)
		}
	}
	return now
}
