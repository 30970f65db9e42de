package httpapi

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"

	"zhucan/api"
	"zhucan/internal/casework"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

func (a *API) listIndicators(*Request) (Response, error) {
	v := api.IndicatorDefinitionList{}
	for _, d := range a.Desk.Pack().Indicators {
		v.Items = append(v.Items, api.IndicatorDefinition{ID: d.ID, No: d.No, NameZH: d.ZH, NameEN: d.EN, TargetPercent: d.TargetPercent,
			Comparator: api.IndicatorDefinitionComparator(d.Comparator), Binding: d.Binding, Unit: api.IndicatorDefinitionUnit(d.Unit),
			DefinitionVersion: d.DefinitionVersion, Population: d.Population, Note: d.Note})
	}
	return Response{Body: v}, nil
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
	values, at, err := a.Desk.Values(r.Ctx, r.Who, casework.ValuesOf{Area: in, On: r.asOf(), By: by, Indicator: r.Query.Get("indicator")})
	if err != nil {
		return Response{}, err
	}
	v := api.IndicatorValues{AsOf: r.asOf(), Area: api.AreaCode(at), By: api.Dimension(by), PackVersion: a.Desk.Pack().Version, Items: []api.IndicatorValue{}}
	for _, one := range values {
		v.Items = append(v.Items, valueView(one))
	}
	if r.Query.Get("format") == "csv" {
		return Response{Type: "text/csv; charset=utf-8", Body: valuesCSV(v)}, nil
	}
	return Response{Body: v}, nil
}

func valueView(one casework.Value) api.IndicatorValue {
	v := api.IndicatorValue{Indicator: one.Definition.ID, AreaCode: api.AreaCode(one.Area), AreaName: one.AreaName, Group: some(one.Group),
		Numerator: one.Covered, Denominator: one.Denominator(), Excluded: one.Excluded, Rate: some(one.Rate()), TargetPercent: one.Definition.TargetPercent}
	if met, applicable := one.Met(one.Definition.Comparator, one.Definition.TargetPercent); applicable {
		v.Met = &met
	}
	v.Unplaced = some(one.Unplaced)
	return v
}

// valuesCSV writes the same rows as a table. Every text cell is ours or a division's name, so none begins a formula.
func valuesCSV(v api.IndicatorValues) []byte {
	var out bytes.Buffer
	out.WriteString("\uFEFF")
	w := csv.NewWriter(&out)
	w.Write([]string{"indicator", "as_of", "area_code", "area_name", "by", "group", "numerator", "denominator", "excluded", "rate", "target_percent", "met", "pack_version"})
	for _, i := range v.Items {
		met := ""
		if i.Met != nil {
			met = strconv.FormatBool(*i.Met)
		}
		w.Write([]string{i.Indicator, v.AsOf.String(), i.AreaCode, i.AreaName, string(v.By), value(i.Group), fmt.Sprint(i.Numerator),
			fmt.Sprint(i.Denominator), fmt.Sprint(i.Excluded), value(i.Rate), fmt.Sprint(i.TargetPercent), met, v.PackVersion})
	}
	w.Flush()
	return out.Bytes()
}

var parts = map[string]standing.Status{"": standing.Gap, "covered": standing.Covered, "gap": standing.Gap, "excluded": standing.Excluded}

func (a *API) listIndicatorPersons(r *Request) (Response, error) {
	in, err := a.areaParam(r)
	if err != nil {
		return Response{}, err
	}
	after, err := store.ParseCursor(r.Query.Get("cursor"))
	if err != nil {
		return Response{}, err
	}
	found, total, elsewhere, err := a.Desk.Names(r.Ctx, r.Who, casework.NamesOf{Indicator: r.params("id"), Area: in, On: r.asOf(),
		Part: parts[r.Query.Get("list")], After: after, Limit: r.limit()})
	if err != nil {
		return Response{}, err
	}
	v := api.IndicatorPersonList{Items: []api.IndicatorPerson{}, Total: total, Elsewhere: elsewhere,
		NextCursor: next(found, r.limit(), func(n store.Named) string { return store.Cursor{Area: n.Area, ID: n.PersonID}.String() })}
	for _, n := range found {
		v.Items = append(v.Items, api.IndicatorPerson{PersonID: n.PersonID, Name: n.Name, AreaCode: api.AreaCode(n.Area),
			Category: some(n.Category), Level: some(api.Level(n.Level)), Reason: some(n.Reason)})
	}
	return Response{Body: v}, nil
}
