package httpapi

import (
	"net/http"

	"zhucan/api"
	"zhucan/internal/application"
	"zhucan/internal/area"
	"zhucan/internal/award"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// areaParam is the area asked for, or the caller's own; one outside is absent.
func (a *API) areaParam(r *Request) (area.Code, error) {
	c, err := r.place("area")
	if err != nil {
		return "", err
	}
	return casework.InArea(r.Who, c)
}

// place is a query parameter that is the code of a division, or empty.
func (r *Request) place(name string) (area.Code, error) {
	asked := r.Query.Get(name)
	if asked == "" {
		return "", nil
	}
	c, err := area.Parse(asked)
	if err != nil {
		return "", badParameter(noCode(name))
	}
	return c, nil
}

func (a *API) createApplication(r *Request) (Response, error) {
	in, err := decode[api.NewApplication](r)
	if err != nil {
		return Response{}, err
	}
	c, err := a.Desk.EnterApplication(r.Ctx, r.Who, casework.NewApplication{PersonID: in.PersonID, Programme: string(in.Programme), AppliedOn: in.AppliedOn,
		Applicant: applicantIn(in.Applicant), BankAccount: text(in.BankAccount)})
	return a.caseAnswer(http.StatusCreated, c, err, r)
}

func applicantIn(in api.Applicant) application.Applicant {
	return application.Applicant{Relation: string(in.Relation), Name: value(in.Name)}
}

func (a *API) caseAnswer(status int, c store.Case, err error, r *Request) (Response, error) {
	if err != nil {
		return Response{}, err
	}
	return Response{Status: status, Version: c.Version, Body: a.applicationView(c, r.English)}, nil
}

func (a *API) listApplications(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, err := r.afterID()
	if err != nil {
		return Response{}, err
	}
	person := r.queryID("person_id")
	filter := store.ApplicationFilter{Area: in, Stage: r.Query.Get("stage"), Programme: r.Query.Get("programme"), PersonID: person, After: after, Limit: r.limit()}
	if asked := r.Query.Get("case_number"); asked != "" {
		if filter.CaseNumber, err = application.ParseCaseNumber(asked); err != nil {
			return Response{}, badParameter(fault.Field{Name: "case_number", Code: "PATTERN", ZH: "不是申请编号", EN: "not a case number"})
		}
	}
	list := a.Desk.DB.ListApplications
	if r.Query.Get("overdue") == "true" {
		list = a.Desk.OverdueApplications
	}
	found, err := list(r.Ctx, r.Who, filter)
	if err != nil {
		return Response{}, err
	}
	items := []api.ApplicationSummary{}
	for _, c := range found {
		items = append(items, a.applicationSummary(c))
	}
	return Response{Body: api.ApplicationList{Items: items, NextCursor: next(found, r.limit(), func(c store.Case) string { return idCursor(c.ID) })}}, nil
}

func (a *API) getApplication(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	c, err := a.Desk.DB.Application(r.Ctx, r.Who, id)
	return a.caseAnswer(http.StatusOK, c, err, r)
}

func (a *API) explainApplication(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	_, _, e, err := a.Desk.Preview(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: explanationView(&e, r.English)}, nil
}

func (a *API) submitApplication(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	c, err := a.Desk.SubmitApplication(r.Ctx, r.Who, id, r.Version)
	answer, err := a.caseAnswer(http.StatusOK, c, err, r)
	if err != nil {
		return answer, err
	}
	c.StatusCode = "" // is told once, and not kept for a repeat
	answer.Kept = a.applicationView(c, r.English)
	return answer, nil
}

func (a *API) withdrawApplication(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.Withdrawal](r)
	if err != nil {
		return Response{}, err
	}
	c, err := a.Desk.WithdrawApplication(r.Ctx, r.Who, id, r.Version, value(in.Reason))
	return a.caseAnswer(http.StatusOK, c, err, r)
}

func (a *API) correctApplication(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.ApplicationCorrection](r)
	if err != nil {
		return Response{}, err
	}
	c, err := a.Desk.CorrectApplication(r.Ctx, r.Who, id, r.Version, in.AppliedOn, in.Reason)
	return a.caseAnswer(http.StatusOK, c, err, r)
}

func (a *API) resubmitApplication(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.Resubmission](r)
	if err != nil {
		return Response{}, err
	}
	again := casework.Resubmission{BankAccount: in.BankAccount}
	if in.Applicant != nil {
		by := applicantIn(*in.Applicant)
		again.Applicant = &by
	}
	c, err := a.Desk.ResubmitApplication(r.Ctx, r.Who, id, r.Version, again)
	return a.caseAnswer(http.StatusOK, c, err, r)
}

func (a *API) decideApplication(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.Decision](r)
	if err != nil {
		return Response{}, err
	}
	c, err := a.Desk.DecideApplication(r.Ctx, r.Who, id, r.Version, application.Ruling{Decision: string(in.Decision), ReasonCode: value(in.ReasonCode),
		Reason: value(in.Reason), Fields: in.Fields})
	return a.caseAnswer(http.StatusOK, c, err, r)
}

func (a *API) checkApplication(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.VillageCheck](r)
	if err != nil {
		return Response{}, err
	}
	ruling := application.Ruling{Decision: "return", Reason: value(in.Reason), Fields: in.Fields}
	if in.Outcome == api.VillageCheckOutcomePass {
		ruling.Decision = "approve" // of this stage: it goes on to the town
	}
	c, err := a.Desk.DecideApplication(r.Ctx, r.Who, id, r.Version, ruling)
	return a.caseAnswer(http.StatusOK, c, err, r)
}

// decideApplications decides case after case: each as if it were asked for alone, also for the audit of refusals.
func (a *API) decideApplications(r *Request) (Response, error) {
	in, err := decode[api.BulkDecision](r)
	if err != nil {
		return Response{}, err
	}
	ruling := application.Ruling{Decision: string(in.Decision), ReasonCode: value(in.ReasonCode), Reason: value(in.Reason)}
	items := make([]casework.BulkItem, len(in.Items))
	for i, item := range in.Items {
		items[i] = casework.BulkItem{ID: item.ID, Version: item.Version}
	}
	versions, errs := a.Desk.DecideApplications(r.Ctx, r.Who, items, ruling)
	v := api.BulkResults{Results: []api.BulkResult{}}
	for i, item := range items {
		if errs[i] == nil {
			v.Results = append(v.Results, api.BulkResult{ID: item.ID, Status: http.StatusOK, Version: &versions[i]})
			continue
		}
		f := faultOf(errs[i])
		if f.Kind == fault.Internal {
			a.Log.ErrorContext(r.Ctx, "a case of a bulk decision failed", "err", errs[i], "request_id", r.ID)
		}
		a.auditRefusalOf(r, "decideApplications", item.ID, errs[i])
		v.Results = append(v.Results, api.BulkResult{ID: item.ID, Status: f.Kind.Status(), Code: &f.Code, Detail: some(f.Message(r.English))})
	}
	return Response{Body: v}, nil
}

func (a *API) listAwards(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, err := r.afterID()
	if err != nil {
		return Response{}, err
	}
	person := r.queryID("person_id")
	found, err := a.Desk.Awards(r.Ctx, r.Who, store.AwardFilter{Area: in, Programme: r.Query.Get("programme"), PersonID: person, After: after, Limit: r.limit()})
	if err != nil {
		return Response{}, err
	}
	items := []api.Award{}
	for _, w := range found {
		items = append(items, awardView(w, r.Today))
	}
	return Response{Body: api.AwardList{Items: items, NextCursor: next(found, r.limit(), func(w award.Award) string { return idCursor(w.ID) })}}, nil
}
