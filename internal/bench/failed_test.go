package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"zhucan/internal/access"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

const failedInThousand = 2

var answered = sized(10_000) // lines of one file of the bank

// failures measures the worklist of what the bank could not pay, of a roster of a million lines; and the bank's answers for lines of it,
// with the index by which that list is found against without: it must not lead the planner astray.
func failures(b *testing.B) []result {
	p := newPayroll(b, manyLines)
	p.exec(b, fmt.Sprintf(`SET session_replication_role = replica;
		UPDATE rosters SET state = 'sent', sent_at = made_at, checksum = '\x00' WHERE id = '%[1]s';
		UPDATE roster_lines SET state = CASE WHEN seq %% 1000 < %[2]d THEN 'failed' ELSE 'sent' END, failure = CASE WHEN seq %% 1000 < %[2]d THEN '户名不符' ELSE '' END, answered_at = now();
		UPDATE payments p SET live = false FROM roster_lines l WHERE (l.roster_id, l.person_id, l.programme) = (p.roster_id, p.person_id, p.programme) AND l.state = 'failed';
		SET session_replication_role = origin`, p.last.ID, failedInThousand))
	p.exec(b, "VACUUM ANALYZE")
	var pages int
	one := 1
	district, village := access.Actor{Role: access.Auditor, Area: "370305"}, access.Actor{Role: access.VillageLiaison, Area: "370305001005"}
	return []result{
		p.timed(b, "worklist undeliverable_payment among 1,000,000, all pages", func() { pages = p.failedPages(district) }, &pages),
		p.timed(b, "  of a village among 1,000,000", func() { p.failedPages(village) }, &one),
		pairs(b, "bank's answers with the index of what failed / without (lower wins)", "ms", p.recording(true), p.recording(false)),
	}
}

// failedPages reads the whole list.
func (p *payroll) failedPages(who access.Actor) (pages int) {
	q := casework.LeadsOf{Worklist: "undeliverable_payment", Limit: 200}
	for lines := 0; ; {
		page, err := p.desk.Leads(context.Background(), who, q)
		if err != nil {
			p.b.Fatal(err)
		}
		if pages, lines = pages+1, lines+len(page); len(page) < q.Limit {
			if who.Area == "370305" && lines != manyLines/1000*failedInThousand {
				p.b.Fatalf("%d lines on the list", lines)
			}
			return pages
		}
		q.After = page[len(page)-1].LeadKey
	}
}

// recording is how long the bank's answers for some lines take, one of fifty of which failed, in milliseconds.
func (p *payroll) recording(indexed bool) func() float64 {
	var outcomes []store.Outcome
	for seq := range answered {
		if n := 5000 + seq; n%1000 >= failedInThousand {
			outcomes = append(outcomes, store.Outcome{Seq: n, Paid: n%50 > 0, Failure: "户名不符"})
		}
	}
	return func() float64 {
		p.exec(p.b, "DROP INDEX IF EXISTS payments_failed")
		p.exec(p.b, fmt.Sprintf(`SET session_replication_role = replica;
			UPDATE payments p SET live = true FROM roster_lines l WHERE (l.roster_id, l.person_id, l.programme) = (p.roster_id, p.person_id, p.programme) AND l.seq BETWEEN 5000 AND %[1]d AND l.seq %% 1000 >= %[2]d AND NOT p.live;
			UPDATE roster_lines SET state = 'sent', failure = '' WHERE seq BETWEEN 5000 AND %[1]d AND seq %% 1000 >= %[2]d AND state <> 'sent';
			SET session_replication_role = origin`, 5000+answered, failedInThousand))
		if indexed {
			p.exec(p.b, "CREATE INDEX payments_failed ON payments (person_id, programme, month) WHERE NOT live")
		}
		p.exec(p.b, "VACUUM ANALYZE payments, roster_lines")
		began := time.Now()
		err := p.desk.DB.Write(context.Background(), p.maker, "roster.results", func(tx *store.Tx) error { return tx.RecordOutcomes(context.Background(), p.last.ID, outcomes) })
		if err != nil {
			p.b.Fatal(err)
		}
		return float64(time.Since(began).Microseconds()) / 1000
	}
}
