package policy

import (
	"time"

	"zhucan/internal/calendar"
)

// Reverification is the yearly window in which every recipient is verified again (国发〔2015〕52号 asks for it, the window is
// our choice): from the first day of FirstMonth to the last of LastMonth.
type Reverification struct {
	Since      int      `yaml:"since"` // the first year that is asked for
	FirstMonth int      `yaml:"first_month"`
	LastMonth  int      `yaml:"last_month"`
	DataKinds  []string `yaml:"data_kinds"` // facts that verify when a list confirms them inside the window
}

// Window is the days of a year's window.
func (v *Reverification) Window(year int) calendar.Interval {
	return calendar.Interval{From: calendar.NewMonth(year, time.Month(v.FirstMonth)).First(), To: calendar.NewMonth(year, time.Month(v.LastMonth)).Last()}
}

// YearOf is the year that a verification on a day counts for: that of the last window that has begun. Who missed it is
// so verified late, until the next one begins.
func (v *Reverification) YearOf(day calendar.Date) int {
	if day.Before(v.Window(day.Year()).From) {
		return day.Year() - 1
	}
	return day.Year()
}

// FirstYear is the first year for which a right recorded on a day is verified: a decision verifies for the window that
// it falls into.
func (v *Reverification) FirstYear(recorded calendar.Date) int {
	return max(v.Since, v.YearOf(recorded)+1)
}

// SuspendedFrom is the month from which a right is suspended that was not verified in a year.
func (v *Reverification) SuspendedFrom(year int) calendar.Month {
	return v.Window(year).To.Month().Add(1)
}
