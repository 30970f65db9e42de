package web

import (
	"io"
	"slices"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/policy"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

// indicatorsData is the twelve indicators of a day and an area, and a table of them by groups.
type indicatorsData struct {
	Look  look
	Where string
	Day   string
	Rules string // the version of the pack
	Lines []figureLine
	Heat  *heat
	More  string // variants and benefits
	Files []link
	May   []link
}

func showIndicators(v *visit) (any, error) {
	l, err := v.look()
	if err != nil {
		return nil, err
	}
	whole, head, err := v.figures(v.ctx, casework.ValuesOf{Area: l.in, Moment: l.moment(), By: store.ByNone})
	if err != nil {
		return nil, err
	}
	data := indicatorsData{Look: l, Where: v.placeName(l.in), Day: l.on.String(), Rules: head.PackVersion, More: "/indicators/more" + l.query()}
	for _, f := range whole {
		data.Lines = append(data.Lines, v.figureLine(f, "/indicators/"+f.Indicator+l.query()))
	}
	for _, form := range fileForms {
		data.Files = append(data.Files, link{Path: "/indicators/file" + l.query("by", string(l.by), "form", form), Text: v.t("file." + form)})
	}
	for _, path := range []string{"/releases", "/figures", "/facilities", "/policies"} {
		if v.may(path) {
			data.May = append(data.May, link{Path: path, Text: v.t(pageOf(path).title)})
		}
	}
	if l.by == store.ByNone {
		return data, nil
	}
	grouped, head, err := v.figures(v.ctx, casework.ValuesOf{Area: l.in, Moment: l.moment(), By: l.by})
	data.Heat = v.heat(l, grouped, head)
	return data, err
}

// fileForms are the forms of files, with their media types.
var fileForms = []string{"csv", "xlsx", "json"}

var fileTypes = map[string]string{"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "json": "application/json; charset=utf-8"}

var noSuchForm = fault.New(fault.NotFound, "NOT_FOUND", "没有这种格式的文件", "there is no file of this form")

// showFiguresFile is what the page shows as a file.
func showFiguresFile(v *visit) (any, error) {
	l, err := v.look()
	if err != nil {
		return nil, err
	}
	form := v.query.Get("form")
	if form == "" {
		form = fileForms[0]
	}
	if fileTypes[form] == "" || l.wrong {
		return nil, noSuchForm
	}
	rows, err := v.desk.FigureRows(v.ctx, v.who, casework.ValuesOf{Area: l.in, Moment: l.moment(), By: l.by})
	return raw{kind: fileTypes[form], name: "indicators-" + l.on.String() + "." + form, write: func(w io.Writer) error { return exchange.WriteFigures(w, form, rows) }}, err
}

// moreData is the other definitions of the indicators, and the benefits of other offices.
type moreData struct {
	Look               look
	Where, Day, Back   string
	Variants, Benefits []figureLine
}

func showMoreIndicators(v *visit) (any, error) {
	l, err := v.look()
	if err != nil {
		return nil, err
	}
	data := moreData{Look: l, Where: v.placeName(l.in), Day: l.on.String(), Back: "/indicators" + l.query()}
	pack, err := v.desk.PackAt(v.ctx, l.known)
	if err != nil {
		return nil, err
	}
	if data.Variants, err = v.linesOf(l, pack.Indicators, func(d *policy.Indicator) bool { return d.Variant != "" }); err != nil {
		return nil, err
	}
	data.Benefits, err = v.linesOf(l, pack.Benefits, func(*policy.Indicator) bool { return true })
	return data, err
}

// linesOf counts some definitions of a list.
func (v *visit) linesOf(l look, of []policy.Indicator, wanted func(*policy.Indicator) bool) (lines []figureLine, err error) {
	var keys []string
	for i := range of {
		if wanted(&of[i]) {
			keys = append(keys, of[i].Key())
		}
	}
	if len(keys) == 0 {
		return nil, nil
	}
	found, _, err := v.figures(v.ctx, casework.ValuesOf{Area: l.in, Moment: l.moment(), By: store.ByNone, Indicator: keys[0], Further: keys[1:]})
	for _, f := range found {
		lines = append(lines, v.figureLine(f, "/indicators/"+f.Indicator+l.query()))
	}
	return lines, err
}

// indicatorData is one indicator: its value, its way through the months, what it counts, and who is behind it.
type indicatorData struct {
	Look       look
	Where, Day string
	Back       string
	Line       figureLine
	Names      []link
	Chart      *chart
	Trend      []trendLine
	From, To   *Field
	Definition []pair
	Exclusions []reasonLine
	GapReasons []reasonLine
	Note       string
	Variants   []figureLine
}

type trendLine struct{ On, Rate, Count, Light, Mark, Tone string }

func showIndicator(v *visit) (any, error) {
	l, err := v.look()
	if err != nil {
		return nil, err
	}
	l = l.whole()
	key := v.echo.Param("key")
	found, _, err := v.figures(v.ctx, casework.ValuesOf{Area: l.in, Moment: l.moment(), By: store.ByNone, Indicator: key})
	if err != nil {
		return nil, err
	}
	pack, err := v.desk.PackAt(v.ctx, l.known)
	if err != nil {
		return nil, err
	}
	def := pack.Indicator(key)
	if len(found) != 1 || def == nil {
		return nil, store.NotFound
	}
	data := indicatorData{Look: l, Where: v.placeName(l.in), Day: l.on.String(), Back: "/indicators" + l.query(), Line: v.figureLine(found[0], "")}
	v.define(&data, pack, def, found[0].Definition)
	if v.may("/indicators/:key/persons") && !def.External() {
		for _, part := range parts {
			data.Names = append(data.Names, link{Path: "/indicators/" + key + "/persons" + l.query("list", part), Text: v.t("part." + part)})
		}
	}
	if def.Variant == "" {
		same := func(d *policy.Indicator) bool { return d.ID == def.ID && d.Variant != "" }
		if data.Variants, err = v.linesOf(l, pack.Indicators, same); err != nil {
			return nil, err
		}
	}
	err = v.fillTrend(&data, l, key)
	return data, err
}

// define says what is counted, as the rules say it.
func (v *visit) define(data *indicatorData, pack *policy.Pack, def *policy.Indicator, d *exchange.FigureDefinition) {
	add := func(label, value string) {
		if value != "" {
			data.Definition = append(data.Definition, pair{v.t(label), value})
		}
	}
	add("figures.target", data.Line.Target)
	add("define.binding", data.Line.Binding)
	add("define.unit", v.t("unit."+d.Unit))
	if _, known := texts()["basis."+d.Basis]; known {
		add("define.basis", v.t("basis."+d.Basis))
	} else {
		add("define.basis", d.Basis)
	}
	if p := pack.Programme(def.Programme); p != nil {
		add("define.months", v.either(p.ZH, p.EN))
	}
	if def.CountsExtra {
		add("define.counts_extra", v.t("define.counts_extra.text"))
	}
	add("define.population", d.Population)
	add("define.covered", d.Covered)
	add("define.version", d.DefinitionVersion)
	if data.Note = v.either(def.NoteZH, d.Note); data.Note == "" {
		data.Note = d.Note // of a pack that has it in English alone
	}
	if p := pack.Programme(def.Programme); p != nil && p.RuleSet(data.Look.on) != nil {
		data.Exclusions = v.conditions(p.RuleSet(data.Look.on).Conditions)
	}
	data.Exclusions = append(data.Exclusions, v.conditions(def.Exclusions)...)
	data.GapReasons = v.conditions(def.GapReasons)
}

func (v *visit) conditions(names []string) (list []reasonLine) {
	for _, name := range names {
		if text, cite := v.condition(name); text != "" {
			list = append(list, reasonLine{Text: text, Cite: cite})
		}
	}
	return list
}

// condition is what a condition of the pack says, found by its name or by the code that people see.
func (v *visit) condition(code string) (text, cite string) {
	pack := v.desk.Pack()
	for _, list := range []map[string]policy.Condition{pack.Conditions, pack.HouseholdConditions} {
		if c, ok := list[code]; ok {
			return v.either(c.ZH, c.EN), c.Cite
		}
	}
	var names []string
	for name, c := range pack.Conditions {
		if c.Code == code {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "", ""
	}
	c := pack.Conditions[slices.Min(names)]
	return v.either(c.ZH, c.EN), c.Cite
}

// unmet says which condition fails, in words.
func (v *visit) unmet(code string) string {
	if code == "" {
		return ""
	}
	text, _ := v.condition(code)
	if text == "" {
		return code
	}
	return v.t("figures.unmet", text)
}

// fillTrend adds the ends of months: a year up to the day, or what the address asks for.
func (v *visit) fillTrend(data *indicatorData, l look, key string) error {
	var from, to calendar.Month
	data.To, to = v.askedMonth("to", "trend.to", l.on.Month())
	data.From, from = v.askedMonth("from", "trend.from", to.Add(-11))
	points, _, err := v.desk.Trend(v.ctx, v.who, key, l.in, from, to, l.known)
	if f, ok := fault.Of(err); ok && f.Kind == fault.Invalid {
		data.To.Error = f.Message(v.english)
		for _, problem := range f.Fields {
			data.To.Error = v.either(problem.ZH, problem.EN)
		}
		return nil
	}
	if err != nil {
		return err
	}
	for _, p := range points {
		line := v.figureLine(p.Figure(), "")
		data.Trend = append(data.Trend, trendLine{On: p.On.String(), Rate: line.Rate, Count: line.Count, Light: line.Light, Mark: line.Mark, Tone: line.Tone})
	}
	data.Chart = v.chart(data.Line.Name, points)
	return nil
}

// parts are the lists behind a number.
var parts = []string{"gap", "covered", "excluded", "extra"}

var partOf = map[string]standing.Status{"gap": standing.Gap, "covered": standing.Covered, "excluded": standing.Excluded, "extra": standing.Extra}

// namesData is who is behind one part of a number.
type namesData struct {
	Look       look
	Where, Day string
	Known      string // the instant as of which it is told
	Name, Part string
	Back       string
	Parts      []link
	Total      int64
	Elsewhere  int64
	Households bool
	Lines      []namedLine
	More       string
}

type namedLine struct{ Path, Name, Place, Disability, Reason string }

func showNames(v *visit) (any, error) {
	l, err := v.look()
	if err != nil {
		return nil, err
	}
	l = l.whole()
	key, part := v.echo.Param("key"), v.query.Get("list")
	if _, known := partOf[part]; !known {
		part = parts[0]
	}
	after, err := store.ParseCursor(v.query.Get("cursor"))
	if err != nil {
		return nil, err
	}
	found, err := v.desk.Names(v.ctx, v.who, store.NamesOf{Indicator: key, Area: l.in, Moment: l.moment(), Part: partOf[part], After: after, Limit: pageSize})
	if err != nil {
		return nil, err
	}
	def := found.Definition
	data := namesData{Look: l, Where: v.placeName(l.in), Day: l.on.String(), Name: v.either(def.ZH, def.EN), Part: part, Back: "/indicators/" + key + l.query(), Total: found.Total,
		Elsewhere: found.Elsewhere, Households: def.Unit == policy.UnitHousehold}
	if !l.known.IsZero() {
		data.Known = l.known.In(china).Format("2006-01-02 15:04:05")
	}
	for _, one := range parts {
		data.Parts = append(data.Parts, link{Path: v.path + l.query("list", one), Text: v.t("part." + one), Here: one == part})
	}
	places := v.placeNames()
	for _, n := range found.Names {
		line := namedLine{Name: n.Name, Place: places(n.Area), Reason: v.unmet(n.Reason)}
		if !data.Households {
			line.Path = "/persons/" + n.ID.String()
			if n.Category > 0 {
				line.Disability = v.disability(n.Category, n.Level)
			}
		}
		data.Lines = append(data.Lines, line)
	}
	if n := len(found.Names); n > 0 {
		data.More = v.more(n == pageSize, store.Cursor{Area: found.Names[n-1].Area, ID: found.Names[n-1].ID}.String())
	}
	return data, nil
}

// placeNames finds the names of areas, each once for a page.
func (v *visit) placeNames() func(area.Code) string {
	known := map[area.Code]string{}
	return func(code area.Code) string {
		name, seen := known[code]
		if !seen {
			name = v.placeName(code)
			known[code] = name
		}
		return name
	}
}
