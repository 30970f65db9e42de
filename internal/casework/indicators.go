package casework

import (
	"context"
	"time"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
	"zhucan/internal/indicator"
	"zhucan/internal/policy"
	"zhucan/internal/store"
)

// Value is one indicator for one area or group on a day.
type Value struct {
	Definition *policy.Indicator
	Area       area.Code
	AreaName   string
	Group      string // of a dimension that is no area; unplaced for who stands in no village
	indicator.Count
	Unplaced   int64             // of the denominator and the excluded, where the value is for a whole area that is no more than a district
	Growth     *indicator.Growth // of an index, instead of a count
	FigureYear int               // of which a figure from outside is; 0 for what is counted
	Missing    bool              // a figure from outside that nobody has entered
}

// Ratio is the count as its rate is made: where services beside the target population count too, they fill the gap up to 100 %.
func (v Value) Ratio() indicator.Count {
	c := v.Count
	if v.Definition.CountsExtra {
		filled := min(c.Extra, c.Gap)
		c.Covered, c.Gap = c.Covered+filled, c.Gap-filled
	}
	return c
}

// Numerator is who is served, as the definition counts it.
func (v Value) Numerator() int64 {
	if v.Definition.CountsExtra {
		return v.Covered + v.Extra
	}
	return v.Covered
}

// ValuesOf asks for indicators.
type ValuesOf struct {
	Area area.Code // the caller's own where empty
	store.Moment
	By        store.Dimension
	Indicator string   // a key; all that are reported where empty
	Further   []string // keys of what is counted beside it
}

// InArea is the area asked for, or the actor's own; one outside is absent.
func InArea(who access.Actor, asked area.Code) (area.Code, error) {
	if asked == "" {
		return who.Area, nil
	}
	if !who.Covers(asked) {
		return "", store.NotFound
	}
	return asked, nil
}

// Values counts indicators. Numbers and lists come from the same standings; sums add up the tree.
func (d *Desk) Values(ctx context.Context, who access.Actor, q ValuesOf) ([]Value, area.Code, error) {
	in, err := d.divisionAt(ctx, who, q.Area, q.Moment)
	if err != nil {
		return nil, "", err
	}
	pack, err := d.PackAt(ctx, q.KnownAt)
	if err != nil {
		return nil, "", err
	}
	asked, err := definitions(pack, q.Indicator, q.Further...)
	if err != nil {
		return nil, "", err
	}
	if ctx, err = d.DB.Reading(ctx, who, q.KnownAt); err != nil {
		return nil, "", err
	}
	values, err := d.values(ctx, who, asked, q, in)
	return values, in, err
}

func (d *Desk) values(ctx context.Context, who access.Actor, definitions []*policy.Indicator, q ValuesOf, in area.Code) (values []Value, err error) {
	counts, err := d.counts(ctx, who, definitions, q, in)
	if err != nil {
		return nil, err
	}
	tree, err := d.treeFor(ctx, in, q)
	if err != nil {
		return nil, err
	}
	figures, err := d.DB.Figures(ctx, store.FiguresOf{Area: in, KnownAt: q.KnownAt})
	if err != nil {
		return nil, err
	}
	l := newLayout(in, q.By, tree, counts)
	values = make([]Value, 0, len(definitions)*(len(tree)+1))
	byYear := yearly(figures)
	for _, def := range definitions {
		first := len(values)
		values = l.lay(values, def)
		if def.External() {
			fromOutside(values[first:], byYear, q.On)
		}
	}
	return values, nil
}

// treeFor is the tree whose areas have rows of their own, or the area alone: a province has tens of thousands below it.
func (d *Desk) treeFor(ctx context.Context, in area.Code, q ValuesOf) ([]area.Division, error) {
	switch q.By {
	case store.ByTown, store.ByVillage, store.ByTree:
		return d.DB.TreeOf(ctx, in, q.Moment)
	}
	return d.DB.RootOf(ctx, in, q.Moment)
}

func (d *Desk) counts(ctx context.Context, who access.Actor, definitions []*policy.Indicator, q ValuesOf, in area.Code) ([]store.GroupCount, error) {
	of := store.CountOf{Moment: q.Moment, Area: in, By: q.By}
	var facilities []string
	for _, def := range definitions {
		switch def.Unit {
		case policy.UnitPerson:
			of.Persons = append(of.Persons, def.Key())
		case policy.UnitHousehold:
			of.Households = append(of.Households, def.Key())
		case policy.UnitFacility:
			facilities = append(facilities, def.Key())
		}
	}
	counts, err := d.DB.Counts(ctx, who, of)
	for _, key := range facilities {
		if err != nil {
			return nil, err
		}
		var built []store.GroupCount
		built, err = d.DB.FacilityCounts(ctx, who, key, of)
		counts = append(counts, built...)
	}
	return counts, err
}

// definitions are the indicators of a pack that are reported, or those of keys, which may be variants or benefits.
func definitions(pack *policy.Pack, key string, further ...string) (list []*policy.Indicator, err error) {
	if key != "" {
		for _, key := range append([]string{key}, further...) {
			def := pack.Indicator(key)
			if def == nil {
				return nil, fault.New(fault.NotFound, "NOT_FOUND", "没有这项指标", "there is no such indicator")
			}
			list = append(list, def)
		}
		return list, nil
	}
	for i := range pack.Indicators {
		if def := &pack.Indicators[i]; def.Variant == "" {
			list = append(list, def)
		}
	}
	return list, nil
}

// layout puts counts into rows: one for each area of the level asked for, also where nobody is counted, or one for each group
// that occurs.
type layout struct {
	in     area.Code
	by     store.Dimension
	tree   []area.Division // in order of code: what lies in an area comes behind it
	above  []int           // for each division of the tree, the place of the nearest that it lies in; -1 for none
	name   string          // of the area itself
	counts map[string][]store.GroupCount
}

func newLayout(in area.Code, by store.Dimension, tree []area.Division, counts []store.GroupCount) layout {
	l := layout{in: in, by: by, tree: tree, above: make([]int, len(tree)), counts: map[string][]store.GroupCount{}}
	at := make(map[area.Code]int, len(tree))
	for i, div := range tree {
		at[div.Code], l.above[i] = i, -1
		for code := div.Code.Parent(); code != ""; code = code.Parent() {
			if j, ok := at[code]; ok {
				l.above[i] = j
				break
			}
		}
		if div.Code == in {
			l.name = div.Name
		}
	}
	for _, c := range counts {
		l.counts[c.Indicator] = append(l.counts[c.Indicator], c)
	}
	return l
}

// lay adds the rows of one indicator.
func (l layout) lay(rows []Value, def *policy.Indicator) []Value {
	groups := l.counts[def.Key()]
	row := func(group string, c store.GroupCount) Value {
		return Value{Definition: def, Area: l.in, AreaName: l.name, Group: group, Count: c.Count, Unplaced: unplaced(l.in, c.Unplaced)}
	}
	switch l.by {
	case store.ByNone:
		return append(rows, row("", only(groups)))
	case store.ByTown, store.ByVillage, store.ByTree:
		found := make(map[string]store.GroupCount, len(groups))
		for _, c := range groups {
			found[c.Group] = c
		}
		rows = l.layAreas(rows, def, found)
		if lost, some := found[store.Unplaced]; some {
			rows = append(rows, row(store.Unplaced, lost))
		}
		return rows
	}
	for _, c := range groups {
		rows = append(rows, row(c.Group, c))
	}
	return rows
}

// unplaced is how many of those in an area stand in no village of the day; 0 above districts, because the counts kept of districts do not
// tell it, and the same question must not have two answers.
func unplaced(in area.Code, n int64) int64 {
	if in.AboveDistrict() {
		return 0
	}
	return n
}

func only(groups []store.GroupCount) store.GroupCount {
	if len(groups) == 0 {
		return store.GroupCount{}
	}
	return groups[0]
}

func (l layout) layAreas(rows []Value, def *policy.Indicator, found map[string]store.GroupCount) []Value {
	var sums []indicator.Count
	if l.by == store.ByTree {
		sums = l.climb(found)
	}
	for i, div := range l.tree {
		row := Value{Definition: def, Area: div.Code, AreaName: div.Name}
		switch {
		case sums != nil:
			row.Count = sums[i]
			if div.Code == l.in {
				row.Unplaced = unplaced(l.in, found[store.Unplaced].Unplaced)
			}
		case div.Code.Level() == string(l.by):
			c := found[string(div.Code)]
			row.Count, row.Unplaced = c.Count, c.Unplaced
		default:
			continue
		}
		rows = append(rows, row)
	}
	return rows
}

// climb adds villages up to each area above them, so that the levels cannot disagree. Who stands in no village of the day is in
// the sum of the whole area, and in a row of its own.
func (l layout) climb(found map[string]store.GroupCount) []indicator.Count {
	sums := make([]indicator.Count, len(l.tree))
	for i := len(l.tree) - 1; i >= 0; i-- {
		switch div := l.tree[i]; {
		case div.Code.Level() == "village":
			sums[i] = found[string(div.Code)].Count
		case div.Code == l.in:
			sums[i] = sums[i].Add(found[store.Unplaced].Count)
		}
		if above := l.above[i]; above >= 0 {
			sums[above] = sums[above].Add(sums[i])
		}
	}
	return sums
}

// figureOf says of what a figure is.
type figureOf struct {
	indicator string
	area      area.Code
	year      int
}

func yearly(figures []store.Figure) map[figureOf]store.Figure {
	found := make(map[figureOf]store.Figure, len(figures))
	for _, f := range figures {
		found[figureOf{f.Indicator, f.Area, f.Year}] = f
	}
	return found
}

// growthYears are those of the plan, over which an index grows since its base year (专栏1).
const growthYears = 5

// fromOutside fills in what figures say. A count of facilities that somebody has entered for the year is used until it is withdrawn, since
// a list that has just been begun says nothing of the whole; without one, the inspected facilities of the list are counted.
func fromOutside(rows []Value, figures map[figureOf]store.Figure, on calendar.Date) {
	for i := range rows {
		row := &rows[i]
		of := func(year int) (store.Figure, bool) {
			f, ok := figures[figureOf{row.Definition.ID, row.Area, year}]
			return f, ok && row.Group == ""
		}
		row.Missing = row.Denominator() == 0
		switch row.Definition.Unit {
		case policy.UnitFacility:
			if f, ok := of(on.Year()); ok {
				row.Count, row.Unplaced = indicator.Count{Covered: f.Numerator, Gap: f.Denominator - f.Numerator}, 0
				row.FigureYear, row.Missing = f.Year, false
			}
		case policy.UnitIndex:
			base, from := of(row.Definition.BaseYear)
			year := row.Definition.BaseYear + growthYears
			if f, ok := of(year); from && ok && year <= on.Year() {
				row.Growth, row.FigureYear, row.Missing = &indicator.Growth{From: base.Income, To: f.Income, Years: growthYears}, year, false
			}
		}
	}
}

var noNames = fault.New(fault.Conflict, "NO_NAMES", "该指标不由个人档案统计，没有名单", "this indicator is not counted from files; there are no names behind it")

// Behind is who is behind one part of a number, by the definition of the instant asked about.
type Behind struct {
	Definition *policy.Indicator
	Names      []store.Named
	Total      int64
	Elsewhere  int64 // of them, who is managed outside the actor's area by now
}

// Names lists who is behind one part of a number.
func (d *Desk) Names(ctx context.Context, who access.Actor, q store.NamesOf) (b Behind, err error) {
	if q.Area, err = d.divisionAt(ctx, who, q.Area, q.Moment); err != nil {
		return b, err
	}
	if b.Definition, err = d.named(ctx, q.Indicator, q.KnownAt); err != nil {
		return b, err
	}
	q.Households = b.Definition.Unit == policy.UnitHousehold
	if ctx, err = d.DB.Reading(ctx, who, q.KnownAt); err != nil {
		return b, err
	}
	b.Names, b.Total, b.Elsewhere, err = d.DB.Names(ctx, who, q)
	return b, err
}

// named is the definition, at an instant, of an indicator that has names behind it. The pack in force today may have none of that key.
func (d *Desk) named(ctx context.Context, key string, at time.Time) (*policy.Indicator, error) {
	pack, err := d.PackAt(ctx, at)
	if err != nil {
		return nil, err
	}
	asked, err := definitions(pack, key)
	if err != nil {
		return nil, err
	}
	if asked[0].External() {
		return nil, noNames
	}
	return asked[0], nil
}

// Trend is an indicator at the ends of months, the last of them possibly today, as it was known at an instant or is now. Each point is
// the value of its day.
func (d *Desk) Trend(ctx context.Context, who access.Actor, key string, asked area.Code, from, to calendar.Month, knownAt time.Time) (list []TrendPoint, in area.Code, err error) {
	pack, err := d.PackAt(ctx, knownAt)
	if err != nil {
		return nil, "", err
	}
	of, err := definitions(pack, key)
	if err != nil {
		return nil, "", err
	}
	if to.Before(from) || to.Sub(from) >= trendMonths || !from.After(calendar.Month{}) { // months have no days before the calendar begins
		return nil, "", field("to", "BAD_RANGE", "时间范围不合理，最多60个月", "the months do not fit; at most 60")
	}
	today := calendar.DateOf(d.Now())
	if in, err = d.DivisionOn(ctx, who, asked, calendar.Interval{From: from.First(), To: earlier(to.Last(), today)}, knownAt); err != nil {
		return nil, "", err
	}
	var days []calendar.Date
	for m := from; !m.After(to) && !m.First().After(today); m = m.Add(1) {
		days = append(days, earlier(m.Last(), today))
	}
	def := of[0]
	if ctx, err = d.DB.Reading(ctx, who, knownAt); err != nil {
		return nil, "", err
	}
	if def.External() {
		list, err = d.trendFromOutside(ctx, who, of, in, days, knownAt)
		return list, in, err
	}
	counts, err := d.DB.Trend(ctx, who, store.TrendOf{Indicator: key, Households: def.Unit == policy.UnitHousehold, Area: in, Days: days, KnownAt: knownAt})
	if err != nil {
		return nil, "", err
	}
	for i, day := range days {
		list = append(list, TrendPoint{On: day, Value: Value{Definition: def, Area: in, AreaName: counts[i].AreaName, Count: counts[i].Count, Unplaced: unplaced(in, counts[i].Unplaced)}})
	}
	return list, in, nil
}

// trendFromOutside asks for each day by itself: what comes from outside is little.
func (d *Desk) trendFromOutside(ctx context.Context, who access.Actor, of []*policy.Indicator, in area.Code, days []calendar.Date, knownAt time.Time) (list []TrendPoint, err error) {
	for _, day := range days {
		values, err := d.values(ctx, who, of, ValuesOf{Moment: store.Moment{On: day, KnownAt: knownAt}, By: store.ByNone}, in)
		if err != nil {
			return nil, err
		}
		list = append(list, TrendPoint{On: day, Value: values[0]})
	}
	return list, nil
}

// trendMonths is how many months a trend shows at most.
const trendMonths = 60

// TrendPoint is an indicator on a day.
type TrendPoint struct {
	On calendar.Date
	Value
}

func earlier(a, b calendar.Date) calendar.Date {
	if a.After(b) {
		return b
	}
	return a
}
