package httpapi_test

import (
	"fmt"
	"testing"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// endedTown ends town A with its villages; town C and its village follow.
func (s *service) endedTown(day string) {
	s.t.Helper()
	tree, err := s.desk.DB.Divisions(s.t.Context(), townA, calendar.MustDate(day))
	if err != nil {
		s.t.Fatal(err)
	}
	for i, d := range tree {
		d.ValidTo, d.Successor = calendar.MustDate(day), villageC
		if tree[i] = d; d.Code == townA {
			tree[i].Successor = townC
		}
	}
	if n, err := s.desk.ImportDivisions(s.t.Context(), systemActor, tree); n != len(tree) || err != nil {
		s.t.Fatalf("%d divisions changed (%v)", n, err)
	}
}

// TestWhatFollowsAnEndedTown: what is open at the unit of an ended town goes on at the one that follows it with the time that it has left; its facilities are
// counted there from the day after, and before it as they were; accounts and webhooks are named, and figures stay.
func TestWhatFollowsAnEndedTown(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-03-01")
	open, answered := s.assigned(s.brought("complaint", "rehab", ""), townA, town), s.assigned(s.brought("advice", "rehab", ""), townA, town)
	answered = s.took("town.a", answered, map[string]any{"step": "reply", "text": "已补发"}, "answered")
	done := s.assigned(s.brought("advice", "rehab", ""), townA, town)
	done = s.took("town.a", done, map[string]any{"step": "reply", "text": "已补发"}, "answered")
	done = s.took("hotline", done, map[string]any{"step": "call_back", "result": "satisfied"}, "called_back")
	s.took("hotline", done, map[string]any{"step": "close"}, "closed")
	built := func(at, name string) string {
		f := s.do("cdpf", "POST", "/facilities", map[string]any{"area_code": at, "name": name, "kind": "government"}).want(201)
		s.do("cdpf", "POST", "/facilities/"+f.text("id")+"/inspections", map[string]any{"inspected_on": "2023-03-01", "standard": "GB 50763-2012", "compliant": true}).want(201)
		return f.text("id")
	}
	hall, twin := built(villageA, "便民服务中心"), built(villageB, "卫生室")
	built(villageC, "卫生室")
	if _, _, err := s.desk.RegisterWebhook(t.Context(), systemActor, casework.NewWebhook{Area: townA, URL: "https://example.com/hook", Types: []string{"person.created"}}); err != nil {
		t.Fatal(err)
	}
	s.endedTown("2023-03-15")
	s.at("2023-03-20")
	divisions := func() (list map[string]map[string]any) {
		list = map[string]map[string]any{}
		for _, f := range items(s.do("cdpf", "POST", "/areas/370305/succession", nil).want(200), "divisions") {
			list[f["area"].(map[string]any)["code"].(string)] = f
		}
		return list
	}
	said := func(f map[string]any) string {
		moved, left, code := f["moved"].(map[string]any), f["left"].(map[string]any), ""
		if refused, some := f["refused"].(map[string]any); some {
			code = refused["code"].(string)
		}
		return fmt.Sprint("tickets ", moved["tickets"], " ", left["tickets"], " facilities ", moved["facilities"], " ", left["facilities"], " ", code, f["accounts"], len(f["webhooks"].([]any)))
	}
	first := divisions()
	for code, want := range map[string]string{townA: "tickets 2 0 facilities 0 0 [town.a town.a2] 1", villageA: "tickets 0 0 facilities 1 0 [liaison.a] 0", villageB: "tickets 0 0 facilities 0 1 FACILITY_EXISTS[liaison.b] 0"} {
		if got := said(first[code]); got != want {
			t.Errorf("%s: %s, want %s", code, got, want)
		}
	}
	s.do("town.a", "GET", "/tickets/"+open.text("id"), nil).want(404)
	mine := s.do("town.c", "GET", "/tickets/"+open.text("id"), nil).want(200)
	steps := items(mine, "steps")
	last := steps[len(steps)-1]
	if got := fmt.Sprint(last["step"], last["unit"], last["actor"].(map[string]any)["role"]); got != "followmap[area_code:"+townC+" role:town_officer]cdpf_reviewer" {
		t.Errorf("the last step is %s", got)
	}
	if was, is := open.json()["clock"], mine.json()["clock"]; fmt.Sprint(was.(map[string]any)["due_on"]) != fmt.Sprint(is.(map[string]any)["due_on"]) {
		t.Errorf("the time has changed: %v, %v", was, is)
	}
	s.took("town.c", mine, map[string]any{"step": "reply", "text": "已办理"}, "answered")
	back := s.do("hotline", "GET", "/tickets/"+answered.text("id"), nil).want(200)
	back = s.took("hotline", back, map[string]any{"step": "call_back", "result": "dissatisfied", "text": "未收到"}, "assigned")
	s.do("town.c", "GET", "/tickets/"+back.text("id"), nil).want(200)
	const query = "indicator=facility_accessibility&as_of="
	counts := func(day, at string) string {
		row := s.indicatorRow("cdpf", query+day+"&by=tree&area="+at, at)
		return fmt.Sprint(row["numerator"], "/", row["denominator"])
	}
	for _, tt := range []struct{ day, at, want string }{{"2023-03-15", townA, "2/2"}, {"2023-03-15", villageA, "1/1"}, {"2023-03-15", townC, "1/1"}, {"2023-03-16", townC, "2/2"}, {"2023-03-16", villageC, "2/2"}} {
		if got := counts(tt.day, tt.at); got != tt.want {
			t.Errorf("%s on %s: %s, want %s", tt.at, tt.day, got, tt.want)
		}
	}
	f := s.do("cdpf", "GET", "/facilities/"+hall, nil).want(200)
	if earlier := items(f, "earlier"); f.text("area_code") != villageC || len(earlier) != 1 || earlier[0]["area_code"] != villageA {
		t.Errorf("the facility: %v", f.json())
	}
	old := s.do("cdpf", "GET", "/facilities/"+twin, nil).want(200)
	s.do("cdpf", "POST", "/facilities/"+twin+"/correct", map[string]any{"name": "乙社区卫生室", "reason": "区划撤并"}, "If-Match", old.version()).want(200)
	if got := said(divisions()[villageB]); got != "tickets 0 0 facilities 1 0 [liaison.b] 0" {
		t.Errorf("renamed: %s", got)
	}
	for _, what := range []string{"tickets", "facilities"} {
		found := 0
		for _, e := range items(s.do("auditor", "GET", "/audit-events?action=divisions.follow", nil).want(200), "items") {
			if detail, ok := e["detail"].(map[string]any); ok && detail[what] != nil {
				found++
			}
		}
		if want := map[string]int{"tickets": 1, "facilities": 2}[what]; found != want {
			t.Errorf("%d entries in the audit about %s, want %d", found, what, want)
		}
	}
}

// TestTicketsFollowOnTheCommandLine: where nobody with an account has done it, the step says so.
func TestTicketsFollowOnTheCommandLine(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-03-01")
	open := s.assigned(s.brought("complaint", "rehab", ""), townA, town)
	s.endedTown("2023-03-15")
	s.at("2023-03-20")
	list, err := s.desk.FollowSuccession(t.Context(), access.SystemActor(), townA)
	if err != nil || !containsMoved(list, store.Placed{Tickets: 1}) {
		t.Fatalf("%+v (%v)", list, err)
	}
	steps := items(s.do("town.c", "GET", "/tickets/"+open.text("id"), nil).want(200), "steps")
	if last := steps[len(steps)-1]; last["step"] != "follow" || last["actor"] != nil {
		t.Errorf("the last step is %v", last)
	}
}

func containsMoved(list []casework.Followed, want store.Placed) bool {
	for _, f := range list {
		if f.Moved == want {
			return true
		}
	}
	return false
}
