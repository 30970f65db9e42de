package bench

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/application"
	"zhucan/internal/casework"
)

// decided is how many cases one bulk decision decides.
var decided = sized(1000)

// waiting makes every recipient of the district an applicant who waits at the town.
const waiting = `
SET LOCAL session_replication_role = replica;
CREATE TABLE case_of AS SELECT gen_random_uuid() AS id, person_id, programme, row_number() OVER (ORDER BY id) AS n FROM awards;
DELETE FROM awards; DELETE FROM dues; DELETE FROM open_months;
INSERT INTO applications (id, version, person_id, area_code, programme, stage, applied_on, owed_from, applicant_relation, entered_by, submitted_by, submitted_at, created_at)
SELECT c.id, 2, c.person_id, p.managing_area_code, c.programme, 'town_review', '2026-11-02', '2026-11-01', 'self', $1, $1, now(), now()
FROM case_of c JOIN persons p ON p.id = c.person_id;
`

// decisionTables are what a decision writes, with the column that finds a case's rows in them.
var decisionTables = map[string]string{
	"applications": "id = $1", "application_steps": "application_id = $1", "awards": "application_id = $1",
	"standings": "person_id = (SELECT person_id FROM applications WHERE id = $1)", "dues": "person_id = (SELECT person_id FROM applications WHERE id = $1)",
	"open_months":   "person_id = (SELECT person_id FROM applications WHERE id = $1)",
	"audit_entries": "id = (SELECT id FROM entry_of WHERE subject_id = $1)", "audit_changes": "entry_id = (SELECT id FROM entry_of WHERE subject_id = $1)",
}

// foreignKeys gives the copy of a table the table's foreign keys.
const foreignKeys = `DO $$ DECLARE key record; BEGIN
	FOR key IN SELECT pg_get_constraintdef(oid) AS text FROM pg_constraint WHERE contype = 'f' AND conrelid = '%[1]s'::regclass LOOP
		EXECUTE 'ALTER TABLE %[2]s_%[1]s ADD ' || key.text;
	END LOOP; END $$`

// bulkDecisions compares deciding a thousand cases, each in a transaction of its own, with single prepared statements that
// write the very rows of each case into copies of the same tables, indexes and foreign keys included, with as many commits.
// Both are cases a second.
func bulkDecisions(b *testing.B) []result {
	b.Helper()
	ctx := context.Background()
	w := open(b)
	liaison, officer := w.account(b, access.VillageLiaison), w.account(b, access.TownOfficer)
	err := pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		for _, statement := range strings.Split(strings.TrimSpace(waiting), ";\n") {
			var args []any
			if strings.Contains(statement, "$1") {
				args = []any{liaison.AccountID}
			}
			if _, err := tx.Exec(ctx, strings.TrimSuffix(statement, ";"), args...); err != nil {
				return fmt.Errorf("%s: %w", statement[:20], err)
			}
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	if _, _, err := w.desk.RebuildStandings(ctx, access.SystemActor(), false); err != nil {
		b.Fatal(err)
	}
	w.exec(b, `CREATE TABLE ready AS SELECT c.id, row_number() OVER (ORDER BY c.n) AS n FROM case_of c JOIN standings s ON s.person_id = c.person_id
		AND s.indicator = c.programme || '_coverage' AND s.status = 2 AND s.valid_from <= '2026-11-23' AND (s.valid_to IS NULL OR s.valid_to >= '2026-11-23')`)
	w.exec(b, "VACUUM ANALYZE")
	round := 0
	cases := func(round int) (ids []uuid.UUID) {
		rows, err := w.pool.Query(ctx, "SELECT id FROM ready WHERE n > $1 ORDER BY n LIMIT $2", round*decided, decided)
		if err == nil {
			ids, err = pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		}
		if err != nil || len(ids) != decided {
			b.Fatalf("%d cases (%v)", len(ids), err)
		}
		return ids
	}
	decide := func() float64 {
		var items []casework.BulkItem
		for _, id := range cases(round) {
			items = append(items, casework.BulkItem{ID: id, Version: 2})
		}
		began := time.Now()
		_, errs := w.desk.DecideApplications(ctx, officer, items, application.Ruling{Decision: "approve"})
		took := time.Since(began)
		if err := errors.Join(errs...); err != nil {
			b.Fatal(err)
		}
		return float64(decided) / took.Seconds()
	}
	var rates []float64
	for round = range rounds { // the rows have to be there before they can be copied
		rates = append(rates, decide())
		w.exec(b, "VACUUM ANALYZE") // as the server's own round would; the tables were empty before
	}
	w.exec(b, "CREATE TABLE entry_of AS SELECT subject_id, id FROM audit_entries WHERE action = 'application.approve'")
	w.exec(b, "CREATE UNIQUE INDEX ON entry_of (subject_id)")
	w.exec(b, "VACUUM ANALYZE")
	round = 0
	value := func() float64 { round++; return rates[round-1] }
	return []result{pairs(b, "bulk decision of 1,000 cases / single statements", "cases/s", value, func() float64 { return w.copyCases(b, cases(round)) })}
}

func (w *world) copyCases(b *testing.B, ids []uuid.UUID) float64 {
	b.Helper()
	ctx := context.Background()
	for table := range decisionTables {
		w.exec(b, "DROP TABLE IF EXISTS case_"+table)
		w.exec(b, "CREATE TABLE case_"+table+" (LIKE "+table+" INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING INDEXES)")
		w.exec(b, fmt.Sprintf(foreignKeys, table, "case"))
	}
	conn, err := w.pool.Acquire(ctx)
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Release()
	began := time.Now()
	for _, id := range ids {
		err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			for table, where := range decisionTables {
				once := ""
				if strings.HasPrefix(where, "person_id") { // whoever has two cases
					once = " ON CONFLICT DO NOTHING"
				}
				if _, err := tx.Exec(ctx, "INSERT INTO case_"+table+" SELECT * FROM "+table+" WHERE "+where+once, id); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	return float64(len(ids)) / time.Since(began).Seconds()
}

func (w *world) account(b *testing.B, role access.Role) access.Actor {
	b.Helper()
	account, err := w.desk.CreateAccount(context.Background(), access.SystemActor(), casework.NewAccount{Username: strings.ReplaceAll(string(role), "_", "."), Name: "测试",
		Password: "a long enough secret", Role: role, Area: "370305"})
	if err != nil {
		b.Fatal(err)
	}
	return access.Actor{AccountID: account.ID, Role: role, Area: "370305"}
}
