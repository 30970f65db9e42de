package web_test

import (
	"testing"

	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

// TestTripsOfLists: a list asks the database as often for twenty lines as for one.
func TestTripsOfLists(t *testing.T) {
	t.Parallel()
	s := start(t)
	sent := &testdb.Sent{}
	s.desk.DB = s.db.OpenWith(t, s.clock.Now, store.Options{Tracer: sent})
	b := s.as("cdpf")
	trips := func() int {
		b.get("/persons").want(200) // what is looked up once for a process
		sent.Since()
		b.get("/persons").want(200)
		_, trips := sent.Since()
		return trips
	}
	s.person(701, 2, villageA)
	one := trips()
	for n := range 19 {
		s.person(703+2*n, 2, villageA)
	}
	if twenty := trips(); twenty > one {
		t.Errorf("%d trips for twenty lines, and %d for one", twenty, one)
	}
}
