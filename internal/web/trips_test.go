package web_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

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

// TestTripsOfOverdueCases: who asks for the overdue cases waits for those that are open, however many were closed in the years before.
func TestTripsOfOverdueCases(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.submitted(81, 1, villageA)
	owner, err := pgx.Connect(t.Context(), s.db.OwnerURL)
	must(t, err)
	defer owner.Close(t.Context())
	_, err = owner.Exec(t.Context(), `ALTER TABLE applications DISABLE TRIGGER USER; INSERT INTO applications (id, person_id, programme, stage, applied_on, owed_from, applicant_relation, entered_by, created_at, area_code)
		SELECT gen_random_uuid(), person_id, programme, 'withdrawn', applied_on, owed_from, applicant_relation, entered_by, created_at, area_code FROM applications, generate_series(1, 500)`)
	must(t, err)
	sent := &testdb.Sent{}
	s.desk.DB = s.db.OpenWith(t, s.clock.Now, store.Options{Tracer: sent})
	b := s.as("cdpf")
	trips := func(path string) int {
		b.get(path).want(200)
		sent.Since()
		b.get(path).want(200)
		_, trips := sent.Since()
		return trips
	}
	if few, many := trips("/applications?late=yes&stage=town_review"), trips("/applications?late=yes"); many > few {
		t.Errorf("%d trips past the closed cases, and %d without", many, few)
	}
}
