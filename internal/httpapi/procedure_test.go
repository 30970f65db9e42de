package httpapi_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// applied hands in an application on a day.
func (s *service) applied(person, programme, day string) answer {
	s.t.Helper()
	s.at(day)
	app := s.do("liaison.a", "POST", "/applications", map[string]any{"person_id": person, "programme": programme, "applied_on": day,
		"applicant": map[string]any{"relation": "self"}, "bank_account": "6222000011112222"}).want(201)
	return s.do("liaison.a", "POST", "/applications/"+app.text("id")+"/submit", nil, "If-Match", app.version()).want(200)
}

func (s *service) decide(user string, app answer, body map[string]any) answer {
	s.t.Helper()
	return s.do(user, "POST", "/applications/"+app.text("id")+"/decisions", body, "If-Match", app.version())
}

// TestFullChain takes a case through town, federation and civil affairs, and back once.
func TestFullChain(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.desk.FullChain = true
	id := s.person1(400, 1)
	app := s.applied(id, nursing, "2023-03-28")
	approve := map[string]any{"decision": "approve"}
	s.decide("cdpf", app, approve).want(409, "WRONG_STAGE")
	s.decide("civil", app, approve).want(409, "WRONG_STAGE")
	app = s.decide("town.a", app, approve).want(200)
	if app.text("stage") != "cdpf_review" || app.text("award_id") != "" {
		t.Errorf("after the town: %s", app.body)
	}
	s.decide("town.a2", app, approve).want(409, "WRONG_STAGE")
	app = s.decide("cdpf", app, map[string]any{"decision": "return", "reason": "账户有误", "fields": []string{"bank_account"}}).want(200)
	if clock := app.json()["clock"].(map[string]any); clock["paused"] != true || clock["state"] != "paused" {
		t.Errorf("clock of a returned case: %v", clock)
	}
	s.at("2023-04-03")
	app = s.do("liaison.a", "POST", "/applications/"+app.text("id")+"/resubmit", map[string]any{"bank_account": "6222000011112223"}, "If-Match", app.version()).want(200)
	steps := app.json()["steps"].([]any)
	if changes := steps[len(steps)-1].(map[string]any)["changes"]; fmt.Sprint(changes) != "[map[after:****2223 before:****2222 field:bank_account]]" {
		t.Errorf("the resubmission changed %v", changes)
	}
	app = s.decide("town.a", app, approve).want(200)
	app = s.decide("cdpf", app, approve).want(200)
	// the federation's reviewer moves to civil affairs: not in this case
	account := s.do("admin", "GET", "/accounts?limit=200", nil).want(200).json()["items"].([]any)
	for _, raw := range account {
		if acc := raw.(map[string]any); acc["username"] == "cdpf" {
			s.do("admin", "PATCH", "/accounts/"+acc["id"].(string), map[string]any{"role": "civil_affairs_approver"}, "If-Match", fmt.Sprintf(`"%v"`, acc["version"])).want(200)
		}
	}
	s.decide("cdpf", app, approve).want(409, "OWN_CASE")
	app = s.decide("civil", app, approve).want(200)
	if app.text("stage") != "approved" || app.text("award_id") == "" || app.text("owed_from_month") != "2023-03" {
		t.Errorf("approved: %s", app.body)
	}
}

// TestClock counts working days: five at the town, over a holiday and a make-up day, less what was used before a return.
func TestClock(t *testing.T) {
	t.Parallel()
	s := start(t)
	app := s.applied(s.person1(410, 1), nursing, "2023-04-26") // Wednesday; off from 29 April to 3 May, Saturday 6 May is worked
	clock := func() string {
		c := s.do("town.a", "GET", "/applications/"+app.text("id"), nil).want(200).json()["clock"].(map[string]any)
		return fmt.Sprint(c["due_on"], " ", c["working_days_left"], " ", c["state"])
	}
	overdue := func() int {
		return len(s.do("town.a", "GET", "/applications?overdue=true", nil).want(200).json()["items"].([]any))
	}
	for _, tt := range []struct{ day, want string }{
		{"2023-04-26", "2023-05-06 5 on_time"}, {"2023-05-01", "2023-05-06 3 on_time"}, {"2023-05-05", "2023-05-06 1 due_soon"},
		{"2023-05-06", "2023-05-06 0 due_soon"}, {"2023-05-08", "2023-05-06 -1 overdue"},
	} {
		s.at(tt.day)
		if got := clock(); got != tt.want {
			t.Errorf("on %s: %s, want %s", tt.day, got, tt.want)
		}
	}
	if overdue() != 1 {
		t.Error("the case is not among the overdue")
	}
	returned := s.decide("town.a", app, map[string]any{"decision": "return", "reason": "补正"}).want(200)
	s.at("2023-05-19")
	if overdue() != 0 {
		t.Error("a case with the applicant is overdue")
	}
	app = s.do("liaison.a", "POST", "/applications/"+app.text("id")+"/resubmit", nil, "If-Match", returned.version()).want(200)
	if got := clock(); got != "2023-05-19 0 due_soon" { // all five days were used before
		t.Errorf("after the return: %s", got)
	}
}

// TestBulkDecisions decides many cases at once; each refusal has its own reason and stops no other case.
func TestBulkDecisions(t *testing.T) {
	t.Parallel()
	s := start(t)
	var items []any
	var want []string
	add := func(id string, version int, expect string) {
		items, want = append(items, map[string]any{"id": id, "version": version}), append(want, expect)
	}
	for n := range 4 {
		app := s.applied(s.person1(420+n, 1), nursing, "2023-03-28")
		add(app.text("id"), 2, "200")
	}
	s.at("2022-12-01")
	other := s.person("liaison.c", villageC, 430, 1).want(201).text("id")
	s.at("2023-03-28")
	foreign := s.do("liaison.c", "POST", "/applications", map[string]any{"person_id": other, "programme": nursing, "applied_on": "2023-03-28", "applicant": map[string]any{"relation": "self"}}).want(201)
	add(foreign.text("id"), 1, "404 NOT_FOUND")
	add(uuid.NewString(), 1, "404 NOT_FOUND")
	own := s.do("town.a", "POST", "/applications", map[string]any{"person_id": s.person1(431, 1), "programme": nursing, "applied_on": "2022-12-01", "applicant": map[string]any{"relation": "self"}}).want(201)
	s.do("town.a", "POST", "/applications/"+own.text("id")+"/submit", nil, "If-Match", own.version()).want(200)
	add(own.text("id"), 2, "409 OWN_CASE")
	stale := s.applied(s.person1(432, 1), nursing, "2023-03-28")
	add(stale.text("id"), 1, "412 STALE")
	decided := s.applied(s.person1(433, 1), nursing, "2023-03-28")
	s.decide("town.a2", decided, map[string]any{"decision": "reject", "reason": "x"}).want(200)
	add(decided.text("id"), 3, "409 WRONG_STAGE")
	notEligible := s.applied(s.person1(434, 3), nursing, "2023-03-28")
	add(notEligible.text("id"), 2, "422 LEVEL_OUT_OF_RANGE")
	for round := range 2 { // the second time all is as it was
		results := s.do("town.a", "POST", "/application-decisions", map[string]any{"items": items, "decision": "approve"}).want(200).json()["results"].([]any)
		for i, raw := range results {
			r := raw.(map[string]any)
			got := fmt.Sprint(r["status"])
			if r["code"] != nil {
				got += " " + r["code"].(string)
			}
			if got != want[i] || r["id"] != items[i].(map[string]any)["id"] {
				t.Errorf("round %d, case %d: %s, want %s", round, i, got, want[i])
			}
		}
	}
	if n := len(s.do("auditor", "GET", "/audit-events?action=application.approve&limit=50", nil).want(200).json()["items"].([]any)); n != 4 {
		t.Errorf("%d approvals in the audit, want 4", n)
	}
}

// TestPublicNotice shows approved cases masked for seven days, holds their payment meanwhile, and for the one with an
// objection until that is resolved. It has nothing of a number, a level or an account.
func TestPublicNotice(t *testing.T) {
	t.Parallel()
	s := start(t)
	var ids []string
	for n := range 2 {
		ids = append(ids, s.person1(440+n, 1))
		s.granted(ids[n], nursing, "2023-03-28", "2023-04-03")
	}
	s.at("2023-04-04")
	n := s.do("town.a", "POST", "/public-notices", map[string]any{"telephones": []string{"0533-7180000"}}).want(201)
	path := "/public-notices/" + n.text("id")
	s.do("town.a", "POST", "/public-notices", map[string]any{}).want(409, "NOTHING_TO_PUBLISH")
	public := s.do("", "GET", path, nil).want(200)
	sheet := s.do("", "GET", path+"/sheet", nil).want(200)
	for _, page := range []string{string(public.body), string(sheet.body)} {
		for _, secret := range []string{"379999", "6222", "金丝雀", ids[0], "level", "等级"} {
			if strings.Contains(page, secret) {
				t.Errorf("the notice shows %s: %s", secret, page)
			}
		}
	}
	if first := public.json()["entries"].([]any)[0].(map[string]any); first["masked_name"] != "金*****" || first["monthly_amount_fen"] != 16700.0 || public.text("until_on") != "2023-04-10" {
		t.Errorf("the notice: %s", public.body)
	}
	held := func(day string) (list []string) {
		s.at(day)
		r := s.do("civil", "POST", "/rosters", map[string]any{"month": "2023-04"}).want(201)
		for _, l := range s.lines("/rosters/" + r.text("id")) {
			list = append(list, fmt.Sprint(l["state"], " ", l["hold"]))
		}
		s.do("civil", "POST", "/rosters/"+r.text("id")+"/cancel", nil, "If-Match", r.version()).want(200)
		slices.Sort(list)
		return list
	}
	if got := held("2023-04-10"); fmt.Sprint(got) != "[held NOTICE held NOTICE]" {
		t.Errorf("on the last day: %v", got)
	}
	entries := s.do("town.a", "GET", "/public-notices", nil).want(200).json()["items"].([]any)[0].(map[string]any)["entries"].([]any)
	item := entries[0].(map[string]any)["id"]
	s.do("town.c", "POST", path+"/objections", map[string]any{"item_id": item, "content": "已迁出"}).want(404)
	o := s.do("town.a", "POST", path+"/objections", map[string]any{"item_id": item, "content": "已迁出"}).want(201)
	if got := held("2023-04-11"); fmt.Sprint(got) != "[due <nil> held OBJECTION]" {
		t.Errorf("after the notice: %v", got)
	}
	s.do("", "GET", path, nil).want(404)
	s.do("", "GET", path+"/sheet", nil).want(404)
	s.do("town.a", "POST", path+"/objections", map[string]any{"item_id": item, "content": "晚了"}).want(404)
	s.do("town.a", "POST", "/objections/"+o.text("id")+"/answer", map[string]any{"outcome": "dismissed", "answer": "经核实未迁出"}, "If-Match", o.version()).want(200)
	s.do("town.a", "POST", "/objections/"+o.text("id")+"/answer", map[string]any{"outcome": "upheld", "answer": "x"}, "If-Match", `"2"`).want(409, "ANSWERED_ALREADY")
	if got := held("2023-04-20"); fmt.Sprint(got) != "[due <nil> due <nil>]" {
		t.Errorf("after the answer: %v", got)
	}
}

// TestVillageCheck: where the pack asks for it, what a town officer hands in waits for the village's liaison, who passes it
// on or returns it and does not reject; what the liaison hands in is checked already.
func TestVillageCheck(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.enact(map[string]any{"document": s.edited("village_check: false", "village_check: true")})
	id, other := s.person1(420, 1), s.person1(421, 1)
	if app := s.applied(other, nursing, "2023-04-06"); app.text("stage") != "town_review" {
		t.Errorf("the liaison's own: %s", app.body)
	}
	app := s.do("town.a", "POST", "/applications", map[string]any{"person_id": id, "programme": nursing, "applied_on": "2023-04-06",
		"applicant": map[string]any{"relation": "self"}}).want(201)
	app = s.do("town.a", "POST", "/applications/"+app.text("id")+"/submit", nil, "If-Match", app.version()).want(200)
	if clock := app.json()["clock"].(map[string]any); app.text("stage") != "submitted" || clock["due_on"] != "2023-04-11" {
		t.Errorf("handed in by the town: %s", app.body)
	}
	s.decide("town.a2", app, map[string]any{"decision": "approve"}).want(409, "WRONG_STAGE")
	check := func(user string, body map[string]any) answer {
		return s.do(user, "POST", "/applications/"+app.text("id")+"/village-check", body, "If-Match", app.version())
	}
	check("liaison.b", map[string]any{"outcome": "pass"}).want(404)
	check("liaison.a", map[string]any{"outcome": "return"}).want(422)
	app = check("liaison.a", map[string]any{"outcome": "return", "reason": "x", "fields": []string{"bank_account"}}).want(200)
	app = s.do("town.a", "POST", "/applications/"+app.text("id")+"/resubmit", map[string]any{"bank_account": "6222000011112222"}, "If-Match", app.version()).want(200)
	app = check("liaison.a", map[string]any{"outcome": "pass"}).want(200)
	if app.text("stage") != "town_review" || app.text("award_id") != "" {
		t.Errorf("passed on: %s", app.body)
	}
	check("liaison.a", map[string]any{"outcome": "pass"}).want(409, "WRONG_STAGE")
	if app = s.decide("town.a2", app, map[string]any{"decision": "approve"}).want(200); app.text("stage") != "approved" {
		t.Errorf("decided: %s", app.body)
	}
}
