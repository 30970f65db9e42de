package web_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestNoText: an address or a message of a script that could not be kept as a text is refused, whatever it is for.
func TestNoText(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("auditor")
	for _, text := range []string{"%00", "%ff%fe", "%ED%A0%80", "a%00"} {
		for _, at := range []string{"/audit?action=", "/persons?q=", "/?done=", "/sign-in?x=", "/offline/?lang="} {
			b.get(at + text).want(400).says("网址中的查询条件不是有效文本")
		}
		b.get("/persons/" + text).want(404)
	}
	s.as("liaison.a").send(newCase(25), "Idempotency-Key", "\xff").want(t, 400, "BAD_FORM")
	b = s.browser()
	token := b.hello().CSRF
	for name, body := range map[string]string{
		"NUL": `{"username":"a\u0000","password":"x"}`, "bad UTF-8": "{\"username\":\"a\xff\",\"password\":\"x\"}", "nothing": " ", "half": `{"username":`,
		"two documents": `{"username":"liaison.a","password":"` + password + `"}{}`, "something behind": `{"username":"liaison.a","password":"` + password + `"}]`,
	} {
		t.Log(name)
		b.do("POST", "/offline/sign-in", strings.NewReader(body), "Content-Type", "application/json", "X-CSRF", token).heard().want(t, 400, "BAD_FORM")
	}
	b.tell("sign-in", map[string]any{"username": "liaison.a", "password": password}).want(t, 200, "")
}

// TestPagesOfAnOutage: while there is no database a page says that it is to be asked for again.
func TestPagesOfAnOutage(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("town.a")
	b.get("/persons").want(200)
	s.letIn(false)
	for range 3 {
		if sh := b.get("/persons").want(503).says("系统繁忙，请稍后重试"); sh.header.Get("Retry-After") == "" {
			t.Error("503 without Retry-After")
		}
		b.get("/offline/hello").heard().want(t, 503, "BUSY")
	}
	s.letIn(true)
	b.get("/persons").want(200)
}

// letIn has the database of a test take connections, or take none and end those that there are.
func (s *site) letIn(open bool) {
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
	if _, err := conn.Exec(ctx, fmt.Sprintf("ALTER DATABASE %s ALLOW_CONNECTIONS %v", name, open)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := conn.Exec(ctx, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE NOT $2 AND datname = $1", name, open); err != nil {
		s.t.Fatal(err)
	}
}
