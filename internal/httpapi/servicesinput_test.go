package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestBadSteps tries what must not be taken of each chain: the right answer each time, and the service stands as before.
func TestBadSteps(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	id := s.born("liaison.a", villageA, 1, "1970-01-01", 4, 2, nil)
	s.surveyed(id, 2018, "2018-08-01", needsTraining)
	c := s.inRehab(id, "THERAPY")
	good := given("THERAPY", "project")
	with := func(old, changed string) string {
		t.Helper()
		if strings.Count(good, old) != 1 {
			t.Fatalf("%q stands %d times in the evidence", old, strings.Count(good, old))
		}
		return strings.Replace(good, old, changed, 1)
	}
	for _, tt := range []struct {
		status                   int
		code, user, step, on, by string
	}{
		{422, "UNKNOWN_STEP", "liaison.a", "heal", "2019-03-05", good},
		{409, "WRONG_STATE", "liaison.a", "assess", "2019-03-05", found},
		{409, "WRONG_STATE", "liaison.a", "evaluate", "2019-03-05", `{"outcome":"improved"}`},
		{403, "NOT_YOUR_STEP", "liaison.a", "approve_rescue", "2019-03-05", rescue(4, "2019-03-01", 2019)},
		{403, "NOT_YOUR_STEP", "town.a", "approve_rescue", "2019-03-05", rescue(4, "2019-03-01", 2019)},
		{422, "OUT_OF_ORDER", "liaison.a", "serve", "2019-01-09", good}, // planned on the tenth
		{422, "UNKNOWN_FIELD", "liaison.a", "serve", "2019-03-05", with(`"sessions"`, `"nonsense":1,"sessions"`)},
		{422, "UNKNOWN_FIELD", "liaison.a", "serve", "2019-03-05", with(`{"source":"self"`, `{"nonsense":1,"source":"self"`)},
		{422, "REQUIRED", "liaison.a", "serve", "2019-03-05", ``},
		{422, "REQUIRED", "liaison.a", "serve", "2019-03-05", with(`"institution":"区康复中心",`, ``)},
		{422, "REQUIRED", "liaison.a", "serve", "2019-03-05", with(`"区康复中心"`, `"　"`)},
		{422, "REQUIRED", "liaison.a", "serve", "2019-03-05", with(`"signed_by":"guardian"`, `"signed_by":null`)},
		{422, "NOT_AN_OBJECT", "liaison.a", "serve", "2019-03-05", `[]`},
		{422, "NOT_AN_OBJECT", "liaison.a", "serve", "2019-03-05", `"x"`},
		{422, "NOT_TEXT", "liaison.a", "serve", "2019-03-05", with(`"区康复中心"`, `7`)},
		{422, "NOT_TEXT", "liaison.a", "serve", "2019-03-05", with(`"区康复中心"`, `"`+strings.Repeat("长", 400)+`"`)},
		{422, "NOT_A_CHOICE", "liaison.a", "serve", "2019-03-05", with(`"place":"institution"`, `"place":"moon"`)},
		{422, "NOT_A_DATE", "liaison.a", "serve", "2019-03-05", with(`2019-02-01`, `2019-02-30`)},
		{422, "DATES_REVERSED", "liaison.a", "serve", "2019-03-05", with(`2019-02-01`, `2019-03-06`)},
		{422, "NOT_A_NUMBER", "liaison.a", "serve", "2019-03-05", with(`"sessions":10`, `"sessions":1.5`)},
		{422, "NOT_A_NUMBER", "liaison.a", "serve", "2019-03-05", with(`"sessions":10`, `"sessions":"10"`)},
		{422, "OUT_OF_RANGE", "liaison.a", "serve", "2019-03-05", with(`"sessions":10`, `"sessions":0`)},
		{422, "OUT_OF_RANGE", "liaison.a", "serve", "2019-03-05", with(`"cost_fen":10500`, `"cost_fen":-1`)},
		{422, "DOES_NOT_ADD_UP", "liaison.a", "serve", "2019-03-05", with(`"fen":500`, `"fen":501`)},
		{422, "NOT_A_LIST", "liaison.a", "serve", "2019-03-05", with(`{"source":"self","fen":500}`, `7`)},
		{422, "NOT_IN_CATALOGUE", "liaison.a", "serve", "2019-03-05", with(`"THERAPY"`, `"MAGIC"`)},
		{422, "NOT_FOR_CATEGORY", "liaison.a", "serve", "2019-03-05", with(`"THERAPY"`, `"CATARACT"`)},
		{422, "NOT_FOR_AGE", "liaison.a", "serve", "2019-03-05", with(`"THERAPY"`, `"MOTOR_TRAINING"`)},
		{422, "NO_SUCH_FILE", "liaison.a", "serve", "2019-03-05", with(`"sessions"`, `"files":["`+someID+`"],"sessions"`)},
		{422, "OVER_RESCUE_CAP", "liaison.a", "serve", "2019-03-05", given("THERAPY", "rescue")},
		{409, "NO_REFERRAL", "liaison.a", "referral_answered", "2019-03-05", `{"answer":"accepted"}`},
	} {
		c.refused(tt.status, tt.code, tt.user, tt.step, tt.on, tt.by)
	}
	for _, user := range []string{"civil", "finance", "stats", "hotline", "auditor", "admin"} {
		c.refused(403, "FORBIDDEN", user, "serve", "2019-03-05", good)
	}
	c.refused(404, "NOT_FOUND", "liaison.b", "serve", "2019-03-05", good)
	s.wantRate(rehabRate, yearEnd19, 0, 1)
	s.wantDerived()
	if n := len(s.do("auditor", "GET", "/audit-events?action=service.step&outcome=done", nil).want(200).json()["items"].([]any)); n != 2 {
		t.Errorf("%d steps are in the audit as done, want assessment and plan", n)
	}
	c.take("liaison.a", "serve", "2019-03-05", good) // the same that was spoilt above
	s.wantRate(rehabRate, yearEnd19, 1, 1)
}

// TestStepsOnce: days to come, stale copies, the same key again, and two officers at the same moment.
func TestStepsOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	id := s.born("liaison.a", villageA, 1, "1970-01-01", 4, 2, nil)
	s.surveyed(id, 2018, "2018-08-01", needsTraining)
	c := s.inRehab(id, "THERAPY")
	stale := s.do("liaison.a", "GET", c.path, nil).want(200).version()
	good := given("THERAPY", "project")
	step := func(user, on, version, key string) answer {
		headers := []string{}
		if version != "" {
			headers = append(headers, "If-Match", version)
		}
		if key != "" {
			headers = append(headers, "Idempotency-Key", key)
		}
		return s.do(user, "POST", c.path+"/steps", map[string]any{"step": "serve", "on": on, "evidence": json.RawMessage(good)}, headers...)
	}
	s.at("2019-03-05")
	if a := step("liaison.a", "2019-03-06", stale, "").want(422); codeOf(a) != "IN_FUTURE" {
		t.Errorf("tomorrow: %s", a.body)
	}
	step("liaison.a", "2019-03-05", "", "").want(428, "IF_MATCH_MISSING")
	step("liaison.a", "2019-03-05", `"99"`, "").want(412, "STALE")
	c.unchanged()
	first := step("liaison.a", "2019-03-05", stale, "step-1").want(201)
	again := step("liaison.a", "2019-03-05", stale, "step-1").want(201)
	if string(again.body) != string(first.body) || again.version() != first.version() {
		t.Error("the same key gave another answer")
	}
	step("liaison.a", "2019-03-04", stale, "step-1").want(422, "IDEMPOTENCY_KEY_REUSED")
	step("liaison.a", "2019-03-05", stale, "step-2").want(412, "STALE")
	c.last = first
	c.unchanged()

	s.at("2019-03-06") // the same item is served once a day
	s.login("liaison.a")
	s.login("town.a")
	statuses := make([]int, 2)
	var wg sync.WaitGroup
	for i, user := range []string{"liaison.a", "town.a"} {
		wg.Go(func() { statuses[i] = step(user, "2019-03-06", first.version(), "").status })
	}
	wg.Wait()
	slices.Sort(statuses)
	if statuses[0] != http.StatusCreated || statuses[1] != http.StatusPreconditionFailed {
		t.Errorf("two steps at the same moment answered %v", statuses)
	}
	if steps := s.do("town.a", "GET", c.path, nil).want(200).json()["steps"].([]any); len(steps) != 4 {
		t.Errorf("%d steps, want assessment, plan and two services", len(steps))
	}
	s.wantRate(rehabRate, yearEnd19, 1, 1)
}

// TestBadAcceptance: two of three signatures, an item without photos, money that does not add up: the home stays unaccepted.
func TestBadAcceptance(t *testing.T) {
	t.Parallel()
	s := start(t)
	h, _ := s.severeHome(1, "own")
	c := s.verified(h)
	c.refused(422, "ITEM_TWICE", "town.a", "plan", "2019-01-20", `{"items":[{"item":"RAMP","cost_fen":1},{"item":"RAMP","cost_fen":1}],"agreed_by":"family"}`)
	c.refused(409, "WRONG_STATE", "cdpf", "approve", "2019-01-20", homeBudget)
	c.take("town.a", "plan", "2019-01-20", homePlan)
	c.refused(403, "NOT_YOUR_STEP", "town.a", "approve", "2019-02-01", homeBudget)
	c.refused(422, "NOT_AS_PLANNED", "cdpf", "approve", "2019-02-01", strings.Replace(homeBudget, "350000", "340000", 1))
	c.refused(422, "DOES_NOT_ADD_UP", "cdpf", "approve", "2019-02-01", strings.Replace(homeBudget, `"fen":100000`, `"fen":99999`, 1))
	c.take("cdpf", "approve", "2019-02-01", homeBudget)
	c.refused(422, "OVER_BUDGET", "cdpf", "contract", "2019-02-10", `{"contractor":"某建筑公司","number":"2019-01","amount_fen":350001}`)
	c.take("cdpf", "contract", "2019-02-10", `{"contractor":"某建筑公司","number":"2019-01","amount_fen":345000}`).take("town.a", "start", "2019-03-01", "").take("town.a", "finish", "2019-03-20", "")
	two := `[{"by":"cdpf","name":"甲"},{"by":"applicant","name":"乙"}]`
	twice := `[{"by":"cdpf","name":"甲"},{"by":"applicant","name":"乙"},{"by":"applicant","name":"丙"}]`
	foreign, _ := s.severeHome(2, "own")
	elsewhere := s.verified(foreign).attached("liaison.a", 8)
	first := c.photo(1)
	for _, tt := range []struct{ code, evidence string }{
		{"SIGNATURES_MISSING", c.shown("PASS", two, "RAMP", "BATH")},
		{"SIGNATURES_MISSING", c.shown("PASS", twice, "RAMP", "BATH")},
		{"PHOTOS_MISSING", c.shown("PASS", threeSigns, "RAMP")},
		{"PHOTOS_MISSING", fmt.Sprintf(`{"result":"PASS","signatures":%s}`, threeSigns)},
		{"PHOTOS_MISSING", strings.ReplaceAll(c.shown("PASS", threeSigns, "RAMP", "BATH"), c.photo(2), first)},
		{"NOT_FILES", strings.Replace(c.shown("PASS", threeSigns, "RAMP", "BATH"), fmt.Sprintf("[%q]", first), "[]", 1)},
		{"NO_SUCH_FILE", strings.Replace(c.shown("PASS", threeSigns, "RAMP", "BATH"), first, elsewhere, 1)},
		{"NOT_A_CHOICE", c.shown("GOOD", threeSigns, "RAMP", "BATH")},
	} {
		c.refused(422, tt.code, "cdpf", "accept", "2019-03-25", tt.evidence)
	}
	c.refused(403, "NOT_YOUR_STEP", "town.a", "accept", "2019-03-25", c.shown("PASS", threeSigns, "RAMP", "BATH"))
	s.wantRate(retrofitRate, yearEnd19, 0, 2)
	c.take("cdpf", "accept", "2019-03-25", c.shown("PASS", threeSigns, "RAMP", "BATH")).state("DONE")
	s.wantRate(retrofitRate, yearEnd19, 1, 2)
	s.wantDerived()
}

// TestBadOpenings: what is wrong about a service that somebody wants to open; nothing is opened.
func TestBadOpenings(t *testing.T) {
	t.Parallel()
	s := start(t)
	h, person := s.severeHome(1, "own")
	foreign := s.born("liaison.b", villageB, 2, "1970-01-01", 4, 2, nil)
	for _, tt := range []struct {
		status                    int
		code, user, kind, of, why string
	}{
		{422, "WRONG_SUBJECT", "liaison.a", "rehab", "", training},
		{422, "WRONG_SUBJECT", "liaison.a", "device", "household", deviceNeed("120312", "grant", 1)},
		{422, "WRONG_SUBJECT", "liaison.a", "retrofit", "person", homeNeed},
		{422, "NOT_ALLOWED", "liaison.a", "healing", "person", training},
		{422, "REQUIRED", "liaison.a", "rehab", "person", `{}`},
		{422, "NOT_A_CHOICE", "liaison.a", "rehab", "person", `{"types":[{"type":"magic"}]}`},
		{422, "UNKNOWN_FIELD", "liaison.a", "rehab", "person", `{"types":[{"type":"training"}],"nonsense":1}`},
		{422, "NOT_IN_CATALOGUE", "liaison.a", "device", "person", deviceNeed("999999", "grant", 1)},
		{422, "OUT_OF_RANGE", "liaison.a", "device", "person", deviceNeed("120312", "grant", 0)},
		{422, "NOT_A_CHOICE", "liaison.a", "device", "person", deviceNeed("120312", "gift", 1)},
		{422, "NOT_A_LIST", "liaison.a", "retrofit", "household", `{"items":[]}`},
		{404, "NOT_FOUND", "liaison.b", "rehab", "person", training},
		{404, "NOT_FOUND", "liaison.a", "rehab", "foreign", training},
		{404, "NOT_FOUND", "liaison.b", "retrofit", "household", homeNeed},
		{403, "FORBIDDEN", "stats", "rehab", "person", training},
		{403, "FORBIDDEN", "auditor", "rehab", "person", training},
	} {
		s.at("2019-01-05")
		body := map[string]any{"kind": tt.kind, "need": json.RawMessage(tt.why)}
		switch tt.of {
		case "person":
			body["person_id"] = person
		case "foreign":
			body["person_id"] = foreign
		case "household":
			body["household_id"] = h
		}
		if a := s.do(tt.user, "POST", "/services", body); a.status != tt.status || codeOf(a) != tt.code {
			t.Errorf("%s for a %s as %s: %d %s, want %d %s", tt.kind, tt.of, tt.user, a.status, a.body, tt.status, tt.code)
		}
	}
	tomorrow := map[string]any{"kind": "rehab", "person_id": person, "opened_on": "2019-01-06", "need": json.RawMessage(training)}
	if a := s.do("liaison.a", "POST", "/services", tomorrow).want(422); codeOf(a) != "IN_FUTURE" {
		t.Errorf("tomorrow: %s", a.body)
	}
	if list := s.do("auditor", "GET", "/services", nil).want(200).json()["items"].([]any); len(list) != 0 {
		t.Errorf("%d services were opened", len(list))
	}
	body := map[string]any{"kind": "rehab", "person_id": person, "need": json.RawMessage(training)}
	first := s.do("liaison.a", "POST", "/services", body, "Idempotency-Key", "open-1").want(201)
	if again := s.do("liaison.a", "POST", "/services", body, "Idempotency-Key", "open-1").want(201); again.text("id") != first.text("id") {
		t.Error("the same key opened another service")
	}
	s.do("liaison.b", "GET", "/services/"+first.text("id"), nil).want(404, "NOT_FOUND")
	s.do("stats", "GET", "/services", nil).want(403)
	if list := s.do("liaison.b", "GET", "/services", nil).want(200).json()["items"].([]any); len(list) != 0 {
		t.Errorf("another village lists %d services", len(list))
	}
}

// TestEveryStatementOfServicesFails goes through the life of services and a household while every statement of every write fails
// once: nothing is half written.
func TestEveryStatementOfServicesFails(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	f := s.breakEverything()
	s.faults = nil
	unbroken := func(do func()) { s.faults = nil; do(); s.faults = f }
	var c, d *chain
	h, person := s.severeHome(1, "own")
	s.surveyed(person, 2018, "2018-08-01", needsDevice)
	unbroken(func() { s.at("2019-01-05") })
	c = s.open("liaison.a", "retrofit", h, "2019-01-05", homeNeed).take("liaison.a", "verify", "2019-01-10", atHome)
	unbroken(func() { c.built() })
	c.attached("town.a", 1)
	unbroken(func() {
		d = s.reviewed(person, "120312", "grant", 1).take("cdpf", "approve", "2019-01-15", costs("120312", 15000, 15000, 0, "none")).take("town.a", "fit", "2019-02-01", `{"supplier":"辅具店","pieces":1}`)
	})
	d.take("liaison.a", "accept", "2019-02-10", `{"signed_by":"person"}`)
	var photos string
	unbroken(func() { photos = c.shown("PASS", threeSigns, "RAMP", "BATH") })
	c.take("cdpf", "accept", "2019-03-25", photos)
	s.at("2019-04-01")
	now := s.do("town.a", "GET", "/households/"+h, nil).want(200)
	s.do("town.a", "PATCH", "/households/"+h, map[string]any{"area_code": villageB, "moved_on": "2019-03-31"}, "If-Match", now.version()).want(200)
	member := now.json()["members"].([]any)[0].(map[string]any)["id"].(string)
	s.do("town.a", "POST", "/households/"+h+"/members/"+member+"/end", map[string]any{"to": "2019-03-31"}).want(200)
	s.faults = nil
	t.Logf("%d writes, %d broken statements, the longest write has %d", f.writes, f.broken, f.deepest)
	if f.broken < 100 || f.deepest < 12 {
		t.Errorf("only %d statements were broken, at most %d in one write; the test shows little", f.broken, f.deepest)
	}
	s.wantRate(retrofitRate, yearEnd19, 1, 1)
	s.wantRate(deviceRate, yearEnd19, 1, 1)
	s.wantDerived()
	if v, err := s.desk.DB.VerifyAudit(t.Context()); err != nil || v.Broken != "" {
		t.Errorf("VerifyAudit = %+v, %v", v, err)
	}
}
