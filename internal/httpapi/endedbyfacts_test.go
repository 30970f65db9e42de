package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestWhatAFactHasEnded: a right that a fact has ended is neither suspended, nor paid again, nor ended later than it lasts; whoever tries is told
// with which month it ended and why. What is still owed to the estate, an earlier end and a right that was wrong from the start go on.
func TestWhatAFactHasEnded(t *testing.T) {
	t.Parallel()
	type body = map[string]any
	died := func(s *service, id string) { s.fact(id, "death", true, "2023-03-10", "") }
	cancelled := func(s *service, id string) { s.cancels(id, "2023-03-10", "RECOVERED") }
	moved := func(s *service, id string) {
		s.do("cdpf", "PATCH", "/persons/"+id, body{"hukou_area_code": "130102001001", "effective_on": "2023-03-10"}, "If-Match", s.do("cdpf", "GET", "/persons/"+id, nil).want(200).version()).want(200)
	}
	for n, tt := range []struct {
		name string
		ends func(s *service, id string)
	}{{"death", died}, {"the card", cancelled}, {"a move", moved}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			id := s.person1(670+n, 1)
			s.granted(id, nursing, "2023-01-05", "2023-01-10")
			s.at("2023-05-20")
			tt.ends(s, id)
			told := func(verb string, with body) {
				t.Helper()
				if detail := s.onRight("civil", id, verb, with).want(409, "ENDED_ALREADY").text("detail"); !strings.Contains(detail, "2023-03") {
					t.Errorf("%s is told: %s", verb, detail)
				}
			}
			told("suspend", body{"from_month": "2023-05", "reason": "核查"})
			told("suspend", body{"from_month": "2023-04", "reason": "核查"})
			told("end", body{"last_month": "2023-05", "reason": "本人自愿"})
			s.onRight("civil", id, "suspend", body{"from_month": "2023-02", "reason": "核查"}).want(200)
			s.wantOwed(id, nursing, 16700)
			told("resume", body{"from_month": "2023-05", "back_pay": false})
			s.onRight("civil", id, "resume", body{"from_month": "2023-05", "back_pay": true}).want(200)
			s.wantOwed(id, nursing, 16700, 16700, 16700)
			s.onRight("civil", id, "end", body{"last_month": "2023-03", "reason": "已不符合条件"}).want(200)
			told("suspend", body{"from_month": "2023-04", "reason": "核查"})
			void := s.onRight("civil", id, "void", body{"reason": "弄虚作假"}).want(200)
			if void.text("end_month") != "2023-03" {
				t.Errorf("void, it is said to have lasted until %s", void.text("end_month"))
			}
			s.wantDerived()
		})
	}
	s := start(t)
	id := s.person1(679, 1)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.at("2023-05-20")
	died(s, id)
	if void := s.onRight("civil", id, "void", body{"reason": "弄虚作假"}).want(200); void.text("end_month") != "2023-03" {
		t.Errorf("void after a death in March, it is said to have lasted until %s", void.text("end_month"))
	}
}

// TestVoidBeforeItsEnd: a right that a fact will end is void as of now, and not until a month that is still to come.
func TestVoidBeforeItsEnd(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(678, 1)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.at("2023-05-20")
	s.fact(id, "tekun", true, "2023-12-01", "")
	if void := s.onRight("civil", id, "void", map[string]any{"reason": "弄虚作假"}).want(200); void.text("end_month") != "2023-05" {
		t.Errorf("void in May, it is said to have lasted until %s", void.text("end_month"))
	}
}

// TestWhatAnotherRightHasEnded: a right that another one has followed says so in words.
func TestWhatAnotherRightHasEnded(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(677, 1)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.at("2023-05-20")
	s.onRight("town.a", id, "end", map[string]any{"last_month": "2023-03", "reason": "本人自愿"}).want(200)
	s.granted(id, nursing, "2023-05-05", "2023-05-10")
	first := func(verb string, with map[string]any) answer {
		t.Helper()
		a := items(s.do("civil", "GET", "/awards?person_id="+id, nil).want(200), "items")[0]
		return s.do("civil", "POST", "/awards/"+a["id"].(string)+"/"+verb, with, "If-Match", fmt.Sprintf(`"%v"`, a["version"]))
	}
	first("reinstate", map[string]any{"from_month": "2023-04", "document": "x", "reason": "记错"}).want(200)
	if detail := first("suspend", map[string]any{"from_month": "2023-05", "reason": "核查"}).want(409, "ENDED_ALREADY").text("detail"); !strings.Contains(detail, "2023-04为止（由后一次申请接续）") {
		t.Errorf("told: %s", detail)
	}
}
