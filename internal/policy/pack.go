// Package policy holds the rules as data: packs of dated rule sets, conditions in CEL, rates and indicator
// definitions. A pack answers, for the facts of one person on one day, which conditions hold, which do not, and which
// need a fact that nobody has recorded.
package policy

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/care"
	"zhucan/internal/casefile"
	"zhucan/internal/money"
)

// Builtin is the pack that comes with the service.
//
//go:embed packs/shandong-zibo.yaml
var Builtin []byte

// The programmes that an application can be for.
const (
	LivingAllowance = "living_allowance"
	NursingSubsidy  = "nursing_subsidy"
)

// Pack is one version of the rules of a district, compiled.
type Pack struct {
	Name       string         `yaml:"pack"`
	Version    string         `yaml:"version"`
	District   area.Code      `yaml:"district"`
	Limits     map[string]int `yaml:"limits"`      // working days a stage
	NoticeDays int            `yaml:"notice_days"` // calendar days of a public notice
	// EnteredWithin is how many calendar days may lie between an application and its entry; a later one bears a warning (APPLIED_LONG_BEFORE).
	EnteredWithin int `yaml:"entered_within"`
	// VillageCheck has the village look at what others handed in before the town decides.
	VillageCheck bool `yaml:"village_check"`
	RemindDays   int  `yaml:"remind_before"` // working days before a limit
	// Tickets are the rules of the hotline; where the pack has none, the limits that setDefaults gives.
	Tickets *Tickets `yaml:"tickets"`
	// StopMode holds on all days, except under rule sets that have one of their own.
	StopMode    StopMode          `yaml:"stop_mode"`
	Transitions []casefile.Window `yaml:"transitions"`
	// Reverification is nil where nobody is asked to be verified again.
	Reverification *Reverification `yaml:"reverification"`
	// HomeVisits is nil where nobody is drawn.
	HomeVisits *HomeVisits `yaml:"home_visits"`
	// SchoolYearStarts is the month on whose first day a school year begins.
	SchoolYearStarts int                  `yaml:"school_year_starts"`
	NeedsWhen        []Need               `yaml:"needs_when"`
	Terms            []Term               `yaml:"terms"`
	Conditions       map[string]Condition `yaml:"conditions"`
	// HouseholdConditions are over the facts of a household.
	HouseholdConditions map[string]Condition `yaml:"household_conditions"`
	Programmes          []Programme          `yaml:"programmes"`
	Indicators          []Indicator          `yaml:"indicators"`
	// Benefits are counted like indicators and have no target: who should receive and who does.
	Benefits []Indicator `yaml:"benefits"`
	// Catalogue is what the service chains may give; care.Builtin where the pack has none.
	Catalogue *care.Catalogue `yaml:"catalogue"`
	// Worklists say how long there is for a lead of each.
	Worklists map[string]Worklist `yaml:"worklists"`
	// Lists says when a list of another department is not believed at once.
	Lists *Lists `yaml:"lists"`

	byName     map[string]*Programme
	ages       map[string][]int    // at which answers may change, by variable
	readBy     map[string][]string // keys of indicators and programmes that read a name
	conditions map[string]*condition
	household  map[string]*condition

	positions   int  // how many indicators and benefits there are
	wholePlaces bool // some expression asks more of a division than whether it lies in the district
	kept        keptAnswers
}

// Term is a name for an expression that others read.
type Term struct {
	Name       string `yaml:"name"`
	Expr       string `yaml:"expr"`
	expression *expression
}

// StopMode says what an event that ends a right does to its own month.
type StopMode string

// The modes: the month of the event is paid (次月停发, the rule of most texts), or it is not (当月停发, Guizhou 2024).
const (
	StopNextMonth StopMode = "next_month"
	StopSameMonth StopMode = "same_month"
)

func (m StopMode) known() bool { return m == StopNextMonth || m == StopSameMonth }

// Need names a fact that is unknown, not absent, while When holds and nothing is recorded.
type Need struct {
	Fact string `yaml:"fact"`
	When string `yaml:"when"`
	ZH   string `yaml:"zh"`
	EN   string `yaml:"en"`
	when *expression
}

// Condition is one named test with its message and the clause that it rests on.
type Condition struct {
	Code      string `yaml:"code"` // what programs see; the name where empty
	Exclusion bool   `yaml:"exclusion"`
	Expr      string `yaml:"expr"`
	Suspends  string `yaml:"suspends"` // while this holds, a failure only interrupts a right and does not end it
	ZH        string `yaml:"zh"`
	EN        string `yaml:"en"`
	Cite      string `yaml:"cite"`
}

// Programme is a benefit with its rule sets and rates by date.
type Programme struct {
	ID       string    `yaml:"id"`
	ZH       string    `yaml:"zh"`
	EN       string    `yaml:"en"`
	RuleSets []RuleSet `yaml:"rule_sets"`
	Rates    []Rate    `yaml:"rates"`
}

// RuleSet is the list of conditions in force from a day on.
type RuleSet struct {
	ID         string          `yaml:"id"`
	From       calendar.Date   `yaml:"from"`
	StopMode   StopMode        `yaml:"stop_mode"` // from that day on, where it is not that of the pack
	Switches   map[string]bool `yaml:"switches"`
	Conditions []string        `yaml:"conditions"`
	conditions []*condition
}

// Rate is the amounts in fen per person and month by level, in force from a day on.
type Rate struct {
	From     calendar.Date     `yaml:"from"`
	Document string            `yaml:"document"`
	Amounts  map[int]money.Fen `yaml:"amounts"`
}

// Load reads and compiles a pack, and refuses one that could not answer: unknown members, an expression that does not
// compile, a condition without text or source, a programme without rules or rates, dates out of order.
func Load(document []byte) (*Pack, error) {
	p := &Pack{}
	decoder := yaml.NewDecoder(bytes.NewReader(document))
	decoder.KnownFields(true)
	if err := decoder.Decode(p); err != nil {
		return nil, fmt.Errorf("read policy pack: %w", err)
	}
	if p.Name == "" || p.Version == "" || p.District == "" || len(p.Programmes) == 0 {
		return nil, fmt.Errorf("policy pack: pack, version, district and programmes are required")
	}
	p.setDefaults()
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("policy pack: %w", err)
	}
	if err := p.compile(); err != nil {
		return nil, fmt.Errorf("policy pack %s %s: %w", p.Name, p.Version, err)
	}
	return p, nil
}

// setDefaults fills in what packs of earlier versions of the service did not have to say.
func (p *Pack) setDefaults() {
	if p.StopMode == "" {
		p.StopMode = StopNextMonth
	}
	if p.NoticeDays == 0 {
		p.NoticeDays = 7
	}
	if p.EnteredWithin == 0 {
		p.EnteredWithin = 30
	}
	if p.SchoolYearStarts == 0 {
		p.SchoolYearStarts = 9
	}
	if p.Tickets == nil {
		p.Tickets = &Tickets{Limits: ticketLimits, Topics: []Topic{{Code: "other", ZH: "其他", EN: "other"}}}
	}
	if p.Tickets.WrittenWithin == 0 {
		p.Tickets.WrittenWithin = writtenWithin
	}
	if p.Catalogue == nil {
		p.Catalogue = care.Builtin
	}
	if p.Lists == nil {
		p.Lists = &defaultLists
	}
}

// check refuses settings that cannot be; expressions are checked when they are compiled.
func (p *Pack) check() error {
	switch v := p.Reverification; {
	case !p.StopMode.known():
		return fmt.Errorf("stop_mode is next_month or same_month")
	case v != nil && (v.Since < 2016 || v.FirstMonth < 1 || v.LastMonth < v.FirstMonth || v.LastMonth > 12):
		return fmt.Errorf("reverification needs since and months of one year")
	case p.NoticeDays < 7:
		return fmt.Errorf("notice_days is at least 7")
	case p.EnteredWithin < 0:
		return fmt.Errorf("entered_within is a number of days")
	}
	for _, check := range []func() error{p.Tickets.check, p.Catalogue.Check, p.Lists.check, p.checkWorklists, p.HomeVisits.check} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// MustLoadBuiltin loads the pack that comes with the service; its tests keep it loadable.
func MustLoadBuiltin() *Pack {
	p, err := Load(Builtin)
	if err != nil {
		panic(err)
	}
	return p
}

func (p *Pack) compile() error {
	c, err := newCompiler(p)
	if err != nil {
		return err
	}
	if err := p.compileFacts(c); err != nil {
		return err
	}
	p.byName = map[string]*Programme{}
	for i := range p.Programmes {
		programme := &p.Programmes[i]
		if err := programme.check(p.conditions); err != nil {
			return fmt.Errorf("programme %s: %w", programme.ID, err)
		}
		p.byName[programme.ID] = programme
	}
	households, err := newHouseholdCompiler()
	if err != nil {
		return err
	}
	if p.household, err = compileConditions(households, p.HouseholdConditions); err != nil {
		return err
	}
	if err := p.compileIndicators(c, households); err != nil {
		return err
	}
	p.ages, p.wholePlaces = c.sortedAges(), c.wholePlaces
	p.findReach()
	return nil
}

// compileFacts makes what stands between facts and answers: terms, conditions and the facts that have to be asked for.
func (p *Pack) compileFacts(c *compiler) (err error) {
	for i := range p.Terms {
		if p.Terms[i].expression, err = c.compile(p.Terms[i].Expr); err != nil {
			return fmt.Errorf("term %s: %w", p.Terms[i].Name, err)
		}
	}
	if p.conditions, err = compileConditions(c, p.Conditions); err != nil {
		return err
	}
	for i := range p.NeedsWhen {
		if p.NeedsWhen[i].when, err = c.compile(p.NeedsWhen[i].When); err != nil {
			return fmt.Errorf("needs_when %s: %w", p.NeedsWhen[i].Fact, err)
		}
	}
	return nil
}

func compileConditions(c *compiler, texts map[string]Condition) (_ map[string]*condition, err error) {
	list := map[string]*condition{}
	for name, text := range texts {
		if text.Code == "" {
			text.Code = name
		}
		if text.ZH == "" || text.EN == "" || text.Cite == "" {
			return nil, fmt.Errorf("condition %s: zh, en and cite are required", name)
		}
		compiled := &condition{Condition: text}
		if compiled.expression, err = c.compile(text.Expr); err != nil {
			return nil, fmt.Errorf("condition %s: %w", name, err)
		}
		if text.Suspends != "" {
			if compiled.suspends, err = c.compile(text.Suspends); err != nil {
				return nil, fmt.Errorf("condition %s, suspends: %w", name, err)
			}
		}
		list[name] = compiled
	}
	return list, nil
}

func (pr *Programme) check(conditions map[string]*condition) error {
	if len(pr.RuleSets) == 0 || len(pr.Rates) == 0 || pr.ZH == "" || pr.EN == "" {
		return fmt.Errorf("zh, en, rule_sets and rates are required")
	}
	if !slices.IsSortedFunc(pr.RuleSets, func(a, b RuleSet) int { return a.From.Compare(b.From) }) ||
		!slices.IsSortedFunc(pr.Rates, func(a, b Rate) int { return a.From.Compare(b.From) }) {
		return fmt.Errorf("rule_sets and rates are in order of their dates")
	}
	for i := range pr.RuleSets {
		rs := &pr.RuleSets[i]
		if rs.StopMode != "" && !rs.StopMode.known() {
			return fmt.Errorf("rule set %s: stop_mode is next_month or same_month", rs.ID)
		}
		for _, name := range rs.Conditions {
			c, ok := conditions[name]
			if !ok {
				return fmt.Errorf("rule set %s: condition %s is not defined", rs.ID, name)
			}
			rs.conditions = append(rs.conditions, c)
		}
	}
	for _, rate := range pr.Rates {
		for level, fen := range rate.Amounts {
			if level < 1 || level > 4 || fen < 0 || rate.Document == "" {
				return fmt.Errorf("rate from %s: level, amount or document is wrong", rate.From)
			}
		}
	}
	return nil
}

// Programme returns a programme by id, or nil.
func (p *Pack) Programme(id string) *Programme { return p.byName[id] }

// RuleSet returns the rules in force on a day, or nil before the first.
func (pr *Programme) RuleSet(day calendar.Date) *RuleSet {
	for i := len(pr.RuleSets) - 1; i >= 0; i-- {
		if !day.Before(pr.RuleSets[i].From) {
			return &pr.RuleSets[i]
		}
	}
	return nil
}

// StopModeOf is what an event on a day that ends the right to a programme does to its own month.
func (p *Pack) StopModeOf(programme string, day calendar.Date) StopMode {
	if pr := p.Programme(programme); pr != nil {
		if rs := pr.RuleSet(day); rs != nil && rs.StopMode != "" {
			return rs.StopMode
		}
	}
	return p.StopMode
}

// Condition is the condition with a code among those in force on a day.
func (pr *Programme) Condition(code string, day calendar.Date) (Condition, bool) {
	if rs := pr.RuleSet(day); rs != nil {
		for _, c := range rs.conditions {
			if c.Code == code {
				return c.Condition, true
			}
		}
	}
	return Condition{}, false
}

// Cites are the documents that the conditions of a rule set rest on.
func (pr *Programme) Cites(ruleSet string) (cites []string) {
	for _, rs := range pr.RuleSets {
		for _, c := range rs.conditions {
			if rs.ID == ruleSet && !slices.Contains(cites, c.Cite) {
				cites = append(cites, c.Cite)
			}
		}
	}
	return cites
}

// FirstMonth is the first month that a rate is for: the first whose first day it covers.
func (r Rate) FirstMonth() calendar.Month { return r.From.Add(-1).Month().Add(1) }

// Amount is what a level is worth in a month: the rate in force on its first day, never that of the day of payment.
func (pr *Programme) Amount(level int, month calendar.Month) (money.Fen, string) {
	for i := len(pr.Rates) - 1; i >= 0; i-- {
		if rate := pr.Rates[i]; !month.First().Before(rate.From) {
			return rate.Amounts[level], rate.Document
		}
	}
	return 0, ""
}

// Breakpoints are the days on which the answer for a file may change: its own and those of the rules.
func (p *Pack) Breakpoints(file casefile.File) []calendar.Date {
	days := append(file.Breakpoints(p.Transitions), p.birthdays(file.Person.BirthDate)...)
	for _, pr := range p.Programmes {
		for _, rs := range pr.RuleSets {
			days = append(days, rs.From)
		}
	}
	slices.SortFunc(days, calendar.Date.Compare)
	return slices.Compact(days)
}

// SetSwitches sets switches of every rule set that has them, to ask what a district would get with them.
func (p *Pack) SetSwitches(switches map[string]bool) {
	p.kept.forget()
	for i := range p.Programmes {
		for j := range p.Programmes[i].RuleSets {
			for name, on := range switches {
				if _, has := p.Programmes[i].RuleSets[j].Switches[name]; has {
					p.Programmes[i].RuleSets[j].Switches[name] = on
				}
			}
		}
	}
}
