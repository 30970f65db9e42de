package casework_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/fault"
	"zhucan/internal/store"
)

// state is everything that is held true or derived of all persons, their accounts among it; without versions and recorded instants.
func (o *office) state(months calendar.Month) string {
	o.t.Helper()
	ctx, who := o.t.Context(), access.SystemActor()
	var lines []string
	add := func(parts ...any) { lines = append(lines, fmt.Sprintln(parts...)) }
	for _, d := range o.dossiers() {
		id := d.File.Person.ID
		add(id, d.File.Person.MergedInto, d.Payee != nil, d.Households(), len(d.File.Aliases), d.File.Needs, len(d.File.Served), len(d.File.Verifications))
		for _, c := range d.File.Circumstances {
			if c.SupersededAt.IsZero() {
				add(id, c.Kind, string(c.Raw), c.ValidFrom, c.ValidTo, c.Source)
			}
		}
		for _, c := range d.File.Certificates {
			add(id, c.ID, c.IssuedOn, c.ExpiresOn, c.HeldTo)
		}
		for _, a := range d.Awards {
			add(id, a.ID, a.StartMonth, a.EndMonth, a.EndReason, a.Void, a.Suspensions, a.Grants)
		}
		standings, err := o.desk.DB.Standings(ctx, who, []uuid.UUID{id})
		if err != nil {
			o.t.Fatal(err)
		}
		for _, i := range standings {
			add(id, i.Indicator, i.Days, i.Status, i.Reason, i.Area, i.Level)
		}
		ledger, err := o.desk.DB.Ledger(ctx, who, id, months)
		if err != nil {
			o.t.Fatal(err)
		}
		for _, r := range ledger {
			add(id, r.Programme, r.Month, r.Due, r.Paid, r.OnRoster, r.Repaid, r.Waived)
		}
		recoveries, err := o.desk.DB.ListRecoveries(ctx, who, store.RecoveryFilter{PersonID: id, Limit: 50})
		if err != nil {
			o.t.Fatal(err)
		}
		outstanding := map[string]int64{}
		for _, r := range recoveries {
			outstanding[r.Programme] += int64(r.Outstanding())
		}
		add(id, outstanding["living_allowance"], outstanding["nursing_subsidy"])
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// accounts is, by programme and month, what persons together were paid and what is asked back from them, past the service.
const accountOf = `SELECT coalesce(p.programme, a.programme), to_char(coalesce(p.month, a.month), 'YYYY-MM'), coalesce(p.fen, 0)::bigint, coalesce(a.fen, 0)::bigint
FROM (SELECT p.programme, p.month, sum(p.amount_fen) AS fen FROM payments p JOIN roster_lines l USING (roster_id, person_id, programme)
      WHERE p.person_id = ANY($1) AND l.state = 'paid' GROUP BY 1, 2) p
FULL JOIN (SELECT programme, month, sum(amount_fen) AS fen FROM recovery_months WHERE person_id = ANY($1) GROUP BY 1, 2) a USING (programme, month)`

// wantOneAccount compares the ledger of the file that stays with all that both were paid.
func (o *office) wantOneAccount(stays, goes uuid.UUID, month calendar.Month) (twice int) {
	o.t.Helper()
	ledger, err := o.desk.DB.Ledger(o.t.Context(), access.SystemActor(), stays, month)
	if err != nil {
		o.t.Fatal(err)
	}
	type key struct{ programme, month string }
	due, paid := map[key]int64{}, map[key]int64{}
	for _, r := range ledger {
		due[key{r.Programme, r.Month.String()}], paid[key{r.Programme, r.Month.String()}] = int64(r.Due), int64(r.Paid)
	}
	rows, err := o.owner().Query(o.t.Context(), accountOf, []uuid.UUID{stays, goes})
	if err != nil {
		o.t.Fatal(err)
	}
	var k key
	var fen, asked int64
	if _, err := pgx.ForEachRow(rows, []any{&k.programme, &k.month, &fen, &asked}, func() error {
		if paid[k] != fen {
			o.t.Errorf("%v: the ledger says %d paid, both were paid %d", k, paid[k], fen)
		}
		if over := max(fen-due[k], 0); asked != over {
			o.t.Errorf("%v: paid %d, due %d, asked back %d", k, fen, due[k], asked)
		}
		if fen > due[k] {
			twice++
		}
		return nil
	}); err != nil {
		o.t.Fatal(err)
	}
	if left, err := o.desk.DB.Ledger(o.t.Context(), access.SystemActor(), goes, month); err != nil || len(left) > 0 {
		o.t.Errorf("the merged file has an account of %d months (%v)", len(left), err)
	}
	return twice
}

// TestMergesUndone merges pairs of persons who live, are paid and have things happen to them, and undoes it: all is as it was. In
// between one account has everything, and what is derived follows from the facts.
func TestMergesUndone(t *testing.T) {
	t.Parallel()
	ctx, first := t.Context(), calendar.MustMonth("2021-03")
	o := newOffice(t, 80, 23, first.First().Add(4))
	ids := o.recipients()
	for m := range 5 {
		month := first.Add(m)
		for range 12 {
			o.on(month.First().Add(5 + o.random.IntN(20)))
			o.happen(ids[o.random.IntN(len(ids))])
		}
		o.on(month.Last())
		o.pay(month)
	}
	last := first.Add(4)
	who := access.Actor{AccountID: o.maker.AccountID, Role: access.CDPFReviewer, Area: "370305"}
	all := o.dossiers()
	var twice, merged int
	for round := range 14 {
		stays := all[o.random.IntN(len(all))].File.Person.ID
		goes := ids[o.random.IntN(len(ids))]
		if round%2 == 0 {
			stays = ids[o.random.IntN(len(ids))]
		}
		if stays == goes {
			continue
		}
		o.oneNumber(stays, goes)
		before := o.state(last)
		dossier, err := o.desk.DB.Dossier(ctx, who, goes)
		if err != nil {
			t.Fatal(err)
		}
		m, err := o.desk.Merge(ctx, who, goes, stays, dossier.File.Person.Version, "随机")
		if fault.Is(err, "MERGE_OTHER_WAY") {
			continue
		}
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		merged++
		twice += o.wantOneAccount(stays, goes, last)
		o.wantDerivedIn(round)
		if _, err := o.desk.UndoMerge(ctx, who, m.ID, m.Version, "随机"); err != nil {
			t.Fatalf("round %d: undo: %v", round, err)
		}
		if after := o.state(last); after != before {
			t.Fatalf("round %d: other than before:\n%s", round, differ(before, after))
		}
		o.wantDerivedIn(round)
	}
	if merged < 8 || twice < 10 {
		t.Errorf("%d pairs merged, %d months paid twice: the histories show little", merged, twice)
	}
}

func (o *office) wantDerivedIn(round int) {
	o.t.Helper()
	if _, differed, err := o.desk.RebuildStandings(o.t.Context(), access.SystemActor(), true); err != nil || differed != 0 {
		o.t.Fatalf("round %d: %d standings, dues or keys differ from the facts (%v)", round, differed, err)
	}
}

// oneNumber records that the ID number of one file was corrected from that of another.
func (o *office) oneNumber(stays, goes uuid.UUID) {
	o.t.Helper()
	ctx, who := o.t.Context(), access.SystemActor()
	d, err := o.desk.DB.Dossier(ctx, who, goes)
	if err != nil {
		o.t.Fatal(err)
	}
	if d.File.Person.IDNumber.IsZero() {
		return
	}
	err = o.desk.DB.Write(ctx, who, "test.alias", func(tx *store.Tx) error {
		return tx.InsertAliases(ctx, casefile.Alias{ID: uuid.New(), PersonID: stays, Kind: "id_number_corrected", Value: d.File.Person.IDNumber.Reveal(), Reason: "x"})
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// differ is the lines that one text has and the other has not.
func differ(before, after string) (text string) {
	for _, side := range []struct{ sign, a, b string }{{"-", before, after}, {"+", after, before}} {
		has := map[string]bool{}
		for line := range strings.Lines(side.b) {
			has[line] = true
		}
		for line := range strings.Lines(side.a) {
			if !has[line] {
				text += side.sign + line
			}
		}
	}
	return text
}
