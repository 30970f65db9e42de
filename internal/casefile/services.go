package casefile

import (
	"slices"
	"time"

	"zhucan/internal/calendar"
)

// The kinds of service that a survey asks about and a chain delivers.
const (
	Rehab    = "rehab"
	Device   = "device"
	Retrofit = "retrofit"
)

// SurveyNeeds is what the answers of one survey year say that a person needs. The latest recorded set of a year counts.
type SurveyNeeds struct {
	Year       int
	On         calendar.Date // collected
	Kinds      []string
	RecordedAt time.Time
}

// Served is a day on which a service was completed, and as what it counts.
type Served struct {
	On         calendar.Date
	Kinds      []string
	RecordedAt time.Time
}

// needsOf is what a survey year says, as far as it was collected by a day.
func (f File) needsOf(year int, day calendar.Date) []string {
	var latest SurveyNeeds
	for _, n := range f.Needs {
		if n.Year == year && !n.On.After(day) && !n.RecordedAt.Before(latest.RecordedAt) {
			latest = n
		}
	}
	return latest.Kinds
}

// servedIn is what was completed in the year of a day, up to that day.
func (f File) servedIn(day calendar.Date) (kinds []string) {
	for _, s := range f.Served {
		if s.On.Year() == day.Year() && !s.On.After(day) {
			kinds = append(kinds, s.Kinds...)
		}
	}
	slices.Sort(kinds)
	return slices.Compact(kinds)
}

// serviceDays are the days on which needs and services of this or the last year begin or cease to be so.
func (f File) serviceDays() (days []calendar.Date) {
	for _, n := range f.Needs {
		days = append(days, n.On, calendar.NewYear(n.Year+1), calendar.NewYear(n.Year+2))
	}
	for _, s := range f.Served {
		days = append(days, s.On, calendar.NewYear(s.On.Year()+1))
	}
	return days
}
