package exchange_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"zhucan/internal/exchange"
	"zhucan/internal/fault"
)

// fill writes lines of cells into a sheet, the first into a row.
func fill(t testing.TB, f *excelize.File, sheet string, from int, lines ...string) {
	t.Helper()
	if _, err := f.NewSheet(sheet); err != nil {
		t.Fatal(err)
	}
	for i, line := range lines {
		for j, text := range strings.Split(line, ",") {
			name, _ := excelize.CoordinatesToCellName(j+1, from+i)
			if err := f.SetCellStr(sheet, name, text); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// TestRosterOfSeveralSheets: a file with a sheet for each town is not read as if it had one, and a sheet with words before the roster is none.
func TestRosterOfSeveralSheets(t *testing.T) {
	t.Parallel()
	line := strings.Join(good, ",")
	towns := workbook(t, func(f *excelize.File) { fill(t, f, "乙镇", 1, strings.TrimSpace(heading), line) })
	if _, err := exchange.ReadRoster(towns); !fault.Is(err, "SHEETS_ALIKE") || !strings.Contains(err.Error(), "乙镇") {
		t.Errorf("two sheets with people: %v", err)
	}
	hidden := workbook(t, func(f *excelize.File) {
		fill(t, f, "旧", 1, strings.TrimSpace(heading), line)
		if err := f.SetSheetVisible("旧", false); err != nil {
			t.Fatal(err)
		}
	})
	other := workbook(t, func(f *excelize.File) {
		fill(t, f, "名册", 1, strings.TrimSpace(heading), line)
		if err := f.DeleteSheet("Sheet1"); err != nil {
			t.Fatal(err)
		}
		fill(t, f, "填表说明", 1, "日期写成2023-03-28", "号码设为文本")
	})
	first := workbook(t, func(f *excelize.File) {
		fill(t, f, "名册", 1, strings.TrimSpace(heading), line)
		for row := 2; row >= 1; row-- {
			if err := f.RemoveRow("Sheet1", row); err != nil {
				t.Fatal(err)
			}
		}
		fill(t, f, "Sheet1", 1, "填表说明", "号码设为文本")
	})
	for name, data := range map[string][]byte{"hidden": hidden, "words behind": other, "words before": first} {
		if rows, refused := read(t, data); len(rows) != 1 || len(refused) != 0 {
			t.Errorf("%s: %d rows, %+v", name, len(rows), refused)
		}
	}
}

// TestRosterMerged: what stands in merged cells is said of everybody whom they cover, but for an account. A heading of two rows is one.
func TestRosterMerged(t *testing.T) {
	t.Parallel()
	next := []string{"金丝雀二", "379999197505100037", "37999919750510003742"}
	data := workbook(t, func(f *excelize.File) {
		fill(t, f, "Sheet1", 1, "姓名,身份证号,残疾证号,发证日期,户籍村居,困难情况,,补贴,,银行账号,,,,,,,,,,", ",,,,,困难类别,困难类别起始日,生活补贴起始月,护理补贴起始月,,,,,,,,,,,",
			strings.Join([]string{good[0], good[3], good[4], good[8], good[10], "低保", "2021-01-01", "2021-02", "2020-01", "6222000011112222"}, ","),
			strings.Join([]string{next[0], next[1], next[2], good[8], "", "", "", "", "", ""}, ","))
		for _, m := range []string{"A1:A2", "B1:B2", "C1:C2", "D1:D2", "E1:E2", "F1:G1", "H1:I1", "J1:J2", "E3:E4", "F3:F4", "G3:G4", "H3:H4", "J3:J4"} {
			if err := f.MergeCell("Sheet1", m[:2], m[3:]); err != nil {
				t.Fatal(err)
			}
		}
	})
	rows, refused := read(t, data)
	if len(rows) != 2 || len(refused) != 0 {
		t.Fatalf("%d rows, %+v", len(rows), refused)
	}
	got := fmt.Sprint(rows[1].Hardships, rows[1].HardshipFrom, rows[1].LivingFrom, rows[1].NursingFrom.IsZero(), rows[1].Hukou == rows[0].Hukou, rows[0].Account, "/", rows[1].Account)
	if got != "[dibao] 2021-01-01 2021-02 true true6222000011112222/" {
		t.Errorf("the second of a merged block: %s", got)
	}
}

// TestRosterOwnHeading: the day of issue is that of the card, also where the day of the first card stands before it.
func TestRosterOwnHeading(t *testing.T) {
	t.Parallel()
	rows, refused := read(t, []byte("姓名,身份证号,残疾证号,初次发证日期,发证日期,户籍村居\n"+strings.Join([]string{good[0], good[3], good[4], "2010-01-06", good[8], good[10]}, ",")+"\n"))
	if len(rows) != 1 || rows[0].IssuedOn.String() != good[8] {
		t.Errorf("%+v, %+v", rows, refused)
	}
}

// TestRosterCutOff: a csv file that ends within a row says of somebody less than it was meant to, such as without the month since which he is paid;
// the row is refused as it is of a list. One that only lacks the end of its last line is whole.
func TestRosterCutOff(t *testing.T) {
	t.Parallel()
	places := exchange.NewPlaces(tree(t))
	read := func(text string) string {
		table, err := exchange.ReadRoster([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		rows, refused, err := exchange.ParseRoster(table, places, today)
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(len(rows))
		for _, e := range refused {
			got += fmt.Sprint(" ", e.Row, " ", e.Code)
		}
		return got
	}
	whole := strings.TrimSpace(heading) + "\n" + strings.Join(good, ",")
	cut := strings.TrimSpace(heading) + "\n" + strings.Join(good[:len(good)-2], ",")
	for text, want := range map[string]string{whole: "1", whole + "\n": "1", cut: "0 2 CUT_OFF", cut + "\n": "1"} {
		if got := read(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}
