package httpapi

import (
	"net/http"
	"strconv"

	"zhucan/api"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

func (a *API) listWorklists(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	lists, err := a.Desk.Worklists(r.Ctx, r.Who, in)
	if err != nil {
		return Response{}, err
	}
	v := api.WorklistList{Items: []api.Worklist{}}
	for _, l := range lists {
		v.Items = append(v.Items, api.Worklist{Name: api.WorklistName(l.Name), TitleZH: l.ZH, TitleEN: l.EN, Count: l.Count, Overdue: l.Overdue, DueSoon: l.Soon,
			Works: l.WorkedOnBy(r.Who.Role)})
	}
	return Response{Body: v}, nil
}

func (a *API) listLeads(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	q := casework.LeadsOf{Worklist: r.params("name"), Area: in, Programme: r.Query.Get("programme"), Reason: r.Query.Get("reason"), Limit: r.limit()}
	if q.After, err = store.ParseLeadKey(r.Query.Get("cursor")); err != nil {
		return Response{}, err
	}
	if overdue, err := strconv.ParseBool(r.Query.Get("overdue")); err == nil {
		q.Overdue = &overdue
	}
	found, err := a.Desk.Leads(r.Ctx, r.Who, q)
	if err != nil {
		return Response{}, err
	}
	v := api.LeadList{Items: []api.Lead{}, NextCursor: next(found, r.limit(), func(l casework.Lead) string { return l.String() })}
	for _, l := range found {
		v.Items = append(v.Items, leadView(l, r.English))
	}
	return Response{Body: v}, nil
}

func leadView(l casework.Lead, english bool) api.Lead {
	text := l.ReasonZH
	if english {
		text = l.ReasonEN
	}
	v := api.Lead{PersonID: l.PersonID, Name: l.Name, AreaCode: api.AreaCode(l.Area), Programme: some(api.Programme(l.Programme)), Reason: l.Reason, ReasonText: text,
		MonthlyAmountFen: some(int64(l.Monthly)), OverpaidFen: some(int64(l.Overpaid)), UnderpaidFen: some(int64(l.Underpaid)),
		UndeliveredFen: some(int64(l.Undelivered)), On: some(l.On), Detail: some(l.Detail), OtherPersonIds: l.Others, Since: l.Since.UTC(), DueOn: l.DueOn, Overdue: l.Overdue, DueSoon: l.Soon}
	if last := l.Last; last != nil {
		v.LastAction = &api.LastLeadAction{ID: last.ID, Outcome: api.LeadOutcome(last.Outcome), Note: some(last.Note), On: last.On, FollowUpOn: some(last.FollowUpOn),
			At: last.RecordedAt.UTC(), By: last.RecordedBy, ByName: last.ByName}
	}
	return v
}

func (a *API) addLeadAction(r *Request) (Response, error) {
	in, err := decode[api.NewLeadAction](r)
	if err != nil {
		return Response{}, err
	}
	done, err := a.Desk.ActOnLead(r.Ctx, r.Who, store.LeadAction{Worklist: r.params("name"), PersonID: in.PersonID, Programme: text(in.Programme),
		Outcome: string(in.Outcome), Note: value(in.Note), On: value(in.On), FollowUpOn: value(in.FollowUpOn)})
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Body: api.LeadAction{ID: done.ID, Worklist: api.WorklistName(done.Worklist), PersonID: done.PersonID,
		Programme: some(api.Programme(done.Programme)), Outcome: api.LeadOutcome(done.Outcome), Note: some(done.Note), On: done.On, FollowUpOn: some(done.FollowUpOn),
		At: done.RecordedAt.UTC(), By: done.RecordedBy, ByName: done.ByName, ActingFor: some(done.ActingFor)}}, nil
}
