package casework

import (
	"context"
	"iter"

	"zhucan/internal/access"
	"zhucan/internal/exchange"
	"zhucan/internal/indicator"
	"zhucan/internal/policy"
)

// Figure is the value as it goes out: to the API, to a page, into a file or a release.
func (v Value) Figure() exchange.Figure {
	f := v.figure()
	f.Definition = figureDefinition(v.Definition)
	return f
}

func (v Value) figure() exchange.Figure {
	def := v.Definition
	f := exchange.Figure{Indicator: def.Key(), AreaCode: string(v.Area), AreaName: v.AreaName, Group: v.Group, TargetPercent: def.Target(),
		Excluded: &v.Excluded, Extra: unlessZero(v.Extra), Waived: unlessZero(v.Waived), Unplaced: unlessZero(v.Unplaced)}
	if v.FigureYear > 0 {
		f.FigureYear = &v.FigureYear
	}
	switch {
	case v.Missing:
		f.Missing, f.Light = true, string(indicator.LightMissing)
	case v.Growth != nil:
		rate, met := v.Growth.Rate(), v.Growth.Met(def.TargetPercent*10+def.TargetTenths)
		f.Numerator, f.Denominator, f.Rate, f.Met, f.Light = &v.Growth.To, &v.Growth.From, &rate, &met, string(indicator.LightUnmet)
		if met {
			f.Light = string(indicator.LightMet)
		}
	default:
		v.countInto(&f)
	}
	return f
}

func (v Value) countInto(f *exchange.Figure) {
	def, ratio := v.Definition, v.Ratio()
	numerator, denominator := v.Numerator(), v.Denominator()
	f.Numerator, f.Denominator, f.Rate, f.Light = &numerator, &denominator, unlessEmpty(ratio.Rate()), string(indicator.LightNotApplicable)
	if v.Waived > 0 {
		others := ratio
		others.Gap -= v.Waived
		f.RateWithoutWaivers = unlessEmpty(others.Rate())
	}
	if def.TargetPercent == 0 { // a benefit of another office
		return
	}
	if met, applicable := ratio.Met(def.Comparator, def.TargetPercent); applicable {
		f.Met = &met
	}
	if short, applicable := ratio.ShortBy(def.Comparator, def.TargetPercent); applicable {
		f.ShortBy = &short
	}
	f.Light = string(ratio.Light(def.Comparator, def.TargetPercent))
}

func unlessZero(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}

func unlessEmpty(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func figureDefinition(def *policy.Indicator) *exchange.FigureDefinition {
	return &exchange.FigureDefinition{Key: def.Key(), No: def.No, NameZH: def.ZH, NameEN: def.EN, TargetPercent: def.Target(), Comparator: def.Comparator, Binding: def.Binding,
		Unit: def.Unit, Basis: def.Basis, DefinitionVersion: def.DefinitionVersion, Population: def.Population, Covered: def.Covered, Note: def.Note, NoteZH: def.NoteZH}
}

// FigureRows are the figures asked for, under a head. Over areas larger than a district they are counted one indicator at a
// time while they are written, so that a province takes no more memory than its largest answer.
func (d *Desk) FigureRows(ctx context.Context, who access.Actor, q ValuesOf) (f exchange.Figures, err error) {
	in, err := d.divisionAt(ctx, who, q.Area, q.Moment)
	if err != nil {
		return f, err
	}
	pack, err := d.PackAt(ctx, q.KnownAt)
	if err != nil {
		return f, err
	}
	asked, err := definitions(pack, q.Indicator, q.Further...)
	if err != nil {
		return f, err
	}
	if ctx, err = d.DB.Reading(ctx, who, q.KnownAt); err != nil {
		return f, err
	}
	overlapping := q.By.Overlapping()
	f.FiguresHead = exchange.FiguresHead{AsOf: q.On, Area: string(in), By: string(q.By), Overlapping: &overlapping, PackVersion: pack.Version,
		Asked: &exchange.Asked{At: d.Now(), By: who.Username}}
	if !q.KnownAt.IsZero() {
		known := q.KnownAt.UTC()
		f.KnownAt = &known
	}
	step := len(asked)
	if in.AboveDistrict() {
		step = 1
	}
	count := func(from int) ([]Value, error) {
		return d.values(ctx, who, asked[from:min(from+step, len(asked))], q, in)
	}
	first, err := count(0) // what is wrong shows before anything is written
	f.Rows, f.About = figureRows(first, step, len(asked), count), len(first)*len(asked)/step
	return f, err
}

func figureRows(list []Value, step, all int, count func(int) ([]Value, error)) iter.Seq2[exchange.Figure, error] {
	return func(yield func(exchange.Figure, error) bool) {
		for from := 0; ; {
			for f := range described(list) {
				if !yield(f, nil) {
					return
				}
			}
			if from += step; from >= all {
				return
			}
			var err error
			if list, err = count(from); err != nil {
				yield(exchange.Figure{}, err)
				return
			}
		}
	}
}

// figuresOf collects rows of one breakdown, marked with it.
func (d *Desk) figuresOf(ctx context.Context, who access.Actor, definitions []*policy.Indicator, q ValuesOf) ([]exchange.Figure, error) {
	values, err := d.values(ctx, who, definitions, q, q.Area)
	list := make([]exchange.Figure, 0, len(values))
	for f := range described(values) {
		f.By = string(q.By)
		list = append(list, f)
	}
	return list, err
}

// described are the figures of values with what they count, said once for all rows of an indicator: they come one after the other.
func described(values []Value) iter.Seq[exchange.Figure] {
	return func(yield func(exchange.Figure) bool) {
		var of *policy.Indicator
		var says *exchange.FigureDefinition
		for _, v := range values {
			if v.Definition != of {
				of, says = v.Definition, figureDefinition(v.Definition)
			}
			f := v.figure()
			f.Definition = says
			if !yield(f) {
				return
			}
		}
	}
}
