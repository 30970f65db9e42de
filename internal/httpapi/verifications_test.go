package httpapi_test

import (
	"fmt"
	"testing"
)

func (s *service) verify(person, on, method, outcome, findings string) answer {
	s.t.Helper()
	return s.do("liaison.a", "POST", "/persons/"+person+"/verifications", map[string]any{"on": on, "method": method, "outcome": outcome, "findings": findings})
}

// awardNow is the state of a person's only award, and why it is suspended.
func (s *service) awardNow(person string) string {
	s.t.Helper()
	a := s.do("civil", "GET", "/awards?person_id="+person, nil).want(200).json()["items"].([]any)[0].(map[string]any)
	return fmt.Sprint(a["status"], " ", a["suspended_from"], " ", a["suspension_reason"])
}

// TestReverification goes through a yearly window: by visit, by video, by data, missed and done late, and failed.
func TestReverification(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2027-01-02")
	var ids []string
	for n := range 4 {
		s.at("2027-01-04")
		ids = append(ids, s.person1(800+n, 1))
		s.granted(ids[n], nursing, "2027-01-05", "2027-01-10")
	}
	s.pay("2027-03-10", "2027-03", everyone)
	s.do("cdpf", "POST", "/verifications/by-data", nil).want(409, "OUTSIDE_WINDOW")
	s.at("2027-04-05")
	s.do("liaison.a", "GET", "/verifications?year=2026", nil).want(409, "NO_REVERIFICATION")
	if got := s.worklist("liaison.a", ""); fmt.Sprint(got) != "[2027-04-01 due 2027-04-23 due 2027-05-17 due 2027-06-08 due]" {
		t.Errorf("the window's plan is %v", got)
	}
	if got := s.worklist("liaison.b", ""); len(got) != 0 {
		t.Errorf("another village sees %v", got)
	}
	s.verify(ids[0], "2027-04-06", "visit", "passed", "").want(422)
	s.at("2027-04-20")
	s.verify(ids[0], "2027-04-06", "visit", "passed", "").want(201)
	s.verify(ids[1], "2027-04-20", "video", "passed", "").want(201)
	s.verify(ids[1], "2027-04-20", "video", "failed", "").want(422)
	s.do("cdpf", "POST", "/verifications/by-data", nil).want(200)
	s.fact(ids[2], "insurance_medical", "resident", "2027-01-01", "")
	for _, want := range []float64{1, 0} {
		if got := s.do("cdpf", "POST", "/verifications/by-data", nil).want(200).json()["verified"]; got != want {
			t.Errorf("by data: %v, want %v", got, want)
		}
	}
	progress := s.do("town.a", "GET", "/verifications/progress?area="+townA, nil).want(200).json()["villages"]
	if fmt.Sprint(progress) != "[map[area_code:370305001005 asked:4 by_data:1 by_video:1 by_visit:1 failed:0 open:1]]" {
		t.Errorf("progress: %v", progress)
	}
	late := s.person1(804, 1)
	s.granted(late, nursing, "2027-05-05", "2027-05-10") // decided inside the window: looked at just now
	s.pay("2027-06-30", "2027-06", everyone)
	s.at("2027-07-05")
	if record := items(s.do("cdpf", "GET", "/persons/"+ids[3]+"/record", nil).want(200), "awards"); record[0]["status"] != "suspended" || record[0]["suspension_reason"] != "REVERIFY" {
		t.Errorf("the record has the award as %v", record)
	}
	if got := s.awardNow(ids[3]) + ", " + s.awardNow(ids[0]) + ", " + s.awardNow(late); got != "suspended 2027-07 REVERIFY, active <nil> <nil>, active <nil> <nil>" {
		t.Errorf("in July the awards are %s", got)
	}
	if got := s.worklist("town.a", "missed"); len(got) != 1 {
		t.Errorf("missed: %v", got)
	}
	if r, _ := s.pay("2027-07-10", "2027-07", everyone); r.json()["net_fen"] != 4*16700.0 {
		t.Errorf("July's roster: %s", r.body)
	}
	if months := s.ledger(ids[3], nursing); len(months) != 6 {
		t.Errorf("owed until June: %v", months)
	}
	s.at("2027-09-20")
	s.verify(ids[3], "2027-09-18", "visit", "passed", "住院，现已回家").want(201)
	if got := s.awardNow(ids[3]); got != "active <nil> <nil>" {
		t.Errorf("verified late, the award is %s", got)
	}
	if _, lines := s.pay("2027-09-21", "2027-09", func(l map[string]any) bool { return true }); len(lines) != 5 {
		t.Errorf("%d lines in September", len(lines))
	}
	s.wantLedger(ids[3], nursing, "2027-01 16700/16700/0", "2027-02 16700/16700/0", "2027-03 16700/16700/0", "2027-04 16700/16700/0", "2027-05 16700/16700/0",
		"2027-06 16700/16700/0", "2027-07 16700/16700/0", "2027-08 16700/16700/0", "2027-09 16700/16700/0")
	s.at("2027-10-04")
	s.verify(ids[0], "2027-10-03", "visit", "failed", "长期不在本地").want(201)
	s.at("2027-12-10")
	if got := s.awardNow(ids[0]); got != "suspended 2027-11 REVERIFY" {
		t.Errorf("after a look that failed the award is %s", got)
	}
	s.verify(ids[0], "2027-12-09", "video", "passed", "").want(201)
	if months := s.ledger(ids[0], nursing); len(months) != 12 || months[11] != "2027-12 16700/0/16700" || months[10] != "2027-11 16700/0/16700" {
		t.Errorf("owed all the year after all: %v", months)
	}
	if list := s.do("auditor", "GET", "/persons/"+ids[0]+"/verifications", nil).want(200).json()["items"].([]any); len(list) != 3 {
		t.Errorf("%d looks at the person", len(list))
	}
	s.wantDerived()
}

// worklist is the plan of this year's window in order of village and person.
func (s *service) worklist(user, state string) (list []string) {
	s.t.Helper()
	path := "/verifications?limit=2"
	if state != "" {
		path += "&state=" + state
	}
	cursor := ""
	for {
		page := s.do(user, "GET", path+cursor, nil).want(200).json()
		for _, raw := range page["items"].([]any) {
			item := raw.(map[string]any)
			list = append(list, fmt.Sprint(item["planned_on"], " ", item["state"]))
		}
		next, more := page["next_cursor"].(string)
		if !more {
			return list
		}
		cursor = "&cursor=" + next
	}
}
