package policy

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unique"

	"cel.dev/cel-go/cel"
	celast "cel.dev/cel-go/common/ast"

	"zhucan/internal/casefile"
)

// Answers are all that the rules say of somebody on one day. They are shared by everybody of whom the facts that expressions read are the
// same, and are not changed.
type Answers struct {
	programmes []answered
	indicators []unique.Handle[placed] // by position of the indicator; there are few different ones
}

// answered is the answer of a programme.
type answered struct {
	programme string
	answer
}

// answer is that of one programme.
type answer struct {
	outcome Outcome
	code    string // of the first condition that did not pass
	ends    string // the first of them that ends a right; empty where they all only interrupt it
}

// placed is where an indicator puts somebody.
type placed struct {
	place            Place
	reason, gapCause string
}

// Answer is Judge without texts: the outcome and the code of the first condition that did not pass.
func (a *Answers) Answer(programme string) (Outcome, string) {
	found := a.of(programme)
	return found.outcome, found.code
}

func (a *Answers) of(programme string) answer {
	for _, of := range a.programmes {
		if of.programme == programme {
			return of.answer
		}
	}
	return answer{}
}

// Suspends reports, for a day on which the answer is not yes, whether that only interrupts a right that runs: every
// condition that fails says so itself, or waits for a fact.
func (a *Answers) Suspends(programme string) bool { return a.EndedBy(programme) == "" }

// EndedBy is the code of the first condition whose failure ends a right; empty where none does.
func (a *Answers) EndedBy(programme string) string { return a.of(programme).ends }

// Place says where a person stands with an indicator, and why where that is excluded or a gap. A fact that nobody knows
// counts as absent: the number of a day has to be a number.
func (a *Answers) Place(i *Indicator) (Place, string) {
	found := a.indicators[i.position].Value()
	return found.place, found.reason
}

// GapReason is the first condition that says why somebody is a gap, or empty.
func (a *Answers) GapReason(i *Indicator) string { return a.indicators[i.position].Value().gapCause }

// Answers asks every rule about the facts of a day. A register holds far fewer different days than days, and to compare the facts takes a
// fortieth of the time that the expressions take; so answers are kept.
func (p *Pack) Answers(f casefile.Facts) (*Answers, error) {
	key := p.key(make([]byte, 0, 256), f)
	if kept := p.kept.get(key); kept != nil {
		return kept, nil
	}
	found, err := p.answers(f)
	if err == nil {
		p.kept.put(string(key), found)
	}
	return found, err
}

func (p *Pack) answers(f casefile.Facts) (*Answers, error) {
	in, err := p.inputs(f)
	if err != nil {
		return nil, err
	}
	found := &Answers{programmes: make([]answered, len(p.Programmes)), indicators: slices.Repeat([]unique.Handle[placed]{unique.Make(placed{})}, p.positions)}
	for _, i := range p.Counting(UnitPerson) {
		var one placed
		if one.place, one.reason, err = i.place(in.values); err != nil {
			return nil, fmt.Errorf("indicator %s: %w", i.Key(), err)
		}
		if one.gapCause, err = first(i.gapReasons, in.values); err != nil {
			return nil, fmt.Errorf("indicator %s: %w", i.Key(), err)
		}
		found.indicators[i.position] = unique.Make(one)
	}
	for i := range p.Programmes {
		one := &found.programmes[i]
		one.programme = p.Programmes[i].ID
		if one.answer, err = in.ask(p.Programmes[i].RuleSet(f.Day)); err != nil {
			return nil, fmt.Errorf("programme %s: %w", p.Programmes[i].ID, err)
		}
	}
	return found, nil
}

// ask asks the conditions of a rule set. The first that fails gives the answer, or else the first of which it is not known; the others are
// still asked, to find out whether the right ends or is only interrupted.
func (in *inputs) ask(rs *RuleSet) (answer, error) {
	if rs == nil {
		return answer{outcome: No, code: NoRules, ends: NoRules}, nil
	}
	in.setSwitches(rs)
	a := answer{outcome: Yes}
	for _, c := range rs.conditions {
		found, suspends, err := in.meet(c)
		if err != nil {
			return answer{}, fmt.Errorf("condition %s: %w", c.Code, err)
		}
		if !suspends && a.ends == "" {
			a.ends = c.Code
		}
		switch {
		case found == isFalse && a.outcome != No:
			a.outcome, a.code = No, c.Code
		case found == isUnknown && a.outcome == Yes:
			a.outcome, a.code = NeedsFact, c.Code
		}
		if a.outcome == No && a.ends != "" {
			break // nothing that follows changes either
		}
	}
	return a, nil
}

// meet asks a condition, and whether its failure would only interrupt a right that runs.
func (in *inputs) meet(c *condition) (found truth, suspends bool, err error) {
	if found, err = c.eval(in.vars); err != nil || found != isFalse {
		return found, true, err
	}
	if c.suspends == nil {
		return isFalse, false, nil
	}
	while, err := c.suspends.eval(in.values)
	return isFalse, while != isFalse, err
}

// key is all that expressions can tell of the facts of a day, and which rules are in force on it.
func (p *Pack) key(key []byte, f casefile.Facts) []byte {
	text := func(s string) { key = append(append(key, s...), 0) }
	number := func(n int) { key = append(key, byte(n), byte(n>>8)) }
	yes := func(b bool) {
		if b {
			number(1)
		} else {
			number(0)
		}
	}
	several := func(list []string) {
		number(len(list))
		for _, s := range list {
			text(s)
		}
	}
	for i := range p.Programmes {
		number(slices.IndexFunc(p.Programmes[i].RuleSets, func(rs RuleSet) bool { return rs.From.After(f.Day) }))
	}
	number(passed(p.ages[age], f.Age))
	number(passed(p.ages[schoolAge], p.schoolAge(f.BirthDate, f.Day)))
	yes(f.Alive)
	yes(f.UncertifiedChild)
	text(f.Sex)
	text(f.HukouType)
	text(p.placeKey(f.Hukou))
	text(p.placeKey(f.Residence))
	text(string(f.Certificate.Status))
	number(f.Certificate.Category)
	number(f.Certificate.Level)
	number(len(f.Certificate.Components))
	for _, c := range f.Certificate.Components {
		number(c.Category)
	}
	several(f.NeedsLastYear)
	several(f.NeedsThisYear)
	several(f.ServedThisYear)
	listed := f.Latest("registered_poor")
	number(int(listed.Answer))
	text(listed.Sort)
	text(elected(f, "living"))
	text(elected(f, "nursing"))
	for _, c := range f.Holding() {
		switch c.Kind {
		case casefile.HukouArea, casefile.ResidenceArea, casefile.ManagingArea:
			continue
		}
		text(c.Kind)
		number(int(c.Value.Answer))
		text(c.Value.Sort)
	}
	return key
}

// placeKey is what expressions can tell of a division.
func (p *Pack) placeKey(code string) string {
	if p.wholePlaces || code == "" {
		return code
	}
	if strings.HasPrefix(code, string(p.District)) {
		return string(p.District)
	}
	return elsewhere
}

const elsewhere = "elsewhere"

// wholePlaces reports whether an expression asks more of a division than whether it lies in the district.
func wholePlaces(ast *cel.Ast) bool {
	reads, asked := 0, 0
	place := func(e celast.Expr) bool {
		return e.Kind() == celast.IdentKind && (e.AsIdent() == "hukou_area" || e.AsIdent() == "residence_area")
	}
	celast.PostOrderVisit(ast.NativeRep().Expr(), celast.NewExprVisitor(func(e celast.Expr) {
		switch {
		case place(e):
			reads++
		case e.Kind() == celast.CallKind && e.AsCall().FunctionName() == "startsWith" && place(e.AsCall().Target()):
			if of := e.AsCall().Args()[0]; of.Kind() == celast.IdentKind && of.AsIdent() == "district" {
				asked++
			}
		}
	}))
	return reads != asked
}

// keptAnswers are answers by the key of their facts. Any number of readers use them at a time.
type keptAnswers struct {
	sync.RWMutex
	byKey map[string]*Answers
}

// mostKept is how many answers are kept: some thirty MiB.
const mostKept = 1 << 14

func (k *keptAnswers) get(key []byte) *Answers {
	k.RLock()
	defer k.RUnlock()
	return k.byKey[string(key)]
}

func (k *keptAnswers) put(key string, a *Answers) {
	k.Lock()
	defer k.Unlock()
	if k.byKey == nil || len(k.byKey) >= mostKept {
		k.byKey = map[string]*Answers{} // begins anew: what is asked often is soon there again
	}
	k.byKey[key] = a
}

func (k *keptAnswers) forget() {
	k.Lock()
	defer k.Unlock()
	k.byKey = nil
}

// passed is how many of the ages at which answers may change somebody has reached.
func passed(ages []int, age int) int {
	n, reached := slices.BinarySearch(ages, age)
	if reached {
		n++
	}
	return n
}
