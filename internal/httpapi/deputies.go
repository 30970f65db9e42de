package httpapi

import (
	"net/http"

	"zhucan/api"
	"zhucan/internal/store"
)

func (a *API) listDeputations(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, err := r.afterID()
	if err != nil {
		return Response{}, err
	}
	found, err := a.Desk.DB.ListDeputations(r.Ctx, in, after, r.limit())
	if err != nil {
		return Response{}, err
	}
	items := []api.Deputation{}
	for _, d := range found {
		items = append(items, deputationView(d))
	}
	return Response{Body: api.DeputationList{Items: items, NextCursor: next(found, r.limit(), func(d store.Deputation) string { return idCursor(d.ID) })}}, nil
}

func (a *API) addDeputation(r *Request) (Response, error) {
	in, err := decode[api.NewDeputation](r)
	if err != nil {
		return Response{}, err
	}
	d, err := a.Desk.Depute(r.Ctx, r.Who, store.Deputation{PrincipalID: in.PrincipalID, DeputyID: in.DeputyID, From: in.From, Until: in.Until, Reason: in.Reason})
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Version: d.Version, Body: deputationView(d)}, nil
}

func (a *API) endDeputation(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	d, err := a.Desk.EndDeputation(r.Ctx, r.Who, id, r.Version)
	if err != nil {
		return Response{}, err
	}
	return Response{Version: d.Version, Body: deputationView(d)}, nil
}

// listMyDeputations is whom the caller may act for today.
func (a *API) listMyDeputations(r *Request) (Response, error) {
	found, err := a.Desk.DB.DeputationsOf(r.Ctx, r.Who.AccountID, r.Today)
	if err != nil {
		return Response{}, err
	}
	v := api.DeputationList{Items: []api.Deputation{}}
	for _, d := range found {
		v.Items = append(v.Items, deputationView(d))
	}
	return Response{Body: v}, nil
}

func (a *API) actFor(r *Request) (Response, error) {
	in, err := decode[api.ActFor](r)
	if err != nil {
		return Response{}, err
	}
	s, err := a.Desk.ActFor(r.Ctx, r.Who, in.DeputationID)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: sessionView(s)}, nil
}

func deputationView(d store.Deputation) api.Deputation {
	return api.Deputation{ID: d.ID, Version: d.Version, PrincipalID: d.PrincipalID, PrincipalName: d.Principal, Role: api.Role(d.Role), AreaCode: api.AreaCode(d.Area),
		DeputyID: d.DeputyID, DeputyName: d.Deputy, From: d.From, Until: d.Until, Reason: d.Reason, EndedAt: some(d.EndedAt.UTC()), RecordedAt: d.RecordedAt.UTC()}
}
