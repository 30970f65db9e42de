package policy

import (
	"fmt"
	"slices"

	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/money"
)

// Outcome is the answer of the rules.
type Outcome string

// The three answers.
const (
	Yes       Outcome = "yes"
	No        Outcome = "no"
	NeedsFact Outcome = "needs_fact"
)

// Reason is one condition with what it found. Passed is nil where a fact is needed.
type Reason struct {
	Code      string
	Passed    *bool
	Exclusion bool
	ZH, EN    string
	Cite      string
}

// Verdict is the answer for one programme, person and day, with every condition explained.
type Verdict struct {
	Programme string
	RuleSet   string
	Outcome   Outcome
	Amount    money.Fen // fen a month at the rate of the day's month; 0 unless the outcome is yes
	RateCite  string
	Needs     []Need
	Reasons   []Reason
}

// FirstCode is the code of the first condition that did not pass, or empty.
func (v Verdict) FirstCode() string {
	i := slices.IndexFunc(v.Reasons, func(r Reason) bool { return r.Passed == nil || !*r.Passed })
	if i < 0 {
		return ""
	}
	return v.Reasons[i].Code
}

// NoRules is the reason of a day before the first rule set.
const NoRules = "NO_RULES_YET"

// Judge answers for one programme and explains every condition, also those after the first that failed.
func (p *Pack) Judge(programme string, f casefile.Facts) (Verdict, error) {
	pr := p.Programme(programme)
	if pr == nil {
		return Verdict{}, fmt.Errorf("judge: no programme %s in the pack", programme)
	}
	v := Verdict{Programme: programme, Outcome: Yes}
	rs := pr.RuleSet(f.Day)
	if rs == nil {
		v.Outcome = No
		v.Reasons = []Reason{{Code: NoRules, Passed: new(bool), ZH: "该日期尚无补贴政策", EN: "there were no rules on this day"}}
		return v, nil
	}
	v.RuleSet = rs.ID
	in, err := p.inputs(f)
	if err != nil {
		return Verdict{}, err
	}
	in.set(rs)
	for _, c := range rs.conditions {
		found, err := c.eval(in.vars)
		if err != nil {
			return Verdict{}, fmt.Errorf("condition %s: %w", c.Code, err)
		}
		v.add(c, found, in)
	}
	if v.Outcome == Yes {
		v.Amount, v.RateCite = pr.Amount(f.Certificate.Level, f.Day.Month())
	}
	return v, nil
}

// Answer is Judge without texts: the outcome and the code of the first condition that did not pass.
func (p *Pack) Answer(programme string, f casefile.Facts) (Outcome, string, error) {
	q, err := p.Ask(f)
	if err != nil {
		return No, "", err
	}
	return q.Answer(programme)
}

// Questions are the facts of one day made ready, so that several questions about them cost one preparation.
type Questions struct {
	pack *Pack
	day  calendar.Date
	in   *inputs
}

// Ask makes the facts of a day ready.
func (p *Pack) Ask(f casefile.Facts) (*Questions, error) {
	in, err := p.inputs(f)
	return &Questions{pack: p, day: f.Day, in: in}, err
}

// Answer stops at the first condition that failed, so a timeline of many days stays cheap.
func (q *Questions) Answer(programme string) (Outcome, string, error) {
	rs := q.pack.Programme(programme).RuleSet(q.day)
	if rs == nil {
		return No, NoRules, nil
	}
	in := q.in
	in.set(rs)
	outcome, code := Yes, ""
	for _, c := range rs.conditions {
		found, err := c.eval(in.vars)
		switch {
		case err != nil:
			return No, "", fmt.Errorf("condition %s: %w", c.Code, err)
		case found == isFalse:
			return No, c.Code, nil
		case found == isUnknown && outcome == Yes:
			outcome, code = NeedsFact, c.Code
		}
	}
	return outcome, code, nil
}

// Suspends reports, for a day on which the answer is not yes, whether that only interrupts a right that runs: every
// condition that fails says so itself, or waits for a fact.
func (q *Questions) Suspends(programme string) (bool, error) {
	rs := q.pack.Programme(programme).RuleSet(q.day)
	if rs == nil {
		return false, nil
	}
	q.in.set(rs)
	for _, c := range rs.conditions {
		found, err := c.eval(q.in.vars)
		if err == nil && found == isFalse {
			if c.suspends == nil {
				return false, nil
			}
			found, err = c.suspends.eval(q.in.values)
		}
		if err != nil {
			return false, fmt.Errorf("condition %s: %w", c.Code, err)
		}
		if found == isFalse {
			return false, nil
		}
	}
	return true, nil
}

// set sets the switches of a rule set.
func (in *inputs) set(rs *RuleSet) {
	for name, on := range rs.Switches {
		in.values[name] = on
	}
}

func (v *Verdict) add(c *condition, found truth, in *inputs) {
	r := Reason{Code: c.Code, Exclusion: c.Exclusion, ZH: c.ZH, EN: c.EN, Cite: c.Cite}
	switch found {
	case isUnknown:
		for _, need := range in.unknown {
			if slices.Contains(c.reads, need.Fact) && !slices.ContainsFunc(v.Needs, func(n Need) bool { return n.Fact == need.Fact }) {
				v.Needs = append(v.Needs, need)
			}
		}
		if v.Outcome == Yes {
			v.Outcome = NeedsFact
		}
	case isFalse:
		v.Outcome = No
		r.Passed = new(bool)
	case isTrue:
		passed := true
		r.Passed = &passed
	}
	v.Reasons = append(v.Reasons, r)
}
