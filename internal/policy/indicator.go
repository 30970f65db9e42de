package policy

import (
	"fmt"
	"slices"

	"zhucan/internal/calendar"
)

// The units of an indicator.
const (
	UnitPerson    = "person"
	UnitHousehold = "household"
	UnitIndex     = "index"    // a figure from outside
	UnitFacility  = "facility" // counted on the list of facilities
)

// Indicator is one coverage rate: who is counted, against which target. A variant is the same indicator by another
// definition that the field also knows; it has an entry of its own, so that no rule hides in a switch.
type Indicator struct {
	ID                string `yaml:"id"`
	Variant           string `yaml:"variant"` // empty: the definition that is reported
	No                int    `yaml:"no"`
	Programme         string `yaml:"programme"` // whose months decide; empty: the expressions below decide day by day
	ZH                string `yaml:"zh"`
	EN                string `yaml:"en"`
	TargetPercent     int    `yaml:"target_percent"`
	TargetTenths      int    `yaml:"target_tenths"` // of a percent, beside target_percent
	BaseYear          int    `yaml:"base_year"`     // of an index: since which its growth is measured
	Comparator        string `yaml:"comparator"`
	Binding           bool   `yaml:"binding"`
	Unit              string `yaml:"unit"`
	Basis             string `yaml:"basis"`
	DefinitionVersion string `yaml:"definition_version"`
	Population        string `yaml:"population"`
	// Exclusions name conditions; who is in the population and fails one is excluded by the first.
	Exclusions []string `yaml:"exclusions"`
	Covered    string   `yaml:"covered"`
	// GapReasons name conditions; the first that fails says why somebody is a gap.
	GapReasons []string `yaml:"gap_reasons"`
	// Extra counts who is served without being in the population, beside the rate.
	Extra string `yaml:"extra"`
	// CountsExtra adds them to the numerator all the same; the rate is shown as 100 at most.
	CountsExtra bool   `yaml:"counts_extra"`
	Note        string `yaml:"note"`
	NoteZH      string `yaml:"note_zh"`

	position                   int // among all that are counted
	population, covered, extra *expression
	exclusions, gapReasons     []*condition
}

// Key names the entry: the id, with the variant behind an @.
func (i *Indicator) Key() string {
	if i.Variant == "" {
		return i.ID
	}
	return i.ID + "@" + i.Variant
}

// Target is what the indicator aims at, in percent; 0 where there is none.
func (i *Indicator) Target() float64 { return float64(i.TargetPercent*10+i.TargetTenths) / 10 }

// ExcludedBy are the conditions that somebody of the population has to meet to be counted, in the order in which they are looked at: those
// of the indicator, and of a programme those of the rules in force on a day. Who fails one is excluded.
func (p *Pack) ExcludedBy(i *Indicator, on calendar.Date) (list []Condition) {
	conditions := slices.Clone(i.exclusions)
	if programme := p.Programme(i.Programme); programme != nil {
		if rules := programme.RuleSet(on); rules != nil {
			conditions = append(conditions, rules.conditions...)
		}
	}
	for _, c := range conditions {
		list = append(list, c.Condition)
	}
	return list
}

// External reports whether the value comes from outside the files.
func (i *Indicator) External() bool { return i.Unit == UnitIndex || i.Unit == UnitFacility }

// Indicator returns an indicator or benefit by its key, or nil.
func (p *Pack) Indicator(key string) *Indicator {
	for _, list := range [][]Indicator{p.Indicators, p.Benefits} {
		for i := range list {
			if list[i].Key() == key {
				return &list[i]
			}
		}
	}
	return nil
}

// Counting lists the indicators and benefits that are counted in one unit, in the order of the pack.
func (p *Pack) Counting(unit string) (list []*Indicator) {
	for _, of := range [][]Indicator{p.Indicators, p.Benefits} {
		for i := range of {
			if of[i].Unit == unit {
				list = append(list, &of[i])
			}
		}
	}
	return list
}

func (p *Pack) compileIndicators(persons, households *compiler) error {
	keys := map[string]bool{}
	for _, list := range [][]Indicator{p.Indicators, p.Benefits} {
		for i := range list {
			ind := &list[i]
			if keys[ind.Key()] {
				return fmt.Errorf("indicator %s is there twice", ind.Key())
			}
			keys[ind.Key()] = true
			ind.position, p.positions = p.positions, p.positions+1
			c, conditions := persons, p.conditions
			if ind.Unit == UnitHousehold {
				c, conditions = households, p.household
			}
			if err := ind.compile(c, conditions, p.byName); err != nil {
				return fmt.Errorf("indicator %s: %w", ind.Key(), err)
			}
		}
	}
	for i := range p.Benefits {
		p.Benefits[i].Comparator = ">"
	}
	return nil
}

func (i *Indicator) compile(c *compiler, conditions map[string]*condition, programmes map[string]*Programme) (err error) {
	switch {
	case i.ZH == "" || i.EN == "" || i.DefinitionVersion == "":
		return fmt.Errorf("zh, en and definition_version are required")
	case !slices.Contains([]string{UnitPerson, UnitHousehold, UnitIndex, UnitFacility}, i.Unit):
		return fmt.Errorf("unit is person, household, index or facility")
	case i.Comparator != ">" && i.Comparator != "=" && i.Comparator != "":
		return fmt.Errorf("comparator is > or =")
	case i.Unit == UnitIndex && i.BaseYear == 0:
		return fmt.Errorf("an index needs the year since which it grows")
	case i.Unit != UnitIndex && i.TargetTenths != 0:
		return fmt.Errorf("target_tenths is of an index; counts are compared with whole percents")
	case i.External():
		return nil
	case i.Programme != "" && programmes[i.Programme] == nil:
		return fmt.Errorf("there is no programme %s", i.Programme)
	}
	if i.population, err = c.compile(i.Population); err != nil {
		return err
	}
	if i.Programme == "" {
		if i.covered, err = c.compile(i.Covered); err != nil {
			return err
		}
	}
	if i.Extra != "" {
		if i.extra, err = c.compile(i.Extra); err != nil {
			return err
		}
	}
	if i.exclusions, err = named(conditions, i.Exclusions); err != nil {
		return err
	}
	i.gapReasons, err = named(conditions, i.GapReasons)
	return err
}

func named(conditions map[string]*condition, names []string) (list []*condition, err error) {
	for _, name := range names {
		c, ok := conditions[name]
		if !ok {
			return nil, fmt.Errorf("condition %s is not defined", name)
		}
		list = append(list, c)
	}
	return list, nil
}

// Place is where an indicator puts somebody on a day.
type Place int

// The places. ByMonths: the months of the indicator's programme decide between covered, gap and excluded.
const (
	Outside Place = iota
	InCovered
	InGap
	InExcluded
	InExtra
	ByMonths
)

func (i *Indicator) place(values map[string]any) (Place, string, error) {
	counted, err := i.population.eval(values)
	if err != nil {
		return Outside, "", err
	}
	if counted != isTrue {
		return i.beside(values)
	}
	reason, err := first(i.exclusions, values)
	if err != nil || reason != "" {
		return InExcluded, reason, err
	}
	if i.covered == nil {
		return ByMonths, "", nil
	}
	covered, err := i.covered.eval(values)
	if err != nil || covered == isTrue {
		return InCovered, "", err
	}
	reason, err = first(i.gapReasons, values)
	return InGap, reason, err
}

func (i *Indicator) beside(values map[string]any) (Place, string, error) {
	if i.extra == nil {
		return Outside, "", nil
	}
	if extra, err := i.extra.eval(values); err != nil || extra != isTrue {
		return Outside, "", err
	}
	return InExtra, "", nil
}

// first is the code of the first condition that does not hold, or empty.
func first(conditions []*condition, values map[string]any) (string, error) {
	for _, c := range conditions {
		found, err := c.eval(values)
		if err != nil {
			return "", fmt.Errorf("condition %s: %w", c.Code, err)
		}
		if found != isTrue {
			return c.Code, nil
		}
	}
	return "", nil
}
