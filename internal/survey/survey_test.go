package survey_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"zhucan/internal/casefile"
	"zhucan/internal/fault"
	"zhucan/internal/survey"
)

var q = survey.Builtin

// facts are of somebody of an age, category and level.
func facts(age, category, level int) casefile.Facts {
	return casefile.Facts{Alive: true, Age: age, Certificate: casefile.CertificateFacts{Status: casefile.Active, Category: category, Level: level}}
}

// answer chooses in order until nothing more is asked.
func answer(t *rapid.T, f casefile.Facts) survey.Answers {
	a := survey.Answers{}
	for i := range q.Questions {
		one := &q.Questions[i]
		if !slices.ContainsFunc(q.Applicable(f, a), func(x *survey.Question) bool { return x.Code == one.Code }) {
			continue
		}
		if !one.Required && rapid.Bool().Draw(t, "skip "+one.Code) {
			continue
		}
		a[one.Code] = []string{rapid.SampledFrom(one.Options).Draw(t, one.Code).Code}
	}
	return a
}

// TestEverybodyCanAnswer: whoever answers what is asked, in order, is never refused, whatever the age, category and level.
func TestEverybodyCanAnswer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := facts(rapid.IntRange(0, 100).Draw(t, "age"), rapid.IntRange(1, 6).Draw(t, "category"), rapid.IntRange(1, 4).Draw(t, "level"))
		a := answer(t, f)
		if err := q.Check(f, a, nil, nil); err != nil {
			t.Fatalf("%v refused: %v", a, err)
		}
		same := q.Prefill(f, a)
		if len(same) != len(a) {
			t.Fatalf("%v is prefilled as %v", a, same)
		}
		var all []string
		for code := range a {
			all = append(all, code)
		}
		if err := q.Check(f, same, all, a); err != nil {
			t.Fatalf("confirmed answers are refused: %v", err)
		}
		for _, code := range []string{"R29_CARE", "R30_CARE_NEED"} { // written from the form: 16 to 59, intellectual, psychiatric, severe physical
			may := f.Age >= 16 && f.Age <= 59 && (f.Certificate.Category >= 5 || f.Certificate.Category == 4 && f.Certificate.Level <= 2)
			if _, asked := a[code]; asked && !may || may && !asked && code == "R29_CARE" {
				t.Fatalf("%s of age %d, category %d, level %d: asked %v", code, f.Age, f.Certificate.Category, f.Certificate.Level, asked)
			}
		}
	})
}

// TestSpoiltAnswers: anything else than a whole set is refused, with the question that is wrong.
func TestSpoiltAnswers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		f := facts(rapid.IntRange(16, 59).Draw(t, "age"), 4, 1)
		a := answer(t, f)
		want := "answers.R4_MARITAL"
		switch rapid.IntRange(0, 3).Draw(t, "spoil") {
		case 0:
			delete(a, "R4_MARITAL")
		case 1:
			a["R4_MARITAL"] = []string{"single", "married"}
		case 2:
			a["R4_MARITAL"] = []string{"nonsense"}
		case 3:
			a["SCHOOLING"], want = []string{"regular"}, "answers.SCHOOLING"
		}
		found, ok := fault.Of(q.Check(f, a, nil, nil))
		if !ok || !slices.ContainsFunc(found.Fields, func(p fault.Field) bool { return p.Name == want }) {
			t.Fatalf("%v: %v, want a problem with %s", a, found, want)
		}
	})
}

func TestNeeds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a    survey.Answers
		want []string
	}{
		{survey.Answers{"REHAB_NEED": {"none"}}, []string{}},
		{survey.Answers{"REHAB_NEED": {"training", "nursing"}}, []string{"rehab"}},
		{survey.Answers{"REHAB_NEED": {"device"}, "RETROFIT_NEED": {"yes"}}, []string{"device", "rehab", "retrofit"}},
	} {
		if got := q.Needs(c.a); !slices.Equal(got, c.want) {
			t.Errorf("%v needs %v, want %v", c.a, got, c.want)
		}
	}
}

func TestConfirmedHasToBeLastYears(t *testing.T) {
	t.Parallel()
	f := facts(5, 4, 3)
	before := survey.Answers{"CULTURE": {"often"}}
	a := survey.Answers{"R3_HUKOU": {"agricultural"}, "INCOME": {"middle"}, "HOUSING": {"own"}, "R23_MEDICAL": {"resident"}, "REHAB_NEED": {"none"}, "RETROFIT_RECEIVED": {"no"}, "CULTURE": {"never"}}
	if err := q.Check(f, a, nil, before); err != nil {
		t.Fatal(err)
	}
	if err := q.Check(f, a, []string{"CULTURE"}, before); !fault.Is(err, "NOT_AS_BEFORE") {
		t.Errorf("%v", err)
	}
	if got := q.Prefill(facts(30, 4, 3), survey.Answers{"SCHOOLING": {"regular"}, "SCHOOL_REASON": {"poor"}, "CULTURE": {"often"}}); len(got) != 1 {
		t.Errorf("prefilled %v for somebody who has grown up", got)
	}
}

func TestBadQuestionnaires(t *testing.T) {
	t.Parallel()
	const ok = "{code: A, zh: 甲, en: a, source: choice, options: [{code: x, zh: 乙, en: x}]}"
	for name, text := range map[string]string{"unknown member": "nonsense: 1", "twice": "questions: [" + ok + ", " + ok + "]",
		"later":     "questions: [{code: B, zh: 甲, en: a, source: choice, after: {question: A, any: [x]}, options: [{code: x, zh: 乙, en: x}]}, " + ok + "]",
		"no answer": "questions: [" + ok + ", {code: B, zh: 甲, en: a, source: choice, after: {question: A, any: [y]}, options: [{code: x, zh: 乙, en: x}]}]",
		"no need":   "questions: [{code: A, zh: 甲, en: a, source: choice, needs: {x: [nonsense]}, options: [{code: x, zh: 乙, en: x}]}]"} {
		if _, err := survey.Load([]byte(text)); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
	if _, err := survey.Load([]byte("questions: [" + ok + "]")); err != nil {
		t.Error(err)
	}
}
