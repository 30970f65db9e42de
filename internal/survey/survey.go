// Package survey is the yearly survey of needs: which questions a person is asked, whether answers are whole, and what
// they say is needed. Answers are never overwritten; another year, or a correction, is another set of them.
package survey

import (
	"bytes"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
)

// Questionnaire is what is asked, and of whom.
type Questionnaire struct {
	Version         string `yaml:"version"`
	PopulationUntil struct {
		Month int `yaml:"month"`
		Day   int `yaml:"day"`
	} `yaml:"population_until"`
	VisitPercent        int        `yaml:"visit_percent"`         // of those surveyed, by a visit
	CollectedUntilMonth int        `yaml:"collected_until_month"` // of the year after
	Questions           []Question `yaml:"questions"`
}

// Question is one of them.
type Question struct {
	Code       string              `yaml:"code"`
	ZH         string              `yaml:"zh"`
	EN         string              `yaml:"en"`
	Required   bool                `yaml:"required"`
	Multi      bool                `yaml:"multi"`
	Source     string              `yaml:"source"`
	Ages       []int               `yaml:"ages"`       // first and last, completed years
	Categories []int               `yaml:"categories"` // of disability, also as part of a multiple one
	Severe     bool                `yaml:"severe"`     // asked of levels 1 and 2 only
	Care       bool                `yaml:"care"`       // asked of who may need care: intellectual, psychiatric or severe physical disability
	After      *After              `yaml:"after"`
	Options    []Option            `yaml:"options"`
	Needs      map[string][]string `yaml:"needs"` // answer to the services that it says are needed
}

// After makes a question depend on an earlier answer.
type After struct {
	Question string   `yaml:"question"`
	Any      []string `yaml:"any"`
}

// Option is an answer that may be chosen.
type Option struct {
	Code string `yaml:"code"`
	ZH   string `yaml:"zh"`
	EN   string `yaml:"en"`
}

// Answers are the chosen codes by question.
type Answers map[string][]string

//go:embed questionnaire.yaml
var builtin []byte

// Builtin is the questionnaire that comes with the service; its tests keep it loadable.
var Builtin = func() *Questionnaire {
	q, err := Load(builtin)
	if err != nil {
		panic(err)
	}
	return q
}()

// Load reads a questionnaire, and refuses one that could not be answered: codes that are there twice, a question that
// depends on a later one, a need that is no service.
func Load(document []byte) (*Questionnaire, error) {
	q := &Questionnaire{}
	d := yaml.NewDecoder(bytes.NewReader(document))
	d.KnownFields(true)
	if err := d.Decode(q); err != nil {
		return nil, fmt.Errorf("read the questionnaire: %w", err)
	}
	earlier := map[string]*Question{}
	for i := range q.Questions {
		one := &q.Questions[i]
		if err := one.check(earlier); err != nil {
			return nil, fmt.Errorf("question %s: %w", one.Code, err)
		}
		earlier[one.Code] = one
	}
	return q, nil
}

func (q *Question) check(earlier map[string]*Question) error {
	if q.Code == "" || q.ZH == "" || q.EN == "" || q.Source == "" || len(q.Options) == 0 || earlier[q.Code] != nil {
		return fmt.Errorf("code, zh, en, source and options are required, and the code once")
	}
	seen := map[string]bool{}
	for _, o := range q.Options {
		if o.Code == "" || o.ZH == "" || o.EN == "" || seen[o.Code] {
			return fmt.Errorf("option %s is there twice or without texts", o.Code)
		}
		seen[o.Code] = true
	}
	for code, kinds := range q.Needs {
		for _, kind := range kinds {
			if !seen[code] || !slices.Contains([]string{casefile.Rehab, casefile.Device, casefile.Retrofit}, kind) {
				return fmt.Errorf("need %s of %s is not known", kind, code)
			}
		}
	}
	if q.After == nil {
		return nil
	}
	before := earlier[q.After.Question]
	if before == nil {
		return fmt.Errorf("it comes after %s, which does not come before it", q.After.Question)
	}
	for _, code := range q.After.Any {
		if !before.has(code) {
			return fmt.Errorf("%s has no answer %s", before.Code, code)
		}
	}
	return nil
}

func (q *Question) has(code string) bool {
	return slices.ContainsFunc(q.Options, func(o Option) bool { return o.Code == code })
}

// Window is the days on which answers of a survey year are collected.
func (q *Questionnaire) Window(year int) calendar.Interval {
	return calendar.Interval{From: calendar.NewYear(year), To: calendar.NewMonth(year+1, time.Month(q.CollectedUntilMonth)).Last()}
}

// Asks reports whether a person is asked a question at all, answers aside.
func (q *Question) Asks(f casefile.Facts) bool {
	has := func(k int) bool {
		return f.Certificate.Category == k || slices.ContainsFunc(f.Certificate.Components, func(c casefile.Component) bool { return c.Category == k })
	}
	severe := casefile.Severe(f.Certificate.Level)
	switch {
	case len(q.Ages) == 2 && (f.Age < q.Ages[0] || f.Age > q.Ages[1]):
	case len(q.Categories) > 0 && !slices.ContainsFunc(q.Categories, has):
	case q.Severe && !severe:
	case q.Care && !has(5) && !has(6) && (!has(4) || !severe):
	default:
		return true
	}
	return false
}

// Follows reports whether the answers so far lead to a question.
func (q *Question) Follows(a Answers) bool {
	return q.After == nil || slices.ContainsFunc(a[q.After.Question], func(code string) bool { return slices.Contains(q.After.Any, code) })
}

// Applicable are the questions that a person is asked, given the answers so far.
func (q *Questionnaire) Applicable(f casefile.Facts, a Answers) (list []*Question) {
	for i := range q.Questions {
		if one := &q.Questions[i]; one.Asks(f) && one.Follows(a) {
			list = append(list, one)
		}
	}
	return list
}

// none is the answer that nothing is needed or was given; it stands alone.
const none = "none"

// Check lists what is wrong about a set of answers. An answer that is confirmed has to be the one of the year before.
func (q *Questionnaire) Check(f casefile.Facts, a Answers, confirmed []string, before Answers) error {
	var problems []fault.Field
	wrong := func(code, problem, zh, en string) {
		problems = append(problems, fault.Field{Name: "answers." + code, Code: problem, ZH: zh, EN: en})
	}
	asked := map[string]bool{}
	for _, one := range q.Applicable(f, a) {
		asked[one.Code] = true
		given := a[one.Code]
		if len(given) == 0 && one.Required {
			wrong(one.Code, "REQUIRED", "请回答："+one.ZH, "this question has to be answered")
		}
		if len(given) > 1 && !one.Multi {
			wrong(one.Code, "ONE_ANSWER", one.ZH+"只能选一项", "only one answer may be chosen")
		}
		if len(given) > 1 && one.Multi && slices.Contains(given, none) {
			wrong(one.Code, "ONE_ANSWER", one.ZH+"选“无”时不能再选其他项", "nothing else may be chosen beside none")
		}
		for i, code := range given {
			if !one.has(code) || slices.Contains(given[:i], code) {
				wrong(one.Code, "NO_SUCH_ANSWER", one.ZH+"没有这个选项", "there is no such answer")
				break
			}
		}
	}
	for _, code := range slices.Sorted(maps.Keys(a)) {
		if !asked[code] {
			wrong(code, "NOT_ASKED", "该问题不适用于本人或不存在", "the person is not asked this question")
		}
	}
	for _, code := range confirmed {
		if len(before[code]) == 0 || !slices.Equal(before[code], a[code]) {
			wrong(code, "NOT_AS_BEFORE", "与上年度答案不同，不能按“已确认”提交", "not the answer of the year before")
		}
	}
	if len(problems) > 0 {
		return fault.InvalidFields(problems...)
	}
	return nil
}

// Prefill proposes the answers of the year before, as far as the questions still apply with them. Each has to be confirmed.
func (q *Questionnaire) Prefill(f casefile.Facts, before Answers) Answers {
	proposal := Answers{}
	for i := range q.Questions {
		one := &q.Questions[i]
		if given := before[one.Code]; len(given) > 0 && one.Asks(f) && one.Follows(proposal) && !slices.ContainsFunc(given, func(code string) bool { return !one.has(code) }) {
			proposal[one.Code] = given
		}
	}
	return proposal
}

// Needs are the services that answers say are needed, in order.
func (q *Questionnaire) Needs(a Answers) []string {
	needs := []string{}
	for i := range q.Questions {
		for _, code := range a[q.Questions[i].Code] {
			needs = append(needs, q.Questions[i].Needs[code]...)
		}
	}
	slices.Sort(needs)
	return slices.Compact(needs)
}
