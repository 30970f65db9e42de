package store_test

import (
	"regexp"
	"testing"

	"github.com/jackc/pgx/v5"

	"zhucan/internal/calendar"
	"zhucan/internal/lead"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

// grows are the tables that grow with the register or with time. The others are small, or hold a few of its people.
var grows = regexp.MustCompile(`Seq Scan on (persons|certificates|certificate_events|circumstances|standings|standings_past|dues|payments|roster_lines|bank_lines|match_keys|account_keys|payees|awards)\b`)

// TestWorklistsByIndexes: every worklist can be read by indexes. Where one cannot, a condition has been written so that none answers it, and
// what is a moment for few people is minutes for many.
func TestWorklistsByIndexes(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), testdb.New(t).OwnerURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), "SET enable_seqscan = off"); err != nil {
		t.Fatal(err)
	}
	day := calendar.MustDate("2023-03-28")
	for _, list := range lead.All {
		sql, args := store.LeadStatement(list.Name, store.Today{On: day, Now: clock(), Programmes: []store.ProgrammeKeys{{ID: "living_allowance", Coverage: "living_coverage"}},
			Surveyed: "rehab_coverage", Window: calendar.Interval{From: day, To: day}})
		rows, err := conn.Query(t.Context(), "EXPLAIN "+sql, pgx.NamedArgs(args))
		if err != nil {
			t.Fatalf("%s: %v", list.Name, err)
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Fatalf("%s: %v", list.Name, err)
		}
		for _, line := range lines {
			if grows.MatchString(line) {
				t.Errorf("%s: %s", list.Name, line)
			}
		}
	}
}
