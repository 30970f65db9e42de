package httpapi_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// administer runs statements about the database of a test from beside it. %s stands for its name.
func (s *service) administer(statements ...string) {
	s.t.Helper()
	ctx := context.Background()
	config, err := pgx.ParseConfig(s.db.OwnerURL)
	if err != nil {
		s.t.Fatal(err)
	}
	name := config.Database
	config.Database = "postgres"
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(ctx)
	for _, sql := range statements {
		if _, err := conn.Exec(ctx, fmt.Sprintf(sql, name)); err != nil {
			s.t.Fatal(err)
		}
	}
}

const endConnections = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'"

func (a answer) wantBusy() {
	a.t.Helper()
	if a.want(503, "BUSY"); a.header.Get("Retry-After") == "" {
		a.t.Error("503 without Retry-After")
	}
}

// TestOutagesAreBusy: whoever asks while there is no database, or one that takes no writes, may ask again in a moment; and where requests are
// shared out, this one gets none meanwhile.
func TestOutagesAreBusy(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.login("liaison.a")
	id := s.person("liaison.a", villageA, 1, 3).want(201).text("id")
	s.do("", "GET", "/readyz", nil).want(200)
	s.administer("ALTER DATABASE %s ALLOW_CONNECTIONS false", endConnections)
	for range 3 {
		s.do("liaison.a", "GET", "/persons", nil).wantBusy()
		s.do("liaison.a", "GET", "/persons/"+id, nil).wantBusy()
		s.do("liaison.a", "GET", "/me", nil).wantBusy()
		s.person("liaison.a", villageA, 2, 3).wantBusy()
		s.do("", "POST", "/auth/login", map[string]any{"username": "town.a", "password": password}).wantBusy()
		s.do("", "GET", "/readyz", nil).want(503, "NOT_READY")
	}
	s.administer("ALTER DATABASE %s ALLOW_CONNECTIONS true", "ALTER DATABASE %s SET default_transaction_read_only = on")
	s.do("liaison.a", "GET", "/persons", nil).want(200)
	s.person("liaison.a", villageA, 2, 3).wantBusy()
	s.do("", "GET", "/readyz", nil).want(503, "NOT_READY")
	s.administer("ALTER DATABASE %s RESET default_transaction_read_only", endConnections)
	for range 10 { // some connections find out only now that they have ended
		if s.do("", "GET", "/readyz", nil).status == 200 {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	s.person("liaison.a", villageA, 2, 3).want(201)
}
