package policy

import (
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
)

// TestKeptAnswersAreTheAnswers asks about days that are much alike and now and then the same to the rules: what was kept is what asking
// again would say.
func TestKeptAnswersAreTheAnswers(t *testing.T) {
	t.Parallel()
	pack := MustLoadBuiltin()
	asked, shared := 0, map[*Answers]bool{}
	rapid.Check(t, func(t *rapid.T) {
		facts := drawnFile(t).On(calendar.MustDate("2016-01-01").Add(rapid.IntRange(0, 4000).Draw(t, "day")), pack.Transitions)
		kept, err := pack.Answers(facts)
		if err != nil {
			t.Fatal(err)
		}
		again, err := pack.answers(facts)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(kept, again) {
			t.Fatalf("kept %+v, asked again %+v", kept, again)
		}
		asked++
		shared[kept] = true
	})
	if asked >= 100 && len(shared) == asked {
		t.Errorf("%d questions were never the same", asked)
	}
}

// drawnFile is a file of few facts, each with few values.
func drawnFile(t *rapid.T) casefile.File {
	first := calendar.MustDate("2015-01-01")
	f := casefile.File{Person: casefile.Person{Sex: "female", BirthDate: calendar.NewYear(rapid.IntRange(1955, 2018).Draw(t, "born"))}}
	if level := rapid.IntRange(0, 4).Draw(t, "level"); level > 0 {
		f.Certificates = []casefile.Certificate{{Category: rapid.SampledFrom([]int{1, 5}).Draw(t, "category"), Level: level, IssuedOn: first, ExpiresOn: calendar.MustDate("2024-01-01")}}
	}
	add := func(kind, raw string) {
		k, _ := casefile.KindOf(kind)
		value, err := casefile.ParseValue(k, json.RawMessage(raw))
		if err != nil {
			t.Fatal(err)
		}
		f.Circumstances = append(f.Circumstances, casefile.Circumstance{Kind: kind, Value: value, ValidFrom: first})
	}
	add(casefile.HukouArea, rapid.SampledFrom([]string{`"370305001005"`, `"370305102004"`, `"370306001005"`}).Draw(t, "hukou"))
	kinds := []string{"dibao", "tekun", "other_benefit", "waiver", "registered_poor", "school", "employment", "insurance_medical", "residence_permit", "death"}
	for range rapid.IntRange(0, 2).Draw(t, "facts") {
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		k, _ := casefile.KindOf(kind)
		values := k.Sorts
		if !k.SideBySide {
			values = append([]string{"unknown", "no"}, values...)
		}
		raw, _ := json.Marshal(rapid.SampledFrom(values).Draw(t, "value"))
		add(kind, string(raw))
	}
	return f
}

// TestPlacesOfExpressions tells apart packs that ask only whether a division lies in the district from those that ask more.
func TestPlacesOfExpressions(t *testing.T) {
	t.Parallel()
	c, err := newCompiler(&Pack{})
	if err != nil {
		t.Fatal(err)
	}
	for expr, whole := range map[string]bool{
		"alive && hukou_area.startsWith(district)":                               false,
		"hukou_area.startsWith(district) || residence_area.startsWith(district)": false,
		"hukou_area.startsWith('370305102')":                                     true,
		"hukou_area == residence_area":                                           true,
		"hukou_area.startsWith(district) && residence_area != ''":                true,
	} {
		c.wholePlaces = false
		if _, err := c.compile(expr); err != nil {
			t.Fatal(err)
		}
		if c.wholePlaces != whole {
			t.Errorf("%s: whole places %v", expr, c.wholePlaces)
		}
	}
}
