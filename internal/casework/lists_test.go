package casework_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// said is one made-up list.
type said struct {
	kind string
	asOf calendar.Date
	file []byte
}

// randomLists are lists of several kinds and days about some of the people of an office.
func (o *office) randomLists(numbers []string, from calendar.Date) (lists []said) {
	o.t.Helper()
	headings := map[string]string{"deaths": "死亡日期", "imprisonment": "判决生效日期"}
	for _, kind := range []string{"dibao", "dibao", "dibao", "tekun", "tekun", "injury_fee", "deaths", "imprisonment", "medical"} {
		l := said{kind: kind, asOf: from.Add(o.random.IntN(400))}
		heading := "起始日期"
		if h := headings[kind]; h != "" {
			heading = h
		}
		lines := []string{"姓名,身份证号,险种," + heading}
		for i, number := range numbers {
			if o.random.IntN(3) == 0 {
				lines = append(lines, fmt.Sprintf("某%d,%s,居民,%s", i, number, l.asOf.Add(-o.random.IntN(300))))
			}
		}
		l.file = []byte(strings.Join(lines, "\n") + "\n")
		lists = append(lists, l)
	}
	return lists
}

// takeIn takes lists in and confirms at once whatever waits.
func (o *office) takeIn(lists []said) (imports []store.Import) {
	o.t.Helper()
	for _, l := range lists {
		i, _, err := o.desk.ImportList(o.t.Context(), o.checker, casework.NewList{Kind: l.kind, Sender: "测试", AsOf: l.asOf, Data: l.file})
		if err != nil || i.State != store.ImportDone || i.Refused > 0 {
			o.t.Fatalf("take in %s: %s, %v, %v", l.kind, i.State, i.Refusals, err)
		}
		imports = append(imports, i)
		for {
			waiting, err := o.desk.PendingStatements(o.t.Context(), o.checker, "", uuid.Nil, uuid.Nil, 50)
			if err != nil {
				o.t.Fatal(err)
			}
			if len(waiting) == 0 {
				break
			}
			if _, err := o.desk.ConfirmStatement(o.t.Context(), o.checker, waiting[0].ID, "核实"); err != nil {
				o.t.Fatalf("confirm: %v", err)
			}
		}
	}
	return imports
}

func (o *office) dossiers() []store.Dossier {
	o.t.Helper()
	ids, err := o.desk.DB.PersonIDs(o.t.Context(), access.SystemActor(), uuid.Nil, 5000)
	if err != nil {
		o.t.Fatal(err)
	}
	dossiers, err := o.desk.DB.Dossiers(o.t.Context(), access.SystemActor(), ids...)
	if err != nil {
		o.t.Fatal(err)
	}
	return dossiers
}

// facts are all facts that are held true, without when and by whom they were recorded.
func (o *office) facts() string {
	o.t.Helper()
	var lines []string
	for _, d := range o.dossiers() {
		for _, c := range d.File.Circumstances {
			if c.SupersededAt.IsZero() {
				lines = append(lines, fmt.Sprintln(c.PersonID, c.Kind, c.Value.Answer, c.Value.Sort, c.ValidFrom, c.ValidTo))
			}
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

// TestListsInAnyOrder: the same lists end in the same facts in whatever order they arrive, are taken back and arrive again, and
// what is derived follows.
func TestListsInAnyOrder(t *testing.T) {
	t.Parallel()
	day := calendar.MustDate("2026-10-12")
	o := newOffice(t, 60, 11, day)
	var numbers []string
	for _, d := range o.dossiers() {
		if id := d.File.Person.IDNumber; !id.IsZero() {
			numbers = append(numbers, id.Reveal())
		}
	}
	lists := o.randomLists(numbers, day.Add(-500))
	before := o.facts()
	imports := o.takeIn(lists)
	after := o.facts()
	if before == after {
		t.Fatal("the lists change nothing")
	}
	for round := range 3 {
		o.random.Shuffle(len(imports), func(i, j int) { imports[i], imports[j] = imports[j], imports[i] })
		for _, i := range imports {
			if _, err := o.desk.UndoImport(t.Context(), o.checker, i.ID, i.Version); err != nil {
				t.Fatalf("take back: %v", err)
			}
		}
		if got := o.facts(); got != before {
			t.Fatalf("round %d: taken back, other facts are left", round)
		}
		o.random.Shuffle(len(lists), func(i, j int) { lists[i], lists[j] = lists[j], lists[i] })
		imports = o.takeIn(lists)
		if got := o.facts(); got != after {
			t.Fatalf("round %d: another order gives other facts", round)
		}
		if _, differed, err := o.desk.RebuildStandings(t.Context(), access.SystemActor(), true); err != nil || differed != 0 {
			t.Fatalf("%d standings differ from the facts (%v)", differed, err)
		}
	}
}
