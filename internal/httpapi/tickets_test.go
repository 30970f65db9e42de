package httpapi_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// brought has the clerk write a ticket down.
func (s *service) brought(kind, topic, receivedAt string) answer {
	s.t.Helper()
	body := map[string]any{"channel": "12385", "kind": kind, "topic": topic, "text": "金丝雀反映补贴未到账", "caller": map[string]any{"name": "金丝雀来电", "phone": "19900005678"}}
	if receivedAt != "" {
		body["received_at"] = receivedAt
	}
	return s.do("hotline", "POST", "/tickets", body).want(201)
}

// took takes a step and wants the state that follows.
func (s *service) took(user string, t answer, step map[string]any, state string) answer {
	s.t.Helper()
	next := s.step(user, t, step).want(201)
	if next.text("state") != state {
		s.t.Fatalf("after %v the ticket is %s, want %s", step["step"], next.text("state"), state)
	}
	return next
}

func (s *service) step(user string, t answer, step map[string]any) answer {
	s.t.Helper()
	return s.do(user, "POST", "/tickets/"+t.text("id")+"/steps", step, "If-Match", t.version())
}

func (s *service) assigned(t answer, area, role string) answer {
	s.t.Helper()
	return s.took("hotline", t, map[string]any{"step": "assign", "unit": map[string]any{"area_code": area, "role": role}}, "assigned")
}

// ticketClock is the clock of a ticket as the clerk sees it today, and whether it is on the list of the overdue.
func (s *service) ticketClock(t answer) string {
	s.t.Helper()
	c, _ := s.do("hotline", "GET", "/tickets/"+t.text("id"), nil).want(200).json()["clock"].(map[string]any)
	listed := false
	for _, raw := range s.do("hotline", "GET", "/tickets?overdue=true&limit=200", nil).want(200).json()["items"].([]any) {
		listed = listed || raw.(map[string]any)["id"] == t.text("id")
	}
	if c == nil {
		return fmt.Sprint("none ", listed)
	}
	if c["overdue"] != listed {
		s.t.Errorf("the clock says overdue %v, the list %v", c["overdue"], listed)
	}
	return fmt.Sprint(c["due_on"], " ", c["working_days_left"], " ", listed)
}

// TestTicketLife takes a complaint from the hotline to a town, on to the federation, back to the clerk, to the town again; the
// caller is dissatisfied, then satisfied; it is closed, opened once more, closed and archived.
func TestTicketLife(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-03-28")
	k := s.brought("complaint", "two_subsidies", "")
	if caller := k.json()["caller"].(map[string]any); caller["name"] != "金****" || caller["phone"] != "199****5678" || k.json()["topic_name"] != "两项补贴发放" {
		t.Errorf("received: %s", k.body)
	}
	s.step("hotline", k, map[string]any{"step": "reply", "text": "x"}).want(403, "NOT_YOUR_STEP")
	s.step("hotline", k, map[string]any{"step": "close"}).want(409, "WRONG_STATE")
	for _, user := range []string{"town.a", "cdpf", "civil"} { // nobody has it yet
		s.do(user, "GET", "/tickets/"+k.text("id"), nil).want(404)
	}
	k = s.assigned(k, townA, town)
	old := k
	k = s.took("town.a", k, map[string]any{"step": "forward", "text": "属残联职责", "unit": map[string]any{"area_code": "370305", "role": cdpf}}, "assigned")
	s.step("town.a", k, map[string]any{"step": "reply", "text": "x"}).want(404) // it is the federation's now
	s.step("cdpf", old, map[string]any{"step": "reply", "text": "x"}).want(412, "STALE")
	k = s.took("cdpf", k, map[string]any{"step": "return", "text": "属镇街职责"}, "returned")
	s.do("cdpf", "GET", "/tickets/"+k.text("id"), nil).want(404)
	k = s.assigned(k, townA, town)
	k = s.took("town.a2", k, map[string]any{"step": "reply", "text": "已于三月补发"}, "answered")
	s.step("hotline", k, map[string]any{"step": "close"}).want(409, "CALL_BACK_FIRST")
	s.step("hotline", k, map[string]any{"step": "call_back", "result": "dissatisfied"}).want(422, "TEXT_REQUIRED")
	k = s.took("hotline", k, map[string]any{"step": "call_back", "result": "dissatisfied", "text": "仍未到账"}, "assigned")
	k = s.took("town.a", k, map[string]any{"step": "reply", "text": "账号已更正"}, "answered")
	k = s.took("hotline", k, map[string]any{"step": "call_back", "result": "fairly_satisfied"}, "called_back")
	k = s.took("hotline", k, map[string]any{"step": "close"}, "closed")
	k = s.took("hotline", k, map[string]any{"step": "reopen", "text": "来电人再次反映"}, "assigned")
	if k.json()["reopened"] != 2.0 || k.json()["closed_at"] != nil || k.json()["result"] != nil {
		t.Errorf("opened again: %s", k.body)
	}
	k = s.took("town.a", k, map[string]any{"step": "reply", "text": "已到账"}, "answered")
	k = s.took("hotline", k, map[string]any{"step": "call_back", "result": "satisfied"}, "called_back")
	k = s.took("hotline", k, map[string]any{"step": "close"}, "closed")
	k = s.took("hotline", k, map[string]any{"step": "archive"}, "archived")
	s.step("hotline", k, map[string]any{"step": "reopen", "text": "x"}).want(409, "WRONG_STATE")
	var way []string
	for _, raw := range s.do("auditor", "GET", "/tickets/"+k.text("id"), nil).want(200).json()["steps"].([]any) {
		step := raw.(map[string]any)
		way = append(way, fmt.Sprint(step["seq"], step["step"], " ", step["actor"].(map[string]any)["role"]))
	}
	want := strings.Split("1receive hotline_clerk,2assign hotline_clerk,3forward town_officer,4return cdpf_reviewer,5assign hotline_clerk,6reply town_officer,7call_back hotline_clerk,8reply town_officer,"+
		"9call_back hotline_clerk,10close hotline_clerk,11reopen hotline_clerk,12reply town_officer,13call_back hotline_clerk,14close hotline_clerk,15archive hotline_clerk", ",")
	if !slices.Equal(way, want) {
		t.Errorf("the way was %v", way)
	}
	if v, err := s.desk.DB.VerifyAudit(t.Context()); err != nil || v.Broken != "" {
		t.Errorf("VerifyAudit = %+v, %v", v, err)
	}
}

// TestWrongYear: a year that was typed wrongly is refused beside its field, and a ticket that has one from before stands in nobody's way.
func TestWrongYear(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-03-28")
	body := map[string]any{"channel": "12385", "kind": "advice", "topic": "card", "text": "x", "anonymous": true}
	for received, code := range map[string]string{"0026-03-28T10:00:00+08:00": "TOO_EARLY", "0001-01-01T00:00:00+08:00": "TOO_EARLY", "0000-01-01T00:00:00Z": "TOO_EARLY", "1799-12-31T00:00:00+08:00": "TOO_EARLY",
		"2022-03-27T00:00:00+08:00": "TOO_EARLY", "2203-03-28T00:00:00+08:00": "IN_FUTURE"} {
		body["received_at"] = received
		got := s.do("hotline", "POST", "/tickets", body).want(422, code)
		if field := got.json()["errors"].([]any)[0].(map[string]any)["field"]; field != "received_at" {
			t.Errorf("%s: refused beside %v", received, field)
		}
	}
	body["received_at"] = "2022-03-28T10:00:00+08:00"
	s.do("hotline", "POST", "/tickets", body).want(201)
	k := s.brought("advice", "card", "")
	conn, err := pgx.Connect(t.Context(), s.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, day := range []string{"0026-03-28", "0001-12-29 BC", "4000-01-01"} { // as one was written before there was a bound
		if _, err := conn.Exec(t.Context(), `ALTER TABLE tickets DISABLE TRIGGER USER; UPDATE tickets SET clock_since = '`+day+`', received_at = '`+day+`' WHERE id = '`+k.text("id")+`'; ALTER TABLE tickets ENABLE TRIGGER USER`); err != nil {
			t.Fatal(err)
		}
		s.do("hotline", "GET", "/tickets", nil).want(200)
		s.do("hotline", "GET", "/tickets/"+k.text("id"), nil).want(200)
		s.do("cdpf", "GET", "/supervision?from=2023-01-01&to=2023-03-28", nil).want(200)
	}
	s.assigned(k, townA, town)
}

// TestTicketClock counts working days: five for advice over a holiday and a make-up Saturday, fifteen for a complaint, three from
// an answer until it is closed, and the whole time again for who was not satisfied.
func TestTicketClock(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.at("2023-04-26") // Wednesday; off from 29 April to 3 May, Saturday 6 May is worked (T29)
	advice, complaint := s.assigned(s.brought("advice", "card", ""), townA, town), s.brought("complaint", "rehab", "")
	// 27, 28 April, 4, 5, 6 May are five; 8 to 12 ten; 15 to 19 fifteen
	for _, tt := range []struct{ day, advice, complaint string }{
		{"2023-04-26", "2023-05-06 5 false", "2023-05-19 15 false"}, {"2023-05-05", "2023-05-06 1 false", "2023-05-19 11 false"},
		{"2023-05-06", "2023-05-06 0 false", "2023-05-19 10 false"}, {"2023-05-07", "2023-05-06 0 false", "2023-05-19 10 false"},
		{"2023-05-08", "2023-05-06 -1 true", "2023-05-19 9 false"}, {"2023-05-21", "2023-05-06 -10 true", "2023-05-19 0 false"}, {"2023-05-22", "2023-05-06 -11 true", "2023-05-19 -1 true"},
	} {
		s.at(tt.day)
		if a, c := s.ticketClock(advice), s.ticketClock(complaint); a != tt.advice || c != tt.complaint {
			t.Errorf("on %s: advice %s, complaint %s; want %s, %s", tt.day, a, c, tt.advice, tt.complaint)
		}
	}
	advice = s.took("town.a", advice, map[string]any{"step": "reply", "text": "答复"}, "answered")
	if got := s.ticketClock(advice); got != "2023-05-25 3 false" { // Monday: Tuesday, Wednesday, Thursday
		t.Errorf("until it is closed: %s", got)
	}
	s.at("2023-05-26")
	if got := s.ticketClock(advice); got != "2023-05-25 -1 true" {
		t.Errorf("not called back: %s", got)
	}
	advice = s.took("hotline", advice, map[string]any{"step": "call_back", "result": "dissatisfied", "text": "不满意"}, "assigned")
	if got := s.ticketClock(advice); got != "2023-06-02 5 false" {
		t.Errorf("opened again: %s", got)
	}
	advice = s.took("town.a", advice, map[string]any{"step": "reply", "text": "答复"}, "answered")
	advice = s.took("hotline", advice, map[string]any{"step": "call_back", "result": "satisfied"}, "called_back")
	advice = s.took("hotline", advice, map[string]any{"step": "close"}, "closed")
	if got := s.ticketClock(advice); got != "none false" {
		t.Errorf("closed: %s", got)
	}
	late := s.brought("advice", "other", "2023-05-19T23:30:00+08:00") // what came on Friday and was written down a week later
	if got := s.ticketClock(late); got != "2023-05-26 0 false" {
		t.Errorf("written down later: %s", got)
	}
}

// TestCallerNotReached: a ticket ends also where nobody could reach the caller; when that was tried is written down.
func TestCallerNotReached(t *testing.T) {
	t.Parallel()
	s := start(t)
	k := s.assigned(s.brought("complaint", "two_subsidies", ""), townA, town)
	k = s.took("town.a", k, map[string]any{"step": "reply", "text": "已补发"}, "answered")
	s.step("hotline", k, map[string]any{"step": "call_back", "result": "unreached"}).want(422, "TEXT_REQUIRED")
	k = s.took("hotline", k, map[string]any{"step": "call_back", "result": "unreached", "text": "三天内三次无人接听"}, "called_back")
	k = s.took("hotline", k, map[string]any{"step": "close"}, "closed")
	if k.json()["result"] != "unreached" {
		t.Errorf("the result is %v", k.json()["result"])
	}
	if row := s.board("town.a", "?from=2023-03-01&to=2023-03-31")[townA]; row["tickets_closed"] != 1.0 || row["called_back"] != 0.0 || row["satisfied_rate"] != nil {
		t.Errorf("nobody was asked, and the board says %v", row)
	}
}

// TestTicketsAnonymous closes without a call back what nobody put his name to, and keeps no caller of it.
func TestTicketsAnonymous(t *testing.T) {
	t.Parallel()
	s := start(t)
	k := s.do("hotline", "POST", "/tickets", map[string]any{"channel": "web", "kind": "petition", "topic": "employment", "anonymous": true, "text": "来信"}).want(201)
	k = s.assigned(k, "370305", civil)
	k = s.took("civil", k, map[string]any{"step": "reply", "text": "已核实"}, "answered")
	s.step("hotline", k, map[string]any{"step": "call_back", "result": "satisfied"}).want(409, "ANONYMOUS")
	if next := fmt.Sprint(s.do("hotline", "GET", "/tickets/"+k.text("id"), nil).want(200).json()["next"]); next != "[close]" {
		t.Errorf("the clerk may %s", next)
	}
	k = s.took("hotline", k, map[string]any{"step": "close"}, "closed")
	s.took("hotline", k, map[string]any{"step": "archive"}, "archived")
	if c := s.do("hotline", "POST", "/tickets/"+k.text("id")+"/reveal", map[string]any{"reason": "x"}).want(200).json(); len(c) != 0 {
		t.Errorf("somebody without a name is %v", c)
	}
}

// TestTicketsAreKeptApart shows tickets to the hotline, the auditor and the unit that has them, and to nobody else of the same area.
func TestTicketsAreKeptApart(t *testing.T) {
	t.Parallel()
	s := start(t)
	var all []answer
	for _, unit := range []struct{ area, role string }{{townA, town}, {townC, town}, {"370305", cdpf}, {"370305", civil}, {"", ""}} {
		k := s.brought("advice", "rehab", "")
		if unit.area != "" {
			k = s.assigned(k, unit.area, unit.role)
		}
		all = append(all, k)
	}
	for user, want := range map[string][]int{"hotline": {0, 1, 2, 3, 4}, "auditor": {0, 1, 2, 3, 4}, "town.a": {0}, "town.a2": {0}, "town.c": {1}, "cdpf": {2}, "civil": {3}} {
		var ids []string
		for _, raw := range s.do(user, "GET", "/tickets", nil).want(200).json()["items"].([]any) {
			ids = append(ids, raw.(map[string]any)["id"].(string))
		}
		for i, k := range all {
			status, has := 404, slices.Contains(want, i)
			if has {
				status = 200
			}
			s.do(user, "GET", "/tickets/"+k.text("id"), nil).want(status)
			if has != slices.Contains(ids, k.text("id")) {
				t.Errorf("%s has ticket %d on the list: %v", user, i, !has)
			}
		}
	}
	for query, want := range map[string]int{"": 5, "?state=received": 1, "?topic=rehab": 5, "?topic=card": 0, "?area=" + townA: 1, "?area=" + townA + "&state=received": 0, "?limit=2": 2} {
		if got := s.do("hotline", "GET", "/tickets"+query, nil).want(200).json()["items"].([]any); len(got) != want {
			t.Errorf("tickets%s: %d, want %d", query, len(got), want)
		}
	}
	for range 4 {
		s.assigned(s.brought("advice", "device", ""), townA, town)
	}
	s.wantPages("/tickets", 5) // of the town
	s.do("town.a", "GET", "/tickets?area="+townC, nil).want(404)
	// the caller is told to the clerk alone, and that is written down
	reveal := "/tickets/" + all[0].text("id") + "/reveal"
	if c := s.do("hotline", "POST", reveal, map[string]any{"reason": "回访"}).want(200).json(); c["name"] != "金丝雀来电" || c["phone"] != "19900005678" {
		t.Errorf("revealed %v", c)
	}
	s.do("town.a", "POST", reveal, map[string]any{"reason": "x"}).want(403)
	if events := s.do("auditor", "GET", "/audit-events?action=ticket.reveal", nil).want(200).json()["items"].([]any); len(events) != 1 {
		t.Errorf("the audit has %d reveals, want 1", len(events))
	}
}

// TestTicketInput refuses what cannot be.
func TestTicketInput(t *testing.T) {
	t.Parallel()
	s := start(t)
	person := s.person("liaison.a", villageA, 1, 1).want(201).text("id")
	good := func(change map[string]any) map[string]any {
		body := map[string]any{"channel": "12345", "kind": "advice", "topic": "rehab", "text": "咨询", "caller": map[string]any{"name": "金丝雀", "phone": "19900005678"}}
		for name, value := range change {
			if body[name] = value; value == nil {
				delete(body, name)
			}
		}
		return body
	}
	for _, tt := range []struct {
		name   string
		change map[string]any
		status int
		code   string
	}{
		{"no such channel", map[string]any{"channel": "fax"}, 422, "INVALID_INPUT"}, {"no such kind", map[string]any{"kind": "praise"}, 422, "INVALID_INPUT"},
		{"no text", map[string]any{"text": ""}, 422, "INVALID_INPUT"}, {"a long text", map[string]any{"text": strings.Repeat("字", 4001)}, 422, "INVALID_INPUT"},
		{"an unknown member", map[string]any{"state": "closed"}, 400, "UNKNOWN_FIELD"}, {"a wrong type", map[string]any{"anonymous": "no"}, 400, "WRONG_TYPE"},
		{"no such topic", map[string]any{"topic": "weather"}, 422, "UNKNOWN_TOPIC"}, {"nobody", map[string]any{"caller": nil}, 422, "CALLER_REQUIRED"},
		{"no telephone", map[string]any{"caller": map[string]any{"name": "金丝雀"}}, 422, "CALLER_REQUIRED"},
		{"no telephone number", map[string]any{"caller": map[string]any{"name": "金丝雀", "phone": "12"}}, 422, "PHONE"},
		{"named without a name", map[string]any{"anonymous": true}, 422, "ANONYMOUS"}, {"tomorrow", map[string]any{"received_at": "2023-03-29T10:01:00+08:00"}, 422, "IN_FUTURE"},
		{"somebody unknown", map[string]any{"person_id": uuid.NewString()}, 404, "NOT_FOUND"},
	} {
		if got := s.do("hotline", "POST", "/tickets", good(tt.change)); got.status != tt.status || got.text("code") != tt.code {
			t.Errorf("%s: %d %s, want %d %s", tt.name, got.status, got.body, tt.status, tt.code)
		}
	}
	k := s.do("hotline", "POST", "/tickets", good(map[string]any{"person_id": person})).want(201)
	unit := func(area, role string) map[string]any {
		return map[string]any{"step": "assign", "unit": map[string]any{"area_code": area, "role": role}}
	}
	for _, tt := range []struct {
		name   string
		step   map[string]any
		status int
		code   string
	}{
		{"no unit", map[string]any{"step": "assign"}, 422, "UNIT_OF_ASSIGNMENT"}, {"a village", unit(villageA, town), 422, "NO_SUCH_UNIT"}, {"a town's federation", unit(townA, cdpf), 422, "NO_SUCH_UNIT"},
		{"another district", unit("370306", cdpf), 422, "NO_SUCH_UNIT"}, {"no such town", unit("370305999", town), 422, "UNKNOWN_AREA"}, {"a liaison", unit(villageA, liaison), 422, "INVALID_INPUT"},
		{"no code", unit("37x", town), 422, "INVALID_INPUT"}, {"a result of nothing", map[string]any{"step": "assign", "result": "satisfied", "unit": unit(townA, town)["unit"]}, 422, "RESULT_OF_CALL_BACK"},
		{"no such step", map[string]any{"step": "receive"}, 422, "INVALID_INPUT"}, {"too early", map[string]any{"step": "call_back", "result": "satisfied"}, 409, "WRONG_STATE"},
	} {
		if got := s.step("hotline", k, tt.step); got.status != tt.status || got.text("code") != tt.code {
			t.Errorf("%s: %d %s, want %d %s", tt.name, got.status, got.body, tt.status, tt.code)
		}
	}
	s.do("hotline", "POST", "/tickets/"+k.text("id")+"/steps", unit(townA, town)).want(428)
	k = s.assigned(k, townA, town)
	s.step("hotline", k, map[string]any{"step": "forward", "text": "x", "unit": unit(townA, town)["unit"]}).want(422, "SAME_UNIT")
	s.step("town.a", k, map[string]any{"step": "reply"}).want(422, "TEXT_REQUIRED")
	s.step("town.a", k, map[string]any{"step": "reply", "text": "x", "unit": unit(townC, town)["unit"]}).want(422, "UNIT_OF_ASSIGNMENT")
	s.step("town.a", k, map[string]any{"step": "archive"}).want(403, "NOT_YOUR_STEP")
}

// TestTwoAnswerATicket lets two officers of a unit answer at the same moment: one does, and the other is told.
func TestTwoAnswerATicket(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.login("town.a")
	s.login("town.a2")
	for range 4 {
		k := s.assigned(s.brought("advice", "other", ""), townA, town)
		status := make([]int, 2)
		var wg sync.WaitGroup
		for i, user := range []string{"town.a", "town.a2"} {
			wg.Go(func() { status[i] = s.step(user, k, map[string]any{"step": "reply", "text": "答复"}).status })
		}
		wg.Wait()
		if sum := status[0] + status[1]; sum != 201+412 && sum != 201+409 {
			t.Errorf("two answers: %v", status)
		}
	}
}

// TestTicketsInTheDatabase writes past the code: the database refuses what cannot be, and holds no word of a caller in clear.
func TestTicketsInTheDatabase(t *testing.T) {
	t.Parallel()
	s := start(t)
	k := s.assigned(s.brought("advice", "other", ""), townA, town)
	ctx := context.Background()
	owner, err := pgx.Connect(ctx, s.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(ctx)
	var text string
	err = owner.QueryRow(ctx, `SELECT (SELECT string_agg(t::text || encode(t.text, 'escape'), '') FROM tickets t) || (SELECT string_agg(s::text, '') FROM ticket_steps s)
		|| (SELECT string_agg(new_row::text, '') FROM audit_changes WHERE table_name LIKE 'ticket%')`).Scan(&text)
	if err != nil || strings.Contains(text, "金丝雀") || strings.Contains(text, "19900005678") {
		t.Errorf("a caller stands in clear in the database (%v)", err)
	}
	for _, statement := range []string{
		"UPDATE tickets SET state = 'closed', closed_at = now(), clock_limit = NULL", "UPDATE tickets SET unit_role = NULL", "UPDATE tickets SET area_code = '370306'",
		"UPDATE tickets SET state = 'archived'",
		"INSERT INTO ticket_steps (id, ticket_id, seq, step, from_state, to_state, at, actor_id, actor_role) SELECT gen_random_uuid(), ticket_id, seq, step, from_state, to_state, at, actor_id, actor_role FROM ticket_steps",
		"INSERT INTO ticket_steps (id, ticket_id, seq, step, from_state, to_state, at, actor_id, actor_role) SELECT gen_random_uuid(), ticket_id, 9, 'close', 'assigned', 'closed', at, actor_id, actor_role FROM ticket_steps LIMIT 1",
	} {
		tx, err := owner.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(ctx, `SELECT audit_sign(gen_random_uuid(), now(), NULL, NULL, 'x', '', 'x', NULL, 'done', '', '{}')`); err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(ctx, statement); err == nil || !strings.Contains(err.Error(), "23") {
			t.Errorf("the database took %s (%v)", statement, err)
		}
		tx.Rollback(ctx)
	}
	app, err := pgx.Connect(ctx, s.db.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer app.Close(ctx)
	for _, statement := range []string{"UPDATE tickets SET text = ''", "DELETE FROM tickets", "UPDATE ticket_steps SET text = ''", "DELETE FROM ticket_steps", "UPDATE ratings SET score = 5", "DELETE FROM ratings"} {
		if _, err := app.Exec(ctx, statement); err == nil {
			t.Errorf("the service's role may: %s", statement)
		}
	}
	var n int
	if err := app.QueryRow(ctx, "SELECT (SELECT count(*) FROM tickets) + (SELECT count(*) FROM ticket_steps)").Scan(&n); err != nil || n != 0 {
		t.Errorf("a query that forgot its area sees %d rows of ticket %s (%v)", n, k.text("id"), err)
	}
}
