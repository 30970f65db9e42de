package casework_test

import (
	"fmt"
	"slices"
	"testing"

	"zhucan/internal/access"
	"zhucan/internal/award"
	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/store"
)

// TestSilenceIsHeardOnce: of whom a list said two things, which are read in two portions when it is taken back, the silence of another is heard once.
func TestSilenceIsHeardOnce(t *testing.T) {
	t.Parallel()
	const portion = 1000
	day := calendar.MustDate("2026-10-12")
	o := newOffice(t, 800, 17, day)
	who := o.officer(access.CivilAffairsApprover)
	receives := func(d store.Dossier) bool {
		return slices.ContainsFunc(d.File.Circumstances, func(c casefile.Circumstance) bool { return c.Kind == "dibao" && c.SupersededAt.IsZero() })
	}
	paid := func(d store.Dossier) bool {
		return slices.ContainsFunc(d.Awards, func(a award.Award) bool { return a.Programme == "living_allowance" && a.EndMonth.IsZero() })
	}
	var named []store.Dossier
	target := -1
	for _, d := range o.dossiers() {
		if d.File.Person.IDNumber.IsZero() {
			continue
		}
		if len(named) > 650 && receives(d) && paid(d) {
			target = len(named)
		}
		if named = append(named, d); target >= 0 {
			break
		}
	}
	if target < 0 {
		t.Fatal("nobody is paid")
	}
	list := func(asOf calendar.Date, rows string) said {
		return said{"dibao", asOf, []byte("姓名,身份证号,起始日期,享受状态\n" + rows)}
	}
	first, second := day.Add(-60), day.Add(-30)
	row := func(d store.Dossier, from, status string) string {
		return fmt.Sprintf("%s,%s,%s,%s\n", d.File.Person.Name, d.File.Person.IDNumber.Reveal(), from, status)
	}
	early, late, twice := "", "", portion-1-target
	for _, d := range named[:target] {
		if !receives(d) && twice > 0 {
			twice--
			early += row(d, first.Add(-10).String(), "暂停")
			continue
		}
		early += row(d, "", "正常")
		late += row(d, "", "正常")
	}
	early += row(named[target], first.Add(-10).String(), "暂停")
	gone := o.takeIn(who, []said{list(first, early)})
	o.takeIn(who, []said{list(second, late)})
	if _, err := o.desk.UndoImport(t.Context(), who, gone[0].ID, gone[0].Version); err != nil {
		t.Fatal(err)
	}
	person, db := named[target].File.Person.ID, o.owner()
	if n := howMany(t, db, fmt.Sprintf(`SELECT count(*) FROM list_statements WHERE import_id = '%s' AND person_id < '%s'`, gone[0].ID, person)); n != portion-1 {
		t.Fatalf("%d statements stand before", n)
	}
	if n := howMany(t, db, fmt.Sprintf(`SELECT count(*) FROM list_statements WHERE state = 'pending' AND person_id = '%s'`, person)); n != 1 {
		t.Errorf("%d silences wait", n)
	}
	if n := howMany(t, db, fmt.Sprintf(`SELECT count(*) FROM payment_holds WHERE released_at IS NULL AND person_id = '%s'`, person)); n != 1 {
		t.Errorf("the money is held %d times", n)
	}
}
