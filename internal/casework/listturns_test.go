package casework

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"zhucan/internal/calendar"
	"zhucan/internal/exchange"
	"zhucan/internal/idnum"
	"zhucan/internal/store"
)

// TestManyRowsOfOnePerson: a list that has one person in all its rows is gone through once, and not once for each row.
func TestManyRowsOfOnePerson(t *testing.T) {
	t.Parallel()
	const many = 20_000
	kind, _ := exchange.ListKindOf("moves")
	file := bytes.NewBufferString("姓名,身份证号,迁移类型,迁移日期\n")
	for i := range many {
		fmt.Fprintf(file, "金丝雀,379999197001010011,迁出,%s\n", calendar.MustDate("2023-03-01").Add(i%2))
	}
	list, err := exchange.ReadList(kind, file.Bytes(), nil, exchange.NewPlaces(nil), calendar.MustDate("2023-04-01"))
	if err != nil || len(list.Rows) != many {
		t.Fatal(err, list.Refused[:min(3, len(list.Refused))])
	}
	l := &listRun{done: &store.Import{AsOf: calendar.MustDate("2023-04-01")}, list: list, meaning: listMeanings["moves"]}
	began := time.Now()
	kept := l.inTurn(namedIn(list.Rows))
	if took := time.Since(began); took > 10*time.Second { // once for each row it took a minute
		t.Errorf("it took %s", took)
	}
	if len(kept) != 2 || kept[0].Row != 2 || kept[1].Row != 3 || len(l.done.Refusals) != many-2 || l.done.Refusals[0].EN != "row 2 says the same of the same person" {
		t.Errorf("%d rows are kept, %d refused", len(kept), len(l.done.Refusals))
	}
}

// TestPortionsOfWhoHasNoNumber: rows of one person and day stay together, and those of whom no number is known come a portion at a time.
func TestPortionsOfWhoHasNoNumber(t *testing.T) {
	t.Parallel()
	l := &listRun{meaning: listMeanings["moves"]}
	row := func(n int, id string) saidRow {
		r := saidRow{Row: n, in: exchange.ListRow{Row: n}}
		if id != "" {
			r.ID, _ = idnum.ParseResident(id, calendar.MustDate("2023-04-01"))
		}
		return r
	}
	sizes := func(id string) (list []int) {
		var rows []saidRow
		for n := range 2*listPortion + 1 {
			rows = append(rows, row(n, id))
		}
		for portion := range l.portions(rows) {
			list = append(list, len(portion))
		}
		return list
	}
	if got := fmt.Sprint(sizes(""), sizes("379999197001010011")); got != "[1000 1000 1] [2001]" {
		t.Error(got)
	}
}
