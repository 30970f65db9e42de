package store_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/calendar"
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
