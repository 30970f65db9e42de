package httpapi

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"time"

	"zhucan/api"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/indicator"
	"zhucan/internal/policy"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

func (a *API) listIndicators(r *Request) (Response, error) {
	v := api.IndicatorDefinitionList{}
	include, pack := r.Query.Get("include"), a.Desk.Pack()
	for i := range pack.Indicators {
		if d := &pack.Indicators[i]; d.Variant == "" || include == "variants" || include == "all" {
			v.Items = append(v.Items, definitionView(d))
		}
	}
	for i := range pack.Benefits {
		if include == "benefits" || include == "all" {
			d := definitionView(&pack.Benefits[i])
			d.Benefit = true
			v.Items = append(v.Items, d)
		}
	}
	return Response{Body: v}, nil
}

func definitionView(d *policy.Indicator) api.IndicatorDefinition {
	return api.IndicatorDefinition{Key: d.Key(), ID: d.ID, Variant: some(d.Variant), No: d.No, NameZH: d.ZH, NameEN: d.EN, TargetPercent: target(d),
		Comparator: api.IndicatorDefinitionComparator(d.Comparator), Binding: d.Binding, Unit: api.IndicatorDefinitionUnit(d.Unit), Basis: d.Basis,
		DefinitionVersion: d.DefinitionVersion, Population: d.Population, Exclusions: d.Exclusions, Covered: some(d.Covered), Note: d.Note}
}

// target is what a definition aims at, in percent.
func target(d *policy.Indicator) float32 { return float32(d.TargetPercent*10+d.TargetTenths) / 10 }

// moment is the day asked about, and the instant of which it is asked what was known.
func (r *Request) moment() store.Moment {
	m := store.Moment{On: r.asOf()}
	m.KnownAt, _ = time.Parse(time.RFC3339, r.Query.Get("known_at")) // the contract has been checked
	return m
}

func (a *API) getIndicatorValues(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	by := store.Dimension(r.Query.Get("by"))
	if by == "" {
		by = store.ByNone
	}
	asked := casework.ValuesOf{Area: in, Moment: r.moment(), By: by, Indicator: r.Query.Get("indicator")}
	values, at, err := a.Desk.Values(r.Ctx, r.Who, asked)
	if err != nil {
		return Response{}, err
	}
	v := api.IndicatorValues{AsOf: asked.On, KnownAt: some(asked.KnownAt.UTC()), Area: api.AreaCode(at), By: api.Dimension(by), Overlapping: by.Overlapping(),
		PackVersion: a.Desk.Pack().Version, Items: []api.IndicatorValue{}}
	for _, one := range values {
		v.Items = append(v.Items, valueView(one))
	}
	if r.Query.Get("format") == "csv" {
		return Response{Type: "text/csv; charset=utf-8", Body: valuesCSV(v)}, nil
	}
	return Response{Body: v}, nil
}

func valueView(one casework.Value) api.IndicatorValue {
	def := one.Definition
	v := api.IndicatorValue{Indicator: def.Key(), AreaCode: api.AreaCode(one.Area), AreaName: one.AreaName, Group: some(one.Group),
		Excluded: one.Excluded, Extra: some(one.Extra), Waived: some(one.Waived), TargetPercent: target(def), Unplaced: some(one.Unplaced)}
	switch {
	case one.Missing:
		v.Missing, v.Light = some(true), api.Light(indicator.LightMissing)
	case one.Growth != nil:
		met := one.Growth.Met(def.TargetPercent*10 + def.TargetTenths)
		v.Numerator, v.Denominator, v.Rate, v.Met, v.Light = &one.Growth.To, &one.Growth.From, some(one.Growth.Rate()), &met, api.Light(indicator.LightUnmet)
		if met {
			v.Light = api.Light(indicator.LightMet)
		}
	default:
		countView(&v, one)
	}
	return v
}

func countView(v *api.IndicatorValue, one casework.Value) {
	def, ratio := one.Definition, one.Ratio()
	numerator, denominator := one.Numerator(), one.Denominator()
	v.Numerator, v.Denominator, v.Rate, v.Light = &numerator, &denominator, some(ratio.Rate()), api.Light(indicator.LightNotApplicable)
	if one.Waived > 0 {
		ratio := ratio
		ratio.Gap -= one.Waived
		v.RateWithoutWaivers = some(ratio.Rate())
	}
	if def.TargetPercent == 0 { // a benefit of another office
		return
	}
	if met, applicable := ratio.Met(def.Comparator, def.TargetPercent); applicable {
		v.Met = &met
	}
	if short, applicable := ratio.ShortBy(def.Comparator, def.TargetPercent); applicable {
		v.ShortBy = &short
	}
	v.Light = api.Light(ratio.Light(def.Comparator, def.TargetPercent))
}

// valuesCSV writes the same rows as a table. Every text cell is ours or a division's name, so none begins a formula.
func valuesCSV(v api.IndicatorValues) []byte {
	var out bytes.Buffer
	out.WriteString("\uFEFF")
	w := csv.NewWriter(&out)
	w.Write([]string{"indicator", "as_of", "area_code", "area_name", "by", "group", "numerator", "denominator", "excluded", "extra", "waived", "rate",
		"target_percent", "met", "light", "short_by", "pack_version"})
	for _, i := range v.Items {
		w.Write([]string{i.Indicator, v.AsOf.String(), i.AreaCode, i.AreaName, string(v.By), value(i.Group), digits(i.Numerator), digits(i.Denominator), fmt.Sprint(i.Excluded),
			fmt.Sprint(value(i.Extra)), fmt.Sprint(value(i.Waived)), value(i.Rate), fmt.Sprint(i.TargetPercent), yesNo(i.Met), string(i.Light), digits(i.ShortBy), v.PackVersion})
	}
	w.Flush()
	return out.Bytes()
}

func digits(n *int64) string {
	if n == nil {
		return ""
	}
	return strconv.FormatInt(*n, 10)
}

func yesNo(b *bool) string {
	if b == nil {
		return ""
	}
	return strconv.FormatBool(*b)
}

var parts = map[string]standing.Status{"": standing.Gap, "covered": standing.Covered, "gap": standing.Gap, "excluded": standing.Excluded, "extra": standing.Extra}

func (a *API) listIndicatorPersons(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, err := store.ParseCursor(r.Query.Get("cursor"))
	if err != nil {
		return Response{}, err
	}
	key := r.params("id")
	found, total, elsewhere, err := a.Desk.Names(r.Ctx, r.Who, store.NamesOf{Indicator: key, Area: in, Moment: r.moment(),
		Part: parts[r.Query.Get("list")], After: after, Limit: r.limit()})
	if err != nil {
		return Response{}, err
	}
	v := api.IndicatorPersonList{Items: []api.IndicatorPerson{}, Total: total, Elsewhere: elsewhere,
		NextCursor: next(found, r.limit(), func(n store.Named) string { return store.Cursor{Area: n.Area, ID: n.ID}.String() })}
	households := a.Desk.Pack().Indicator(key).Unit == policy.UnitHousehold
	for _, n := range found {
		item := api.IndicatorPerson{Name: n.Name, AreaCode: api.AreaCode(n.Area), Category: some(n.Category), Level: some(api.Level(n.Level)), Reason: some(n.Reason)}
		if households {
			item.HouseholdID = &n.ID
		} else {
			item.PersonID = &n.ID
		}
		v.Items = append(v.Items, item)
	}
	return Response{Body: v}, nil
}

func (a *API) getIndicatorTrend(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	to := r.Today.Month()
	if m, err := calendar.ParseMonth(r.Query.Get("to")); err == nil {
		to = m
	}
	from := to.Add(-11)
	if m, err := calendar.ParseMonth(r.Query.Get("from")); err == nil {
		from = m
	}
	list, at, err := a.Desk.Trend(r.Ctx, r.Who, r.params("id"), in, from, to, r.moment().KnownAt)
	if err != nil {
		return Response{}, err
	}
	v := api.IndicatorTrend{Indicator: r.params("id"), Area: api.AreaCode(at), Items: []api.TrendPoint{}}
	for _, p := range list {
		v.Items = append(v.Items, api.TrendPoint{On: p.On, Value: valueView(p.Value)})
	}
	return Response{Body: v}, nil
}
