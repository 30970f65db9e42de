package httpapi

import (
	"net/http"

	"zhucan/api"
	"zhucan/internal/area"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

func (a *API) listExternalFigures(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	list, err := a.Desk.Figures(r.Ctx, r.Who, in)
	if err != nil {
		return Response{}, err
	}
	v := api.ExternalFigureList{Items: []api.ExternalFigure{}}
	for _, f := range list {
		v.Items = append(v.Items, figureView(f))
	}
	return Response{Body: v}, nil
}

func (a *API) recordExternalFigure(r *Request) (Response, error) {
	in, err := decode[api.NewExternalFigure](r)
	if err != nil {
		return Response{}, err
	}
	var at area.Code
	if in.AreaCode != nil {
		if at, err = code("area_code", in.AreaCode); err != nil {
			return Response{}, err
		}
	}
	f, err := a.Desk.RecordFigure(r.Ctx, r.Who, casework.NewFigure{Indicator: in.Indicator, Year: in.Year, Area: at, Income: value(in.IncomeFen),
		Numerator: in.Numerator, Denominator: in.Denominator, SourceDoc: in.SourceDoc})
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Body: figureView(f)}, nil
}

func figureView(f store.Figure) api.ExternalFigure {
	v := api.ExternalFigure{ID: f.ID, Indicator: f.Indicator, Year: f.Year, AreaCode: api.AreaCode(f.Area), IncomeFen: some(f.Income), SourceDoc: f.SourceDoc,
		RecordedAt: f.RecordedAt.UTC(), SupersededAt: some(f.SupersededAt.UTC())}
	if f.Denominator > 0 {
		v.Numerator, v.Denominator = &f.Numerator, &f.Denominator
	}
	return v
}

func (a *API) listFacilities(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, err := r.afterID()
	if err != nil {
		return Response{}, err
	}
	moment, err := a.moment(r)
	if err != nil {
		return Response{}, err
	}
	list, err := a.Desk.Facilities(r.Ctx, r.Who, in, moment, after, r.limit())
	if err != nil {
		return Response{}, err
	}
	v := api.FacilityList{Items: []api.Facility{}, NextCursor: next(list, r.limit(), func(f store.Facility) string { return idCursor(f.ID) })}
	for _, f := range list {
		v.Items = append(v.Items, facilityView(f))
	}
	return Response{Body: v}, nil
}

func (a *API) createFacility(r *Request) (Response, error) {
	in, err := decode[api.NewFacility](r)
	if err != nil {
		return Response{}, err
	}
	at, err := code("area_code", &in.AreaCode)
	if err != nil {
		return Response{}, err
	}
	f, err := a.Desk.CreateFacility(r.Ctx, r.Who, store.Facility{Area: at, Name: in.Name, Kind: string(in.Kind), Address: value(in.Address)})
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Version: f.Version, Body: facilityView(f)}, nil
}

func facilityView(f store.Facility) api.Facility {
	v := api.Facility{ID: f.ID, Version: f.Version, AreaCode: api.AreaCode(f.Area), Name: f.Name, Kind: api.FacilityKind(f.Kind), Address: some(f.Address),
		InspectedOn: some(f.InspectedOn), Standard: some(f.Standard)}
	if !f.InspectedOn.IsZero() {
		v.Compliant = &f.Compliant
	}
	return v
}

func (a *API) inspectFacility(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.NewInspection](r)
	if err != nil {
		return Response{}, err
	}
	i, err := a.Desk.InspectFacility(r.Ctx, r.Who, store.Inspection{Facility: id, On: in.InspectedOn, Standard: in.Standard, Compliant: in.Compliant, Report: value(in.Report)})
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Body: api.Inspection{ID: i.ID, FacilityID: i.Facility, InspectedOn: i.On, Standard: i.Standard, Compliant: i.Compliant, Report: some(i.Report)}}, nil
}
