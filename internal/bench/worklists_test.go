package bench

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/lead"
)

// promised is what a worklist of a whole district may take, in milliseconds.
const promised = 100

// worklists reads each list of a district that has paid for two years, counted and its last page, as a district officer does; and
// all of them as a village's. Value is milliseconds, against what is promised.
func worklists(b *testing.B) []result {
	w := open(b)
	w.payFor(b, 24)
	w.exec(b, "ANALYZE")
	district := access.Actor{Role: access.Auditor, Area: "370305"}
	var results []result
	for _, l := range lead.All {
		var pages int
		results = append(results, w.timed(b, "worklist "+l.Name+", all pages", func() {
			q := casework.LeadsOf{Worklist: l.Name, Limit: 200}
			pages = 0
			for {
				page, err := w.desk.Leads(context.Background(), district, q)
				if err != nil {
					b.Fatal(err)
				}
				if pages++; len(page) < q.Limit {
					return
				}
				q.After = page[len(page)-1].LeadKey
			}
		}, &pages))
	}
	one := 1
	for name, who := range map[string]access.Actor{"all worklists counted, a district": district, "all worklists counted, a village": {Role: access.VillageLiaison, Area: "370305001005"}} {
		results = append(results, w.timed(b, name, func() {
			if _, err := w.desk.Worklists(context.Background(), who, ""); err != nil {
				b.Fatal(err)
			}
		}, &one))
	}
	return results
}

// timed is the median of rounds in milliseconds, a page.
func (w *world) timed(b *testing.B, name string, do func(), pages *int) result {
	b.Helper()
	do()
	measure := func() float64 {
		began := time.Now()
		do()
		return float64(time.Since(began).Microseconds()) / 1000 / float64(*pages)
	}
	return pairs(b, name+" (ms, lower wins)", "ms", measure, func() float64 { return promised })
}

// payFor pays the months of the past as a bank does, past the service: what counts here is only that they stand there.
func (w *world) payFor(b *testing.B, months int) {
	b.Helper()
	last := calendar.MustMonth("2026-10")
	w.exec(b, `SET session_replication_role = replica; SET zhucan.area = ':';
		UPDATE awards SET owed_from = '2016-01-01'; UPDATE dues SET from_month = '2024-11-01' WHERE from_month = '2026-11-01';
		UPDATE open_months SET open_from = '2026-11-01'`)
	for m := range months {
		month := last.Add(m - months + 1)
		id := uuid.NewString()
		w.exec(b, `SET session_replication_role = replica;
			INSERT INTO rosters (id, month, area_code, state, made_by, made_at, closed_at, checksum) VALUES ('`+id+`', '`+month.First().String()+`', '370305', 'closed', gen_random_uuid(), now(), '`+month.Last().String()+`', '\x00');
			INSERT INTO roster_lines SELECT '`+id+`', row_number() OVER (), person_id, programme, award_id, gen_random_uuid(), area_code, level, amount_fen, 'x', 1, NULL, NULL, amount_fen, 0, 0, 0, amount_fen, '', 'paid', '', '`+month.Last().String()+`' FROM dues;
			INSERT INTO payments SELECT '`+id+`', person_id, programme, '`+month.First().String()+`', award_id, 'regular', 1, amount_fen, true FROM dues;
			UPDATE roster_lines l SET state = 'failed' WHERE roster_id = '`+id+`' AND seq % 500 = 7 AND '`+month.First().String()+`' >= '2026-09-01';
			UPDATE payments p SET live = false FROM roster_lines l WHERE l.roster_id = p.roster_id AND l.person_id = p.person_id AND l.programme = p.programme AND l.state = 'failed' AND p.live;
			UPDATE open_months o SET open_from = least(o.open_from, p.month) FROM payments p WHERE NOT p.live AND p.person_id = o.person_id AND p.programme = o.programme;
			SET session_replication_role = origin`)
	}
}
