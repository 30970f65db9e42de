package bench

import (
	"context"
	"fmt"
	"runtime/debug"
	"runtime/metrics"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/roster"
)

var (
	fewLines  = sized(10_000)
	manyLines = sized(1_000_000)
)

// rosters calculates a small and a large roster, each against an INSERT ... SELECT of the very rows that it writes, from
// plain tables into the same tables.
func rosters(b *testing.B) []result {
	few, many := newPayroll(b, fewLines), newPayroll(b, manyLines)
	small := pairs(b, "roster of 10,000 lines / INSERT ... SELECT of its rows", "lines/s", few.calculate, few.insert)
	large := pairs(b, "roster of 1,000,000 lines / INSERT ... SELECT of its rows", "lines/s", many.calculate, many.insert)
	cost := small.Value / large.Value // of the medians: a line's time is one over the rate
	perLine := printed(result{Name: "a line of 1,000,000 / a line of 10,000 (lower wins)", Value: 1e6 / large.Value, Reference: 1e6 / small.Value, Ratio: cost,
		Min: cost, Max: cost, Rounds: large.Rounds, Unit: "µs"})
	return []result{small, large, perLine, many.memory()}
}

// memory is the most that this process, service and all, holds while a roster is calculated, checked and locked, in MiB,
// against the 200 that are promised.
func (p *payroll) memory() result {
	p.undo()
	ctx := context.Background()
	most := mostMemory(func() {
		r, err := p.desk.MakeRoster(ctx, p.maker, p.month, "", "")
		if err == nil {
			r, err = p.desk.CheckRoster(ctx, p.account(p.b, access.CDPFReviewer), r.ID, r.Version)
		}
		if err == nil {
			_, err = p.desk.LockRoster(ctx, p.maker, r.ID, r.Version)
		}
		if err != nil {
			p.b.Fatal(err)
		}
	})
	mib := float64(most) / (1 << 20)
	return printed(result{Name: "memory while 1,000,000 lines are calculated and locked", Value: mib, Reference: 200, Ratio: mib / 200, Min: mib / 200, Max: mib / 200, Rounds: 1, Unit: "MiB"})
}

// payroll is a register in which every person is owed one month.
type payroll struct {
	*world
	b     *testing.B
	lines int
	month calendar.Month
	maker access.Actor
	last  roster.Roster
}

// fill makes up persons with an award, an account and a due each. Triggers and foreign keys are left out: this is not
// what is measured.
const fill = `
SET session_replication_role = replica;
INSERT INTO persons (id, record_type, name, managing_area_code, created_at, updated_at)
    SELECT gen_random_uuid(), 'CERTIFIED', 'x', '370305' || lpad((n %% 12 + 1)::text, 3, '0') || lpad((n %% 39 + 1)::text, 3, '0'), now(), now() FROM generate_series(1, %[1]d) n;
INSERT INTO awards (id, person_id, area_code, programme, basis, start_month, owed_from, recorded_at)
    SELECT gen_random_uuid(), id, managing_area_code, 'nursing_subsidy', 'import', '2023-01-01', '2026-11-01', now() FROM persons;
INSERT INTO payees (id, person_id, area_code, holder, relation, account, named_at, recorded_at) SELECT gen_random_uuid(), id, managing_area_code, 'x', 'self', '\x00', now(), now() FROM persons;
INSERT INTO dues (person_id, programme, from_month, award_id, level, amount_fen, rule_set, rate_document, area_code)
    SELECT person_id, programme, '2026-11-01', id, 1, 16700, 'RS2021', 'x', area_code FROM awards;
INSERT INTO open_months SELECT person_id, programme, '2026-11-01' FROM awards;
SET session_replication_role = origin;
ANALYZE`

func newPayroll(b *testing.B, lines int) *payroll {
	b.Helper()
	p := &payroll{world: newWorld(b), b: b, lines: lines, month: calendar.MustMonth("2026-11")}
	p.exec(b, fmt.Sprintf(fill, lines))
	account := uuid.Must(uuid.NewV7())
	p.exec(b, fmt.Sprintf(`SET session_replication_role = replica;
		INSERT INTO accounts (id, username, name, role, area_code, password_phc, created_at, updated_at) VALUES ('%s', 'maker', 'x', 'finance_officer', '370305', 'x', now(), now());
		SET session_replication_role = origin`, account))
	p.maker = access.Actor{AccountID: account, Role: access.FinanceOfficer, Area: "370305"}
	p.calculate()
	for _, table := range []string{"roster_lines", "payments"} {
		p.exec(b, fmt.Sprintf("CREATE TABLE kept_%s AS SELECT * FROM %s WHERE roster_id = '%s'", table, table, p.last.ID))
	}
	p.exec(b, "ANALYZE")
	return p
}

// undo empties the tables of the last roster, outside the time that is taken.
func (p *payroll) undo() {
	p.exec(p.b, "SET session_replication_role = replica; TRUNCATE payments, roster_lines, bank_lines; UPDATE rosters SET state = 'cancelled'; SET session_replication_role = origin")
}

// calculate is lines a second of the real thing, with its signed transaction.
func (p *payroll) calculate() float64 {
	p.undo()
	began := time.Now()
	r, err := p.desk.MakeRoster(context.Background(), p.maker, p.month, "", "")
	took := time.Since(began).Seconds()
	if err != nil || r.Totals.Lines != p.lines {
		p.b.Fatalf("%d lines of %d (%v)", r.Totals.Lines, p.lines, err)
	}
	p.last = r
	return float64(p.lines) / took
}

// insert is lines a second of a bare INSERT ... SELECT of the same rows into the same tables with their keys.
func (p *payroll) insert() float64 {
	p.undo()
	p.exec(p.b, "ALTER TABLE roster_lines DISABLE TRIGGER USER; ALTER TABLE payments DISABLE TRIGGER USER")
	began := time.Now()
	p.exec(p.b, "BEGIN; INSERT INTO roster_lines SELECT * FROM kept_roster_lines; INSERT INTO payments SELECT * FROM kept_payments; COMMIT")
	took := time.Since(began).Seconds()
	p.exec(p.b, "ALTER TABLE roster_lines ENABLE TRIGGER USER; ALTER TABLE payments ENABLE TRIGGER USER")
	return float64(p.lines) / took
}

// mostMemory is the most that this process, service and all, holds while something is done, in bytes.
func mostMemory(do func()) (most uint64) {
	debug.FreeOSMemory()
	stop, sampled := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(sampled)
		samples := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
		for {
			metrics.Read(samples)
			most = max(most, samples[0].Value.Uint64()-samples[1].Value.Uint64())
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	do()
	close(stop)
	<-sampled
	return most
}
