package httpapi_test

import "testing"

// TestDayOfALeadAction: what was done about a lead is of today unless another day is named, and the last by that day is shown.
func TestDayOfALeadAction(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person1(750, 1)
	s.at("2023-03-28")
	act := func(outcome string, days map[string]any) answer {
		t.Helper()
		body := map[string]any{"person_id": person, "outcome": outcome}
		for name, day := range days {
			body[name] = day
		}
		return s.do("liaison.a", "POST", "/worklists/eligible_not_enrolled/actions", body)
	}
	act("visited", map[string]any{"on": "2023-03-29"}).want(422, "IN_FUTURE")
	act("visited", map[string]any{"on": "2023-03-20", "follow_up_on": "2023-03-19"}).want(422, "DATE_IN_PAST")
	if got := act("contacted", nil).want(201).text("on"); got != "2023-03-28" {
		t.Errorf("done on %s", got)
	}
	if got := act("visited", map[string]any{"on": "2023-03-20", "follow_up_on": "2023-03-25"}).want(201).text("on"); got != "2023-03-20" {
		t.Errorf("done on %s", got)
	}
	for _, raw := range s.do("liaison.a", "GET", "/worklists/eligible_not_enrolled", nil).want(200).json()["items"].([]any) {
		last := raw.(map[string]any)["last_action"].(map[string]any)
		if last["on"] != "2023-03-28" || last["outcome"] != "contacted" {
			t.Errorf("the last action is %v", last)
		}
	}
}
