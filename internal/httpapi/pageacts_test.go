package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
)

// TestPhotosOfApplications: a photo of an application is uploaded once, listed and read by whoever has the case, and found nowhere else.
func TestPhotosOfApplications(t *testing.T) {
	t.Parallel()
	s := start(t)
	app := s.applied(s.person("liaison.a", villageA, 1, 1).want(201).text("id"), nursing, "2023-03-28")
	path := "/applications/" + app.text("id") + "/attachments"
	first := s.upload("liaison.a", located(t, 1), path).want(201)
	if got := s.upload("liaison.a", located(t, 1), path).want(200); got.text("id") != first.text("id") || got.text("application_id") != app.text("id") || got.json()["service_id"] != nil {
		t.Errorf("the same photo again: %s", got.body)
	}
	s.upload("town.a", snapshot(t, 2), path).want(201)
	for _, user := range []string{"liaison.a", "town.a", "cdpf", "auditor"} {
		if n := len(s.do(user, "GET", path, nil).want(200).json()["items"].([]any)); n != 2 {
			t.Errorf("%s sees %d photos", user, n)
		}
	}
	s.do("auditor", "GET", "/attachments/"+first.text("id"), nil).want(200)
	for _, user := range []string{"liaison.b", "town.c"} {
		s.do(user, "GET", path, nil).want(404)
		s.upload(user, snapshot(t, 3), path).want(404)
	}
	s.upload("liaison.a", []byte("no picture"), path).want(415, "WRONG_TYPE")
	s.do("liaison.a", "POST", "/attachments/"+first.text("id")+"/withdraw", map[string]any{"reason": "拍错了人"}).want(204)
	s.upload("liaison.a", located(t, 1), path).want(409, "ATTACHMENT_WITHDRAWN")
}

// TestExplanationBeforeADecision is what the decision then rests on.
func TestExplanationBeforeADecision(t *testing.T) {
	t.Parallel()
	s := start(t)
	app := s.applied(s.person("liaison.a", villageA, 1, 1).want(201).text("id"), nursing, "2023-03-28")
	path := "/applications/" + app.text("id")
	if app.json()["explanation"] != nil {
		t.Fatalf("it is explained before: %s", app.body)
	}
	before := s.do("town.a", "GET", path+"/explanation", nil).want(200).json()
	s.do("town.a", "POST", path+"/decisions", map[string]any{"decision": "approve"}, "If-Match", s.do("town.a", "GET", path, nil).version()).want(200)
	if after := s.do("town.a", "GET", path, nil).want(200).json()["explanation"]; fmt.Sprint(before) != fmt.Sprint(after) || before["outcome"] != "yes" {
		t.Errorf("explained before %v, and after %v", before, after)
	}
	s.do("liaison.b", "GET", path+"/explanation", nil).want(404)
}

// TestListAgain: a list that was tried is taken in without its file, once for a key, and a roster is not.
func TestListAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-01-10")
	s.person("liaison.a", villageA, 700, 1).want(201)
	tried := s.send(s.form("civil", []byte(dibaoHead+"\n"+dibaoLine(700, "2022-05-01")+"\n"), "/imports?kind=dibao&dry_run=true&sender=minzheng")).want(201)
	again := "/imports/" + tried.text("id") + "/again"
	if got := s.do("civil", "POST", again, map[string]any{"dry_run": true}).want(201).json(); got["dry_run"] != true || got["sender"] != "minzheng" || got["changed"] != 1.0 {
		t.Errorf("tried again: %v", got)
	}
	s.do("civil", "POST", again, map[string]any{"mapping": "[1]"}).want(422)
	taken := s.do("civil", "POST", again, map[string]any{}, "Idempotency-Key", "again").want(201)
	if taken.json()["dry_run"] != false || taken.json()["changed"] != 1.0 {
		t.Errorf("taken in: %s", taken.body)
	}
	for _, key := range []string{"again", "other"} {
		if got := s.do("civil", "POST", again, map[string]any{}, "Idempotency-Key", key).want(200); got.text("id") != taken.text("id") {
			t.Errorf("%s: another import, %s", key, got.body)
		}
	}
	roster := s.upload("cdpf", []byte(rosterHead+"\n"+rosterLine(701, 701, villageA, "2020-01-06")+"\n"), "/imports?kind=roster&dry_run=true").want(201)
	s.do("cdpf", "POST", "/imports/"+roster.text("id")+"/again", map[string]any{}).want(409, "NO_FILE")
	s.do("cdpf", "POST", "/imports/"+someID+"/again", map[string]any{}).want(404)
}

// TestCountOfAPartnerList is the number of rows of the file, and no export.
func TestCountOfAPartnerList(t *testing.T) {
	t.Parallel()
	s := start(t)
	const list = "/partner-lists/medical_holders"
	for n := range 3 {
		s.person("liaison.a", villageA, 1+n, 1).want(201)
	}
	for query, want := range map[string]float64{"": 3, "?area=" + townA: 3, "?area=" + villageB: 0} {
		if got := s.do("civil", "GET", list+"/count"+query, nil).want(200).json()["rows"]; got != want {
			t.Errorf("%s: %v rows, want %v", query, got, want)
		}
	}
	if got := s.do("auditor", "GET", "/exports", nil).want(200).json()["items"].([]any); len(got) != 0 {
		t.Errorf("exports: %v", got)
	}
	file := string(s.do("civil", "POST", list+"/exports", map[string]any{"purpose": "核对", "format": "csv"}).want(200).body)
	if !strings.Contains(file, "3") {
		t.Errorf("the file: %s", file)
	}
	s.do("civil", "GET", "/partner-lists/nobody/count", nil).want(404)
	s.do("civil", "GET", list+"/count?area=370306", nil).want(404)
}

// TestAuditOfSomebody finds what somebody did by his user name, which stands in no address.
func TestAuditOfSomebody(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.person("liaison.a", villageA, 1, 1).want(201)
	of := s.do("auditor", "POST", "/audit-events/account", map[string]any{"username": "liaison.a"}).want(200)
	for _, e := range s.do("auditor", "GET", "/audit-events?account_id="+of.text("id"), nil).want(200).json()["items"].([]any) {
		if who := e.(map[string]any)["actor"].(map[string]any); who["username"] != "liaison.a" {
			t.Errorf("by %v", who)
		}
	}
	s.do("auditor", "POST", "/audit-events/account", map[string]any{"username": "nobody.at.all"}).want(422)
}
