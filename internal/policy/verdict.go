package policy

import (
	"fmt"
	"slices"

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
	in.setSwitches(rs)
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
	a, err := p.Answers(f)
	if err != nil {
		return No, "", err
	}
	outcome, code := a.Answer(programme)
	return outcome, code, nil
}

// setSwitches adds the switches of a rule set to what its conditions read.
func (in *inputs) setSwitches(rs *RuleSet) {
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
