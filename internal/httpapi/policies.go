package httpapi

import (
	"encoding/hex"
	"fmt"
	"net/http"

	"github.com/google/uuid"

	"zhucan/api"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/calendar/workdays"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/money"
	"zhucan/internal/policy"
	"zhucan/internal/roster"
	"zhucan/internal/store"
)

func (a *API) listPolicies(r *Request) (Response, error) {
	before, err := r.afterID()
	if err != nil {
		return Response{}, err
	}
	found, err := a.Desk.DB.ListPacks(r.Ctx, before, r.limit())
	if err != nil {
		return Response{}, err
	}
	active, err := a.Desk.DB.ActivePack(r.Ctx)
	if err != nil && !fault.Is(err, store.NotFound.Code) {
		return Response{}, err
	}
	items := []api.Policy{}
	for _, p := range found {
		v := policyView(p, active.ID)
		v.Document = nil
		items = append(items, v)
	}
	return Response{Body: api.PolicyList{Items: items, NextCursor: next(found, r.limit(), func(p store.Pack) string { return idCursor(p.ID) })}}, nil
}

func (a *API) proposePolicy(r *Request) (Response, error) {
	in, err := decode[api.NewPolicy](r)
	if err != nil {
		return Response{}, err
	}
	draft, err := draftOf(in.Draft)
	if err != nil {
		return Response{}, err
	}
	p, err := a.Desk.ProposePolicy(r.Ctx, r.Who, draft, in.Note)
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Version: policyVersion(p), Body: policyView(p, uuid.Nil)}, nil
}

func (a *API) getPolicy(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	p, err := a.Desk.DB.Pack(r.Ctx, id)
	if err != nil {
		return Response{}, err
	}
	active, err := a.Desk.DB.ActivePack(r.Ctx)
	if err != nil && !fault.Is(err, store.NotFound.Code) {
		return Response{}, err
	}
	return Response{Version: policyVersion(p), Body: policyView(p, active.ID)}, nil
}

func (a *API) activatePolicy(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	if p, err := a.Desk.DB.Pack(r.Ctx, id); err == nil && policyVersion(p) != r.Version {
		return Response{}, fault.New(fault.Stale, "STALE", "记录已更新，请刷新后重试", "the record has changed since it was read")
	}
	p, err := a.Desk.ActivatePolicy(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	return Response{Version: policyVersion(p), Body: policyView(p, p.ID)}, nil
}

// draftOf reads exactly one of the three ways to say a draft.
func draftOf(in api.PolicyDraft) (casework.Draft, error) {
	d := casework.Draft{Document: value(in.Document), PackID: value(in.PolicyID), Version: value(in.PackVersion)}
	for _, rate := range in.Rates {
		one := policy.NewRate{Programme: string(rate.Programme), Rate: policy.Rate{From: rate.From, Document: rate.Document, Amounts: map[int]money.Fen{}}}
		for _, level := range rate.ByLevel {
			one.Amounts[level.Level] = money.Fen(level.AmountFen)
		}
		d.Rates = append(d.Rates, one)
	}
	given := 0
	for _, is := range []bool{d.Document != "", d.PackID != uuid.Nil, len(d.Rates) > 0} {
		if is {
			given++
		}
	}
	if given != 1 || (d.Version != "") != (len(d.Rates) > 0) {
		return d, fault.InvalidFields(fault.Field{Name: "draft", Code: "ONE_DRAFT", ZH: "须且只须给出政策包文本、政策包编号或（标准与新版本号）之一",
			EN: "give a document, a policy_id, or rates with a pack_version, and only one of them"})
	}
	return d, nil
}

func policyVersion(p store.Pack) int {
	if p.Activation > 0 {
		return 2
	}
	return 1
}

func policyView(p store.Pack, inForce uuid.UUID) api.Policy {
	v := api.Policy{ID: p.ID, Version: policyVersion(p), Pack: p.Name, PackVersion: p.Version, State: api.PolicyStateProposed, Sha256: hex.EncodeToString(p.SHA256()), Note: p.Note,
		ProposedBy: some(p.ProposedBy), ProposedAt: p.ProposedAt.UTC(), ActivatedBy: some(p.ActivatedBy), ActivatedAt: some(p.ActivatedAt.UTC()), Document: some(p.Document)}
	switch {
	case p.ID == inForce:
		v.State = api.PolicyStateInForce
	case p.Activation > 0:
		v.State = api.PolicyStateReplaced
	}
	return v
}

func (a *API) simulatePolicy(r *Request) (Response, error) {
	in, err := decode[api.NewSimulation](r)
	if err != nil {
		return Response{}, err
	}
	q := casework.Question{Month: calendar.Month(in.Month), To: calendar.Month(in.Month).Add(11)}
	if q.Draft, err = draftOf(in.Draft); err != nil {
		return Response{}, err
	}
	if q.Area, err = code("area_code", in.AreaCode); err != nil {
		return Response{}, err
	}
	if in.ToMonth != nil {
		q.To = calendar.Month(*in.ToMonth)
	}
	for i := range in.Budgets {
		b := &in.Budgets[i]
		at, err := code(fmt.Sprintf("budgets.%d.area_code", i), &b.AreaCode)
		if err != nil {
			return Response{}, err
		}
		b.AreaCode = api.AreaCode(at)
	}
	f, err := a.Desk.Simulate(r.Ctx, r.Who, q)
	if err != nil {
		return Response{}, err
	}
	most := 1000
	if in.MostChanges != nil {
		most = *in.MostChanges
	}
	if !r.Who.Role.SeesPersons() {
		most = 0
	}
	return Response{Body: simulationView(f, in.Budgets, most)}, nil
}

func simulationView(f casework.Forecast, budgets []api.Budget, most int) api.Simulation {
	v := api.Simulation{PackVersion: f.PackVersion, AreaCode: api.AreaCode(f.Area), Month: api.Month(f.Month), ToMonth: api.Month(f.To), Costs: []api.SimulatedCost{},
		Budgets: []api.SimulatedBudget{}, Unenrolled: []api.SimulatedUnenrolled{}, Changes: []api.SimulatedChange{}, ChangesTotal: len(f.Changes),
		AskedBackFen: int64(f.AskedBack), Roster: simulatedRoster(f.Roster)}
	for _, c := range f.Costs {
		v.Costs = append(v.Costs, api.SimulatedCost{AreaCode: api.AreaCode(c.Area), Month: api.Month(c.Month), Programme: api.Programme(c.Programme),
			PersonsNow: c.PersonsNow, PersonsThen: c.PersonsThen, NowFen: int64(c.Now), ThenFen: int64(c.Then), DifferenceFen: int64(c.Then - c.Now)})
	}
	for _, b := range budgets {
		v.Budgets = append(v.Budgets, againstBudget(f, b)...)
	}
	for _, u := range f.Unenrolled {
		v.Unenrolled = append(v.Unenrolled, api.SimulatedUnenrolled{AreaCode: api.AreaCode(u.Area), Programme: api.Programme(u.Programme), PersonsNow: u.PersonsNow,
			PersonsThen: u.PersonsThen, NowFen: int64(u.Now), ThenFen: int64(u.Then)})
	}
	v.Gain, v.Lose = sides(f.Changes)
	for _, c := range f.Changes[:min(most, len(f.Changes))] {
		v.Changes = append(v.Changes, api.SimulatedChange{PersonID: c.PersonID, AreaCode: api.AreaCode(c.Area), Programme: api.Programme(c.Programme),
			NowFen: int64(c.Now), ThenFen: int64(c.Then), DifferenceFen: int64(c.Then - c.Now)})
	}
	return v
}

// againstBudget holds what the months of an area cost by the draft against what there is for them.
func againstBudget(f casework.Forecast, b api.Budget) (list []api.SimulatedBudget) {
	in := area.Code(b.AreaCode)
	for m := f.Month; !m.After(f.To); m = m.Add(1) {
		cost := money.Fen(0)
		for _, c := range f.Costs {
			if c.Month == m && in.Contains(c.Area) {
				cost += c.Then
			}
		}
		list = append(list, api.SimulatedBudget{AreaCode: b.AreaCode, Month: api.Month(m), CostFen: int64(cost), BudgetFen: b.MonthlyFen, RemainingFen: b.MonthlyFen - int64(cost)})
	}
	return list
}

// sides are who gains and who loses over the whole window; somebody may be on both, by two programmes.
func sides(changes []store.Change) (gain, lose api.SimulatedSide) {
	gains, losses := map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	for _, c := range changes {
		if difference := int64(c.Then - c.Now); difference > 0 {
			gains[c.PersonID] = true
			gain.Fen += difference
		} else {
			losses[c.PersonID] = true
			lose.Fen -= difference
		}
	}
	gain.Persons, lose.Persons = len(gains), len(losses)
	return gain, lose
}

func simulatedRoster(t roster.Totals) api.SimulatedRoster {
	v := api.SimulatedRoster{Persons: t.Persons, Lines: t.Lines, Held: t.Held, PersonMonths: t.PersonMonths, GrossFen: int64(t.Gross), DeductionFen: int64(t.Deduction),
		NetFen: int64(t.Net), Programmes: []api.RosterProgramme{}}
	for _, p := range t.Programmes {
		v.Programmes = append(v.Programmes, api.RosterProgramme{Programme: api.Programme(p.Programme), Persons: p.Persons, PersonMonths: p.PersonMonths, NetFen: int64(p.Net)})
	}
	return v
}

func (a *API) listCalendars(*Request) (Response, error) {
	v := api.CalendarList{Years: []api.WorkCalendar{}}
	for _, y := range a.Desk.Workdays().Years() {
		v.Years = append(v.Years, calendarView(y))
	}
	return Response{Body: v}, nil
}

func (a *API) recordCalendar(r *Request) (Response, error) {
	in, err := decode[api.WorkCalendar](r)
	if err != nil {
		return Response{}, err
	}
	year := workdays.Year{Year: in.Year, Document: in.Document, Holidays: in.Holidays}
	for _, day := range in.Working {
		year.Working = append(year.Working, day.String())
	}
	c, err := a.Desk.RecordCalendar(r.Ctx, r.Who, year)
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Body: calendarView(c.Year)}, nil
}

func calendarView(y workdays.Year) api.WorkCalendar {
	v := api.WorkCalendar{Year: y.Year, Document: y.Document, Holidays: append([]string{}, y.Holidays...), Working: []calendar.Date{}}
	for _, text := range y.Working {
		day, _ := calendar.ParseDate(text) // the calendar was read from it
		v.Working = append(v.Working, day)
	}
	return v
}
