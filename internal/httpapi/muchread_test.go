package httpapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
)

// TestMuchReading: who goes through the register with a session that may be stolen is in the audit on the same day, however he reads; and
// nobody for a day's work.
func TestMuchReading(t *testing.T) {
	t.Parallel()
	s := start(t)
	var person string
	for n := range 4 {
		person = s.person("liaison.a", villageA, n+1, 1).want(201).text("id")
	}
	much := func() (said []string) {
		for _, e := range items(s.do("auditor", "GET", "/audit-events?action=persons.much_read", nil).want(200), "items") {
			said = append(said, fmt.Sprint(e["actor"].(map[string]any)["username"], " ", e["detail"].(map[string]any)["persons"]))
		}
		return said
	}
	others := func(n int) (list []uuid.UUID) {
		for range n {
			list = append(list, uuid.New())
		}
		return list
	}
	for _, user := range []string{"cdpf", "town.a", "civil", "liaison.a"} {
		s.desk.DB.Told(t.Context(), s.actor(user), others(1998))
	}
	for range 3 { // whom he has been told of already
		s.do("cdpf", "GET", "/persons?limit=1", nil).want(200)
	}
	s.do("town.a", "POST", "/persons/search", map[string]any{"id_number": number(1)}).want(200)
	if said := much(); len(said) != 0 {
		t.Errorf("a day's work is unusual: %v", said)
	}
	s.do("cdpf", "GET", "/persons?limit=3", nil).want(200)
	s.do("town.a", "GET", "/persons/"+person, nil).want(200)
	s.do("civil", "POST", "/registry/sync/search", searching("r1 "+number(5), "r2 "+number(6))).want(200) // whom nobody knows
	s.do("liaison.a", "GET", "/indicators/nursing_subsidy_coverage/persons?list=gap", nil).want(200)
	for range 3 {
		s.do("cdpf", "GET", "/persons", nil).want(200)
	}
	want := "liaison.a 2002; civil 2000; town.a 2000; cdpf 2001"
	if said := strings.Join(much(), "; "); said != want {
		t.Errorf("the audit says %s, want %s", said, want)
	}
	s.desk.DB.Told(t.Context(), s.actor("cdpf"), others(2000))
	s.clock.Set(s.clock.Now().Add(24 * time.Hour))
	clear(s.tokens)
	s.do("cdpf", "GET", "/persons", nil).want(200)
	if said := much(); len(said) != 5 || !strings.HasPrefix(said[0], "cdpf 40") {
		t.Errorf("after twice as many, and another day: %v", said)
	}
}
