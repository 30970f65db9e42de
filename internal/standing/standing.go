// Package standing derives the timeline of one person: for each indicator, the days on which the person is covered, a gap or excluded, and
// why; for each programme, the months in which its conditions hold and, once an award was granted, the days. Everything follows from the
// file, the awards and the pack; nothing is decided twice.
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

// Who is in the population is in exactly one of the first three; covered and gap together are the denominator. Extra is
// served without being in the population.
const (
	Covered  Status = 1
	Gap      Status = 2
	Excluded Status = 3
	Extra    Status = 4
)

// Hardship is by which assistance a person is counted as hard-up.
type Hardship int

// The kinds of hardship; nobody is in two at a time, and where the facts say otherwise the first of them counts.
const (
	NoHardship Hardship = iota
	Dibao
	DibaoEdge
	Tekun
)

// Interval is a stretch of days on which nothing that a count reads changes.
type Interval struct {
	PersonID  uuid.UUID
	Indicator string
	Days      calendar.Interval
	Status    Status
	Reason    string // why excluded, or why a gap: the code of the first condition that does not hold
	Area      area.Code
	Category  int
	Level     int
	Sex       string
	BirthDate calendar.Date
	Hardship  Hardship
	// RegisteredPoor is whether the person stands or stood on the list of registered poor.
	RegisteredPoor bool
	HukouType      string
	Components     int // one bit a category of disability: 1 << category
}

// segment is a stretch of days with the same facts.
type segment struct {
	days  calendar.Interval
	facts casefile.Facts
	rules *policy.Answers
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
		if list[i].rules, err = pack.Answers(list[i].facts); err != nil {
			return nil, fmt.Errorf("read the facts of a day: %w", err)
		}
	}
	return list, nil
}

// Reading is one person's file read against the rules. Standings and dues are both made from it.
type Reading struct {
	file     casefile.File
	awards   []award.Award
	pack     *policy.Pack
	segments []segment
	months   map[string]Months // by programme
	granted  map[granted]bool
}

// granted is a month of an award that was granted for a late renewal. It is paid where with the new card the conditions hold in it.
type granted struct {
	award uuid.UUID
	month calendar.Month
}

// Read asks the rules about every stretch of days of a file, once.
func Read(file casefile.File, awards []award.Award, pack *policy.Pack) (*Reading, error) {
	list, err := segments(file, pack)
	if err != nil {
		return nil, err
	}
	r := &Reading{file: file, pack: pack, segments: list, months: map[string]Months{}, granted: map[granted]bool{}}
	for _, programme := range pack.Programmes {
		if r.months[programme.ID], err = months(file, list, programme.ID, pack); err != nil {
			return nil, err
		}
	}
	r.awards = r.begun(awards)
	return r, r.readGrants()
}

// Standings is the timeline of the person for every indicator and benefit of the pack that counts persons, and for every
// programme that the person was granted, as far as a change reaches.
func (r *Reading) Standings(of policy.Reach) (timeline []Interval) {
	for _, indicator := range r.pack.Counting(policy.UnitPerson) {
		if of.Standing(indicator.Key()) {
			timeline = append(timeline, r.standings(indicator)...)
		}
	}
	for _, programme := range r.pack.Programmes {
		if of.Standing(programme.ID) {
			timeline = append(timeline, r.conditions(programme.ID)...)
		}
	}
	return timeline
}

// conditions are the days since a programme was first granted: Covered where its conditions hold, Excluded where one of them does not or
// is not known to, with the code of the first such. They stand under the id of the programme, which no indicator has. An indicator cannot
// tell this: who has died or moved away is in no population, and a month that is paid in full may have days on which nothing holds any
// more.
func (r *Reading) conditions(programme string) (timeline []Interval) {
	var granted calendar.Month
	for _, a := range r.awards {
		if a.Programme == programme && !a.Void && (granted.IsZero() || a.StartMonth.Before(granted)) {
			granted = a.StartMonth
		}
	}
	for i := range r.segments {
		days := r.segments[i].days
		if granted.IsZero() || !days.To.IsZero() && days.To.Before(granted.First()) {
			continue
		}
		if days.From.Before(granted.First()) {
			days.From = granted.First()
		}
		outcome, reason := r.segments[i].rules.Answer(programme)
		one := Interval{PersonID: r.file.Person.ID, Indicator: programme, Days: days, Status: Excluded, Reason: reason, Area: r.file.Person.Managing}
		if outcome == policy.Yes {
			one.Status, one.Reason = Covered, ""
		}
		timeline = appendInterval(timeline, one)
	}
	return timeline
}

func (r *Reading) standings(indicator *policy.Indicator) (timeline []Interval) {
	good, paid := r.programme(indicator.Programme)
	cuts := cutsAt(good, paid)
	for i := range r.segments {
		s := &r.segments[i]
		place, reason := s.rules.Place(indicator)
		switch place {
		case policy.Outside:
		case policy.ByMonths:
			for _, days := range cut(s.days, cuts) {
				timeline = appendInterval(timeline, r.byMonth(s, indicator, days, good, paid))
			}
		default:
			timeline = appendInterval(timeline, r.interval(s, indicator, s.days, statusOf[place], reason))
		}
	}
	return timeline
}

var statusOf = map[policy.Place]Status{policy.InCovered: Covered, policy.InGap: Gap, policy.InExcluded: Excluded, policy.InExtra: Extra}

// programme is the months in which the conditions of a programme hold, and those in which it is paid.
func (r *Reading) programme(id string) (good, paid []Run) {
	if id == "" {
		return nil, nil
	}
	for _, a := range r.awards {
		if a.Programme == id {
			paid = append(paid, r.Payable(a)...)
		}
	}
	return r.months[id].Runs, paid
}

// byMonth says where the person stands on days that lie in whole inside or outside every run of good and of paid months.
func (r *Reading) byMonth(s *segment, indicator *policy.Indicator, days calendar.Interval, good, paid []Run) Interval {
	_, failed := s.rules.Answer(indicator.Programme)
	switch month := days.From.Month(); {
	case !anyContains(good, month):
		if failed == "" { // the conditions hold, but not to the end of a month that stops with the event (当月停发)
			failed = r.Fails(indicator.Programme, month.Last())
		}
		return r.interval(s, indicator, days, Excluded, failed)
	case anyContains(paid, month):
		return r.interval(s, indicator, days, Covered, "")
	}
	reason := s.rules.GapReason(indicator)
	if reason == "" { // the month counts for days on which the conditions held: what fails today tells it from a right that waits
		reason = failed
	}
	return r.interval(s, indicator, days, Gap, reason)
}

func (r *Reading) interval(s *segment, indicator *policy.Indicator, days calendar.Interval, status Status, reason string) Interval {
	facts := s.facts
	return Interval{PersonID: r.file.Person.ID, Indicator: indicator.Key(), Days: days, Status: status, Reason: reason,
		Area: area.Code(facts.Managing), Category: facts.Certificate.Category, Level: facts.Certificate.Level,
		Sex: r.file.Person.Sex, BirthDate: r.file.Person.BirthDate, Hardship: hardship(facts),
		RegisteredPoor: listedPoor(facts), HukouType: facts.HukouType, Components: componentBits(facts.Certificate)}
}

func hardship(f casefile.Facts) Hardship {
	for _, k := range []struct {
		kind string
		is   Hardship
	}{{"dibao", Dibao}, {"tekun", Tekun}, {"dibao_edge", DibaoEdge}} {
		if f.Value(k.kind).Answer == casefile.Yes {
			return k.is
		}
	}
	return NoHardship
}

// listedPoor reports whether the person stands or stood on the list of registered poor: who has left it since is still counted among them,
// who was taken off it as wrongly identified is not.
func listedPoor(f casefile.Facts) bool {
	v := f.Latest("registered_poor")
	return v.Answer == casefile.Yes && v.Sort != "removed"
}

func componentBits(c casefile.CertificateFacts) (bits int) {
	if c.Category != 0 && len(c.Components) == 0 {
		return 1 << c.Category
	}
	for _, component := range c.Components {
		bits |= 1 << component.Category
	}
	return bits
}

// cutsAt are the days on which a run begins or has ended.
func cutsAt(runs ...[]Run) []calendar.Date {
	var cuts []calendar.Date
	for _, r := range slices.Concat(runs...) {
		cuts = append(cuts, r.From.First())
		if !r.To.IsZero() {
			cuts = append(cuts, r.To.Add(1).First())
		}
	}
	slices.SortFunc(cuts, calendar.Date.Compare)
	return slices.Compact(cuts)
}

// cut splits days at the cuts that lie inside them.
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

// appendInterval adds an interval to a timeline. Where it begins on the day after the last one and differs in nothing else, it lengthens that one.
func appendInterval(timeline []Interval, next Interval) []Interval {
	if n := len(timeline); n > 0 {
		last := &timeline[n-1]
		same := next
		same.Days = last.Days
		if same == *last && last.Days.To.Add(1) == next.Days.From {
			last.Days.To = next.Days.To
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
