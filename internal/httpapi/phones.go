package httpapi

import (
	"zhucan/api"
	"zhucan/internal/store"
)

func (a *API) listPhones(r *Request) (Response, error) {
	f := store.PhoneFilter{Limit: r.limit()}
	var err error
	if f.Area, err = a.areaParam(r); err != nil {
		return Response{}, err
	}
	if f.After, err = store.ParsePhonePlace(r.Query.Get("cursor")); err != nil {
		return Response{}, err
	}
	if asked := r.Query.Get("waiting"); asked != "" {
		waiting := asked == "true"
		f.Waiting = &waiting
	}
	list, err := a.Desk.DB.ListPhones(r.Ctx, r.Who, f)
	if err != nil {
		return Response{}, err
	}
	v := api.PhoneList{Items: []api.Phone{}, NextCursor: next(list, f.Limit, func(p store.Phone) string { return p.Place().String() })}
	for _, p := range list {
		v.Items = append(v.Items, phoneView(p))
	}
	return Response{Body: v}, nil
}

func (a *API) writeOffPhone(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.WriteOff](r)
	if err != nil {
		return Response{}, err
	}
	p, err := a.Desk.WriteOffPhone(r.Ctx, r.Who, id, in.Reason)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: phoneView(p)}, nil
}

func phoneView(p store.Phone) api.Phone {
	return api.Phone{ID: p.ID, AccountID: p.AccountID, Name: p.Name, AreaCode: api.AreaCode(p.Area), Waiting: p.Waiting, OldestAt: some(p.OldestAt.UTC()),
		ContactedAt: p.ContactedAt.UTC(), MadeAt: p.MadeAt.UTC(), WrittenOffAt: some(p.WrittenOffAt.UTC())}
}
