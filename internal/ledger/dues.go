// Package ledger is what is owed to a person month by month, and what became of it. A due is made from the file and the
// rules; what was paid comes from rosters; their difference is paid by the next roster or asked back. Late deaths,
// backdated rates and corrections of any kind are this one difference.
package ledger

import (
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/area"
	"zhucan/internal/award"
	"zhucan/internal/calendar"
	"zhucan/internal/money"
	"zhucan/internal/policy"
	"zhucan/internal/standing"
)

// Due is what an award owes in each month of a stretch.
type Due struct {
	PersonID     uuid.UUID
	Programme    string
	AwardID      uuid.UUID
	From, To     calendar.Month // To zero: open
	Level        int
	Amount       money.Fen // a month, at the rate in force on its first day; never at the rate of the day of payment
	RuleSet      string
	RateDocument string
	Area         area.Code // that manages the person on the first of the month: whose roster pays
}

// Dues are all that is owed to a person, in order of programme and month, no month of a programme twice.
func Dues(r *standing.Reading) []Due {
	var list []Due
	for i := range r.Pack().Programmes {
		programme := &r.Pack().Programmes[i]
		var own []Due
		for _, a := range r.Awards() {
			if a.Programme == programme.ID {
				own = append(own, duesOf(r, programme, a)...)
			}
		}
		slices.SortStableFunc(own, func(a, b Due) int { return a.From.Compare(b.From) })
		list = append(list, own...)
	}
	return list
}

func duesOf(r *standing.Reading, programme *policy.Programme, a award.Award) (list []Due) {
	for _, run := range r.Payable(a) {
		if run.From.Before(a.OwedFrom) {
			run.From = a.OwedFrom
		}
		if !run.To.IsZero() && run.To.Before(run.From) {
			continue
		}
		managed := r.ManagingIn(run)
		cuts := cutsIn(run, programme, managed)
		for i, from := range cuts {
			due := Due{PersonID: r.Person().ID, Programme: programme.ID, AwardID: a.ID, From: from, To: run.To, Level: run.Level, Area: areaAt(managed, from)}
			if i+1 < len(cuts) {
				due.To = cuts[i+1].Add(-1)
			}
			due.Amount, due.RateDocument = programme.Amount(run.Level, from)
			if rules := programme.RuleSet(from.Last()); rules != nil {
				due.RuleSet = rules.ID
			}
			if due.Amount > 0 {
				list = append(list, due)
			}
		}
	}
	return list
}

// cutsIn are the months of a run in which something about a due changes, the first one among them.
func cutsIn(run standing.Run, programme *policy.Programme, managed []standing.ManagedFrom) []calendar.Month {
	cuts := []calendar.Month{run.From}
	add := func(m calendar.Month) {
		if run.Contains(m) {
			cuts = append(cuts, m)
		}
	}
	for _, rate := range programme.Rates {
		add(rate.FirstMonth())
	}
	for _, rules := range programme.RuleSets {
		add(rules.From.Month())
	}
	for _, m := range managed {
		add(m.From)
	}
	slices.SortFunc(cuts, calendar.Month.Compare)
	return slices.Compact(cuts)
}

func areaAt(managed []standing.ManagedFrom, m calendar.Month) (at area.Code) {
	for _, one := range managed {
		if !one.From.After(m) {
			at = one.Area
		}
	}
	return at
}

// Loss is what a change of facts takes from a programme in the first month that it makes poorer.
type Loss struct {
	Programme string
	Month     calendar.Month
	Amount    money.Fen
}

// Losses are the programmes that owe less in some month after a change than before it, each with the first such month.
func Losses(before, after []Due) (list []Loss) {
	programmes := map[string]bool{}
	for _, due := range before {
		if programme := due.Programme; !programmes[programme] {
			programmes[programme] = true
			others := func(d Due) bool { return d.Programme != programme }
			month, lost := firstLoss(slices.DeleteFunc(slices.Clone(before), others), slices.DeleteFunc(slices.Clone(after), others))
			if lost > 0 {
				list = append(list, Loss{programme, month, lost})
			}
		}
	}
	return list
}

func firstLoss(before, after []Due) (month calendar.Month, lost money.Fen) {
	var months []calendar.Month
	for _, list := range [][]Due{before, after} {
		for _, due := range list {
			months = append(months, due.From)
			if !due.To.IsZero() {
				months = append(months, due.To.Add(1))
			}
		}
	}
	slices.SortFunc(months, calendar.Month.Compare)
	for _, m := range slices.Compact(months) {
		if lost := owedIn(before, m) - owedIn(after, m); lost > 0 {
			return m, lost
		}
	}
	return calendar.Month{}, 0
}

// owedIn is all that is owed in a month.
func owedIn(list []Due, m calendar.Month) (sum money.Fen) {
	for _, due := range list {
		if !m.Before(due.From) && (due.To.IsZero() || !m.After(due.To)) {
			sum += due.Amount
		}
	}
	return sum
}
