package httpapi_test

import (
	"fmt"
	"testing"
)

// TestDiagnosisFollows: a child without a certificate who was entered without a diagnosis is in no population, which is said; the diagnosis is recorded
// when it comes, and then the child is served. It was never to be had: nobody can be entered twice.
func TestDiagnosisFollows(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-02-01")
	child := s.do("liaison.a", "POST", "/persons", map[string]any{"name": "金丝雀童", "id_number": "379999201506200039", "hukou_area_code": villageA, "hukou_type": "agricultural",
		"guardian": map[string]any{"name": "金丝雀母", "relation": "mother"}}).want(201)
	warned := func(a answer) string {
		codes := ""
		for _, w := range items(a, "warnings") {
			codes += fmt.Sprint(w["code"], " ")
		}
		return codes
	}
	if got := warned(child); got != "DIAGNOSIS_MISSING " {
		t.Errorf("warned of %q", got)
	}
	id := child.text("id")
	s.asked("liaison.a", "rehab", id, "2019-02-02", `{"types":[{"type":"training"}]}`).want(422, "NO_VALID_CERTIFICATE")
	change := func(value any) answer {
		return s.do("liaison.a", "PATCH", "/persons/"+id, map[string]any{"diagnosis": value}, "If-Match", child.version())
	}
	change(" 　").want(422)
	child = change("孤独症谱系障碍").want(200)
	if got := warned(child); got != "" || child.text("diagnosis") != "孤独症谱系障碍" {
		t.Errorf("diagnosed with %s, warned of %q", child.text("diagnosis"), got)
	}
	s.asked("liaison.a", "rehab", id, "2019-02-02", `{"types":[{"type":"training"}]}`).want(201)
	s.wantDerived()
	grown := s.do("liaison.a", "GET", "/persons/"+s.born("liaison.a", villageA, 660, "1970-01-01", 4, 1, nil), nil).want(200)
	if got := warned(grown); got != "" {
		t.Errorf("somebody with a certificate: warned of %q", got)
	}
}
