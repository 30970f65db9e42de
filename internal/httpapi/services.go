package httpapi

import (
	"encoding/json"
	"net/http"

	"zhucan/api"
	"zhucan/internal/access"
	"zhucan/internal/care"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

func (a *API) listServices(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, err := r.afterID()
	if err != nil {
		return Response{}, err
	}
	person := r.queryID("person_id")
	household := r.queryID("household_id")
	f := store.ServiceFilter{Area: in, Kind: r.Query.Get("kind"), State: r.Query.Get("state"), Person: person, Household: household, After: after, Limit: r.limit()}
	if r.Query.Get("waiting") == "true" {
		f.Standing = append([]care.Standing{}, care.WaitsFor(r.Who.Role)...) // none is not all
	}
	list, err := a.Desk.DB.ListServices(r.Ctx, r.Who, f)
	if err != nil {
		return Response{}, err
	}
	v := api.ServiceList{Items: []api.Service{}, NextCursor: next(list, r.limit(), func(s care.Service) string { return idCursor(s.ID) })}
	for _, s := range list {
		v.Items = append(v.Items, serviceView(s, r.Who.Role))
	}
	return Response{Body: v}, nil
}

// needOf reads what a service is opened with, which has the form of evidence.
func needOf(raw []byte) (care.Evidence, error) {
	need, err := care.ParseEvidence(raw)
	if f, ok := fault.Of(err); ok {
		err = f.Renamed(func(string) string { return "need" })
	}
	return need, err
}

func (a *API) openService(r *Request) (Response, error) {
	in, err := decode[api.NewService](r)
	if err != nil {
		return Response{}, err
	}
	need, err := needOf(in.Need)
	if err != nil {
		return Response{}, err
	}
	on := r.Today
	if in.OpenedOn != nil {
		on = *in.OpenedOn
	}
	s, err := a.Desk.OpenService(r.Ctx, r.Who, care.Kind(in.Kind), value(in.PersonID), value(in.HouseholdID), on, need)
	return serviceAnswer(http.StatusCreated, s, err, r)
}

func (a *API) getService(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	s, err := a.Desk.DB.Service(r.Ctx, r.Who, id)
	return serviceAnswer(http.StatusOK, s, err, r)
}

func (a *API) takeServiceStep(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.NewServiceStep](r)
	if err != nil {
		return Response{}, err
	}
	evidence, err := care.ParseEvidence(in.Evidence)
	if err != nil {
		return Response{}, err
	}
	on := r.Today
	if in.On != nil {
		on = *in.On
	}
	s, err := a.Desk.TakeStep(r.Ctx, r.Who, id, r.Version, in.Step, on, evidence)
	return serviceAnswer(http.StatusCreated, s, err, r)
}

func (a *API) voidServiceStep(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.VoidedServiceStep](r)
	if err != nil {
		return Response{}, err
	}
	s, err := a.Desk.VoidStep(r.Ctx, r.Who, id, r.Version, in.Seq, in.Reason)
	return serviceAnswer(http.StatusOK, s, err, r)
}

func (a *API) correctService(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.ServiceCorrection](r)
	if err != nil {
		return Response{}, err
	}
	right := casework.ServiceCorrection{OpenedOn: in.OpenedOn, Reason: in.Reason}
	if len(in.Need) > 0 {
		if right.Need, err = needOf(in.Need); err != nil {
			return Response{}, err
		}
	}
	s, err := a.Desk.CorrectService(r.Ctx, r.Who, id, r.Version, right)
	return serviceAnswer(http.StatusOK, s, err, r)
}

func serviceAnswer(status int, s care.Service, err error, r *Request) (Response, error) {
	if err != nil {
		return Response{}, err
	}
	return Response{Status: status, Version: s.Version, Body: serviceView(s, r.Who.Role)}, nil
}

func serviceView(s care.Service, role access.Role) api.Service {
	chain := care.ChainOf(s.Kind)
	v := api.Service{ID: s.ID, Version: s.Version, Kind: api.ServiceKind(s.Kind), PersonID: some(s.PersonID), HouseholdID: some(s.HouseholdID),
		AreaCode: s.Area, State: s.State, StateName: chain.StateText(s.State), OpenedOn: s.OpenedOn, Need: object(s.Need), Steps: []api.ServiceStep{}, Next: []api.ChainStep{}, DiedOn: some(s.DiedOn)}
	names := map[string]string{}
	for _, step := range chain.Steps {
		names[step.Name] = step.ZH
	}
	for _, d := range s.History() {
		v.Steps = append(v.Steps, stepView(d, names[d.Step]))
	}
	for _, step := range chain.Next(s.State, role) {
		v.Next = append(v.Next, chainStepView(step))
	}
	return v
}

func stepView(d care.Done, name string) api.ServiceStep {
	v := api.ServiceStep{Seq: d.Seq, Step: d.Step, Name: name, From: d.From, To: d.To, On: d.On, Evidence: object(d.Evidence),
		Counts: []api.ServiceKind{}, Role: string(d.Role), By: some(d.By), RecordedAt: d.RecordedAt.UTC()}
	if !d.Voided.At.IsZero() {
		v.Voided = &api.ServiceStepVoided{At: d.Voided.At.UTC(), By: some(d.Voided.By), Role: string(d.Voided.Role), Reason: d.Voided.Reason}
		return v
	}
	for _, c := range d.Counts {
		v.Counts = append(v.Counts, api.ServiceKind(c))
	}
	return v
}

// object writes evidence as it was given.
func object(e care.Evidence) json.RawMessage {
	raw, err := json.Marshal(e)
	if err != nil || e == nil {
		return json.RawMessage("{}")
	}
	return raw
}

func chainStepView(s *care.Step) api.ChainStep {
	v := api.ChainStep{Step: s.Name, Name: s.ZH, NameEN: s.EN, From: s.From, To: some(s.To), Evidence: fieldViews(s.Evidence), Roles: []api.Role{}}
	for _, role := range s.Roles {
		if role == access.System {
			continue // nobody takes it by hand
		}
		v.Roles = append(v.Roles, api.Role(role))
	}
	return v
}

func fieldViews(fields []care.Field) []api.EvidenceField {
	list := []api.EvidenceField{}
	for _, f := range fields {
		v := api.EvidenceField{Name: f.Name, Label: f.ZH, Is: api.EvidenceFieldIs(f.Is), Required: f.Need, Codes: f.Codes}
		if len(f.Of) > 0 {
			v.Of = fieldViews(f.Of)
		}
		list = append(list, v)
	}
	return list
}

func (a *API) listServiceChains(*Request) (Response, error) {
	v := api.ServiceChainList{}
	catalogue := a.Desk.Pack().Catalogue
	for _, c := range care.Chains {
		chain := api.ServiceChain{Kind: api.ServiceKind(c.Kind), Name: c.ZH, NameEN: c.EN, Household: c.Household, Need: fieldViews(c.Need), Catalogue: entryViews(catalogue, c.Kind)}
		for _, s := range c.States {
			chain.States = append(chain.States, api.ServiceChainState{Code: s.Code, Name: s.ZH, NameEN: s.EN, Final: s.Final})
		}
		for i := range c.Steps {
			chain.Steps = append(chain.Steps, chainStepView(&c.Steps[i]))
		}
		if c.Kind == care.Rehab {
			chain.Rescue = rescueViews(catalogue)
		}
		v.Items = append(v.Items, chain)
	}
	return Response{Body: v}, nil
}

func entryViews(c *care.Catalogue, kind care.Kind) []api.CatalogueEntry {
	list := []api.CatalogueEntry{}
	entry := func(e care.Entry) api.CatalogueEntry {
		return api.CatalogueEntry{Code: e.Code, Name: e.ZH, NameEN: e.EN, Source: e.Source}
	}
	switch kind {
	case care.Rehab:
		for _, i := range c.Rehab {
			v := entry(i.Entry)
			v.Categories, v.AgeFrom, v.AgeTo, v.Counts = i.Categories, some(i.AgeFrom), some(i.AgeTo), &i.Counts
			list = append(list, v)
		}
	case care.Device:
		for _, i := range c.Devices {
			v := entry(i.Entry)
			v.Edition, v.CapFen, v.Years, v.Assessment, v.Loan = &i.Edition, some(i.CapFen), some(i.Years), &i.Assessment, &i.Loan
			list = append(list, v)
		}
	case care.Retrofit:
		for _, i := range c.Retrofit {
			v := entry(i.Entry)
			v.Device = some(i.Device)
			list = append(list, v)
		}
	}
	return list
}

func rescueViews(c *care.Catalogue) (list []api.RescueRow) {
	for _, row := range c.Rescue {
		list = append(list, api.RescueRow{Code: row.Code, Name: row.ZH, NameEN: row.EN, Source: row.Source, From: row.From, To: row.To, AgeFrom: row.AgeFrom, AgeTo: row.AgeTo,
			Categories: row.Categories, Mode: api.RescueRowMode(row.Mode), AnnualCapFen: row.AnnualCapFen, MaxYears: some(row.MaxYears), Residents: &row.Residents})
	}
	return list
}
