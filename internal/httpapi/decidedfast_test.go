package httpapi_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/application"
	"zhucan/internal/casework/testdesk"
)

// TestDecidedFast: who decides more cases within a minute than anybody reads is in the audit, once and not for each, whoever else decides beside him
// and in however many processes; and nobody for deciding as many one after the other. Each of them is decided.
func TestDecidedFast(t *testing.T) {
	t.Parallel()
	s := start(t)
	var open []string
	for n := range 60 {
		open = append(open, s.applied(s.person1(700+n, 1), nursing, "2023-03-28").text("id"))
	}
	take := func(n int) (ids []string) {
		ids, open = open[:n], open[n:]
		return ids
	}
	fast := func() (said []string) {
		for _, e := range items(s.do("auditor", "GET", "/audit-events?action=applications.decided_fast", nil).want(200), "items") {
			said = append(said, fmt.Sprint(e["actor"].(map[string]any)["username"], " ", e["detail"].(map[string]any)["decisions"]))
		}
		return said
	}
	decide := func(user, decision, id string) {
		t.Helper()
		body := map[string]any{"decision": decision}
		if decision != "approve" {
			body["reason"] = "材料不全"
		}
		s.do(user, "POST", "/applications/"+id+"/decisions", body, "If-Match", s.do(user, "GET", "/applications/"+id, nil).version()).want(200)
	}
	together := func(user string, ids []string) {
		t.Helper()
		var cases []any
		for _, id := range ids {
			cases = append(cases, map[string]any{"id": id, "version": 2})
		}
		for _, r := range items(s.do(user, "POST", "/application-decisions", map[string]any{"decision": "approve", "items": cases}).want(200), "results") {
			if r["status"] != 200.0 {
				t.Errorf("a case was not decided: %v", r)
			}
		}
	}
	later := func(d time.Duration) {
		s.clock.Add(d)
		clear(s.tokens)
	}

	for range 2 { // ten within a minute, and ten in the next
		for i, id := range take(10) {
			decide("town.a", []string{"approve", "return"}[i%2], id)
		}
		later(time.Minute)
	}
	if said := fast(); len(said) != 0 {
		t.Errorf("ten in a minute are unusual: %v", said)
	}
	together("town.a", take(9))
	decide("town.a", "approve", take(1)[0])
	if said := fast(); len(said) != 0 {
		t.Errorf("ten in a minute are unusual, some of them together: %v", said)
	}
	decide("town.a", "return", take(1)[0])
	if said := strings.Join(fast(), "; "); said != "town.a 11" {
		t.Errorf("the audit says %q of eleven within a minute", said)
	}
	later(59 * time.Minute)
	together("town.a", take(12))
	if said := fast(); len(said) != 1 {
		t.Errorf("it is told again within an hour: %v", said)
	}
	later(2 * time.Minute)
	s.inTwoProcesses("town.a", take(16))
	if said := fast(); len(said) != 2 || !strings.HasPrefix(said[0], "town.a 1") {
		t.Errorf("of sixteen at the same time in two processes, an hour later, the audit says %v", said)
	}
}

// inTwoProcesses has cases approved at the same time, half of them by another process.
func (s *service) inTwoProcesses(user string, ids []string) {
	s.t.Helper()
	other := testdesk.New(s.t, s.db, s.db.Open(s.t, s.clock.Now), s.clock.Now)
	who := s.actor(user)
	var deciding sync.WaitGroup
	for i, id := range ids {
		desk := s.desk
		if i%2 == 1 {
			desk = other
		}
		deciding.Go(func() {
			if _, err := desk.DecideApplication(context.Background(), who, uuid.MustParse(id), 2, application.Ruling{Decision: "approve"}); err != nil {
				s.t.Error(err)
			}
		})
	}
	deciding.Wait()
}
