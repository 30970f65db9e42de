package httpapi

import (
	"cmp"
	"encoding/hex"
	"net/http"

	"github.com/google/uuid"

	"zhucan/api"
	"zhucan/internal/area"
	"zhucan/internal/casework"
	"zhucan/internal/exchange"
	"zhucan/internal/policy"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

func (a *API) listIndicatorReleases(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	before, err := r.afterID()
	if err != nil {
		return Response{}, err
	}
	list, err := a.Desk.ListReleases(r.Ctx, r.Who, in, before, r.limit())
	if err != nil {
		return Response{}, err
	}
	v := api.IndicatorReleaseList{Items: []api.IndicatorRelease{}, NextCursor: next(list, r.limit(), func(one store.Release) string { return idCursor(one.ID) })}
	for _, one := range list {
		v.Items = append(v.Items, releaseView(one))
	}
	return Response{Body: v}, nil
}

func (a *API) sealIndicatorRelease(r *Request) (Response, error) {
	in, err := decode[api.NewIndicatorRelease](r)
	if err != nil {
		return Response{}, err
	}
	var at area.Code
	if in.AreaCode != nil {
		if at, err = code("area_code", in.AreaCode); err != nil {
			return Response{}, err
		}
	}
	if in.KnownAt != nil {
		if err := a.Desk.CheckKnown(r.Ctx, *in.KnownAt); err != nil {
			return Response{}, err
		}
	}
	sealed, err := a.Desk.SealRelease(r.Ctx, r.Who, casework.NewRelease{Title: in.Title, Area: at, AsOf: in.AsOf, KnownAt: value(in.KnownAt), Public: value(in.Public)})
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Body: releaseView(sealed)}, nil
}

func releaseView(r store.Release) api.IndicatorRelease {
	v := api.IndicatorRelease{ID: r.ID, Title: r.Title, AreaCode: api.AreaCode(r.Area), AsOf: r.AsOf, KnownAt: r.KnownAt.UTC(), Public: r.Public,
		PackVersion: r.PackVersion, Rows: r.Rows, Hidden: r.Hidden, SealedAt: r.SealedAt.UTC(), SealedBy: r.SealerName}
	v.Sha256.JSON, v.Sha256.Csv = hex.EncodeToString(r.SHA256["json"]), hex.EncodeToString(r.SHA256["csv"])
	v.Sha256.Xlsx = some(hex.EncodeToString(r.SHA256["xlsx"]))
	return v
}

func (a *API) getIndicatorRelease(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	one, err := a.Desk.ReadRelease(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	return Response{Version: 1, Body: releaseView(one)}, nil
}

func (a *API) getIndicatorReleaseFile(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	form := cmp.Or(r.Query.Get("format"), "json")
	one, write, err := a.Desk.OpenRelease(r.Ctx, r.Who, id, form)
	if err != nil {
		return Response{}, err
	}
	return a.streamed(r, form, "indicators-"+one.AsOf.String()+"-"+id.String(), write), nil
}

// places are what a status is called; no status is outside.
var places = map[standing.Status]string{0: "outside", standing.Covered: "covered", standing.Gap: "gap", standing.Excluded: "excluded", standing.Extra: "extra"}

// changeView is the contract's IndicatorChange with the rows that every face has.
type changeView struct {
	Indicator string          `json:"indicator"`
	Before    exchange.Figure `json:"before"`
	After     exchange.Figure `json:"after"`
	Passages  []passageView   `json:"passages"`
}

type passageView struct {
	Before       string `json:"before"`
	After        string `json:"after"`
	ReasonBefore string `json:"reason_before,omitempty"`
	ReasonAfter  string `json:"reason_after,omitempty"`
	Count        int64  `json:"count"`
}

func (a *API) listIndicatorReleaseChanges(r *Request) (Response, error) {
	id, since, err := r.twoReleases()
	if err != nil {
		return Response{}, err
	}
	list, err := a.Desk.ReleaseChanges(r.Ctx, r.Who, id, since)
	if err != nil {
		return Response{}, err
	}
	v := struct {
		Items      []changeView `json:"items"`
		NextCursor *string      `json:"next_cursor"`
	}{Items: []changeView{}}
	for _, c := range list {
		item := changeView{Indicator: c.Definition.Key(), Before: c.Before.Figure(), After: c.After.Figure(), Passages: []passageView{}}
		for _, p := range c.Passages {
			item.Passages = append(item.Passages, passageView{places[p.Before], places[p.After], p.ReasonBefore, p.ReasonAfter, p.Count})
		}
		v.Items = append(v.Items, item)
	}
	return Response{Body: v}, nil
}

func (r *Request) twoReleases() (id, since uuid.UUID, err error) {
	if id, err = r.id(); err != nil {
		return id, since, err
	}
	return id, r.queryID("since"), nil
}

func (a *API) listIndicatorReleaseChangePersons(r *Request) (Response, error) {
	id, since, err := r.twoReleases()
	if err != nil {
		return Response{}, err
	}
	after, err := r.afterID()
	if err != nil {
		return Response{}, err
	}
	def, list, err := a.Desk.ReleaseChangeNames(r.Ctx, r.Who, id, since, r.Query.Get("indicator"), after, r.limit())
	if err != nil {
		return Response{}, err
	}
	v := api.IndicatorChangePersonList{Items: []api.IndicatorChangePerson{}, NextCursor: next(list, r.limit(), func(p store.Mover) string { return idCursor(p.ID) })}
	for _, p := range list {
		item := api.IndicatorChangePerson{Name: p.Name, AreaCode: api.AreaCode(p.Area), Before: api.IndicatorPlace(places[p.Before]), After: api.IndicatorPlace(places[p.After]),
			ReasonBefore: some(p.ReasonBefore), ReasonAfter: some(p.ReasonAfter)}
		if def.Unit == policy.UnitHousehold {
			item.HouseholdID = &p.ID
		} else {
			item.PersonID = &p.ID
		}
		v.Items = append(v.Items, item)
	}
	return Response{Body: v}, nil
}
