package web

import (
	"slices"
	"strconv"

	"github.com/google/uuid"

	"zhucan/internal/casework"
	"zhucan/internal/money"
	"zhucan/internal/store"
)

// outsideData is the figures that come from outside, also those that gave way, and the form for another.
type outsideData struct {
	filters
	Form     *Form
	Withdraw *Form // nil: none stands
	Lines    []outsideLine
}

type outsideLine struct{ Name, Year, Place, Value, Source, At, State, Tone string }

func showOutsideFigures(v *visit) (any, error) {
	list, in, err := v.areaFilter()
	if err != nil {
		return nil, err
	}
	found, err := v.desk.Figures(v.ctx, v.who, in)
	if err != nil {
		return nil, err
	}
	data := outsideData{filters: filters{Filters: list}}
	slices.SortStableFunc(found, func(a, b store.Figure) int { return b.RecordedAt.Compare(a.RecordedAt) })
	where := v.placeNames()
	var standing []Option
	for _, f := range found {
		line := outsideLine{Name: f.Indicator, Year: strconv.Itoa(f.Year), Place: where(f.Area), Source: f.SourceDoc, At: f.RecordedAt.In(china).Format("2006-01-02 15:04"), State: v.t("outside.holds"), Tone: "good"}
		if def := v.desk.Pack().Indicator(f.Indicator); def != nil {
			line.Name = v.either(def.ZH, def.EN)
		}
		if line.Value = v.t("outside.income", money.Fen(f.Income).Yuan()); f.Denominator > 0 {
			line.Value = v.t("count_of.facility", f.Numerator, f.Denominator)
		}
		if !f.SupersededAt.IsZero() {
			line.State, line.Tone = v.t("outside.gave_way", f.SupersededAt.In(china).Format("2006-01-02")), ""
		}
		if f.Withdrawn != "" {
			line.State = v.t("outside.withdrawn", f.SupersededAt.In(china).Format("2006-01-02"), f.Withdrawn)
		}
		if f.SupersededAt.IsZero() {
			standing = append(standing, Option{Value: f.ID.String(), Label: line.Year + " " + line.Place + " " + line.Name + " " + line.Value})
		}
		data.Lines = append(data.Lines, line)
	}
	if !v.acts("record") {
		return data, nil
	}
	if len(standing) > 0 {
		data.Withdraw = v.newForm("withdraw", "outside.withdraw", &Field{Name: "figure", Label: v.t("outside.which"), Kind: "select", Need: true, Options: standing, Value: onlyOne(standing)},
			&Field{Name: "reason", Label: v.t("facility.why"), Kind: "textarea", Max: 500, Need: true})
		data.Withdraw.Grave = true
	}
	data.Form, err = v.outsideForm()
	return data, err
}

// withdrawFigure ends a figure that should not have been entered.
func withdrawFigure(v *visit) (string, error) {
	r := v.reader()
	id, reason := r.ref("figure"), r.text("reason", 500, true)
	if err := r.err(); err != nil {
		return "", err
	}
	_, err := v.desk.WithdrawFigure(v.ctx, v.who, id, reason)
	return v.path + "?done=figure_withdrawn", err
}

func (v *visit) outsideForm() (*Form, error) {
	var indicators []Option
	for i := range v.desk.Pack().Indicators {
		if def := &v.desk.Pack().Indicators[i]; def.External() {
			indicators = append(indicators, Option{Value: def.Key(), Label: v.either(def.ZH, def.EN)})
		}
	}
	areas, err := v.areasAround(v.who.Area, v.today)
	f := v.newForm("record", "outside.record", &Field{Name: "indicator", Label: v.t("figures.name"), Kind: "radio", Need: true, Options: indicators},
		&Field{Name: "year", Label: v.t("record.year"), Kind: "text", Mode: "numeric", Need: true, Max: 4},
		&Field{Name: "area_code", Label: v.t("figures.area"), Kind: "select", Need: true, Options: areas, Value: string(v.who.Area)},
		&Field{Name: "income", Label: v.t("outside.income.label"), Hint: v.t("outside.income.hint"), Kind: "text", Mode: "decimal", Max: 16},
		&Field{Name: "numerator", Label: v.t("outside.numerator"), Hint: v.t("outside.count.hint"), Kind: "text", Mode: "numeric", Max: 10},
		&Field{Name: "denominator", Label: v.t("outside.denominator"), Kind: "text", Mode: "numeric", Max: 10},
		&Field{Name: "source_doc", Label: v.t("outside.source"), Hint: v.t("outside.source.hint"), Kind: "text", Need: true, Max: 200})
	return f, err
}

const (
	firstYear, lastYear = 2010, 2199 // of figures, as in the contract
	mostCounted         = 1_000_000_000
)

// counted is a number of facilities; nil where none is entered.
func (r *reader) counted(name string, least int) *int64 {
	if r.v.form.Get(name) == "" {
		return nil
	}
	n := int64(r.number(name, false, least, mostCounted))
	return &n
}

func recordFigure(v *visit) (string, error) {
	r := v.reader()
	f := casework.NewFigure{Indicator: r.text("indicator", 60, true), Year: r.number("year", true, firstYear, lastYear), Area: r.place("area_code", true), SourceDoc: r.text("source_doc", 200, true),
		Numerator: r.counted("numerator", 0), Denominator: r.counted("denominator", 1)}
	if text := v.value("income"); text != "" {
		income, ok := fen(text)
		if !ok || income < 1 {
			r.wrong("income", "NOT_AN_AMOUNT", "金额应写成12345.67的形式", "write the amount as 12345.67")
		}
		f.Income = income
	}
	if err := r.err(); err != nil {
		return "", err
	}
	_, err := v.desk.RecordFigure(v.ctx, v.who, f)
	return v.path + "?done=figure", err
}

// facilitiesData is the facilities of an area with their last inspections.
type facilitiesData struct {
	filters
	Past         string   // of which day it is, where not of today
	Wrong        []string // days that were asked for and cannot be
	Lines        []facilityLine
	More         string
	Add, Inspect *Form
}

type facilityLine struct{ Path, Name, Kind, Place, Address, On, Standard, State, Tone string }

var facilityKinds = []string{"government", "school", "community", "welfare", "transport", "medical", "culture_sport"}

func showFacilities(v *visit) (any, error) {
	after, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	places, in, err := v.areaFilter()
	if err != nil {
		return nil, err
	}
	on, knownOn, knownAt := v.recordMoment()
	found, err := v.desk.Facilities(v.ctx, v.who, in, store.Moment{On: on, KnownAt: knownAt}, after.ID, pageSize)
	if err != nil {
		return nil, err
	}
	data := facilitiesData{filters: filters{Filters: places}, Wrong: v.daysNotTaken(v.today, "as_of", "known_on")}
	data.Days = []*Field{{Name: "as_of", Label: v.t("record.as_of"), Kind: "date", Value: on.String()}, {Name: "known_on", Label: v.t("record.known_on"), Kind: "date", Value: knownOn.String()}}
	if on != v.today || knownOn != v.today {
		data.Past = v.t("record.past", on, knownOn)
	}
	where := v.placeNames()
	var here []Option
	for _, f := range found {
		line := facilityLine{Path: "/facilities/" + f.ID.String(), Name: f.Name, Kind: v.t("facility_kind." + f.Kind), Place: where(f.Area), Address: f.Address, State: v.t("facility.never")}
		if !f.InspectedOn.IsZero() {
			line.On, line.Standard, line.State, line.Tone = f.InspectedOn.String(), f.Standard, v.t("facility.fails"), "bad"
			if f.Compliant {
				line.State, line.Tone = v.t("facility.complies"), "good"
			}
		}
		data.Lines = append(data.Lines, line)
		here = append(here, Option{Value: f.ID.String(), Label: f.Name + v.within(line.Place)})
	}
	if n := len(found); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{ID: found[n-1].ID}.String())
	}
	if data.Past != "" {
		return data, nil
	}
	if v.acts("inspect") && len(here) > 0 {
		data.Inspect = v.newForm("inspect", "facility.inspect", &Field{Name: "facility", Label: v.t("facility.which"), Kind: "select", Need: true, Options: here},
			&Field{Name: "inspected_on", Label: v.t("facility.on"), Kind: "date", Need: true, Value: v.today.String()},
			&Field{Name: "standard", Label: v.t("facility.standard"), Kind: "text", Need: true, Max: 100, Value: "GB 50763-2012"},
			&Field{Name: "compliant", Label: v.t("facility.result"), Kind: "radio", Need: true, Options: v.options("complies", "yes", "no")},
			&Field{Name: "report", Label: v.t("facility.report"), Kind: "text", Max: 200})
	}
	if v.acts("add") {
		data.Add, err = v.facilityForm()
	}
	return data, err
}

func (v *visit) facilityForm() (*Form, error) {
	villages, err := v.villages()
	return v.newForm("add", "facility.add", &Field{Name: "name", Label: v.t("facility.name"), Kind: "text", Need: true, Max: 100},
		&Field{Name: "kind", Label: v.t("facility.kind"), Kind: "select", Need: true, Options: v.options("facility_kind", facilityKinds...)},
		&Field{Name: "area_code", Label: v.t("facility.village"), Kind: "select", Need: true, Options: villages},
		&Field{Name: "address", Label: v.t("facility.address"), Kind: "text", Max: 200}), err
}

func addFacility(v *visit) (string, error) {
	r := v.reader()
	f := store.Facility{Name: r.text("name", 100, true), Kind: r.choice("kind", true, facilityKinds...), Area: r.place("area_code", true), Address: r.text("address", 200, false)}
	if err := r.err(); err != nil {
		return "", err
	}
	_, err := v.desk.CreateFacility(v.ctx, v.who, f)
	return v.path + "?done=facility", err
}

func inspectFacility(v *visit) (string, error) {
	r := v.reader()
	i := store.Inspection{On: r.day("inspected_on", true), Standard: r.text("standard", 100, true), Compliant: r.choice("compliant", true, "yes", "no") == "yes", Report: r.text("report", 200, false)}
	var err error
	if i.Facility, err = uuid.Parse(v.value("facility")); err != nil {
		r.missing("facility")
	}
	if err := r.err(); err != nil {
		return "", err
	}
	_, err = v.desk.InspectFacility(v.ctx, v.who, i)
	return v.path + "?done=inspected", err
}
