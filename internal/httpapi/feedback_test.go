package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/application"
)

// asked asks after a case with its code, as anybody.
func (s *service) status(caseNumber, code string) answer {
	s.t.Helper()
	return s.do("", "POST", "/application-status", map[string]any{"case_number": caseNumber, "code": code})
}

// TestStatusByCode follows a case from its number and the code on the slip: stage and days, and nothing of the person.
func TestStatusByCode(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person1(700, 1)
	s.at("2023-04-26")
	draft := s.do("liaison.a", "POST", "/applications", map[string]any{"person_id": person, "programme": nursing, "applied_on": "2023-04-26", "applicant": map[string]any{"relation": "self"}}).want(201)
	path, number := "/applications/"+draft.text("id"), draft.text("case_number")
	if got, err := application.ParseCaseNumber(number); err != nil || got != number || draft.text("status_code") != "" {
		t.Fatalf("a draft has the number %q (%v) and the code %q", number, err, draft.text("status_code"))
	}
	s.do("liaison.a", "POST", path+"/status-code", nil).want(409, "WRONG_STAGE")
	first := s.do("liaison.a", "POST", path+"/submit", nil, "If-Match", draft.version(), "Idempotency-Key", "once").want(200)
	code := first.text("status_code")
	if len(code) != 8 {
		t.Fatalf("the code is %q", code)
	}
	again := s.do("liaison.a", "POST", path+"/submit", nil, "If-Match", draft.version(), "Idempotency-Key", "once").want(200)
	if again.text("status_code") != "" || strings.Replace(string(first.body), fmt.Sprintf(`,"status_code":%q`, code), "", 1) != string(again.body) || again.version() != first.version() {
		t.Errorf("a repeat answers %s", again.body)
	}
	for _, user := range []string{"liaison.a", "town.a", "auditor"} {
		if seen := s.do(user, "GET", path, nil).want(200); seen.text("status_code") != "" || seen.text("case_number") != number {
			t.Errorf("%s reads %s", user, seen.body)
		}
	}
	if list := s.do("town.a", "GET", "/applications?case_number="+number[:3]+"-"+number[3:], nil).want(200).json()["items"].([]any); len(list) != 1 {
		t.Errorf("by its number: %d cases", len(list))
	}
	s.do("town.a", "GET", "/applications?case_number=1000018", nil).want(400, "BAD_PARAMETER") // 1000019 it is
	want := func(body string) {
		t.Helper()
		if got := string(s.status(number, code).want(200).body); got != body {
			t.Errorf("the status is %s, want %s", got, body)
		}
	}
	want(`{"applied_on":"2023-04-26","due_on":"2023-05-06","stage":"town_review","submitted_on":"2023-04-26"}`) // over a holiday and a make-up Saturday
	if got := s.status(number[:2]+" "+number[2:], strings.ToLower(code[:4]+"-"+code[4:])).want(200); got.text("stage") != "town_review" {
		t.Errorf("typed by hand: %s", got.body)
	}
	app := s.decide("town.a", first, map[string]any{"decision": "return", "reason": "缺账号"}).want(200)
	want(`{"applied_on":"2023-04-26","returned_on":"2023-04-26","stage":"returned","submitted_on":"2023-04-26"}`)
	s.at("2023-05-04")
	app = s.do("liaison.a", "POST", path+"/resubmit", map[string]any{"bank_account": "6222000011112222"}, "If-Match", app.version()).want(200)
	s.decide("town.a", app, map[string]any{"decision": "approve"}).want(200)
	want(`{"applied_on":"2023-04-26","decided_on":"2023-05-04","returned_on":"2023-04-26","stage":"approved","submitted_on":"2023-05-04"}`)

	// who has lost the slip gets another code, and the old one is good no more
	s.do("liaison.b", "POST", path+"/status-code", nil).want(404)
	fresh := s.do("liaison.a", "POST", path+"/status-code", nil).want(200)
	s.status(number, code).want(404, "NOT_FOUND")
	s.status(number, fresh.text("status_code")).want(200)
}

// TestStatusIsThrottled slows down who tries codes, as who tries passwords; a right code is good again when the wait has passed.
func TestStatusIsThrottled(t *testing.T) {
	t.Parallel()
	s := start(t)
	app := s.applied(s.person1(710, 1), nursing, "2023-03-28")
	number, code := app.text("case_number"), app.text("status_code")
	other := s.applied(s.person1(711, 1), nursing, "2023-03-28")
	wrong, unknown := s.status(number, "AAAAAAAA").want(404, "NOT_FOUND"), s.status("9999998", code)
	if _, err := application.ParseCaseNumber("9999998"); err != nil || unknown.status != 404 || unknown.text("detail") != wrong.text("detail") {
		t.Errorf("an unknown number (%v) answers %s, a wrong code %s", err, unknown.body, wrong.body)
	}
	s.status(other.text("case_number"), code).want(404) // the code of another case
	for range 4 {
		s.status(number, "BBBBBBBB").want(404)
	}
	if got := s.status(number, code).want(429, "TOO_MANY_ATTEMPTS"); got.header.Get("Retry-After") == "" {
		t.Error("429 without Retry-After")
	}
	s.status(other.text("case_number"), other.text("status_code")).want(200) // another case is not slowed down
	s.clock.Set(s.clock.Now().Add(2 * time.Second))
	s.status(number, code).want(200)
	for _, tt := range []struct {
		body   any
		status int
		code   string
	}{
		{map[string]any{"case_number": "100001", "code": code}, 422, "CASE_NUMBER"}, {map[string]any{"case_number": "x", "code": code}, 422, "CASE_NUMBER"},
		{map[string]any{"case_number": number}, 422, "INVALID_INPUT"}, {map[string]any{"case_number": number, "code": 5}, 400, "WRONG_TYPE"},
		{map[string]any{"case_number": number, "code": code, "person_id": "x"}, 400, "UNKNOWN_FIELD"}, {`{`, 400, "BAD_JSON"},
	} {
		s.do("", "POST", "/application-status", tt.body).want(tt.status, tt.code)
	}
	// the code itself is nowhere in the database
	conn, err := pgx.Connect(t.Context(), s.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var text string
	err = conn.QueryRow(t.Context(), `SELECT (SELECT string_agg(a::text, '') FROM applications a)
		|| (SELECT string_agg(new_row::text, '') FROM audit_changes) || (SELECT string_agg(detail::text, '') FROM audit_entries)`).Scan(&text)
	if err != nil || strings.Contains(text+s.keptAnswers(), code) {
		t.Errorf("the code stands in the database (%v)", err)
	}
}

// TestRatings keeps one opinion a decision, by the applicant's own hand or entered by somebody who did not decide.
func TestRatings(t *testing.T) {
	t.Parallel()
	s := start(t)
	app := s.applied(s.person1(720, 1), nursing, "2023-03-28")
	path := "/applications/" + app.text("id") + "/rating"
	mine := map[string]any{"case_number": app.text("case_number"), "code": app.text("status_code"), "score": 4, "text": "金丝雀很满意"}
	s.do("hotline", "POST", path, map[string]any{"score": 5}).want(409, "NOT_DECIDED")
	s.do("", "POST", "/application-status/rating", mine).want(409, "NOT_DECIDED")
	s.decide("town.a", app, map[string]any{"decision": "approve"}).want(200)
	for _, body := range []any{map[string]any{"score": 0}, map[string]any{"score": 6}, map[string]any{}, map[string]any{"score": 3, "text": strings.Repeat("字", 1001)}} {
		s.do("hotline", "POST", path, body).want(422)
	}
	s.do("hotline", "POST", path, map[string]any{"score": "5"}).want(400, "WRONG_TYPE")
	s.do("town.a", "POST", path, map[string]any{"score": 5}).want(403)
	s.do("liaison.b", "POST", path, map[string]any{"score": 5}).want(404)
	s.do("", "POST", "/application-status/rating", map[string]any{"case_number": app.text("case_number"), "code": "AAAAAAAA", "score": 1}).want(404)
	s.do("", "POST", "/application-status/rating", mine).want(201)
	s.do("", "POST", "/application-status/rating", mine).want(409, "RATED_ALREADY")
	s.do("liaison.a", "POST", path, map[string]any{"score": 1}).want(409, "RATED_ALREADY")

	second := s.applied(s.person1(721, 1), nursing, "2023-03-28")
	s.decide("town.a", second, map[string]any{"decision": "reject", "reason": "材料不实"}).want(200)
	s.do("liaison.a", "POST", "/applications/"+second.text("id")+"/rating", map[string]any{"score": 1, "text": "不公"}).want(201)
	list := func(user, query string) string {
		t.Helper()
		var got []string
		for _, raw := range s.do(user, "GET", "/ratings"+query, nil).want(200).json()["items"].([]any) {
			r := raw.(map[string]any)
			got = append(got, fmt.Sprint(r["score"], r["text"], r["channel"]))
		}
		return strings.Join(got, " ")
	}
	if got := list("town.a", ""); got != "4金丝雀很满意code 1不公liaison" {
		t.Errorf("the town reads %s", got)
	}
	if got := list("cdpf", "?score_up_to=2"); got != "1不公liaison" {
		t.Errorf("the bad ones are %s", got)
	}
	if got := list("town.c", ""); got != "" {
		t.Errorf("another town reads %s", got)
	}
	s.wantPages("/ratings", 2)
}

// TestRatingOfARetrofit: what was done to a home is rated by who lived there on that day, though he has left it since, and not by who had left it.
func TestRatingOfARetrofit(t *testing.T) {
	t.Parallel()
	s := start(t)
	h, stays := s.severeHome(740, "own")
	left := func(n int, day string) string {
		t.Helper()
		person := s.born("liaison.a", villageA, n, "1970-01-01", 4, 1, nil)
		for _, raw := range s.do("liaison.a", "POST", "/households/"+h+"/members", map[string]any{"person_id": person, "relation": "sibling", "from": "2016-01-01"}).want(201).json()["members"].([]any) {
			if m := raw.(map[string]any); m["person_id"] == person {
				s.do("liaison.a", "POST", "/households/"+h+"/members/"+m["id"].(string)+"/end", map[string]any{"to": day}).want(200)
			}
		}
		return person
	}
	c := s.verified(h).built()
	c.take("cdpf", "accept", "2019-03-25", c.shown("PASS", threeSigns, "RAMP", "BATH")).state("DONE")
	s.at("2019-07-01")
	for person, want := range map[string]bool{stays: true, left(741, "2019-03-25"): true, left(742, "2019-03-24"): false} {
		if got := strings.Contains(string(s.do("hotline", "GET", "/persons/"+person+"/rateable", nil).want(200).body), "service_id"); got != want {
			t.Errorf("the retrofit is offered: %t, want %t", got, want)
		}
	}
}

// TestRatingOfOneself has the officer who decided become a hotline clerk: what he decided he does not rate, nor by a deputy's hand.
func TestRatingOfOneself(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person1(730, 1)
	app := s.applied(person, nursing, "2023-03-28")
	rateable := func(user string) string {
		return string(s.do(user, "GET", "/persons/"+person+"/rateable", nil).want(200).body)
	}
	if got := rateable("hotline"); got != `{"items":[],"next_cursor":null}` {
		t.Errorf("before a decision: %s", got)
	}
	s.decide("town.a", app, map[string]any{"decision": "approve"}).want(200)
	for _, raw := range s.do("admin", "GET", "/accounts?limit=200", nil).want(200).json()["items"].([]any) {
		if acc := raw.(map[string]any); acc["username"] == "town.a" {
			s.do("admin", "PATCH", "/accounts/"+acc["id"].(string), map[string]any{"role": hotline, "area_code": "370305"}, "If-Match", fmt.Sprintf(`"%v"`, acc["version"])).want(200)
		}
	}
	clear(s.tokens)
	s.do("town.a", "POST", "/applications/"+app.text("id")+"/rating", map[string]any{"score": 5}).want(409, "OWN_CASE")
	if got := rateable("town.a"); got != `{"items":[],"next_cursor":null}` {
		t.Errorf("what he decided himself: %s", got)
	}
	open := fmt.Sprintf(`{"items":[{"about":"nursing_subsidy","application_id":%q,"on":"2023-03-28"}],"next_cursor":null}`, app.text("id"))
	if got := rateable("hotline"); got != open {
		t.Errorf("what can be rated: %s, want %s", got, open)
	}
	s.do("liaison.b", "GET", "/persons/"+person+"/rateable", nil).want(404)
	s.do("hotline", "POST", "/applications/"+app.text("id")+"/rating", map[string]any{"score": 3}).want(201)
	if got := rateable("liaison.a"); !strings.Contains(got, `"rated_at":"2023-03-28T`) {
		t.Errorf("what was rated: %s", got)
	}
	// the database says the same, whatever the code
	conn, err := pgx.Connect(t.Context(), s.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(context.Background())
	if _, err := tx.Exec(t.Context(), `SELECT audit_sign(gen_random_uuid(), now(), NULL, NULL, 'x', '', 'x', NULL, 'done', '', '{}')`); err != nil {
		t.Fatal(err)
	}
	_, err = tx.Exec(t.Context(), `INSERT INTO ratings (id, application_id, person_id, step_id, area_code, score, channel, rated_at, rated_by)
		SELECT gen_random_uuid(), r.application_id, r.person_id, s.id, r.area_code, 5, 'hotline', now(), s.actor_id FROM ratings r JOIN application_steps s ON s.application_id = r.application_id AND s.action = 'submit'`)
	if err == nil || !strings.Contains(err.Error(), "nobody rates what he did himself") {
		t.Errorf("the database took a rating of one's own step: %v", err)
	}
}

// TestTwoRateADecision lets two rate at the same moment: one opinion is kept.
func TestTwoRateADecision(t *testing.T) {
	t.Parallel()
	s := start(t)
	app := s.applied(s.person1(740, 1), nursing, "2023-03-28")
	s.decide("town.a", app, map[string]any{"decision": "approve"}).want(200)
	s.login("hotline")
	s.login("liaison.a")
	status := make([]int, 2)
	var wg sync.WaitGroup
	for i, user := range []string{"hotline", "liaison.a"} {
		wg.Go(func() {
			status[i] = s.do(user, "POST", "/applications/"+app.text("id")+"/rating", map[string]any{"score": i + 1}).status
		})
	}
	wg.Wait()
	if status[0]+status[1] != http.StatusCreated+http.StatusConflict {
		t.Errorf("two ratings answered %v", status)
	}
}

// TestRatingOfServices keeps one opinion for each step by which a service came to stand as it does, not by who took it.
func TestRatingOfServices(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2018-07-01")
	id := s.born("liaison.a", villageA, 1, "1970-01-01", 4, 2, nil)
	c := s.open("liaison.a", "rehab", id, "2019-01-05", `{"types":[{"type":"training"}]}`)
	c.take("liaison.a", "assess", "2019-01-08", `{"institution":"区康复中心","assessor":"甲","findings":"步态不稳"}`).take("town.a", "plan", "2019-01-10", planOf("THERAPY"))
	c.take("liaison.a", "serve", "2019-03-05", `{"item":"THERAPY","institution":"区康复中心","place":"home","started_on":"2019-02-01","sessions":12,"cost_fen":0,"payers":[{"source":"project","fen":0}],"signed_by":"person"}`)
	s.do("hotline", "POST", c.path+"/rating", map[string]any{"score": 5}).want(409, "NOT_GIVEN")
	c.take("liaison.a", "complete", "2019-06-01", "")
	s.do("liaison.a", "POST", c.path+"/rating", map[string]any{"score": 5}).want(409, "OWN_CASE")
	s.do("liaison.b", "POST", c.path+"/rating", map[string]any{"score": 5}).want(404)
	s.do("hotline", "POST", c.path+"/rating", map[string]any{"score": 2, "text": "次数太少"}).want(201)
	s.do("hotline", "POST", c.path+"/rating", map[string]any{"score": 5}).want(409, "RATED_ALREADY")
	c.take("town.a", "evaluate", "2019-06-10", `{"outcome":"maintained"}`)
	s.do("liaison.a", "POST", c.path+"/rating", map[string]any{"score": 4}).want(201) // of the evaluation, which the town wrote down
	c.take("liaison.a", "follow_up", "2019-09-01", `{"findings":"坚持训练"}`)
	s.do("hotline", "POST", c.path+"/rating", map[string]any{"score": 4}).want(409, "RATED_ALREADY") // a visit leads nowhere new
}

// TestFeedbackUnderFaults breaks each statement of a ticket's way and of a rating once: nothing is half written.
func TestFeedbackUnderFaults(t *testing.T) {
	t.Parallel()
	s := start(t)
	app := s.applied(s.person1(760, 1), nursing, "2023-03-28")
	s.decide("town.a", app, map[string]any{"decision": "approve"}).want(200)
	for _, user := range []string{"hotline", "town.a", "cdpf", "liaison.a"} {
		s.login(user)
	}
	f := s.breakEverything()
	code := s.do("liaison.a", "POST", "/applications/"+app.text("id")+"/status-code", nil).want(200)
	s.do("", "POST", "/application-status/rating", map[string]any{"case_number": code.text("case_number"), "code": code.text("status_code"), "score": 4}).want(201)
	k := s.assigned(s.brought("complaint", "device", ""), townA, town)
	k = s.took("town.a", k, map[string]any{"step": "forward", "text": "x", "unit": map[string]any{"area_code": "370305", "role": cdpf}}, "assigned")
	k = s.took("cdpf", k, map[string]any{"step": "reply", "text": "x"}, "answered")
	k = s.took("hotline", k, map[string]any{"step": "call_back", "result": "satisfied"}, "called_back")
	s.took("hotline", k, map[string]any{"step": "close"}, "closed")
	if f.writes < 8 {
		t.Errorf("only %d writes were broken", f.writes)
	}
}
