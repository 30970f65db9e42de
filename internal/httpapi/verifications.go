package httpapi

import (
	"net/http"
	"strconv"

	"zhucan/api"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

func (a *API) addVerification(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.NewVerification](r)
	if err != nil {
		return Response{}, err
	}
	v, err := a.Desk.Verify(r.Ctx, r.Who, casefile.Verification{PersonID: id, On: in.On, Method: string(in.Method),
		Passed: in.Outcome == api.VerificationOutcomePassed, Findings: value(in.Findings)})
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Body: verificationView(v)}, nil
}

func (a *API) listPersonVerifications(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	dossier, err := a.Desk.DB.Dossier(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	v := api.VerificationList{Items: []api.Verification{}}
	for _, one := range dossier.File.Verifications {
		v.Items = append(v.Items, verificationView(one))
	}
	return Response{Body: v}, nil
}

func verificationView(v casefile.Verification) api.Verification {
	outcome := api.VerificationOutcomeFailed
	if v.Passed {
		outcome = api.VerificationOutcomePassed
	}
	return api.Verification{ID: v.ID, PersonID: v.PersonID, On: v.On, Method: api.VerificationMethod(v.Method), Outcome: outcome, Findings: some(v.Findings),
		RecordedAt: v.RecordedAt.UTC(), RecordedBy: some(v.RecordedBy)}
}

// year is the year asked about; this one where none is.
func (r *Request) year() int {
	if n, err := strconv.Atoi(r.Query.Get("year")); err == nil {
		return n
	}
	return r.Today.Year()
}

func (a *API) listVerifications(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, err := store.ParseCursor(r.Query.Get("cursor"))
	if err != nil {
		return Response{}, err
	}
	f := casework.VerificationFilter{Year: r.year(), Area: in, After: after, Limit: r.limit()}
	if state := r.Query.Get("state"); state != "" {
		f.States = []string{state}
	}
	found, err := a.Desk.Verifications(r.Ctx, r.Who, f)
	if err != nil {
		return Response{}, err
	}
	items := []api.ToVerify{}
	for _, p := range found {
		v := api.ToVerify{PersonID: p.PersonID, PersonName: p.Name, AreaCode: api.AreaCode(p.Area), PlannedOn: p.On, State: api.ToVerifyState(p.State)}
		if p.Verified != nil {
			v.On, v.Method, v.Findings = some(p.Verified.On), some(api.VerificationMethod(p.Verified.Method)), some(p.Verified.Findings)
		}
		items = append(items, v)
	}
	return Response{Body: api.ToVerifyList{Items: items, NextCursor: next(found, r.limit(), func(p casework.Planned) string {
		return store.Cursor{Area: p.Area, ID: p.PersonID}.String()
	})}}, nil
}

func (a *API) getVerificationProgress(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	counts, err := a.Desk.VerificationCounts(r.Ctx, r.Who, r.year(), in)
	if err != nil {
		return Response{}, err
	}
	v := api.VerificationProgress{Year: r.year(), Villages: []api.VillageVerifications{}}
	for _, c := range counts {
		v.Villages = append(v.Villages, api.VillageVerifications{AreaCode: api.AreaCode(c.Area), Asked: c.Asked, ByData: c.Data, ByVisit: c.Visit, ByVideo: c.Video,
			Failed: c.Failed, Open: c.Asked - c.Data - c.Visit - c.Video - c.Failed})
	}
	return Response{Body: v}, nil
}

func (a *API) verifyByData(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	verified, err := a.Desk.VerifyByData(r.Ctx, r.Who, in)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: api.VerifiedByData{Verified: verified}}, nil
}
