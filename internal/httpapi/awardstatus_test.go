package httpapi_test

import (
	"fmt"
	"testing"
)

// wantStatus moves to a day and compares how a reader then sees the only award of a person.
func (s *service) wantStatus(person, on, want string) {
	s.t.Helper()
	s.at(on)
	w := s.right(person)
	if got := fmt.Sprint(w["status"], " ", w["end_month"], " ", w["end_reason"], " ", w["suspended_from"], " ", w["suspension_reason"]); got != want {
		s.t.Errorf("on %s the award is %s, want %s", on, got, want)
	}
}

const paying = "active <nil> <nil> <nil> <nil>"

// TestAwardWaitsForACard is M11: an award whose card has run out is suspended from the month after, and active again when the card is renewed.
func TestAwardWaitsForACard(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := s.expiring(710)
	s.granted(id, living, "2023-01-05", "2023-01-10")
	s.wantStatus(id, "2023-02-28", paying)
	s.wantStatus(id, "2023-03-01", "suspended <nil> <nil> 2023-03 CERT_NOT_VALID")
	s.onRight("town.a", id, "resume", map[string]any{"from_month": "2023-03", "back_pay": true}).want(409, "NOT_SUSPENDED")
	s.wantStatus(id, "2023-06-10", "suspended <nil> <nil> 2023-03 CERT_NOT_VALID")
	s.renewed(id, "RENEW", "2023-06-03", 710, 1)
	s.wantStatus(id, "2023-06-10", paying)
	if past := items(s.do("cdpf", "GET", "/persons/"+id+"/record?as_of=2023-04-01", nil).want(200), "awards"); past[0]["status"] != "suspended" || past[0]["suspended_from"] != "2023-03" {
		t.Errorf("the record of a day in the gap: %v", past)
	}
}

// TestAwardEndedByAFact: an award ends with the last month that is owed, for the condition that holds no longer, and goes on as before where
// the fact is put right.
func TestAwardEndedByAFact(t *testing.T) {
	t.Parallel()
	s := start(t)
	dead, poor := s.person("liaison.a", villageA, 711, 1).want(201).text("id"), s.person("liaison.a", villageA, 712, 1).want(201).text("id")
	s.fact(poor, "dibao", true, "2022-01-01", "2023-04-10")
	s.granted(dead, nursing, "2023-03-28", "2023-03-29")
	s.granted(poor, living, "2023-03-28", "2023-03-29")
	s.at("2023-04-30")
	death := s.do("liaison.a", "POST", "/persons/"+dead+"/circumstances", map[string]any{"kind": "death", "value": true, "valid_from": "2023-04-30", "source": "公安"}).want(201)
	s.wantStatus(dead, "2023-04-30", "active 2023-04 DECEASED <nil> <nil>")
	s.wantStatus(dead, "2023-05-01", "ended 2023-04 DECEASED <nil> <nil>")
	s.wantStatus(poor, "2023-05-01", "ended 2023-04 NOT_DIBAO <nil> <nil>")
	s.do("liaison.a", "POST", "/circumstances/"+death.text("id")+"/correct", map[string]any{"value": false, "source": "公安", "reason": "同名之误"}, "If-Match", death.version()).want(200)
	s.wantStatus(dead, "2023-05-01", paying)
}

// TestAwardEndedInTheMonthOfTheEvent: under the stricter mode the month of the event has days on which all conditions hold, and the award has ended before it.
func TestAwardEndedInTheMonthOfTheEvent(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.enact(map[string]any{"document": s.edited("stop_mode: next_month", "stop_mode: same_month")})
	id := s.person1(713, 2)
	s.granted(id, nursing, "2023-01-05", "2023-01-10")
	s.at("2023-06-20")
	s.fact(id, "tekun", true, "2023-06-15", "")
	s.wantStatus(id, "2023-06-20", "ended 2023-05 X_TEKUN <nil> <nil>")
}

// TestAwardEndedWhileItWaited: an award that waits for a card, or that an officer has suspended, is ended by what ends it, and by nothing for which it waited. An
// act that is accepted since is answered as the award is read then.
func TestAwardEndedWhileItWaited(t *testing.T) {
	t.Parallel()
	s := start(t)
	waits, suspended := s.expiring(714), s.person1(715, 1)
	for _, id := range []string{waits, suspended} {
		s.granted(id, nursing, "2023-01-05", "2023-01-10")
	}
	s.at("2023-04-20")
	s.onRight("town.a", suspended, "suspend", map[string]any{"from_month": "2023-03", "reason": "核实"}).want(200)
	for _, id := range []string{waits, suspended} {
		s.fact(id, "tekun", true, "2023-04-15", "")
	}
	s.wantStatus(waits, "2023-06-20", "ended 2023-04 X_TEKUN <nil> <nil>")
	s.wantStatus(suspended, "2023-06-20", "ended 2023-04 X_TEKUN 2023-03 核实")
	resumed := s.onRight("town.a", suspended, "resume", map[string]any{"from_month": "2023-05", "back_pay": true}).want(200)
	if resumed.text("status") != "ended" || resumed.text("end_reason") != "X_TEKUN" {
		t.Errorf("resumed: %s", resumed.body)
	}
	s.wantStatus(suspended, "2023-06-20", "ended 2023-04 X_TEKUN <nil> <nil>")
}
