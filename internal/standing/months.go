package standing

import (
	"fmt"
	"slices"

	"zhucan/internal/area"
	"zhucan/internal/award"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/policy"
)

// Months are what a programme makes of the months of a person. A month that is in neither list only interrupts a right:
// the card has run out, or a fact is waited for.
type Months struct {
	Runs   []Run // all conditions hold on some day of the month (no day pro-rating), in order
	Breaks []Run // they fail on every day in a way that ends a right, expiry and freezing of the card left aside, in order; no levels
	Ends   []End // of rights that rested on a card which was cancelled, in order
}

// End is a day with which rights end although the conditions may hold again within the month, and the last month that they pay.
type End struct {
	On   calendar.Date
	Last calendar.Month
}

// MonthsOf reads the months of one programme.
func MonthsOf(file casefile.File, pack *policy.Pack, programme string) (Months, error) {
	list, err := segments(file, pack)
	if err != nil {
		return Months{}, err
	}
	return months(file, list, programme, pack)
}

func months(file casefile.File, list []segment, programme string, pack *policy.Pack) (m Months, err error) {
	yes, goesOn := make([]bool, len(list)+1), make([]bool, len(list)+1)
	var broken, kept []Run
	for i, s := range list {
		outcome, _ := s.rules.Answer(programme)
		yes[i] = outcome == policy.Yes
		if goesOn[i] = yes[i] || s.rules.Suspends(programme); !goesOn[i] {
			broken = append(broken, monthsOf(s.days, 0))
		}
	}
	for i, s := range list {
		stops := pack.StopModeOf(programme, s.days.To) == policy.StopSameMonth
		if yes[i] {
			m.Runs = appendGood(m.Runs, s, stops && !yes[i+1])
		}
		if goesOn[i] {
			kept = appendGood(kept, s, stops && !goesOn[i+1])
		}
	}
	m.Breaks = without(joinRuns(broken), kept)
	m.Ends, err = ends(file, programme, pack)
	return m, err
}

// ends asks of each day on which a card was cancelled whether, by the rules, a cancelled card ends the right.
func ends(file casefile.File, programme string, pack *policy.Pack) (list []End, err error) {
	for _, day := range file.Cancellations() {
		facts := file.On(day, pack.Transitions)
		facts.Certificate.Status = casefile.Cancelled
		says, err := pack.Answers(facts)
		if err != nil {
			return nil, fmt.Errorf("read the facts of a cancellation: %w", err)
		}
		if outcome, _ := says.Answer(programme); outcome == policy.Yes || says.Suspends(programme) {
			continue
		}
		end := End{On: day, Last: day.Month()}
		if pack.StopModeOf(programme, day) == policy.StopSameMonth && day != end.Last.Last() {
			end.Last = end.Last.Add(-1)
		}
		list = append(list, end)
	}
	return list, nil
}

func monthsOf(days calendar.Interval, level int) Run {
	r := Run{From: days.From.Month(), Level: level}
	if !days.To.IsZero() {
		r.To = days.To.Month()
	}
	return r
}

// appendGood adds the months of good days. A month belongs to the level of its first good day. Where a right stops in
// the month of the event, the last month does not count unless it is good to its end, whatever stretches of good days it began with.
func appendGood(runs []Run, s segment, stopsNow bool) []Run {
	run := monthsOf(s.days, s.facts.Certificate.Level)
	if stopsNow && !run.To.IsZero() && s.days.To != run.To.Last() {
		run.To = run.To.Add(-1)
		runs = until(runs, run.To)
	}
	if n := len(runs); n > 0 && !run.From.After(runs[n-1].To) {
		run.From = runs[n-1].To.Add(1)
	}
	if !run.To.IsZero() && run.To.Before(run.From) {
		return runs
	}
	return appendRun(runs, run)
}

// Contains reports whether the conditions hold in a month.
func (m Months) Contains(month calendar.Month) bool { return anyContains(m.Runs, month) }

// FirstMonth is the first month from a month on in which the conditions hold.
func (m Months) FirstMonth(from calendar.Month) (calendar.Month, bool) {
	for _, r := range m.Runs {
		if r.To.IsZero() || !r.To.Before(from) {
			if r.From.Before(from) {
				return from, true
			}
			return r.From, true
		}
	}
	return calendar.Month{}, false
}

// Lasts is how long an award runs: from its first good month until the month before one that ends it, or the one in which its card was
// cancelled. A right that has ended does not come back by itself when the conditions hold again; that needs another application.
func (m Months) Lasts(a award.Award) (Run, bool) {
	from, found := m.FirstMonth(a.StartMonth)
	run := Run{From: from, To: a.EndMonth}
	if !found || a.Void || !run.To.IsZero() && run.To.Before(from) {
		return Run{}, false
	}
	for _, b := range m.Breaks {
		if b.From.After(from) {
			if last := b.From.Add(-1); run.To.IsZero() || last.Before(run.To) {
				run.To = last
			}
			break
		}
	}
	if end, ends := m.endOf(a, from); ends && (run.To.IsZero() || end.Last.Before(run.To)) {
		run.To = end.Last
	}
	if !run.To.IsZero() && run.To.Before(from) {
		return Run{}, false
	}
	return run, true
}

// endOf is the cancellation of a card that ends an award which runs from a month on: the first since the award was asked for.
func (m Months) endOf(a award.Award, from calendar.Month) (End, bool) {
	for _, e := range m.Ends {
		if !e.On.Before(a.AskedOn()) && !e.On.Month().Before(from) {
			return e, true
		}
	}
	return End{}, false
}

// EndedWithCard is the last month of an award that ends because the card was cancelled on which it rested.
func (m Months) EndedWithCard(a award.Award) (last calendar.Month, ended bool) {
	run, ok := m.Lasts(a)
	end, ended := m.endOf(a, run.From)
	return end.Last, ok && ended && run.To == end.Last && a.EndReason == ""
}

// Payable are the months that an award pays, in order: it runs, the conditions hold or the month was granted for a late renewal, and it is not
// suspended.
func (r *Reading) Payable(a award.Award) []Run {
	m := r.months[a.Programme]
	lasts, ok := m.Lasts(a)
	if !ok {
		return nil
	}
	paid := within(m.Runs, lasts)
	for _, g := range a.Grants {
		if !m.Contains(g.Month) && lasts.Contains(g.Month) && r.granted[granted{a.ID, g.Month}] {
			paid = append(paid, Run{From: g.Month, To: g.Month, Level: g.Level})
		}
	}
	for _, s := range a.Suspensions {
		if !s.Forgiven() {
			paid = without(paid, []Run{{From: s.From, To: s.To}})
		}
	}
	if from, missed := r.Unverified(a); missed {
		paid = without(paid, []Run{{From: from}})
	}
	slices.SortFunc(paid, func(a, b Run) int { return a.From.Compare(b.From) })
	return joinRuns(paid)
}

// Fails is the code of the first condition of a programme that does not hold on a day, or is not known to; empty where all do.
func (r *Reading) Fails(programme string, day calendar.Date) string {
	for i := range r.segments {
		if r.segments[i].days.Contains(day) {
			if outcome, reason := r.segments[i].rules.Answer(programme); outcome != policy.Yes {
				return reason
			}
		}
	}
	return ""
}

// EndedBy is the code of the first condition that ends rights to a programme in a month; empty where none does.
func (r *Reading) EndedBy(programme string, m calendar.Month) string {
	for i := range r.segments {
		if s := &r.segments[i]; s.days.Overlaps(calendar.Interval{From: m.First(), To: m.Last()}) {
			if code := s.rules.EndedBy(programme); code != "" {
				return code
			}
		}
	}
	return ""
}

// readGrants finds out of each month that was granted for a late renewal whether with the new card the conditions hold in it.
func (r *Reading) readGrants() (err error) {
	for _, a := range r.awards {
		for _, g := range a.Grants {
			var card casefile.Certificate
			for _, card = range r.file.Certificates { // in order of their issue
				if card.IssuedOn.Month().After(g.Month) {
					break
				}
			}
			card.Level = g.Level
			if r.granted[granted{a.ID, g.Month}], err = r.HoldsWith(card, a.Programme, g.Month); err != nil {
				return err
			}
		}
	}
	return nil
}

// HoldsWith reports whether with a card that is good the conditions of a programme would hold on some day of a month.
func (r *Reading) HoldsWith(card casefile.Certificate, programme string, m calendar.Month) (bool, error) {
	month := calendar.Interval{From: m.First(), To: m.Last()}
	for _, s := range r.segments {
		if !s.days.Overlaps(month) {
			continue
		}
		facts := s.facts
		facts.Certificate = casefile.CertificateFacts{Status: casefile.Active, Category: card.Category, Level: card.Level, Components: card.Components}
		says, err := r.pack.Answers(facts)
		if err != nil {
			return false, fmt.Errorf("read the facts of a month with another card: %w", err)
		}
		if outcome, _ := says.Answer(programme); outcome == policy.Yes {
			return true, nil
		}
	}
	return false, nil
}

// Unverified is the month from which an award is suspended because nobody has verified, or somebody found that the
// conditions do not hold. A later verification that finds them held takes it away with all its months (次年补审后补发), so
// today it may well be a month to come. Nobody is asked in a window in none of whose months the conditions hold, nor suspended for it; and
// what was found before an award was decided is not held against it.
func (r *Reading) Unverified(a award.Award) (from calendar.Month, missed bool) {
	rule := r.pack.Reverification
	if rule == nil {
		return from, false
	}
	year := rule.FirstYear(calendar.DateOf(a.RecordedAt))
	var failed calendar.Date
	for _, v := range r.file.Verifications {
		switch {
		case v.Passed:
			year, failed = max(year, rule.YearOf(v.On)+1), calendar.Date{}
		case failed.IsZero() && !v.On.Before(calendar.DateOf(a.RecordedAt)):
			failed = v.On
		}
	}
	year, missed = r.askedFrom(a.Programme, year)
	if missed {
		from = rule.SuspendedFrom(year)
	}
	if !failed.IsZero() && (!missed || failed.Month().Before(from)) {
		return failed.Month().Add(1), true
	}
	return from, missed
}

// askedFrom is the first year from one on in whose window the conditions of a programme hold in some month.
func (r *Reading) askedFrom(programme string, year int) (int, bool) {
	for _, run := range r.months[programme].Runs {
		for ; ; year++ {
			window := r.pack.Reverification.Window(year)
			if window.To.Month().Before(run.From) {
				continue
			}
			if !run.To.IsZero() && window.From.Month().After(run.To) {
				break
			}
			return year, true
		}
	}
	return year, false
}

// Awards are the rights that the reading was made with, and in which months they begin by it.
func (r *Reading) Awards() []award.Award { return r.awards }

// Months are the months of one programme.
func (r *Reading) Months(programme string) Months { return r.months[programme] }

// Pack is the rules that the reading was made with.
func (r *Reading) Pack() *policy.Pack { return r.pack }

// Person is whose file it is.
func (r *Reading) Person() casefile.Person { return r.file.Person }

// ManagingIn lists which division manages the person on the first of the months of a run, and from which month on.
func (r *Reading) ManagingIn(run Run) []ManagedFrom {
	months := []calendar.Month{run.From}
	for _, s := range r.segments {
		if from := s.days.From.Add(-1).Month().Add(1); from.After(run.From) && run.Contains(from) {
			months = append(months, from)
		}
	}
	var list []ManagedFrom
	for _, m := range months {
		if at := r.managedOn(m.First()); len(list) == 0 || list[len(list)-1].Area != at {
			list = append(list, ManagedFrom{m, at})
		}
	}
	return list
}

func (r *Reading) managedOn(day calendar.Date) area.Code {
	for _, s := range r.segments {
		if s.days.Contains(day) && s.facts.Managing != "" {
			return area.Code(s.facts.Managing)
		}
	}
	return r.file.Person.Managing
}

// ManagedFrom is the division that manages a person from a month on.
type ManagedFrom struct {
	From calendar.Month
	Area area.Code
}
