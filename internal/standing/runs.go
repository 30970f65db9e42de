package standing

import (
	"slices"

	"zhucan/internal/calendar"
)

// Run is a stretch of months at one level.
type Run struct {
	From, To calendar.Month // To zero: open
	Level    int            // of the first day of each month on which all conditions hold
}

// Contains reports whether m lies in the run.
func (r Run) Contains(m calendar.Month) bool {
	return !m.Before(r.From) && (r.To.IsZero() || !m.After(r.To))
}

func anyContains(runs []Run, m calendar.Month) bool {
	return slices.ContainsFunc(runs, func(r Run) bool { return r.Contains(m) })
}

// appendRun adds a run that begins no earlier than the last one, to that one where it goes on at the same level.
func appendRun(runs []Run, run Run) []Run {
	if n := len(runs); n > 0 && runs[n-1].Level == run.Level && !run.From.After(runs[n-1].To.Add(1)) {
		if run.To.IsZero() || run.To.After(runs[n-1].To) {
			runs[n-1].To = run.To
		}
		return runs
	}
	return append(runs, run)
}

// until is what of runs, which are in order and end at most a month later, lies before the end of a month.
func until(runs []Run, last calendar.Month) []Run {
	n := len(runs)
	switch {
	case n == 0 || !runs[n-1].To.After(last):
		return runs
	case runs[n-1].From.After(last):
		return runs[:n-1]
	}
	runs[n-1].To = last
	return runs
}

// joinRuns joins runs, which are in order, where one goes on at the level of the one before.
func joinRuns(runs []Run) (out []Run) {
	for _, r := range runs {
		out = appendRun(out, r)
	}
	return out
}

// without is what is left of runs outside all of others, which are in order.
func without(runs, others []Run) (out []Run) {
	for _, r := range runs {
		rest, open := r, true
		for _, o := range others {
			if !o.To.IsZero() && o.To.Before(rest.From) {
				continue
			}
			if !rest.To.IsZero() && o.From.After(rest.To) {
				break
			}
			if o.From.After(rest.From) {
				out = append(out, Run{From: rest.From, To: o.From.Add(-1), Level: r.Level})
			}
			if open = !o.To.IsZero() && (rest.To.IsZero() || o.To.Before(rest.To)); !open {
				break
			}
			rest.From = o.To.Add(1)
		}
		if open {
			out = append(out, rest)
		}
	}
	return out
}

// within is what of runs lies inside one.
func within(runs []Run, limit Run) (out []Run) {
	for _, r := range runs {
		if !limit.To.IsZero() && r.From.After(limit.To) || !r.To.IsZero() && r.To.Before(limit.From) {
			continue
		}
		if r.From.Before(limit.From) {
			r.From = limit.From
		}
		if !limit.To.IsZero() && (r.To.IsZero() || r.To.After(limit.To)) {
			r.To = limit.To
		}
		out = append(out, r)
	}
	return out
}
