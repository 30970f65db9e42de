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
		RecordedAt: f.RecordedAt.UTC(), SupersededAt: some(f.SupersededAt.UTC()), WithdrawnReason: some(f.Withdrawn)}
	if f.Denominator > 0 {
		v.Numerator, v.Denominator = &f.Numerator, &f.Denominator
	}
	return v
}

func (a *API) withdrawExternalFigure(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.FigureWithdrawal](r)
	if err != nil {
		return Response{}, err
	}
	f, err := a.Desk.WithdrawFigure(r.Ctx, r.Who, id, in.Reason)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: figureView(f)}, nil
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
	return Response{Status: http.StatusCreated, Body: inspectionView(i)}, nil
}

func inspectionView(i store.Inspection) api.Inspection {
	return api.Inspection{ID: i.ID, FacilityID: i.Facility, InspectedOn: i.On, Standard: i.Standard, Compliant: i.Compliant, Report: some(i.Report),
		RecordedAt: some(i.RecordedAt.UTC()), SupersededAt: some(i.SupersededAt.UTC()), SupersededReason: some(i.Reason)}
}

func (a *API) getFacility(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	f, err := a.Desk.Facility(r.Ctx, r.Who, id)
	return facilityAnswer(f, err)
}

func (a *API) correctFacility(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.FacilityCorrection](r)
	if err != nil {
		return Response{}, err
	}
	c := casework.FacilityCorrection{Name: in.Name, Kind: (*string)(in.Kind), Address: in.Address, Void: value(in.Void), Reason: in.Reason}
	if in.AreaCode != nil {
		at, err := code("area_code", in.AreaCode)
		if err != nil {
			return Response{}, err
		}
		c.Area = &at
	}
	f, err := a.Desk.CorrectFacility(r.Ctx, r.Who, id, r.Version, c)
	return facilityAnswer(f, err)
}

func (a *API) correctInspection(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	inspection, err := r.idOf("inspection")
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.InspectionCorrection](r)
	if err != nil {
		return Response{}, err
	}
	f, err := a.Desk.CorrectInspection(r.Ctx, r.Who, id, inspection, casework.InspectionCorrection{On: in.InspectedOn, Standard: in.Standard, Compliant: in.Compliant,
		Report: in.Report, Void: value(in.Void), Reason: in.Reason})
	return facilityAnswer(f, err)
}

func facilityAnswer(f store.FacilityFile, err error) (Response, error) {
	if err != nil {
		return Response{}, err
	}
	v := api.FacilityFile{ID: f.ID, Version: f.Version, AreaCode: api.AreaCode(f.Area), Name: f.Name, Kind: api.FacilityKind(f.Kind), Address: some(f.Address),
		RecordedAt: f.RecordedAt.UTC(), WithdrawnAt: some(f.SupersededAt.UTC()), WithdrawnReason: some(f.Reason), Earlier: []api.FacilityPast{}, Inspections: []api.Inspection{}}
	for _, e := range f.Earlier {
		v.Earlier = append(v.Earlier, api.FacilityPast{Version: e.Version, AreaCode: api.AreaCode(e.Area), Name: e.Name, Kind: api.FacilityKind(e.Kind),
			Address: some(e.Address), RecordedAt: e.RecordedAt.UTC(), SupersededAt: e.SupersededAt.UTC(), Reason: e.Reason})
	}
	for _, i := range f.Inspections {
		v.Inspections = append(v.Inspections, inspectionView(i))
	}
	return Response{Version: f.Version, Body: v}, nil
}
