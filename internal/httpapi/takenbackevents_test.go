package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
)

// happened records an event of a person's card that is held.
func (s *service) happened(user, person string, body map[string]any) answer {
	s.t.Helper()
	return s.do(user, "POST", "/certificates/"+s.heldCard(person)["id"].(string)+"/events", body, "If-Match", fmt.Sprintf(`"%v"`, s.heldCard(person)["version"]))
}

// heldCard is the last card of a person.
func (s *service) heldCard(person string) map[string]any {
	s.t.Helper()
	cards := items(s.do("cdpf", "GET", "/persons/"+person, nil).want(200), "certificates")
	return cards[len(cards)-1]
}

func (s *service) tookBack(user, person, event string) answer {
	s.t.Helper()
	card := s.heldCard(person)
	return s.do(user, "POST", fmt.Sprintf("/certificates/%v/events/%s/take-back", card["id"], event), map[string]any{"reason": "登记到了别人名下"}, "If-Match", fmt.Sprintf(`"%v"`, card["version"]))
}

// TestMistakenCancellation: a cancellation that was recorded of the wrong person is taken back, and what ended with it goes on as if nothing had been; nothing
// undid it before. What was known meanwhile stays known.
func TestMistakenCancellation(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person1(680, 1)
	s.granted(person, nursing, "2023-01-05", "2023-01-06")
	awards := func() string {
		text := ""
		for _, w := range items(s.do("cdpf", "GET", "/awards?person_id="+person, nil).want(200), "items") {
			text += fmt.Sprint(w["status"], " ", w["end_month"], " ", w["end_reason"])
		}
		return text
	}
	dues := func() string {
		text := ""
		for _, m := range items(s.do("cdpf", "GET", "/persons/"+person+"/ledger", nil).want(200), "items") {
			text += fmt.Sprint(m["month"], " ", m["due_fen"], "; ")
		}
		return text
	}
	s.at("2023-03-20")
	before := awards() + dues()
	cancelled := s.happened("liaison.a", person, map[string]any{"event": "CANCEL", "on": "2023-02-10", "cancel_reason": "DEATH"}).want(201)
	event := cancelled.json()["event"].(map[string]any)["id"].(string)
	if got := awards(); got != "ended 2023-02 CARD_CANCELLED" {
		t.Fatalf("after the cancellation: %s", got)
	}
	s.tookBack("liaison.b", person, event).want(404)
	s.tookBack("cdpf", person, someID).want(404)
	s.tookBack("cdpf", person, strings.ReplaceAll(event, "-", "")).want(404) // an id in another form names nothing, wherever it stands in a path
	card := s.heldCard(person)
	s.do("cdpf", "POST", fmt.Sprintf("/certificates/%v/events/%s/take-back", card["id"], event), map[string]any{"reason": " "}, "If-Match", fmt.Sprintf(`"%v"`, card["version"])).want(422)
	s.do("cdpf", "POST", fmt.Sprintf("/certificates/%v/events/%s/take-back", card["id"], event), map[string]any{"reason": "x"}, "If-Match", `"1"`).want(412)
	s.at("2023-03-22")
	if back := s.tookBack("cdpf", person, event).want(200); back.text("status") != "ACTIVE" {
		t.Errorf("the card is %s", back.text("status"))
	}
	if after := awards() + dues(); after != before {
		t.Errorf("before:\n%s\nafter it was taken back:\n%s", before, after)
	}
	s.tookBack("cdpf", person, event).want(404)
	s.wantDerived()
	s.at("2023-03-23")
	for known, want := range map[string]string{"2023-03-19T00:00:00Z": "ACTIVE", "2023-03-21T00:00:00Z": "CANCELLED", "2023-03-22T12:00:00Z": "ACTIVE"} {
		record := s.do("auditor", "GET", "/persons/"+person+"/record?as_of=2023-03-19&known_at="+known, nil).want(200)
		if got := record.json()["person"].(map[string]any)["certificates"].([]any)[0].(map[string]any)["status"]; got != want {
			t.Errorf("known at %s the card was %v, want %s", known, got, want)
		}
	}
	if n := len(items(s.do("auditor", "GET", "/audit-events?action=certificate.take_back&subject="+person, nil).want(200), "items")); n != 1 {
		t.Errorf("%d entries in the audit", n)
	}
}

// TestOnlyTheLastEventIsTakenBack: what came before the last, what brought a card, and what is of a card that another has followed stands.
func TestOnlyTheLastEventIsTakenBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person1(682, 1)
	s.at("2023-03-20")
	first := func(event string) string {
		for _, e := range items(s.do("cdpf", "GET", "/persons/"+person+"/record", nil).want(200), "certificate_events") {
			if e["event"] == event {
				return e["id"].(string)
			}
		}
		t.Fatalf("there is no event %s", event)
		return ""
	}
	s.tookBack("cdpf", person, first("FIRST_ISSUE")).want(409, "NOT_THE_LAST_EVENT")
	frozen := s.happened("town.a", person, map[string]any{"event": "FREEZE", "on": "2023-02-10"}).want(201).json()["event"].(map[string]any)["id"].(string)
	thawed := s.happened("town.a", person, map[string]any{"event": "UNFREEZE", "on": "2023-02-20"}).want(201).json()["event"].(map[string]any)["id"].(string)
	s.tookBack("town.a", person, frozen).want(409, "NOT_THE_LAST_EVENT")
	if got := s.tookBack("town.a", person, thawed).want(200).text("status"); got != "FROZEN" {
		t.Errorf("after the first: %s", got)
	}
	if got := s.tookBack("town.a", person, frozen).want(200).text("status"); got != "ACTIVE" {
		t.Errorf("after both: %s", got)
	}
	s.wantDerived()
}
