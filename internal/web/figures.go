package web

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/indicator"
	"zhucan/internal/money"
	"zhucan/internal/policy"
	"zhucan/internal/store"
)

// look is what an address asks for: of which day and area, and broken down by what.
type look struct {
	on     calendar.Date
	in     area.Code
	by     store.Dimension
	known  time.Time // as of when it was known; zero: now
	Fields []*Field  // the form that asks for it, with what is wrong beside its fields
	wrong  bool
}

// Place is the code of the area.
func (l look) Place() string { return string(l.in) }

// moment is the day, and the instant of which is asked what was known of it.
func (l look) moment() store.Moment { return store.Moment{On: l.on, KnownAt: l.known} }

// Known is that instant as an address has it; empty where it is now.
func (l look) Known() string {
	if l.known.IsZero() {
		return ""
	}
	return l.known.UTC().Format(time.RFC3339Nano)
}

// whole is without the breakdown, which what is one value has not.
func (l look) whole() look {
	l.Fields = slices.DeleteFunc(slices.Clone(l.Fields), func(f *Field) bool { return f.Name == "by" })
	return l
}

// query is the address of the same day, area and instant, with further members in pairs.
func (l look) query(more ...string) string {
	text := "?as_of=" + l.on.String() + "&area=" + string(l.in)
	if known := l.Known(); known != "" {
		text += "&known_at=" + known
	}
	for i := 0; i+1 < len(more); i += 2 {
		text += "&" + more[i] + "=" + more[i+1]
	}
	return text
}

// dimensions are what a page may be broken down by; the tree is too long for one.
var dimensions = []string{"none", "town", "village", "category", "component", "level", "severity", "sex", "age_band", "age_group", "urban_rural", "hardship",
	"registered_poor", "hukou_type", "multi_disabled"}

// look reads an address. What it does not say is today, one's own area and the areas in it; what cannot be is said beside its field.
func (v *visit) look() (look, error) {
	l := look{on: v.today, in: v.who.Area}
	day, place, by := v.query.Get("as_of"), v.query.Get("area"), v.query.Get("by")
	dayField := &Field{Name: "as_of", Label: v.t("figures.as_of"), Kind: "date", Value: cmp.Or(day, v.today.String())}
	if on, ok := exchange.TypedDay(day); ok && v.desk.CheckDay(on) == nil {
		l.on = on
	} else if day != "" {
		dayField.Error = v.t("figures.bad_day")
	}
	areaField := &Field{Name: "area", Label: v.t("figures.area"), Kind: "select"}
	knownField, err := v.knownAsked(&l)
	if err != nil {
		return l, err
	}
	there, err := v.divisionAsked(place, l.moment())
	if err != nil {
		return l, err
	}
	if there != "" {
		l.in = there
	} else if place != "" {
		areaField.Error = v.t("figures.bad_area")
	}
	if areaField.Options, err = v.areasAround(l.in, l.on); err != nil {
		return l, err
	}
	l.by = below(l.in)
	byField := &Field{Name: "by", Label: v.t("figures.by"), Kind: "select", Options: v.options("by", dimensions...)}
	if slices.Contains(dimensions, by) {
		l.by = store.Dimension(by)
	} else if by != "" {
		byField.Error = v.t("figures.bad_by")
	}
	areaField.Value, byField.Value = string(l.in), string(l.by)
	l.Fields = []*Field{dayField, areaField, byField}
	if knownField != nil {
		l.Fields = append(l.Fields, knownField)
	}
	for _, f := range l.Fields {
		f.choose()
		l.wrong = l.wrong || f.Error != ""
	}
	return l, nil
}

// divisionAsked is the area that an address names; empty where it names none of one's own that was there on the day or is today.
func (v *visit) divisionAsked(text string, m store.Moment) (area.Code, error) {
	code, err := area.Parse(text)
	if err != nil {
		return "", nil
	}
	code, err = v.desk.DivisionOn(v.ctx, v.who, code, calendar.Interval{From: m.On, To: m.On}, m.KnownAt)
	if f, ok := fault.Of(err); ok && (f.Kind == fault.Invalid || f.Kind == fault.NotFound) {
		return "", nil
	}
	return code, err
}

// knownAsked reads of which instant an address asks what was known. It has a field only where it is asked for, as pages of a release do.
func (v *visit) knownAsked(l *look) (*Field, error) {
	text := v.query.Get("known_at")
	if text == "" {
		return nil, nil
	}
	f := &Field{Name: "known_at", Label: v.t("release.known"), Kind: "text", Value: text}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		f.Error = v.t("figures.bad_instant")
		return f, nil
	}
	err = v.desk.CheckKnown(v.ctx, at)
	if refused, ok := fault.Of(err); ok && refused.Kind == fault.Invalid {
		f.Error = v.t("figures.bad_instant")
		return f, nil
	}
	l.known = at
	return f, err
}

// below is the level of areas that lie in an area.
func below(in area.Code) store.Dimension {
	switch in.Level() {
	case "district":
		return store.ByTown
	case "town":
		return store.ByVillage
	}
	return store.ByNone
}

// areasAround are the areas to choose from: one's own, the way down to the one that is looked at, and what lies in each of them.
func (v *visit) areasAround(in area.Code, on calendar.Date) (list []Option, err error) {
	var way []area.Code
	for code := in; code != "" && v.who.Covers(code); code = code.Parent() {
		way = append([]area.Code{code}, way...)
	}
	seen := map[area.Code]bool{}
	add := func(code area.Code, name string) {
		if !seen[code] {
			seen[code] = true
			list = append(list, Option{Value: string(code), Label: strings.Repeat("　", (len(code)-len(v.who.Area))/3) + name})
		}
	}
	var walk func(code area.Code) error
	walk = func(code area.Code) error {
		children, err := v.desk.DB.Children(v.ctx, code, on)
		if err != nil {
			return err
		}
		for _, child := range children {
			add(child.Code, child.Name)
			if slices.Contains(way, child.Code) {
				if err := walk(child.Code); err != nil {
					return err
				}
			}
		}
		return nil
	}
	add(v.who.Area, v.placeName(v.who.Area))
	return list, walk(v.who.Area)
}

// figureLine is one value as it is shown.
type figureLine struct {
	Path, No, Name, Target string
	Rate, Count            string
	Mark, Light, Tone      string
	Short                  string
	Notes                  []string
	Binding                string
}

// marks are the shapes of the lights, beside their words.
var marks = map[string]string{string(indicator.LightMet): "●", string(indicator.LightNear): "▲", string(indicator.LightUnmet): "■", string(indicator.LightNotApplicable): "–",
	string(indicator.LightMissing): "○", string(indicator.LightSuppressed): "＊"}

var lightTones = map[string]string{string(indicator.LightMet): "good", string(indicator.LightNear): "warn", string(indicator.LightUnmet): "bad"}

func (v *visit) figureLine(f exchange.Figure, path string) figureLine {
	d := f.Definition
	line := figureLine{Path: path, No: strconv.Itoa(d.No), Name: v.either(d.NameZH, d.NameEN), Target: v.target(d), Rate: v.rate(f), Count: v.count(f),
		Mark: marks[f.Light], Light: v.t("light." + f.Light), Tone: lightTones[f.Light], Short: v.short(f), Binding: v.t("figures.expected")}
	if d.Binding {
		line.Binding = v.t("figures.binding")
	}
	if d.TargetPercent == 0 && !f.Missing {
		line.Mark, line.Light, line.Binding = "", "", ""
	}
	for _, note := range []struct {
		key string
		n   *int64
	}{{"figures.excluded", f.Excluded}, {"figures.extra", f.Extra}, {"figures.waived", f.Waived}, {"figures.unplaced", f.Unplaced}} {
		if note.n != nil && *note.n > 0 {
			line.Notes = append(line.Notes, v.t(note.key, *note.n))
		}
	}
	if f.FigureYear != nil {
		line.Notes = append(line.Notes, v.t("figures.year", *f.FigureYear))
	}
	if f.RateWithoutWaivers != nil {
		line.Notes = append(line.Notes, v.t("figures.without_waivers", *f.RateWithoutWaivers))
	}
	return line
}

// target is what is aimed at, as the plan writes it.
func (v *visit) target(d *exchange.FigureDefinition) string {
	if d.TargetPercent == 0 {
		return v.t("figures.no_target")
	}
	text := strconv.FormatFloat(d.TargetPercent, 'f', -1, 64) + "%"
	if d.Comparator == "=" {
		return text
	}
	return d.Comparator + " " + text
}

func (v *visit) rate(f exchange.Figure) string {
	switch {
	case f.Missing:
		return v.t("light.missing")
	case f.Suppressed:
		return v.t("light.suppressed")
	case f.Rate == nil:
		return v.t("light.not_applicable")
	}
	return *f.Rate + "%"
}

// count is the numbers that a rate is made of: persons, households or facilities, or the incomes of two years.
func (v *visit) count(f exchange.Figure) string {
	switch {
	case f.Numerator == nil || f.Denominator == nil:
		return ""
	case f.Definition.Unit == policy.UnitIndex:
		return v.t("figures.incomes", money.Fen(*f.Denominator).Yuan(), money.Fen(*f.Numerator).Yuan())
	}
	return v.t("count_of."+f.Definition.Unit, *f.Numerator, *f.Denominator)
}

// short is the distance to the target (还差 n 人达标).
func (v *visit) short(f exchange.Figure) string {
	if f.ShortBy == nil || *f.ShortBy == 0 {
		return ""
	}
	return v.t("short_of."+f.Definition.Unit, *f.ShortBy)
}

// figures counts what an address asks for, by the function that the API and the files use.
func (v *visit) figures(ctx context.Context, q casework.ValuesOf) (list []exchange.Figure, head exchange.FiguresHead, err error) {
	got, err := v.desk.FigureRows(ctx, v.who, q)
	if err != nil {
		return nil, head, err
	}
	for f, err := range got.Rows {
		if err != nil {
			return nil, head, err
		}
		list = append(list, f)
	}
	return list, got.FiguresHead, nil
}

// heat is a table of groups by indicators. Each cell prints its value and has a shape; its shade only repeats them.
type heat struct {
	Title   string
	Heads   []heatHead
	Rows    []heatRow
	Overlap bool   // somebody may be in several groups
	More    string // the next rows
}

type heatHead struct{ Path, No, Name string }

type heatRow struct {
	Name, Path string
	Cells      []heatCell
}

type heatCell struct {
	Head, Rate, Mark, Light, Shade, Path string
}

// heatRows is how many groups a page shows; more come on the next.
const heatRows = 20

func (v *visit) heat(l look, list []exchange.Figure, head exchange.FiguresHead) *heat {
	h := &heat{Title: v.t("figures.heat", v.t("by."+string(l.by))), Overlap: head.Overlapping != nil && *head.Overlapping}
	type place struct{ row, column string }
	cells := map[place]exchange.Figure{}
	var groups, columns []string
	heads, firsts := map[string]heatHead{}, map[string]exchange.Figure{}
	for _, f := range list {
		group := f.Group
		if group == "" {
			group = f.AreaCode
		}
		if _, seen := firsts[group]; !seen {
			groups, firsts[group] = append(groups, group), f
		}
		if _, seen := heads[f.Indicator]; !seen {
			columns = append(columns, f.Indicator)
			heads[f.Indicator] = heatHead{Path: "/indicators/" + f.Indicator + l.query(), No: strconv.Itoa(f.Definition.No), Name: v.either(f.Definition.NameZH, f.Definition.NameEN)}
		}
		cells[place{group, f.Indicator}] = f
	}
	v.order(l.by, groups)
	groups, h.More = v.portion(groups)
	for _, column := range columns {
		h.Heads = append(h.Heads, heads[column])
	}
	for _, group := range groups {
		row := heatRow{Name: v.groupName(l.by, firsts[group])}
		at := l
		if firsts[group].Group == "" {
			at.in = area.Code(group)
			row.Path = "/indicators" + at.query()
		}
		for _, column := range columns {
			row.Cells = append(row.Cells, v.heatCell(cells[place{group, column}], heads[column], at))
		}
		h.Rows = append(h.Rows, row)
	}
	return h
}

// order puts groups that no indicator has in the order of their codes, the unknown ones last.
func (v *visit) order(by store.Dimension, groups []string) {
	if by == store.ByTown || by == store.ByVillage {
		return // in the order of the tree
	}
	odd := func(group string) int {
		if group == "unknown" || group == store.Unplaced || group == "not_applicable" {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(groups, func(a, b string) int { return cmp.Or(cmp.Compare(odd(a), odd(b)), cmp.Compare(a, b)) })
}

// portion is the part of a long list that this page shows.
func (v *visit) portion(groups []string) (part []string, more string) {
	from, to := v.part(len(groups), heatRows)
	return groups[from:to], v.more(to < len(groups), strconv.Itoa(to))
}

// part is which lines of a list that is whole in memory this page shows.
func (v *visit) part(of, size int) (from, to int) {
	from, _ = strconv.Atoi(v.query.Get("cursor"))
	from = max(0, min(from, of))
	return from, min(from+size, of)
}

func (v *visit) groupName(by store.Dimension, f exchange.Figure) string {
	switch {
	case f.Group == "":
		return f.AreaName
	case f.Group == store.Unplaced || f.Group == "unknown" || f.Group == "not_applicable":
		return v.t("group." + f.Group)
	case by == store.ByCategory || by == store.ByComponent || by == store.ByLevel || by == store.BySex:
		prefix := map[store.Dimension]string{store.ByCategory: "category", store.ByComponent: "category", store.ByLevel: "level", store.BySex: "sex"}[by]
		if f.Group == "0" {
			return v.t("group.unknown")
		}
		return v.t(prefix + "." + f.Group)
	}
	return v.t("group." + f.Group)
}

func (v *visit) heatCell(f exchange.Figure, head heatHead, at look) heatCell {
	c := heatCell{Head: head.No + " " + head.Name, Rate: v.t("group.none"), Shade: "none"}
	if f.Definition == nil {
		return c
	}
	c.Rate, c.Mark, c.Light, c.Shade = strings.TrimSuffix(v.rate(f), "%"), marks[f.Light], v.t("light."+f.Light), f.Light
	if f.ShortBy != nil && f.Denominator != nil && *f.ShortBy*5 > *f.Denominator {
		c.Shade = "far" // more than a fifth of all short of the target
	}
	if f.Group == "" {
		c.Path = "/indicators/" + f.Indicator + at.query()
	}
	return c
}
