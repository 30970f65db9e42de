package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/store"
	"zhucan/internal/store/localpg"
	"zhucan/internal/store/testdb"
)

const changers = 8 // who change something beside one another

var changed = sized(100) * changers // changes of a round

// changes compares recording a fact of a person, through the one door with rights, audit, standing and outbox, with a transaction of
// pgbench that writes the very rows of each change into copies of the same tables, indexes and foreign keys included, which hold what
// the register held before. On a server that waits for its disk, as in production. Both are changes a second.
func changes(b *testing.B) []result {
	b.Helper()
	w := openIn(b, durable(b))
	w.reader(b)
	_, _ = w.serve(b)
	who := w.signedIn(b)
	ids := w.spread(b, rounds*changed)
	w.exec(b, "VACUUM ANALYZE")
	var values, references []float64
	for round := range rounds {
		values = append(values, w.change(b, who, ids[round*changed:][:changed]))
		references = append(references, w.replay(b))
	}
	return []result{paired("a change with audit, standing, outbox / pgbench of its rows", "tx/s", values, references)}
}

// durable is a database of a server of its own that gives nothing up at a power cut.
func durable(b *testing.B) testdb.Database {
	b.Helper()
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "zhucan-durable-") // not b.TempDir, which the server's account cannot reach
	if err != nil {
		b.Fatal(err)
	}
	cluster, err := localpg.Start(ctx, localpg.Options{Dir: folder})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { cluster.Stop(context.Background()); os.RemoveAll(folder) })
	url := cluster.URL(localpg.Superuser, "postgres")
	if _, err := store.Migrate(ctx, url); err != nil {
		b.Fatal(err)
	}
	return testdb.Database{URL: cluster.URL("zhucan_app", "postgres"), OwnerURL: url, Ring: newRing(b)}
}

// change records that each of the persons is insured; changes a second.
func (w *world) change(b *testing.B, who access.Actor, ids []uuid.UUID) float64 {
	b.Helper()
	fact := casework.NewCircumstance{Kind: "insurance_medical", Value: json.RawMessage(`"resident"`), ValidFrom: calendar.MustDate("2026-11-01"), Source: "office"}
	began := time.Now()
	var wg sync.WaitGroup
	for c := range changers {
		wg.Go(func() {
			for n := c; n < len(ids); n += changers {
				if _, err := w.desk.AddCircumstance(context.Background(), who, ids[n], fact); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return float64(len(ids)) / time.Since(began).Seconds()
}

// replay writes again what the last round of changes has written, each change in a transaction; transactions a second. Which rows those
// are is what the database has noted on each of them. Rows that a change took away are not taken away again.
func (w *world) replay(b *testing.B) float64 {
	b.Helper()
	w.exec(b, `CREATE TABLE IF NOT EXISTS was_made (xid xid, n int, round int)`)
	w.exec(b, fmt.Sprintf(`INSERT INTO was_made SELECT xmin, row_number() OVER () - 1, (SELECT count(DISTINCT round) FROM was_made)
		FROM circumstances WHERE kind = 'insurance_medical' AND NOT EXISTS (SELECT FROM was_made m WHERE m.xid = circumstances.xmin) LIMIT %d`, changed))
	script := fmt.Sprintf("\\set i :i + 1\n\\set n :client_id * %d + :i\nBEGIN;\n", changed/changers)
	for _, table := range w.tables(b) {
		if columns := w.keepWritten(b, table); columns != "" {
			script += fmt.Sprintf("INSERT INTO copy_%[1]s (%[2]s) SELECT %[2]s FROM was_%[1]s WHERE change_number = :n;\n", table, columns)
		}
	}
	w.exec(b, "VACUUM ANALYZE")
	w.exec(b, "CHECKPOINT")
	l := load{url: w.db.OwnerURL, script: script + "COMMIT;\n", clients: changers, runs: changed / changers, variables: map[string]string{"i": "-1"}}
	return l.run(b, w.pool)
}

// keepWritten puts what the last round wrote into a table aside, with the number of the change, and makes a copy of the table without it.
// The columns of the table, or nothing where nothing was written.
func (w *world) keepWritten(b *testing.B, table string) string {
	b.Helper()
	const last = "JOIN was_made m ON m.xid = t.xmin AND m.round = (SELECT max(round) FROM was_made)"
	var columns string
	err := w.pool.QueryRow(context.Background(), fmt.Sprintf(`SELECT coalesce(string_agg(quote_ident(attname), ', ' ORDER BY attnum), '') FROM pg_attribute
		WHERE attrelid = '%[1]s'::regclass AND attnum > 0 AND NOT attisdropped AND EXISTS (SELECT FROM %[1]s t %[2]s)`, table, last)).Scan(&columns)
	if err != nil {
		b.Fatal(err)
	}
	if columns == "" {
		return ""
	}
	for _, statement := range strings.Split(`DROP TABLE IF EXISTS was_%[1]s, copy_%[1]s;
		CREATE TABLE was_%[1]s AS SELECT t.*, m.n AS change_number FROM %[1]s t %[2]s;
		CREATE INDEX ON was_%[1]s (change_number);
		CREATE TABLE copy_%[1]s (LIKE %[1]s INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES);
		INSERT INTO copy_%[1]s SELECT t.* FROM %[1]s t WHERE NOT EXISTS (SELECT FROM was_made m WHERE m.xid = t.xmin AND m.round = (SELECT max(round) FROM was_made))`, ";") {
		w.exec(b, strings.ReplaceAll(strings.ReplaceAll(statement, "%[1]s", table), "%[2]s", last))
	}
	w.exec(b, fmt.Sprintf(foreignKeys, table, "copy"))
	return columns
}
