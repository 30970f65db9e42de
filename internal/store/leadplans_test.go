package store_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/lead"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

var readsPayments = regexp.MustCompile(`Scan .*on (payments|roster_lines)\b`)

// TestUndeliverablePaymentsByPerson: what has been paid to somebody is looked up by an index. A condition that none answers reads all that was ever
// paid, once for each month that the bank could not pay.
func TestUndeliverablePaymentsByPerson(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), testdb.New(t).OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "SET enable_seqscan = off"); err != nil {
		t.Fatal(err)
	}
	sql, args := store.LeadStatement("undeliverable_payment", store.Today{On: calendar.MustDate("2023-03-28"), Now: clock()})
	rows, err := conn.Query(t.Context(), "EXPLAIN "+sql, pgx.NamedArgs(args))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for i, line := range plan {
		if !readsPayments.MatchString(line) {
			continue
		}
		read++
		if by := plan[i+1]; !strings.Contains(by, "Index Cond: ") || !strings.Contains(by, "person_id = ") {
			t.Errorf("%s\n%s", line, by)
		}
	}
	if read < 4 { // those that failed, and those that were paid
		t.Errorf("payments and lines are read at %d places:\n%s", read, strings.Join(plan, "\n"))
	}
}

// TestWideAreasArePlanned: the worklists of a district are planned for it each time, on a connection that has answered for villages as well. A plan
// kept from them took five times as long.
func TestWideAreasArePlanned(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	d := testdb.New(t)
	db, err := store.Open(ctx, d.URL, store.Options{Ring: d.Ring, Now: clock, NewID: uuid.New, Log: testdb.Log(t), Pool: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	late := store.Late{Other: calendar.MustDate("2023-03-01")}
	asked := func(in area.Code) (kept int) {
		var filters []store.LeadFilter
		for _, l := range lead.All {
			filters = append(filters, store.LeadFilter{Worklist: l.Name, Area: in, Late: late, Soon: late, Limit: 50})
		}
		who, today := access.Actor{Role: access.Auditor, Area: "370305"}, store.Today{On: calendar.MustDate("2023-03-28"), Now: clock()}
		for range 8 { // PostgreSQL plans a statement anew five times before it may keep a plan
			if _, err := db.CountLeads(ctx, who, today, filters); err != nil {
				t.Fatal(err)
			}
			if _, err := db.Leads(ctx, who, today, filters[0]); err != nil {
				t.Fatal(err)
			}
		}
		kept, err := db.KeptPlans(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return kept
	}
	if n := asked("370305"); n != 0 {
		t.Errorf("a district's worklists ran %d times by plans that were kept", n)
	}
	if n := asked("370305001005"); n == 0 {
		t.Error("no plan was kept of a village's worklists: the test sees none")
	}
}

// TestNothingIsCompiled: a server that compiles what it takes for long statements, as PostgreSQL does unless told otherwise, does not for the service.
func TestNothingIsCompiled(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	owner := as(t, d.OwnerURL)
	if _, err := owner.Exec(t.Context(), "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET jit = on', current_database()); END $$"); err != nil {
		t.Fatal(err)
	}
	if jit, err := d.Open(t, clock).Setting(t.Context(), "jit"); err != nil || jit != "off" {
		t.Errorf("jit is %q (%v)", jit, err)
	}
}
