package standing

import (
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/award"
	"zhucan/internal/calendar"
)

// begun are awards with the months in which they begin and end by what is recorded, in the order in which one follows the other. An award
// from an application begins in the first month in which the conditions hold, no earlier than the month from which the application counts
// and not in a month of an earlier award (the month: 国发〔2015〕52号, 自递交申请当月计发; the conditions: choice). That month is looked for anew
// whenever something is recorded, so facts count the same whether they are learned before or after the approval. An award that was taken
// over begins when the list said.
func (r *Reading) begun(awards []award.Award) []award.Award {
	list := slices.Clone(awards)
	free := map[string]calendar.Month{} // by programme: after the last month of the rights so far
	for i := range list {
		a := &list[i]
		months := r.months[a.Programme]
		from := a.StartMonth
		if a.Basis == award.FromApplication {
			from = a.OwedFrom
		}
		from = latest(from, free[a.Programme])
		first, found := months.FirstMonth(from)
		if a.StartMonth = latest(a.StartMonth, from); a.Basis == award.FromApplication && found && (a.EndMonth.IsZero() || !first.After(a.EndMonth)) {
			a.StartMonth = first
		}
		if a.EndReason == award.Succeeded {
			a.EndMonth = months.succeeded(*a)
		}
		if lasts, ok := months.Lasts(*a); ok && !lasts.To.IsZero() {
			free[a.Programme] = lasts.To.Add(1)
		}
	}
	return list
}

// succeeded is the last month of an award that had ended by itself and was followed by another. Where it turns out to have ended later,
// the other one begins after that; where it never ended, it runs on as the other one. One that had not begun by then never does.
func (m Months) succeeded(a award.Award) calendar.Month {
	last := a.EndMonth
	a.EndMonth = calendar.Month{}
	if lasts, ok := m.Lasts(a); ok && !lasts.From.After(last) {
		last = latest(last, lasts.To)
	}
	return last
}

func latest(a, b calendar.Month) calendar.Month {
	return slices.MaxFunc([]calendar.Month{a, b}, calendar.Month.Compare)
}

// Lasts is how long one of the awards of the reading runs.
func (r *Reading) Lasts(id uuid.UUID) (Run, bool) {
	for _, a := range r.awards {
		if a.ID == id {
			return r.months[a.Programme].Lasts(a)
		}
	}
	return Run{}, false
}
