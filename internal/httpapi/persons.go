package httpapi

import (
	"net/http"
	"strconv"
	"strings"

	"zhucan/api"
	"zhucan/internal/area"
	"zhucan/internal/casefile"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/idnum"
	"zhucan/internal/store"
)

// code reads a division code of a body; empty where there is none.
func code[T ~string](name string, p *T) (area.Code, error) {
	if p == nil {
		return "", nil
	}
	c, err := area.Parse(string(*p))
	if err != nil {
		return "", fault.InvalidFields(noCode(name))
	}
	return c, nil
}

func noCode(name string) fault.Field {
	return fault.Field{Name: name, Code: "PATTERN", ZH: "区划代码格式不正确", EN: "not a division code"}
}

// codes reads several and keeps the first error.
type codes struct{ err error }

func (c *codes) read(name string, p *api.AreaCode) area.Code {
	got, err := code(name, p)
	if err != nil && c.err == nil {
		c.err = err
	}
	return got
}

func certificateIn(in *api.CertificateInput) *casework.NewCertificate {
	if in == nil {
		return nil
	}
	card := &casework.NewCertificate{Number: string(in.Number), Category: int(in.Category), Level: int(in.Level), IssuedOn: in.IssuedOn, ExpiresOn: value(in.ExpiresOn)}
	for _, c := range in.Components {
		card.Components = append(card.Components, casefile.Component{Category: c.Category, Level: int(c.Level)})
	}
	return card
}

func guardianIn(in *api.GuardianInput) *casework.NewGuardian {
	if in == nil {
		return nil
	}
	return &casework.NewGuardian{Name: in.Name, Relation: in.Relation, IDNumber: text(in.IDNumber), Phone: text(in.Phone)}
}

func (a *API) createPerson(r *Request) (Response, error) {
	in, err := decode[api.NewPerson](r)
	if err != nil {
		return Response{}, err
	}
	var places codes
	entered := casework.NewPerson{RecordType: casefile.RecordType(text(in.RecordType)), Name: in.Name, IDNumber: text(in.IDNumber), BirthCertificate: value(in.BirthCertificateNumber), Sex: text(in.Sex),
		BirthDate: value(in.BirthDate), Phone: text(in.Phone), Diagnosis: value(in.Diagnosis), HukouType: string(in.HukouType),
		Hukou: places.read("hukou_area_code", &in.HukouAreaCode), Residence: places.read("residence_area_code", in.ResidenceAreaCode),
		Managing: places.read("managing_area_code", in.ManagingAreaCode), Guardian: guardianIn(in.Guardian), Certificate: certificateIn(in.Certificate)}
	if places.err != nil {
		return Response{}, places.err
	}
	d, err := a.Desk.CreatePerson(r.Ctx, r.Who, entered)
	if err != nil {
		return Response{}, err
	}
	return Response{Status: http.StatusCreated, Version: d.File.Person.Version, Body: a.personView(d, r)}, nil
}

func (a *API) updatePerson(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.PersonPatch](r)
	if err != nil {
		return Response{}, err
	}
	patch := casework.PersonPatch{Name: in.Name, Reason: value(in.Reason), EffectiveOn: value(in.EffectiveOn), Guardian: guardianIn(in.Guardian), Diagnosis: in.Diagnosis, BirthDate: in.BirthDate}
	patch.Phone, patch.IDNumber, patch.HukouType, patch.Sex = (*string)(in.Phone), (*string)(in.IDNumber), (*string)(in.HukouType), (*string)(in.Sex)
	for _, place := range []struct {
		name string
		in   *api.AreaCode
		out  **area.Code
	}{{"hukou_area_code", in.HukouAreaCode, &patch.Hukou}, {"residence_area_code", in.ResidenceAreaCode, &patch.Residence}, {"managing_area_code", in.ManagingAreaCode, &patch.Managing}} {
		if place.in == nil {
			continue
		}
		c, err := code(place.name, place.in)
		if err != nil {
			return Response{}, err
		}
		*place.out = &c
	}
	d, err := a.Desk.UpdatePerson(r.Ctx, r.Who, id, r.Version, patch)
	if err != nil {
		return Response{}, err
	}
	return Response{Version: d.File.Person.Version, Body: a.personView(d, r)}, nil
}

func (a *API) getPerson(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	d, err := a.Desk.DB.PersonFile(r.Ctx, r.Who, id)
	if err != nil {
		return Response{}, err
	}
	return Response{Version: d.File.Person.Version, Body: a.personView(d, r)}, nil
}

// longNumber is how many digits in a row make a search text look like a number that must not stand in an address.
const longNumber = 6

func (a *API) listPersons(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, err := store.ParseCursor(r.Query.Get("cursor"))
	if err != nil {
		return Response{}, err
	}
	q := r.Query.Get("q")
	digits := 0
	for _, c := range idnum.Normalize(q) {
		if c >= '0' && c <= '9' {
			digits++
		}
	}
	if digits >= longNumber {
		return Response{}, fault.New(fault.Malformed, "NUMBER_IN_URL", "证件号码不得出现在网址中，请使用查询接口", "a number must not stand in an address; use POST /persons/search")
	}
	category, _ := strconv.Atoi(r.Query.Get("category"))
	level, _ := strconv.Atoi(r.Query.Get("level"))
	found, err := a.Desk.DB.ListPersons(r.Ctx, r.Who, store.PersonFilter{Area: in, Category: category, Level: level, Name: strings.TrimSpace(q), After: after, Limit: r.limit()})
	if err != nil {
		return Response{}, err
	}
	return Response{Body: api.PersonList{Items: a.summaries(found, r),
		NextCursor: next(found, r.limit(), func(l store.Listed) string { return store.Cursor{Area: l.Managing, ID: l.ID}.String() })}}, nil
}

func (a *API) summaries(found []store.Listed, r *Request) []api.PersonSummary {
	items := []api.PersonSummary{}
	for _, l := range found {
		items = append(items, summaryView(l, r.Today))
	}
	return items
}

func (a *API) searchPersons(r *Request) (Response, error) {
	in, err := decode[api.PersonSearch](r)
	if err != nil {
		return Response{}, err
	}
	given := 0
	for _, p := range []bool{in.IDNumber != nil, in.CertificateNumber != nil, in.Name != nil} {
		if p {
			given++
		}
	}
	if given != 1 {
		return Response{}, fault.New(fault.Invalid, "ONE_CRITERION", "请填写且只填写一项查询条件", "give exactly one of id_number, certificate_number and name")
	}
	s := store.Search{IDNumber: idnum.Normalize(text(in.IDNumber)), Name: strings.TrimSpace(value(in.Name))}
	if in.IDNumber != nil && idnum.UpgradedFrom15(s.IDNumber) {
		if id, err := idnum.ParseResident(s.IDNumber, r.Today); err == nil {
			s.IDNumber = id.Reveal()
		}
	}
	if in.CertificateNumber != nil {
		number, err := idnum.ParseCertificate(text(in.CertificateNumber), r.Today)
		if err != nil {
			return Response{Body: api.PersonList{Items: []api.PersonSummary{}}}, nil // no certificate has such a number
		}
		s.Certificate = number.Reveal()
	}
	found, err := a.Desk.DB.SearchPersons(r.Ctx, r.Who, s)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: api.PersonList{Items: a.summaries(found, r)}}, nil
}

func (a *API) getPersonRecord(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	moment, err := a.moment(r)
	if err != nil {
		return Response{}, err
	}
	rec, err := a.Desk.Record(r.Ctx, r.Who, id, moment.On, moment.KnownAt)
	if err != nil {
		return Response{}, err
	}
	if !rec.Past {
		moment.KnownAt = a.Desk.Now()
	}
	v := api.PersonRecord{AsOf: moment.On, KnownAt: moment.KnownAt.UTC(), Person: a.personView(rec.Dossier, r), Aliases: []api.PersonAlias{},
		Applications: []api.ApplicationSummary{}, Awards: []api.Award{}, CertificateEvents: []api.CertificateEvent{}, Circumstances: []api.Circumstance{}}
	for _, alias := range rec.File.Aliases {
		shown := idnum.MaskID(alias.Value)
		if alias.Kind == "name" {
			shown = alias.Value
		}
		v.Aliases = append(v.Aliases, api.PersonAlias{Kind: api.PersonAliasKind(alias.Kind), Value: shown, Reason: some(alias.Reason), RecordedAt: alias.RecordedAt.UTC()})
	}
	for _, c := range rec.Applications {
		summary := a.applicationSummary(c)
		if rec.Past {
			summary.Clock = nil
		}
		v.Applications = append(v.Applications, summary)
	}
	for _, w := range rec.Awards {
		v.Awards = append(v.Awards, awardView(w, r.asOf()))
	}
	for _, e := range rec.File.Events {
		v.CertificateEvents = append(v.CertificateEvents, eventView(e))
	}
	for _, c := range rec.File.Circumstances {
		v.Circumstances = append(v.Circumstances, circumstanceView(c))
	}
	v.Merges = mergeViews(rec.Merges)
	return Response{Version: rec.File.Person.Version, Body: v}, nil
}

func (a *API) revealPerson(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	in, err := decode[api.RevealRequest](r)
	if err != nil {
		return Response{}, err
	}
	clear, err := a.Desk.Reveal(r.Ctx, r.Who, id, fieldsOf(in.Fields), in.Reason)
	if err != nil {
		return Response{}, err
	}
	return Response{Body: api.Revealed{PersonID: id, IDNumber: some(clear["id_number"]), CertificateNumber: some(clear["certificate_number"]), Phone: some(clear["phone"]),
		GuardianPhone: some(clear["guardian_phone"]), GuardianIDNumber: some(clear["guardian_id_number"]), BankAccount: some(clear["bank_account"])}}, nil
}

func (a *API) getEligibility(r *Request) (Response, error) {
	id, err := r.id()
	if err != nil {
		return Response{}, err
	}
	verdicts, err := a.Desk.Eligibility(r.Ctx, r.Who, id, r.asOf())
	if err != nil {
		return Response{}, err
	}
	v := api.Eligibility{PersonID: id, AsOf: r.asOf(), PackVersion: a.Desk.Pack().Version, Programmes: []api.ProgrammeEligibility{}}
	for _, verdict := range verdicts {
		p := api.ProgrammeEligibility{Programme: api.Programme(verdict.Programme), RuleSet: verdict.RuleSet, Eligible: verdict.Outcome == "yes",
			Outcome: api.Outcome(verdict.Outcome), MonthlyAmountFen: int64(verdict.Amount), Needs: []string{}, Reasons: []api.Reason{}}
		for _, need := range verdict.Needs {
			p.Needs = append(p.Needs, need.Fact)
		}
		for _, reason := range verdict.Reasons {
			p.Reasons = append(p.Reasons, reasonView(reason.Code, reason.Passed, reason.ZH, reason.EN, reason.Cite, r.English))
		}
		v.Programmes = append(v.Programmes, p)
	}
	return Response{Body: v}, nil
}
