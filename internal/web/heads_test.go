package web_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/web"
)

// TestHeads asks for the head of every page: it is that of the page, without the page, and leaves nothing behind. A page that leaves an entry in the
// audit has no head of its own.
func TestHeads(t *testing.T) {
	t.Parallel()
	s := start(t)
	f := s.fixture("监护人甲", 11)
	f.more = map[string]uuid.UUID{}
	for _, add := range further {
		add(s, &f)
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
	traces := 0
	ask := func(b *browser, path, at string) {
		before := entries()
		got := b.get(at)
		left := entries() > before
		if got.status >= 400 {
			t.Errorf("%s: status %d", path, got.status)
			return
		}
		want := got.status
		if left {
			want = 405
			traces++
		}
		before = entries()
		head := b.do("HEAD", at, nil)
		if head.status != want || head.body != "" || entries() != before {
			t.Errorf("the head of %s: status %d, want %d; %d bytes; %d entries of the audit more", path, head.status, want, len(head.body), entries()-before)
		}
		if kind := got.header.Get("Content-Type"); !left && head.header.Get("Content-Type") != kind {
			t.Errorf("the head of %s is of %q, the page of %q", path, head.header.Get("Content-Type"), kind)
		}
	}
	for _, p := range web.Pages() {
		for role, user := range userOf {
			if slices.Contains(maySee[p.Path], role) {
				ask(s.as(user), p.Path, f.office.of(role, f.address(p.Path)))
				break
			}
		}
	}
	for _, at := range []string{"/sign-in", "/status", "/offline/", "/offline", "/offline/sw.js", "/offline/manifest.webmanifest", "/offline/hello", "/offline/files", "/alive"} {
		ask(s.as("liaison.a"), at, at)
	}
	if traces < 4 {
		t.Errorf("only %d pages leave a trace", traces)
	}
	s.browser().do("HEAD", "/", nil).want(303)
	s.as("liaison.b").do("HEAD", f.address("/persons/:id"), nil).want(404)
	s.as("liaison.a").do("HEAD", "/nowhere", nil).want(404)
}

// TestHeadTellsNothing: what is told once is still to be told after somebody has asked for the head of its page.
func TestHeadTellsNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.as("liaison.a")
	at := b.get("/persons/"+s.person(21, 1, villageA).String()+"/apply").form("submit").set("programme", "nursing_subsidy", "applicant.relation", "self").send().want(303).header.Get("Location")
	b.do("HEAD", at, nil).want(200)
	b.get(at).want(200).says("查询码，请抄给申请人")
}
