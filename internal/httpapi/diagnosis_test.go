package httpapi_test

import (
	"fmt"
	"strings"
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

// TestBirthDatePutRight: of somebody without an ID number the birth date and the sex are what was typed, so they are put right; where a wrong one stood,
// the number could never be recorded that came later.
func TestBirthDatePutRight(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-02-01")
	child := s.do("liaison.a", "POST", "/persons", map[string]any{"name": "金丝雀童", "birth_date": "2014-06-20", "sex": "female", "birth_certificate_number": "Z370000009", "hukou_area_code": villageA,
		"hukou_type": "agricultural", "diagnosis": "听力障碍", "guardian": map[string]any{"name": "金丝雀母", "relation": "mother"}}).want(201)
	change := func(body map[string]any) answer {
		return s.do("liaison.a", "PATCH", "/persons/"+child.text("id"), body, "If-Match", child.version())
	}
	const born2015, male = "2015-06-20", "male" // as the number says
	change(map[string]any{"id_number": "379999201506200039", "reason": "新办户口"}).want(422)
	change(map[string]any{"birth_date": born2015}).want(422, "REASON_REQUIRED")
	change(map[string]any{"birth_date": "2019-02-02", "reason": "登记有误"}).want(422, "IN_FUTURE")
	change(map[string]any{"birth_date": "1990-06-20", "reason": "登记有误"}).want(422, "NO_CERT")
	child = change(map[string]any{"birth_date": born2015, "sex": male, "reason": "登记有误"}).want(200)
	if child.text("birth_date") != born2015 || child.text("sex") != male {
		t.Errorf("put right: %s, %s", child.text("birth_date"), child.text("sex"))
	}
	why := ""
	for _, e := range items(s.do("auditor", "GET", "/audit-events?action=person.update&subject="+child.text("id"), nil).want(200), "items") {
		why += fmt.Sprint(e["detail"])
	}
	if !strings.Contains(why, "登记有误") {
		t.Errorf("the audit does not say why: %s", why)
	}
	child = change(map[string]any{"id_number": "379999201506200039", "reason": "新办户口"}).want(200)
	a := change(map[string]any{"birth_date": "2014-06-20", "reason": "登记有误"}).want(422, "BIRTH_DATE_MISMATCH")
	if e := items(a, "errors"); len(e) != 1 || e[0]["field"] != "birth_date" {
		t.Errorf("refused at %v", e)
	}
	change(map[string]any{"sex": "female", "reason": "登记有误"}).want(422, "SEX_MISMATCH")
	child = s.do("liaison.a", "POST", "/persons", map[string]any{"name": "金丝雀长", "birth_date": "2001-06-20", "sex": "female", "birth_certificate_number": "Z370000010", "hukou_area_code": villageA,
		"hukou_type": "agricultural", "diagnosis": "听力障碍", "guardian": map[string]any{"name": "金丝雀母", "relation": "mother"}}).want(201)
	s.at("2020-02-01") // she has grown up, and was a child when she was entered
	change(map[string]any{"birth_date": "2000-06-20", "reason": "登记有误"}).want(422, "NO_CERT")
	change(map[string]any{"birth_date": "2001-05-20", "reason": "登记有误"}).want(200)
	s.wantDerived()
}
