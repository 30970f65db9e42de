package web

import (
	"cmp"
	"encoding/hex"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"zhucan/internal/area"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/money"
	"zhucan/internal/policy"
	"zhucan/internal/store"
)

// simulators are who may ask what a draft would do.
var simulators = roles{cdpf, civil, finance, admin}

// policiesData is the packs of rules, the latest first.
type policiesData struct {
	New   []link // what this role may begin
	Lines []policyLine
	More  string
}

type policyLine struct{ Path, Version, State, Tone, Note, Proposed, Activated string }

func showPolicies(v *visit) (any, error) {
	before, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	found, err := v.desk.DB.ListPacks(v.ctx, before.ID, pageSize)
	if err != nil {
		return nil, err
	}
	active, err := v.activePack()
	if err != nil {
		return nil, err
	}
	var data policiesData
	for _, one := range []link{{Path: "/policies/new", Text: v.t("policy.new.title")}, {Path: "/policies/try", Text: v.t("policy.try.title")}} {
		if v.may(one.Path) {
			data.New = append(data.New, one)
		}
	}
	for _, p := range found {
		data.Lines = append(data.Lines, v.policyLine(p, active))
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{ID: found[n-1].ID}.String())
	}
	return data, nil
}

// activePack is the id of the pack in force.
func (v *visit) activePack() (uuid.UUID, error) {
	active, err := v.desk.DB.ActivePack(v.ctx)
	if err != nil && !fault.Is(err, store.NotFound.Code) {
		return uuid.Nil, err
	}
	return active.ID, nil
}

func (v *visit) policyLine(p store.Pack, active uuid.UUID) policyLine {
	line := policyLine{Path: "/policies/" + p.ID.String(), Version: p.Version, State: v.t("policy.proposed"), Tone: "warn", Note: p.Note}
	if !p.ProposedAt.IsZero() {
		line.Proposed = p.ProposedAt.In(china).Format("2006-01-02 15:04")
	}
	if !p.ActivatedAt.IsZero() {
		line.Activated = p.ActivatedAt.In(china).Format("2006-01-02 15:04")
	}
	switch {
	case p.ID == active:
		line.State, line.Tone = v.t("policy.in_force"), "good"
	case p.Activation > 0:
		line.State, line.Tone = v.t("policy.replaced"), ""
	}
	return line
}

// policyData is one pack: what it is, what it would do, and putting it in force.
type policyData struct {
	Line     policyLine
	Sum      string
	Document string
	Try      *Form
	Forecast *forecastData
	Activate *Form
}

func showPolicy(v *visit) (any, error) {
	id, err := v.id()
	if err != nil {
		return nil, err
	}
	p, err := v.desk.DB.Pack(v.ctx, id)
	if err != nil {
		return nil, err
	}
	active, err := v.activePack()
	if err != nil {
		return nil, err
	}
	data := policyData{Line: v.policyLine(p, active), Sum: hex.EncodeToString(p.SHA256()), Document: p.Document}
	if slices.Contains(simulators, v.who.Role) {
		if data.Try, err = v.tryForm("simulate"); err != nil {
			return nil, err
		}
	}
	if v.acts("activate") && p.Activation == 0 {
		data.Activate = v.newForm("activate", "policy.activate", &Field{Name: "sure", Label: v.t("policy.sure"), Hint: v.t("policy.sure.hint"), Kind: "radio", Need: true, Options: v.options("sure", "yes")})
		data.Activate.Grave = true
	}
	data.Forecast, _ = v.found.(*forecastData)
	return data, nil
}

// tryForm asks of which area and months a draft is tried.
func (v *visit) tryForm(do string, first ...*Field) (*Form, error) {
	areas, err := v.areasAround(v.who.Area, v.today)
	return v.newForm(do, "policy.simulate", append(first, &Field{Name: "area_code", Label: v.t("figures.area"), Kind: "select", Need: true, Options: areas, Value: string(v.who.Area)},
		&Field{Name: "month", Label: v.t("policy.month"), Hint: v.t("policy.month.hint"), Kind: "month", Need: true, Value: v.today.Month().Add(1).String()},
		&Field{Name: "to_month", Label: v.t("policy.to_month"), Kind: "month", Need: true, Value: v.today.Month().Add(12).String()},
		&Field{Name: "budget", Label: v.t("policy.budget"), Hint: v.t("policy.budget.hint"), Kind: "text", Mode: "decimal", Max: 16})...), err
}

func simulatePack(v *visit) error {
	id, err := v.id()
	if err != nil {
		return err
	}
	return v.simulate(v.reader(), casework.Draft{PackID: id})
}

// simulate rehearses a draft; it changes nothing, and shows numbers of towns only.
func (v *visit) simulate(r *reader, draft casework.Draft) error {
	if !slices.Contains(simulators, v.who.Role) {
		return forbidden
	}
	q := casework.Question{Draft: draft, Area: r.place("area_code", true), Month: r.month("month"), To: r.month("to_month")}
	text := v.value("budget")
	budget, ok := fen(text)
	if text != "" && !ok {
		r.wrong("budget", "NOT_AN_AMOUNT", "金额应写成12345.67的形式", "write the amount as 12345.67")
	}
	if err := r.err(); err != nil {
		return err
	}
	f, err := v.desk.Simulate(v.ctx, v.who, q)
	if err != nil {
		return err
	}
	found := v.forecast(f)
	if text != "" {
		found.Months = againstBudget(f, money.Fen(budget))
	}
	v.found = found
	return nil
}

// budgetLine is a month of a draft against what there is for one.
type budgetLine struct{ Month, Cost, Left string }

func againstBudget(f casework.Forecast, budget money.Fen) (list []budgetLine) {
	for m := f.Month; !m.After(f.To); m = m.Add(1) {
		cost := money.Fen(0)
		for _, c := range f.Costs {
			if c.Month == m {
				cost += c.Then
			}
		}
		list = append(list, budgetLine{m.String(), cost.Yuan(), (budget - cost).Yuan()})
	}
	return list
}

// forecastData is what a draft would do, by town.
type forecastData struct {
	Facts      []pair
	Months     []budgetLine // where there is a budget
	Costs      []costLine
	Unenrolled []costLine
}

type costLine struct{ Place, Programme, Persons, Now, Then, Difference string }

func (v *visit) forecast(f casework.Forecast) *forecastData {
	gains, losses := map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	for _, c := range f.Changes {
		if c.Then > c.Now {
			gains[c.PersonID] = true
		} else {
			losses[c.PersonID] = true
		}
	}
	data := &forecastData{Facts: []pair{{v.t("release.rules"), f.PackVersion}, {v.t("figures.area"), v.placeName(f.Area)}, {v.t("policy.window"), f.Month.String() + " – " + f.To.String()},
		{v.t("policy.gain"), strconv.Itoa(len(gains))}, {v.t("policy.lose"), strconv.Itoa(len(losses))}, {v.t("policy.roster", f.Month.String()), f.Roster.Net.Yuan()},
		{v.t("policy.asked_back"), f.AskedBack.Yuan()}}}
	type key struct {
		at        area.Code
		programme string
	}
	sums, persons := map[key]*store.Cost{}, map[key]store.Cost{}
	var keys []key
	for _, c := range f.Costs {
		k := key{c.Area, c.Programme}
		if sums[k] == nil {
			sums[k], keys = &store.Cost{}, append(keys, k)
		}
		sums[k].Now, sums[k].Then = sums[k].Now+c.Now, sums[k].Then+c.Then
		if c.Month == f.Month {
			persons[k] = c
		}
	}
	slices.SortFunc(keys, func(a, b key) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.programme, b.programme)) })
	where := v.placeNames()
	for _, k := range keys {
		data.Costs = append(data.Costs, costLine{where(k.at), v.programme(k.programme), v.t("policy.persons", persons[k].PersonsNow, persons[k].PersonsThen), sums[k].Now.Yuan(), sums[k].Then.Yuan(),
			(sums[k].Then - sums[k].Now).Yuan()})
	}
	for _, u := range f.Unenrolled {
		data.Unenrolled = append(data.Unenrolled, costLine{where(u.Area), v.programme(u.Programme), v.t("policy.persons", u.PersonsNow, u.PersonsThen), u.Now.Yuan(), u.Then.Yuan(), (u.Then - u.Now).Yuan()})
	}
	return data
}

func activatePack(v *visit) (string, error) {
	id, err := v.id()
	if err != nil {
		return "", err
	}
	r := v.reader()
	r.choice("sure", true, "yes")
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.ActivatePolicy(v.ctx, v.who, id)
	return v.path + "?done=activated", err
}

// draftData is a new draft: rates beside the pack in force, which can be tried at once, or, of who may propose, a whole document.
type draftData struct {
	Lead     string
	Rates    *Form
	Document *Form
	Forecast *forecastData
}

// rateFields are those of a new rate; how its pack is called is asked only of who may propose one.
func (v *visit) rateFields(version *Field) []*Field {
	var programmes []Option
	for _, p := range v.desk.Pack().Programmes {
		programmes = append(programmes, Option{Value: p.ID, Label: v.either(p.ZH, p.EN)})
	}
	fields := []*Field{{Name: "programme", Label: v.t("case.programme"), Kind: "radio", Need: true, Options: programmes}, {Name: "from", Label: v.t("policy.from"), Hint: v.t("policy.from.hint"), Kind: "date", Need: true}}
	for _, level := range levels {
		fields = append(fields, &Field{Name: "level" + level, Label: v.t("policy.amount", v.t("level."+level)), Kind: "text", Mode: "decimal", Max: 12})
	}
	return append(fields, &Field{Name: "paper", Label: v.t("policy.paper"), Kind: "text", Need: true, Max: 200}, version)
}

// showTryRates asks what new rates would do; nothing is proposed.
func showTryRates(v *visit) (any, error) {
	data := draftData{Lead: v.t("policy.simulate.lead")}
	data.Forecast, _ = v.found.(*forecastData)
	var err error
	data.Rates, err = v.tryForm("simulate", v.rateFields(&Field{Name: "version", Kind: "hidden", Value: v.t("policy.try.version")})...)
	return data, err
}

func showNewPolicy(v *visit) (any, error) {
	fields := append(v.rateFields(&Field{Name: "version", Label: v.t("policy.version"), Kind: "text", Need: true, Max: 40}),
		&Field{Name: "note", Label: v.t("ticket.note"), Hint: v.t("policy.note.hint"), Kind: "text", Max: 500})
	data := draftData{Lead: v.t("policy.rates.lead")}
	var err error
	if data.Rates, err = v.tryForm("simulate", fields...); err != nil {
		return nil, err
	}
	v.button(data.Rates, "rates", "policy.propose")
	data.Document = v.newForm("document", "policy.propose", &Field{Name: "document", Label: v.t("policy.document"), Hint: v.t("policy.document.hint"), Kind: "file", Need: true, Accept: ".yaml,.yml"},
		&Field{Name: "why", Label: v.t("ticket.note"), Kind: "text", Need: true, Max: 500})
	data.Forecast, _ = v.found.(*forecastData)
	return data, nil
}

// ratesDraft reads rates of one programme from a day on.
func (r *reader) ratesDraft() casework.Draft {
	rate := policy.NewRate{Programme: r.text("programme", 40, true), Rate: policy.Rate{From: r.day("from", true), Document: r.text("paper", 200, true), Amounts: map[int]money.Fen{}}}
	for i, level := range levels {
		name := "level" + level
		text := r.v.form.Get(name)
		if text == "" {
			continue
		}
		amount, ok := fen(text)
		if !ok {
			r.wrong(name, "NOT_AN_AMOUNT", "金额应写成12345.67的形式", "write the amount as 12345.67")
		}
		rate.Amounts[i+1] = money.Fen(amount)
	}
	if len(rate.Amounts) == 0 {
		r.missing("level1")
	}
	return casework.Draft{Rates: []policy.NewRate{rate}, Version: r.text("version", 40, true)}
}

func simulateRates(v *visit) error {
	r := v.reader()
	return v.simulate(r, r.ratesDraft())
}

func proposeRates(v *visit) (string, error) {
	r := v.reader()
	draft, note := r.ratesDraft(), r.text("note", 500, true)
	if err := r.err(); err != nil {
		return "", err
	}
	p, err := v.desk.ProposePolicy(v.ctx, v.who, draft, note)
	return "/policies/" + p.ID.String() + "?done=proposed", err
}

func proposeDocument(v *visit) (string, error) {
	r := v.reader()
	note := r.text("why", 500, true)
	files := v.uploads["document"]
	if len(files) != 1 {
		r.missing("document")
	}
	if err := r.err(); err != nil {
		return "", err
	}
	p, err := v.desk.ProposePolicy(v.ctx, v.who, casework.Draft{Document: string(files[0])}, note)
	return "/policies/" + p.ID.String() + "?done=proposed", atField("document", err)
}
