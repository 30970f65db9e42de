package httpapi_test

import (
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
