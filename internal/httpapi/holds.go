package httpapi

import (
	"net/http"

	"zhucan/api"
	"zhucan/internal/store"
)

func (a *API) listHolds(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	if _, err := a.Desk.DB.Dossier(r.Ctx, r.Who, id); err != nil {
		return Response{}, err
	}
	list, err := a.Desk.DB.Holds(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	v := api.HoldList{Items: []api.Hold{}}
	for _, h := range list {
		v.Items = append(v.Items, holdView(h))
	}
	return Response{Body: v}, nil
}

func (a *API) placeHold(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.NewHold](r)
	if err != nil {
		return Response{}, err
	}
	h, err := a.Desk.PlaceHold(r.Ctx, r.Who, store.Hold{PersonID: id, Programme: string(value(in.Programme)), Note: in.Note})
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Body: holdView(h)}, nil
}

func (a *API) releaseHold(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.HoldRelease](r)
	if err != nil {
		return Response{}, err
	}
	h, err := a.Desk.ReleaseHold(r.Ctx, r.Who, id, in.Reason)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: holdView(h)}, nil
}

func holdView(h store.Hold) api.Hold {
	return api.Hold{ID: h.ID, PersonID: h.PersonID, Programme: some(api.Programme(h.Programme)), Reason: api.HoldReason(h.Reason), Note: some(h.Note),
		PlacedAt: h.PlacedAt.UTC(), PlacedBy: some(h.PlacedBy), ReleasedAt: some(h.ReleasedAt.UTC())}
}
