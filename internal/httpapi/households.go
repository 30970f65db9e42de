package httpapi

import (
	"encoding/json"
	"net/http"

	"github.com/google/uuid"

	"zhucan/api"
	"zhucan/internal/area"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
)

func (a *API) listHouseholds(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, err := r.afterID()
	if err != nil {
		return Response{}, err
	}
	person := r.queryID("person_id")
	list, err := a.Desk.DB.ListHouseholds(r.Ctx, r.Who, in, person, after, r.limit())
	if err != nil {
		return Response{}, err
	}
	v := api.HouseholdList{Items: []api.Household{}, NextCursor: next(list, r.limit(), func(h casefile.HouseholdFile) string { return idCursor(h.Household.ID) })}
	for _, h := range list {
		v.Items = append(v.Items, householdView(h))
	}
	return Response{Body: v}, nil
}

func (a *API) getHouseholdHardships(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	recorded, err := a.Desk.RecordedHardships(r.Ctx, r.Who, id, r.asOf())
	if err != nil {
		return Response{}, err
	}
	v := api.HouseholdHardships{AsOf: r.asOf(), Recorded: []api.Hardship{}}
	for _, one := range recorded {
		v.Recorded = append(v.Recorded, api.Hardship(one))
	}
	return Response{Body: v}, nil
}

func (a *API) createHousehold(r *Request) (Response, error) {
	in, err := decode[api.NewHousehold](r)
	if err != nil {
		return Response{}, err
	}
	at, err := code("area_code", &in.AreaCode)
	if err != nil {
		return Response{}, err
	}
	asked := casework.NewHousehold{Area: at, Address: value(in.Address)}
	for _, m := range in.Members {
		asked.Members = append(asked.Members, memberIn(m))
	}
	h, err := a.Desk.CreateHousehold(r.Ctx, r.Who, asked)
	return householdAnswer(http.StatusCreated, h, err)
}

func memberIn(m api.NewHouseholdMember) casework.NewMember {
	return casework.NewMember{PersonID: m.PersonID, Relation: string(m.Relation), From: m.From, To: value(m.To)}
}

func householdAnswer(status int, h casefile.HouseholdFile, err error) (Response, error) {
	if err != nil {
		return Response{}, err
	}
	return Response{Status: status, Version: h.Household.Version, Body: householdView(h)}, nil
}

func (a *API) getHousehold(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	h, err := a.Desk.DB.Household(r.Ctx, r.Who, id)
	return householdAnswer(http.StatusOK, h, err)
}

func (a *API) updateHousehold(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.HouseholdChange](r)
	if err != nil {
		return Response{}, err
	}
	var to area.Code
	if in.AreaCode != nil {
		if to, err = code("area_code", in.AreaCode); err != nil {
			return Response{}, err
		}
	}
	h, err := a.Desk.MoveHousehold(r.Ctx, r.Who, id, r.Version, to, in.Address, value(in.MovedOn))
	return householdAnswer(http.StatusOK, h, err)
}

func (a *API) addHouseholdMember(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.NewHouseholdMember](r)
	if err != nil {
		return Response{}, err
	}
	h, err := a.Desk.AddMember(r.Ctx, r.Who, id, memberIn(in))
	return householdAnswer(http.StatusCreated, h, err)
}

// membership is the household of the path and the membership in it.
func (r *Request) membership() (household, member uuid.UUID, err error) {
	if household, err = r.id(); err != nil {
		return household, member, err
	}
	member, err = r.idOf("member")
	return household, member, err
}

func (a *API) endHouseholdMember(r *Request) (Response, error) {
	id, member, err := r.membership()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.HouseholdMemberEnd](r)
	if err != nil {
		return Response{}, err
	}
	h, err := a.Desk.EndMember(r.Ctx, r.Who, id, member, in.To)
	return householdAnswer(http.StatusOK, h, err)
}

func (a *API) correctHouseholdMember(r *Request) (Response, error) {
	id, member, err := r.membership()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.HouseholdMemberCorrection](r)
	if err != nil {
		return Response{}, err
	}
	h, err := a.Desk.CorrectMember(r.Ctx, r.Who, id, member, r.Version, casework.MemberCorrection{From: in.From, To: in.To, Ongoing: value(in.Ongoing),
		Relation: (*string)(in.Relation), Void: value(in.Void), Reason: in.Reason})
	return householdAnswer(http.StatusOK, h, err)
}

func (a *API) addHouseholdCircumstance(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.NewHouseholdCircumstance](r)
	if err != nil {
		return Response{}, err
	}
	fact, err := a.Desk.AddHouseholdCircumstance(r.Ctx, r.Who, id, casework.NewCircumstance{Kind: string(in.Kind), Value: []byte(in.Value), ValidFrom: in.ValidFrom,
		ValidTo: value(in.ValidTo), Source: in.Source, SourceDoc: value(in.SourceDoc)})
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Body: householdFactView(fact)}, nil
}

func (a *API) correctHouseholdCircumstance(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	fact, err := r.idOf("fact")
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.CircumstanceCorrection](r)
	if err != nil {
		return Response{}, err
	}
	next, err := a.Desk.CorrectHouseholdCircumstance(r.Ctx, r.Who, id, fact, casework.Correction{Value: []byte(in.Value), ValidFrom: in.ValidFrom,
		ValidTo: in.ValidTo, Source: in.Source, SourceDoc: value(in.SourceDoc), Reason: in.Reason})
	if err != nil {
		return Response{}, err
	}
	return Response{Body: householdFactView(next)}, nil
}

func householdView(h casefile.HouseholdFile) api.Household {
	v := api.Household{ID: h.Household.ID, Version: h.Household.Version, AreaCode: api.AreaCode(h.Household.Area), Address: some(h.Household.Address),
		Members: []api.HouseholdMember{}, SupersededMembers: []api.HouseholdMember{}, Circumstances: []api.HouseholdCircumstance{}}
	for _, m := range h.Members {
		v.Members = append(v.Members, memberView(m))
	}
	for _, m := range h.Superseded {
		v.SupersededMembers = append(v.SupersededMembers, memberView(m))
	}
	for _, c := range h.Circumstances {
		v.Circumstances = append(v.Circumstances, householdFactView(c))
	}
	return v
}

func memberView(m casefile.Member) api.HouseholdMember {
	return api.HouseholdMember{ID: m.ID, PersonID: m.PersonID, Name: some(m.Name), Relation: api.HouseRelation(m.Relation), From: m.From, To: some(m.To),
		RecordedAt: m.RecordedAt.UTC(), SupersededAt: some(m.SupersededAt.UTC())}
}

func householdFactView(c casefile.Circumstance) api.HouseholdCircumstance {
	return api.HouseholdCircumstance{ID: c.ID, Kind: c.Kind, Value: json.RawMessage(c.Raw), ValidFrom: c.ValidFrom, ValidTo: some(c.ValidTo), Source: c.Source,
		SourceDoc: some(c.SourceDoc), RecordedAt: c.RecordedAt.UTC(), SupersededAt: some(c.SupersededAt.UTC())}
}
