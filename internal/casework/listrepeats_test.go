package casework_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/store"
)

// TestRosterSentAgain: a roster of which a row was refused is taken in once more when what it lacked is there, and from then on it is the
// same import.
func TestRosterSentAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 0, 1, calendar.MustDate("2026-10-12"))
	founded := area.Division{Code: "370305001999", Name: "新设社区", ValidFrom: calendar.MustDate("2016-01-01")}
	rows := bytes.Split(handedOver(t), []byte("\n"))
	rows[2] = bytes.Replace(rows[2], []byte("370305001005"), []byte(founded.Code), 1)
	roster := bytes.Join(rows, []byte("\n"))
	send := func(want string, first bool) {
		t.Helper()
		done, isFirst, err := o.desk.ImportRoster(t.Context(), access.SystemActor(), roster, false)
		if err != nil || taken(done) != want || isFirst != first {
			t.Errorf("%s, first %v, %v; want %s, first %v", taken(done), isFirst, err, want, first)
		}
	}
	send("2 new, 0 changed, 0 same, 1 refused", true)
	send("0 new, 0 changed, 2 same, 1 refused", true)
	if _, err := o.desk.ImportDivisions(t.Context(), access.SystemActor(), []area.Division{founded}); err != nil {
		t.Fatal(err)
	}
	send("1 new, 0 changed, 2 same, 0 refused", true)
	send("1 new, 0 changed, 2 same, 0 refused", false)
	o.wantNothingDiffers()
}

// again sends a list.
func (o *office) again(who access.Actor, kind string, file []byte, want string, first bool) store.Import {
	o.t.Helper()
	i, isFirst, err := o.desk.ImportList(o.t.Context(), who, casework.NewList{Kind: kind, Sender: "测试", Data: file})
	if got := fmt.Sprintf("%s, %d pending", taken(i), i.Pending); err != nil || got != want || isFirst != first {
		o.t.Fatalf("%s: %s, first %v, %v; want %s, first %v", kind, got, isFirst, err, want, first)
	}
	return i
}

func (o *office) waiting(who access.Actor) []store.PendingStatement {
	o.t.Helper()
	list, err := o.desk.PendingStatements(o.t.Context(), who, "", uuid.Nil, uuid.Nil, 50)
	if err != nil {
		o.t.Fatal(err)
	}
	return list
}

// TestListSentAgain: of a list that is sent again only what was refused has a say. What an officer has decided since, about what waited
// for him or by hand, stays as he decided it.
func TestListSentAgain(t *testing.T) {
	t.Parallel()
	o := newOffice(t, 60, 11, calendar.MustDate("2026-10-12"))
	who := o.officer(access.CivilAffairsApprover)
	numbers := o.numbers()
	slices.Sort(numbers)
	list := func(heading string) []byte {
		lines := []string{"姓名,身份证号," + heading}
		for i, number := range append(slices.Clone(numbers), taken1) {
			lines = append(lines, fmt.Sprintf("某%d,%s,2026-09-20", i, number))
		}
		return []byte(strings.Join(lines, "\n") + "\n")
	}
	deaths, dibao := list("死亡日期"), list("起始日期")
	first := o.again(who, "dibao", dibao, "0 new, 49 changed, 12 same, 1 refused, 0 pending", true)
	o.again(who, "deaths", deaths, "0 new, 27 changed, 0 same, 1 refused, 34 pending", true)
	if _, err := o.desk.DismissStatement(t.Context(), who, o.waiting(who)[0].ID, "核实"); err != nil {
		t.Fatal(err)
	}
	o.endByHand(who, first)
	before, waiting := o.facts(), len(o.waiting(who))

	if done, _, err := o.desk.ImportRoster(t.Context(), access.SystemActor(), handedOver(t), false); err != nil || done.New != 3 {
		t.Fatalf("%s, %v", taken(done), err)
	}
	registered := o.facts()
	o.again(who, "dibao", dibao, "0 new, 1 changed, 61 same, 0 refused, 0 pending", true)
	o.again(who, "deaths", deaths, "0 new, 1 changed, 61 same, 0 refused, 0 pending", true)
	if got := len(o.waiting(who)); got != waiting {
		t.Errorf("%d wait for an officer, want %d as before", got, waiting)
	}
	for line := range strings.Lines(before) {
		if !strings.Contains(o.facts(), line) {
			t.Errorf("this is gone: %s", line)
		}
	}
	if more := strings.Count(o.facts(), "\n") - strings.Count(registered, "\n"); more != 2 {
		t.Errorf("%d facts more, want that one person is poor and dead", more)
	}
	o.again(who, "deaths", deaths, "0 new, 1 changed, 61 same, 0 refused, 0 pending", false)
	o.wantNothingDiffers()
}

func (o *office) wantNothingDiffers() {
	o.t.Helper()
	if _, differed, err := o.desk.RebuildStandings(o.t.Context(), access.SystemActor(), true); err != nil || differed != 0 {
		o.t.Errorf("%d standings differ from the facts (%v)", differed, err)
	}
}

// endByHand has an officer end what a list has said of somebody.
func (o *office) endByHand(who access.Actor, i store.Import) {
	o.t.Helper()
	changes, err := o.desk.ImportChanges(o.t.Context(), who, i.ID, 0, 1)
	if err != nil || len(changes) == 0 {
		o.t.Fatal(err)
	}
	dossiers, err := o.desk.DB.Dossiers(o.t.Context(), who, changes[0].PersonID)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, c := range dossiers[0].File.Circumstances {
		if c.Kind == "dibao" && c.SupersededAt.IsZero() && c.ValidTo.IsZero() {
			if _, err := o.desk.EndCircumstance(o.t.Context(), who, c.ID, dossiers[0].File.Person.Version, calendar.MustDate("2026-09-25")); err != nil {
				o.t.Fatal(err)
			}
			return
		}
	}
	o.t.Fatal("the list has said nothing that can be ended")
}
