package httpapi

import (
	"net/http"

	"zhucan/api"
	"zhucan/internal/store"
)

func (a *API) listHomeVisits(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	list, err := a.Desk.HomeVisits(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	v := api.HomeVisitList{Items: []api.HomeVisit{}}
	for _, one := range list {
		v.Items = append(v.Items, homeVisitView(one))
	}
	return Response{Body: v}, nil
}

func (a *API) addHomeVisit(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.NewHomeVisit](r)
	if err != nil {
		return Response{}, err
	}
	visit, err := a.Desk.VisitHome(r.Ctx, r.Who, store.HomeVisit{PersonID: id, On: in.On, Outcome: string(in.Outcome), Note: value(in.Note)})
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Body: homeVisitView(visit)}, nil
}

func homeVisitView(v store.HomeVisit) api.HomeVisit {
	return api.HomeVisit{ID: v.ID, PersonID: v.PersonID, On: v.On, Outcome: api.HomeVisitOutcome(v.Outcome), Note: some(v.Note), At: v.RecordedAt.UTC(),
		By: v.RecordedBy, ByName: v.ByName, ActingFor: some(v.ActingFor)}
}
