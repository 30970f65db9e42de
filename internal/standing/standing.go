// Package standing derives the timeline of one person: for each indicator the days in its population, covered, missing
// or excluded and why, and for each programme the months in which its conditions hold. Everything here follows from
// the file, the awards and the pack; nothing is decided twice.
package standing

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/area"
	"zhucan/internal/award"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/policy"
)

// Status is where a person stands with an indicator.
type Status int

// A person of P(D) is in exactly one of three; covered and gap together are the denominator.
const (
	Covered  Status = 1
	Gap      Status = 2
	Excluded Status = 3
)

// Interval is a stretch of days on which nothing that a count reads changes.
type Interval struct {
	PersonID  uuid.UUID
	Indicator string
	Days      calendar.Interval
	Status    Status
	Reason    string // why excluded: the code of the first condition that does not hold
	Area      area.Code
	Category  int
	Level     int
	Sex       string
	BirthDate calendar.Date
}

// Run is a stretch of months in which the conditions of a programme hold, at one level.
type Run struct {
	From, To calendar.Month // To zero: open
	Level    int            // of the first day of each month on which all conditions hold
}

// Contains reports whether m lies in the run.
func (r Run) Contains(m calendar.Month) bool {
	return !m.Before(r.From) && (r.To.IsZero() || !m.After(r.To))
}

// segment is a stretch of days with the same facts.
type segment struct {
	days  calendar.Interval
	facts casefile.Facts
	ask   *policy.Questions
}

func segments(file casefile.File, pack *policy.Pack) (_ []segment, err error) {
	starts := pack.Breakpoints(file)
	list := make([]segment, len(starts))
	for i, start := range starts {
		list[i].days.From = start
		if i+1 < len(starts) {
			list[i].days.To = starts[i+1].Add(-1)
		}
		list[i].facts = file.On(start, pack.Transitions)
		if list[i].ask, err = pack.Ask(list[i].facts); err != nil {
			return nil, fmt.Errorf("read the facts of a day: %w", err)
		}
	}
	return list, nil
}

// Months are the months in which all conditions of a programme hold on some day (no day pro-rating: one day is
// enough), in order, one run a level. The event of a month stops the month after it, because its own day still counts.
func Months(file casefile.File, pack *policy.Pack, programme string) ([]Run, error) {
	list, err := segments(file, pack)
	if err != nil {
		return nil, err
	}
	return months(list, programme)
}

func months(list []segment, programme string) ([]Run, error) {
	var runs []Run
	var last calendar.Month // last month already taken
	for _, s := range list {
		outcome, _, err := s.ask.Answer(programme)
		if err != nil {
			return nil, fmt.Errorf("months of %s: %w", programme, err)
		}
		if outcome != policy.Yes {
			continue
		}
		run := Run{From: s.days.From.Month(), Level: s.facts.Certificate.Level}
		if !s.days.To.IsZero() {
			run.To = s.days.To.Month()
		}
		if !last.IsZero() && !run.From.After(last) {
			run.From = last.Add(1) // the month belongs to the level of its first good day
		}
		if !run.To.IsZero() && run.To.Before(run.From) {
			continue
		}
		last = run.To
		runs = appendRun(runs, run)
	}
	return runs, nil
}

func appendRun(runs []Run, run Run) []Run {
	if n := len(runs); n > 0 && runs[n-1].Level == run.Level && runs[n-1].To.Add(1) == run.From {
		runs[n-1].To = run.To
		return runs
	}
	return append(runs, run)
}

// FirstMonth is the first month from a month on in which the conditions hold.
func FirstMonth(runs []Run, from calendar.Month) (calendar.Month, bool) {
	for _, r := range runs {
		if r.To.IsZero() || !r.To.Before(from) {
			if r.From.Before(from) {
				return from, true
			}
			return r.From, true
		}
	}
	return calendar.Month{}, false
}

// Derive is the whole timeline of one person for every indicator of the pack.
func Derive(file casefile.File, awards []award.Award, pack *policy.Pack) ([]Interval, error) {
	list, err := segments(file, pack)
	if err != nil {
		return nil, err
	}
	var timeline []Interval
	for i := range pack.Indicators {
		intervals, err := derive(file, list, awards, &pack.Indicators[i])
		if err != nil {
			return nil, fmt.Errorf("standing for %s: %w", pack.Indicators[i].ID, err)
		}
		timeline = append(timeline, intervals...)
	}
	return timeline, nil
}

func derive(file casefile.File, list []segment, awards []award.Award, indicator *policy.Indicator) ([]Interval, error) {
	runs, err := months(list, indicator.Programme)
	if err != nil {
		return nil, err
	}
	mine := slices.DeleteFunc(slices.Clone(awards), func(a award.Award) bool { return a.Programme != indicator.Programme })
	cuts := cutsAt(runs, mine)
	var timeline []Interval
	for _, s := range list {
		counted, err := s.ask.InPopulation(indicator)
		if err != nil {
			return nil, err
		}
		if !counted {
			continue
		}
		_, reason, err := s.ask.Answer(indicator.Programme)
		if err != nil {
			return nil, err
		}
		for _, days := range cut(s.days, cuts) {
			timeline = appendInterval(timeline, place(file, s.facts, indicator.ID, days, runs, mine, reason))
		}
	}
	return timeline, nil
}

// place says where the person stands on days that lie in whole inside or outside every run and award.
func place(file casefile.File, facts casefile.Facts, indicator string, days calendar.Interval, runs []Run, awards []award.Award, reason string) Interval {
	i := Interval{PersonID: file.Person.ID, Indicator: indicator, Days: days, Status: Excluded, Reason: reason,
		Area: area.Code(facts.Managing), Category: facts.Certificate.Category, Level: facts.Certificate.Level,
		Sex: file.Person.Sex, BirthDate: file.Person.BirthDate}
	month := days.From.Month()
	if !slices.ContainsFunc(runs, func(r Run) bool { return r.Contains(month) }) {
		return i
	}
	i.Status, i.Reason = Gap, ""
	if slices.ContainsFunc(awards, func(a award.Award) bool { return a.Covers(month) }) {
		i.Status = Covered
	}
	return i
}

// cutsAt are the days on which a run or an award begins or has ended.
func cutsAt(runs []Run, awards []award.Award) []calendar.Date {
	var cuts []calendar.Date
	for _, r := range runs {
		cuts = append(cuts, r.From.First())
		if !r.To.IsZero() {
			cuts = append(cuts, r.To.Add(1).First())
		}
	}
	for _, a := range awards {
		cuts = append(cuts, a.StartMonth.First())
		if !a.EndMonth.IsZero() {
			cuts = append(cuts, a.EndMonth.Add(1).First())
		}
	}
	slices.SortFunc(cuts, calendar.Date.Compare)
	return slices.Compact(cuts)
}

// cut splits days at the cuts inside it.
func cut(days calendar.Interval, cuts []calendar.Date) []calendar.Interval {
	var parts []calendar.Interval
	for _, c := range cuts {
		if c.After(days.From) && days.Contains(c) {
			parts = append(parts, calendar.Interval{From: days.From, To: c.Add(-1)})
			days.From = c
		}
	}
	return append(parts, days)
}

// appendInterval joins what follows without a change.
func appendInterval(timeline []Interval, next Interval) []Interval {
	if n := len(timeline); n > 0 {
		last := &timeline[n-1]
		joined := *last
		joined.Days.To = next.Days.To
		same := next
		same.Days = joined.Days
		if same == joined && last.Days.To.Add(1) == next.Days.From {
			*last = joined
			return timeline
		}
	}
	return append(timeline, next)
}

// Sort orders intervals of one person by indicator and day, as the store keeps them.
func Sort(timeline []Interval) {
	slices.SortStableFunc(timeline, func(a, b Interval) int {
		return cmp.Or(cmp.Compare(a.Indicator, b.Indicator), a.Days.From.Compare(b.Days.From))
	})
}
