package httpapi_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// soon is how long somebody may wait who asks for something else.
const soon = 5 * time.Second

// connections are those of a test's service.
const connections = 8

// reads asks for something small as often as it takes to see whether anybody is still answered.
func (s *service) reads(user string) {
	s.t.Helper()
	began := time.Now()
	s.do(user, "GET", "/indicators/values", nil).want(200)
	if took := time.Since(began); took > soon {
		s.t.Errorf("somebody else waits %v", took)
	}
}

// seals asks for a public release beside others, and says what came of it.
func (s *service) seals(title string, headers ...string) answer {
	return s.do("stats", "POST", "/indicator-releases", map[string]any{"title": title, "as_of": "2023-03-28", "public": true}, headers...)
}

// TestSealingTakesTurns: more ask for releases at once than there are connections. One after the other is sealed, who comes too much asks again,
// and everybody else is answered meanwhile.
func TestSealingTakesTurns(t *testing.T) {
	t.Parallel()
	s := start(t)
	(&district{s: s}).settle([]village{{9, 3}, {20, 12}, {30, 0}})
	s.publish("2023-03-27")
	s.login("stats")
	s.login("cdpf")
	for _, kept := range []bool{false, true} { // an answer that is kept has a connection before anything is done
		var all sync.WaitGroup
		var mu sync.Mutex
		came := map[int]int{}
		for n := range connections + 4 {
			all.Go(func() {
				var headers []string
				if kept {
					headers = []string{"Idempotency-Key", fmt.Sprint("seal-", n)}
				}
				a := s.seals(fmt.Sprint("同时", n), headers...)
				if a.status == 503 && (a.text("code") != "BUSY" || a.header.Get("Retry-After") == "") {
					t.Errorf("busy: %v %s", a.header, a.body)
				}
				mu.Lock()
				defer mu.Unlock()
				came[a.status]++
			})
		}
		for range 5 {
			s.reads("cdpf")
		}
		all.Wait()
		if came[201] == 0 || came[201]+came[503] != connections+4 {
			t.Errorf("answers are kept: %v; came %v", kept, came)
		}
	}
}

// TestAnotherProcessPublishes: it is not waited for.
func TestAnotherProcessPublishes(t *testing.T) {
	t.Parallel()
	s := start(t)
	conn := s.owner()
	if _, err := conn.Exec(t.Context(), "SELECT pg_advisory_lock(370305, 4)"); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	s.seals("另一进程").want(503, "BUSY")
	if took := time.Since(began); took > soon {
		t.Errorf("waited %v", took)
	}
	if _, err := conn.Exec(t.Context(), "SELECT pg_advisory_unlock(370305, 4)"); err != nil {
		t.Fatal(err)
	}
	s.seals("另一进程").want(201)
}

// owner is a connection that may do anything, beside the service.
func (s *service) owner() *pgx.Conn {
	s.t.Helper()
	conn, err := pgx.Connect(s.t.Context(), s.db.OwnerURL)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close(context.Background()) })
	return conn
}
