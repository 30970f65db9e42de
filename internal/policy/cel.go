package policy

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
)

// truth is what a condition found.
type truth int

const (
	isFalse truth = iota
	isTrue
	isUnknown
)

type condition struct {
	Condition
	*expression
	suspends *expression // nil: every failure ends the right
}

type expression struct {
	program cel.Program
	reads   []string // the names it reads, to say which fact is needed
}

// compiler makes programs over the fixed vocabulary of facts and the switches of one pack.
type compiler struct {
	env  *cel.Env
	ages map[string][]int // at which some expression may change its answer
	// wholePlaces is whether some expression asks more of a division than whether it lies in the district.
	wholePlaces bool
}

// flags are the kinds of circumstance that conditions read as yes or no.
var flags = []string{"dibao", "dibao_edge", "tekun", "welfare_home", "injury_care_fee", "imprisonment", "missing", "veteran",
	"key_child_allowance", "medical_assistance", "information_subsidy", "disabled_driver", "fuel_subsidy", "residence_permit"}

// sorts are the kinds of circumstance that conditions read as their sort, empty where nothing is recorded or the answer is no.
var sorts = []string{"orphan_support", "employment", "insurance_pension", "insurance_medical", "school", "care_programme"}

// lists are the kinds whose sorts run side by side, read as the list of those that hold.
var lists = map[string]string{"waivers": "waiver", "insurance_paid": "insurance_paid"}

// otherLiving and otherNursing are the sorts of other_benefit that compete with each programme (择高). The age-based
// allowance (高龄津贴) and service vouchers serve another purpose and compete with neither.
var (
	otherLiving  = []string{"elder_living", "duty_injury_living"}
	otherNursing = []string{"elder_nursing", "retired_care", "veteran_nursing"}
)

func newCompiler(p *Pack) (*compiler, error) {
	options := []cel.EnvOption{
		cel.Variable("alive", cel.BoolType), cel.Variable("age", cel.IntType), cel.Variable("sex", cel.StringType),
		cel.Variable("hukou_area", cel.StringType), cel.Variable("residence_area", cel.StringType), cel.Variable("district", cel.StringType),
		cel.Variable("cert_held", cel.BoolType), cel.Variable("cert_valid", cel.BoolType), cel.Variable("cert_status", cel.StringType),
		cel.Variable("cert_category", cel.IntType),
		cel.Variable("cert_level", cel.IntType), cel.Variable("cert_components", cel.ListType(cel.IntType)),
		cel.Variable(schoolAge, cel.IntType), cel.Variable("hukou_type", cel.StringType), cel.Variable("uncertified_child", cel.BoolType),
		cel.Variable("registered_poor", cel.BoolType), cel.Variable("poor_list", cel.StringType), cel.Variable("dibao_sort", cel.StringType),
		cel.Variable("needs_last_year", cel.ListType(cel.StringType)), cel.Variable("needs_this_year", cel.ListType(cel.StringType)),
		cel.Variable("served_this_year", cel.ListType(cel.StringType)),
		cel.Variable("other_living", cel.BoolType), cel.Variable("other_nursing", cel.BoolType), cel.Variable("gaoling", cel.BoolType),
		cel.Variable("elected_living", cel.StringType), cel.Variable("elected_nursing", cel.StringType),
	}
	for _, name := range slices.Concat(flags, p.switches(), p.termNames()) {
		options = append(options, cel.Variable(name, cel.BoolType))
	}
	for _, name := range sorts {
		options = append(options, cel.Variable(name, cel.StringType))
	}
	for name := range lists {
		options = append(options, cel.Variable(name, cel.ListType(cel.StringType)))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("prepare expressions: %w", err)
	}
	return &compiler{env: env, ages: map[string][]int{}}, nil
}

func (p *Pack) termNames() (names []string) {
	for _, t := range p.Terms {
		names = append(names, t.Name)
	}
	return names
}

func (c *compiler) sortedAges() map[string][]int {
	for name, list := range c.ages {
		slices.Sort(list)
		c.ages[name] = slices.Compact(list)
	}
	return c.ages
}

// switches lists the names of all switches of all rule sets.
func (p *Pack) switches() []string {
	var names []string
	for _, pr := range p.Programmes {
		for _, rs := range pr.RuleSets {
			for name := range rs.Switches {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (c *compiler) compile(text string) (*expression, error) {
	ast, issues := c.env.Compile(text)
	if issues.Err() != nil {
		return nil, fmt.Errorf("expression %q: %w", text, issues.Err())
	}
	if ast.OutputType() != cel.BoolType {
		return nil, fmt.Errorf("expression %q is not a yes-or-no question", text)
	}
	program, err := c.env.Program(ast, cel.EvalOptions(cel.OptPartialEval))
	if err != nil {
		return nil, fmt.Errorf("expression %q: %w", text, err)
	}
	e := &expression{program: program}
	for _, ref := range ast.NativeRep().ReferenceMap() {
		if ref.Name != "" {
			e.reads = append(e.reads, ref.Name)
		}
	}
	c.wholePlaces = c.wholePlaces || wholePlaces(ast)
	if err := agesIn(ast, c.ages); err != nil {
		return nil, fmt.Errorf("expression %q: %w", text, err)
	}
	return e, nil
}

// inputs is the facts of one day as an activation, and which of them are not known.
type inputs struct {
	values  map[string]any
	vars    any // values, or values with unknowns
	unknown []Need
}

// inputs turns the facts of a day into what expressions read.
func (p *Pack) inputs(f casefile.Facts) (*inputs, error) {
	in := &inputs{values: map[string]any{
		"alive": f.Alive, "age": f.Age, "sex": f.Sex, "hukou_area": f.Hukou, "residence_area": f.Residence, "district": string(p.District),
		"cert_held": f.Certificate.Status != casefile.NoCertificate, "cert_valid": f.Certificate.Status.Valid(),
		"cert_status":   string(f.Certificate.Status),
		"cert_category": f.Certificate.Category, "cert_level": f.Certificate.Level, "cert_components": components(f.Certificate),
		schoolAge: p.schoolAge(f.BirthDate, f.Day), "hukou_type": f.HukouType, "uncertified_child": f.UncertifiedChild,
		"registered_poor": f.RegisteredPoor(), "poor_list": sortOf(f.Latest("registered_poor")),
		"dibao_sort": sortOf(f.Value("dibao")), "needs_last_year": f.NeedsLastYear, "needs_this_year": f.NeedsThisYear, "served_this_year": f.ServedThisYear,
		"other_living": anyOf(f, otherLiving), "other_nursing": anyOf(f, otherNursing), "gaoling": anyOf(f, []string{"gaoling"}),
		"elected_living": elected(f, "living"), "elected_nursing": elected(f, "nursing"),
	}}
	for _, name := range flags {
		value := f.Value(name)
		in.values[name] = value.Answer == casefile.Yes
		if value.Answer == casefile.Unknown {
			in.unknown = append(in.unknown, Need{Fact: name})
		}
	}
	for _, name := range sorts {
		in.values[name] = sortOf(f.Value(name))
	}
	for name, kind := range lists {
		in.values[name] = f.All(kind)
	}
	for _, t := range p.Terms {
		holds, err := t.expression.eval(in.values)
		if err != nil {
			return nil, fmt.Errorf("term %s: %w", t.Name, err)
		}
		in.values[t.Name] = holds == isTrue
	}
	in.vars = in.values
	return in, p.findNeeds(f, in)
}

// findNeeds marks the facts that have to be asked for, and hides their values from the expressions.
func (p *Pack) findNeeds(f casefile.Facts, in *inputs) error {
	for _, need := range p.NeedsWhen {
		if in.recorded(f, need.Fact) {
			continue
		}
		holds, err := need.when.eval(in.values)
		if err != nil {
			return err
		}
		if holds == isTrue {
			in.unknown = append(in.unknown, need)
		}
	}
	if len(in.unknown) == 0 {
		return nil
	}
	patterns := make([]*cel.AttributePatternType, len(in.unknown))
	for i, need := range in.unknown {
		patterns[i] = cel.AttributePattern(need.Fact)
	}
	partial, err := cel.PartialVars(in.values, patterns...)
	if err != nil {
		return fmt.Errorf("mark unknown facts: %w", err)
	}
	in.vars = partial
	return nil
}

// recorded reports whether somebody has answered the question that need would ask.
func (in *inputs) recorded(f casefile.Facts, fact string) bool {
	if text, ok := in.values[fact].(string); ok {
		return text != ""
	}
	return f.Value(fact).Answer != casefile.Unrecorded
}

func (e *expression) eval(vars any) (truth, error) {
	value, _, err := e.program.Eval(vars)
	if err != nil {
		return isFalse, fmt.Errorf("evaluate a condition: %w", err)
	}
	switch {
	case types.IsUnknown(value):
		return isUnknown, nil
	case value == types.True:
		return isTrue, nil
	}
	return isFalse, nil
}

func components(c casefile.CertificateFacts) []int {
	if len(c.Components) == 0 && c.Category != 0 {
		return []int{c.Category}
	}
	list := make([]int, len(c.Components))
	for i, component := range c.Components {
		list[i] = component.Category
	}
	return list
}

func sortOf(v casefile.Value) string {
	if v.Answer != casefile.Yes {
		return ""
	}
	return v.Sort
}

func anyOf(f casefile.Facts, sorts []string) bool {
	return slices.ContainsFunc(sorts, func(s string) bool { return f.Has("other_benefit", s).Answer == casefile.Yes })
}

// elected is "ours", "other" or "" for one side of the two programmes. The election that was made last holds, also where nobody has ended the
// one before it.
func elected(f casefile.Facts, side string) (choice string) {
	var since calendar.Date
	for _, c := range f.Holding() {
		of, ofSide := strings.CutPrefix(c.Value.Sort, side+"_")
		if c.Kind != "elected_benefit" || !ofSide || c.Value.Answer != casefile.Yes || c.ValidFrom.Before(since) {
			continue
		}
		if choice == "" || c.ValidFrom.After(since) || of == "ours" {
			choice, since = of, c.ValidFrom
		}
	}
	return choice
}
