package httpapi_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// TestChainOverTheInterface: an auditor is told that the chain holds and with which head, and where it breaks once somebody has altered an entry.
func TestChainOverTheInterface(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.person("liaison.a", villageA, 1, 1).want(201)
	s.login("auditor")
	want, err := s.desk.DB.VerifyAudit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := s.do("auditor", "GET", "/audit-events/chain", nil).want(200).json()
	last := s.do("auditor", "GET", "/audit-events?limit=1", nil).want(200).json()["items"].([]any)[0].(map[string]any)
	if got["holds"] != true || got["broken"] != nil || got["entries"] != float64(want.Entries) || got["changes"] != float64(want.Changes) || want.Entries == 0 || got["head"] != last["hash"] {
		t.Errorf("%v, last %v", got, last)
	}
	s.do("admin", "GET", "/audit-events/chain", nil).want(403)

	owner, err := pgx.Connect(t.Context(), s.db.OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer owner.Close(t.Context())
	if _, err := owner.Exec(t.Context(), "BEGIN; LOCK TABLE audit_entries"); err != nil {
		t.Fatal(err)
	}
	s.do("auditor", "GET", "/audit-events/chain", nil).wantBusy() // while somebody works on the table
	if _, err := owner.Exec(t.Context(), "ROLLBACK"); err != nil {
		t.Fatal(err)
	}
	if _, err := owner.Exec(t.Context(), "ALTER TABLE audit_entries DISABLE TRIGGER ALL; UPDATE audit_entries SET action = 'person.view' WHERE action = 'person.create'"); err != nil {
		t.Fatal(err)
	}
	got = s.do("auditor", "GET", "/audit-events/chain", nil).want(200).json()
	if broken, _ := got["broken"].(string); got["holds"] != false || !strings.Contains(broken, "altered") {
		t.Errorf("after an entry was altered: %v", got)
	}
}
