package httpapi_test

import (
	"strings"
	"testing"
)

// TestTwoElectionsOfOneDay: of two that contradict each other nobody could say which was signed last, and the one that lost would wait for its
// money unseen. So the second is refused until the first is put right; one of another day takes its place as ever.
func TestTwoElectionsOfOneDay(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.person1(681, 1)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.at("2023-05-20")
	s.fact(id, "other_benefit", "elder_nursing", "2023-02-01", "")
	ours := s.fact(id, "elected_benefit", "nursing_ours", "2023-02-01", "")
	body := map[string]any{"kind": "elected_benefit", "value": "nursing_other", "valid_from": "2023-02-01", "source": "本人签字"}
	refused := s.do("liaison.a", "POST", "/persons/"+id+"/circumstances", body).want(409, "ELECTED_OTHERWISE")
	if !strings.Contains(refused.text("detail"), "更正") {
		t.Errorf("the liaison is told: %s", refused.body)
	}
	s.wantOwed(id, nursing, 16700, 16700, 16700, 16700, 16700)
	s.fact(id, "elected_benefit", "living_other", "2023-02-01", "") // of the other side
	correct := func(fact answer, what string, to any) answer {
		return s.do("liaison.a", "POST", "/circumstances/"+fact.text("id")+"/correct", map[string]any{what: to, "source": "本人签字", "reason": "记错"}, "If-Match", `"1"`)
	}
	correct(ours, "value", "nursing_other").want(200)
	s.wantOwed(id, nursing, 16700)
	later := s.fact(id, "elected_benefit", "nursing_ours", "2023-04-01", "")
	s.wantOwed(id, nursing, 16700) // a right that has ended does not come back by itself
	correct(later, "valid_from", "2023-02-01").want(409, "ELECTED_OTHERWISE")
	s.do("liaison.a", "POST", "/circumstances/"+later.text("id")+"/end", map[string]any{"valid_to": "2023-05-31"}, "If-Match", `"1"`).want(200)
}
