package httpapi_test

import (
	"fmt"
	"testing"
)

// TestHardshipAgainstTheRegister: what the verifier of a retrofit says of a household is held against the facts of that day; where the register is
// behind, it is taken on a document, and both stand in the history.
func TestHardshipAgainstTheRegister(t *testing.T) {
	t.Parallel()
	s := start(t)
	home, person := s.severeHome(601, "own")
	s.fact(person, "dibao", "household", "2018-01-01", "2018-12-31")
	c := s.open("liaison.a", "retrofit", home, "2018-11-05", homeNeed)
	s.at("2019-01-20")
	visit := func(on, hardship, basis string) answer {
		t.Helper()
		evidence := map[string]any{"findings": "三级台阶", "hardship": hardship, "willing": true}
		if basis != "" {
			evidence["hardship_basis"] = basis
		}
		return s.do("liaison.a", "POST", c.path+"/steps", map[string]any{"step": "verify", "on": on, "evidence": evidence}, "If-Match", c.last.version())
	}
	recorded := func(on string) string {
		t.Helper()
		return fmt.Sprint(s.do("cdpf", "GET", "/households/"+home+"/hardships?as_of="+on, nil).want(200).json()["recorded"])
	}
	if was, is := recorded("2018-12-31"), recorded("2019-01-01"); was != "[dibao]" || is != "[]" {
		t.Errorf("the register has %s until the end of the year and %s then", was, is)
	}
	for _, tt := range []struct{ on, hardship, basis, code, field string }{
		{"2018-12-31", "tekun", "", "HARDSHIP_NOT_RECORDED", "evidence.hardship_basis"}, {"2018-12-31", "tekun", " 　", "HARDSHIP_NOT_RECORDED", "evidence.hardship_basis"},
		{"2018-12-31", "other", "", "HARDSHIP_RECORDED", "evidence.hardship"}, {"2018-12-31", "other", "低保证已收回", "HARDSHIP_RECORDED", "evidence.hardship"},
		{"2019-01-10", "dibao", "", "HARDSHIP_NOT_RECORDED", "evidence.hardship_basis"}, {"2019-01-10", "monitored", "", "HARDSHIP_NOT_RECORDED", "evidence.hardship_basis"},
	} {
		a := visit(tt.on, tt.hardship, tt.basis).want(422, tt.code)
		if errors := items(a, "errors"); len(errors) != 1 || errors[0]["field"] != tt.field {
			t.Errorf("%s on %s: the refusal is about %v, not %s", tt.hardship, tt.on, errors, tt.field)
		}
	}
	visit("2019-01-10", "other", "").want(422, "NO_HARDSHIP")
	stands := func(a answer) string {
		steps := items(a, "steps")
		return fmt.Sprint(steps[len(steps)-1]["evidence"].(map[string]any)["hardship_recorded"])
	}
	a := visit("2018-12-31", "dibao", "").want(201)
	if got := stands(a); got != "[map[hardship:dibao]]" {
		t.Errorf("with the visit is kept %s", got)
	}
	c.last = s.do("liaison.a", "POST", c.path+"/steps/void", map[string]any{"seq": 1, "reason": "日期有误"}, "If-Match", a.version()).want(200)
	a = visit("2019-01-10", "dibao", "低保证（临民救字第12号）").want(201)
	if got := stands(a); got != "[]" {
		t.Errorf("with the visit is kept %s", got)
	}
	s.do("liaison.b", "GET", "/households/"+home+"/hardships", nil).want(404)
}

// TestHardshipOfAnyMember: that of a living member counts, wherever his file is; that of who was never poor by right, or has died, does not.
func TestHardshipOfAnyMember(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2019-01-20")
	head, elsewhere := s.born("liaison.a", villageA, 611, "1970-01-01", 4, 1, nil), s.born("liaison.a", villageA, 613, "1972-01-01", 4, 3, nil)
	home := s.household(head, elsewhere)
	recorded := func() string {
		t.Helper()
		return fmt.Sprint(s.do("liaison.a", "GET", "/households/"+home+"/hardships", nil).want(200).json()["recorded"])
	}
	s.fact(head, "registered_poor", "removed", "2017-01-01", "")
	if got := recorded(); got != "[]" {
		t.Errorf("taken off as wrongly identified: %s", got)
	}
	s.fact(elsewhere, "tekun", "dispersed", "2018-01-01", "")
	p := s.do("cdpf", "GET", "/persons/"+elsewhere, nil).want(200)
	s.do("cdpf", "PATCH", "/persons/"+elsewhere, map[string]any{"managing_area_code": villageB, "effective_on": "2019-01-01", "reason": "随子女"}, "If-Match", p.version()).want(200)
	if got := recorded(); got != "[tekun]" {
		t.Errorf("of a member who is managed elsewhere: %s", got)
	}
	s.fact(elsewhere, "death", true, "2019-01-10", "")
	if got := recorded(); got != "[]" {
		t.Errorf("of somebody who has died: %s", got)
	}
	s.homeFact(home, "dibao_case", "B", "2018-06-01")
	if got := recorded(); got != "[dibao]" {
		t.Errorf("of the household: %s", got)
	}
}
