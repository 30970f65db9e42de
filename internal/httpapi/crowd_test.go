package httpapi_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestCrowd: more requests with keys at one moment than there are connections. Each holds one and reads by another, so if all connections
// could be held that way, everybody, also who only reads, would wait until the time of the requests is over.
func TestCrowd(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.login("liaison.a")
	const crowd = 40 // the tests have eight connections
	began := time.Now()
	answers := make([]answer, crowd)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			answers[i] = s.do("liaison.a", "POST", "/persons", map[string]any{"name": fmt.Sprint("金丝雀", i), "sex": "male", "birth_date": "2020-01-01",
				"hukou_area_code": villageA, "hukou_type": "agricultural"}, "Idempotency-Key", uuid.NewString())
		})
	}
	all.Wait()
	for _, a := range answers {
		a.want(http.StatusCreated)
	}
	if took := time.Since(began); took > 30*time.Second {
		t.Errorf("it took %v", took)
	}
}

// TestKeyThatIsNotUsed: where the contract says that a key has no effect it has none. Cases that are decided together are decided in a
// transaction each, by several hands; one transaction around all of them, to keep an answer in, would let one that is refused undo the others.
func TestKeyThatIsNotUsed(t *testing.T) {
	t.Parallel()
	s := start(t)
	var items []any
	for n := range 8 {
		items = append(items, map[string]any{"id": s.applied(s.person1(450+n, 1), nursing, "2023-03-28").text("id"), "version": 2})
	}
	blocked := s.person1(460, 1)
	s.granted(blocked, nursing, "2023-03-01", "2023-03-02")
	items = append(items[:4:4], append([]any{map[string]any{"id": uuid.NewString(), "version": 1}}, items[4:]...)...)
	s.at("2023-03-29")
	for round := range 2 {
		answered := s.do("town.a", "POST", "/application-decisions", map[string]any{"items": items, "decision": "approve"}, "Idempotency-Key", "bulk").want(200)
		for i, raw := range answered.json()["results"].([]any) {
			want := 200.0
			if i == 4 {
				want = 404
			}
			if got := raw.(map[string]any)["status"]; got != want {
				t.Errorf("round %d, case %d: %v, want %v", round, i, raw, want)
			}
		}
	}
	if n := len(s.do("auditor", "GET", "/audit-events?action=application.approve&limit=50", nil).want(200).json()["items"].([]any)); n != 9 {
		t.Errorf("%d approvals in the audit, want 9", n)
	}
	pack := s.do("finance", "GET", "/policies", nil).want(200).json()["items"].([]any)[0].(map[string]any)["id"]
	s.do("finance", "POST", "/policies/simulate", map[string]any{"month": "2023-03", "draft": map[string]any{"policy_id": pack}}, "Idempotency-Key", "forecast").want(200)
	if rows := s.keptRows(); len(rows) != 0 {
		t.Errorf("%d answers are kept", len(rows))
	}
}

// TestForecastsInTurn: however many forecasts are asked for at a moment, most connections are left to the others.
func TestForecastsInTurn(t *testing.T) {
	t.Parallel()
	s := start(t)
	for n := range 20 {
		s.person1(470+n, 1)
	}
	pack := s.do("finance", "GET", "/policies", nil).want(200).json()["items"].([]any)[0].(map[string]any)["id"]
	var all sync.WaitGroup
	answers := make([]answer, 16)
	for i := range answers {
		all.Go(func() {
			answers[i] = s.do("finance", "POST", "/policies/simulate", map[string]any{"month": "2022-12", "draft": map[string]any{"policy_id": pack}})
		})
	}
	ended := make(chan struct{})
	go func() { all.Wait(); close(ended) }()
	looks, crowded := 0, 0 // at first all of them ask who it is, at a moment
	for waiting := true; waiting; {
		select {
		case <-ended:
			waiting = false
		case <-time.After(time.Millisecond):
			if looks++; s.desk.DB.PoolInUse() > 4 {
				crowded++
			}
		}
	}
	for _, a := range answers {
		a.want(200)
	}
	if crowded > looks/2 {
		t.Errorf("forecasts held most connections in %d of %d looks", crowded, looks)
	}
}
