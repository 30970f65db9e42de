package httpapi_test

import (
	"context"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/jackc/pgx/v5"

	"zhucan/api"
)

// TestHeads asks for the head of everything that is read: it is that of the answer, without the answer, and leaves nothing behind. What leaves an
// entry in the audit has no head of its own.
func TestHeads(t *testing.T) {
	t.Parallel()
	s := start(t)
	m := s.matrixFixture()
	doc, err := openapi3.NewLoader().LoadFromData(api.Document)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), s.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	entries := func() (n int) {
		if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM audit_entries").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for _, user := range inside {
		s.login(user)
	}
	for path, item := range doc.Paths.Map() {
		if item.Get == nil {
			continue
		}
		user, target := "", m.target(path)
		if allowed := mayCall[item.Get.OperationID]; len(allowed) > 0 {
			user = inside[allowed[0]]
		}
		before := entries()
		got := s.do(user, "GET", target, nil)
		left := got.status == 200 && entries() > before
		before = entries()
		head := s.do(user, "HEAD", target, nil)
		switch {
		case head.status == 405 && (left || got.status == 404):
		case left || head.status != got.status || len(head.body) > 0 || got.status == 200 && (entries() != before || head.header.Get("Content-Type") != got.header.Get("Content-Type")):
			t.Errorf("the head of %s: status %d, the answer's %d; %d entries of the audit more", path, head.status, got.status, entries()-before)
		}
	}
	photo := s.upload("liaison.a", snapshot(t, 1), "/services/"+m.service+"/attachments").want(201)
	for user, at := range map[string]string{"liaison.a": "/attachments/" + photo.text("id"), "cdpf": "/imports/" + someID + "/workbook", "finance": "/rosters/" + someID + "/file", "stats": "/indicator-releases/" + someID + "/file"} {
		s.do(user, "HEAD", at, nil).want(405)
	}
}
