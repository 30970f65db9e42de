package exchange_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"

	"github.com/xuri/excelize/v2"

	"zhucan/internal/calendar"
	"zhucan/internal/exchange"
	"zhucan/internal/supervision"
)

// kinds are the cells of a row of a workbook under their headings, numbers as n:value, and blank ones left out.
func kinds(t *testing.T, write func(io.Writer) error, sheet string, row int) map[string]string {
	t.Helper()
	var file, again bytes.Buffer
	if err := write(&file); err != nil {
		t.Fatal(err)
	}
	if err := write(&again); err != nil || !bytes.Equal(file.Bytes(), again.Bytes()) {
		t.Errorf("the same rows made other bytes, %v", err)
	}
	book, err := excelize.OpenReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	defer book.Close()
	rows, err := book.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for i, text := range rows[row] {
		name, _ := excelize.CoordinatesToCellName(i+1, row+1)
		kind, err := book.GetCellType(sheet, name)
		if err != nil {
			t.Fatal(err)
		}
		if kind == excelize.CellTypeNumber || kind == excelize.CellTypeUnset && text != "" { // a cell that does not say its type holds a number
			text = "n:" + text
		}
		if text != "" {
			found[rows[0][i]] = text
		}
	}
	return found
}

// TestNumbersOfFigures: what is counted can be added up in a spreadsheet; codes stay text, and so does what is not shown.
func TestNumbersOfFigures(t *testing.T) {
	t.Parallel()
	n := func(n int64) *int64 { return &n }
	rate, with, year := "96.40", "100.00", 2022
	def := &exchange.FigureDefinition{No: 3, NameZH: "名称", Comparator: ">", Unit: "person", DefinitionVersion: "2", Basis: "b"}
	figures := exchange.Figures{FiguresHead: exchange.FiguresHead{AsOf: calendar.MustDate("2023-03-28"), PackVersion: "2026"}, Rows: func(yield func(exchange.Figure, error) bool) {
		_ = yield(exchange.Figure{Indicator: "k", AreaCode: "370305001005", Group: "4", Numerator: n(15036566), Denominator: n(15600000), Rate: &rate, RateWithoutWaivers: &with,
			ShortBy: n(0), TargetPercent: 8.5, Excluded: n(2), Extra: n(3), Waived: n(4), Unplaced: n(5), FigureYear: &year, Definition: def}, nil) &&
			yield(exchange.Figure{Indicator: "k", AreaCode: "370305001", Suppressed: true, Definition: def}, nil)
	}}
	write := func(w io.Writer) error { return exchange.WriteFigures(w, "xlsx", figures) }
	got := kinds(t, write, "指标值", 1)
	want := map[string]string{"序号": "n:3", "区划代码": "370305001005", "组": "4", "分子": "n:15036566", "分母": "n:15600000", "不计入": "n:2", "目标外服务": "n:3", "其中签字放弃": "n:4",
		"覆盖率%": "n:96.4", "不含放弃的覆盖率%": "n:100", "目标%": "n:8.5", "还差": "n:0", "其中无村居归属": "n:5", "数据年份": "n:2022", "定义版本": "2", "政策包版本": "2026"}
	for heading, text := range want {
		if got[heading] != text {
			t.Errorf("%s is %q, want %q", heading, got[heading], text)
		}
	}
	if hidden := kinds(t, write, "指标值", 2); hidden["分子"] != "<5" || hidden["覆盖率%"] != "<5" || hidden["区划代码"] != "370305001" {
		t.Errorf("what is not shown: %v", hidden)
	}
}

// TestNumbersOfBoards: every count of the board is a number.
func TestNumbersOfBoards(t *testing.T) {
	t.Parallel()
	board := exchange.Board{From: calendar.MustDate("2023-03-01"), To: calendar.MustDate("2023-03-28"), AsOf: calendar.MustDate("2023-03-28"),
		Rows: []exchange.BoardRow{{AreaCode: "370305001", AreaName: "某街道", Tally: supervision.Tally{Received: 7, Decided: 3, InTime: 2, WorkingDays: 10}}}}
	got := kinds(t, func(w io.Writer) error { return exchange.WriteBoard(w, "xlsx", board) }, "监督评价", 1)
	for heading, text := range map[string]string{"区划代码": "370305001", "起始日期": "2023-03-01", "受理申请": "n:7", "办结申请": "n:3", "按期办结率%": "n:66.66", "平均用时（工作日）": "n:3.33", "评价数": "n:0"} {
		if got[heading] != text {
			t.Errorf("%s is %q, want %q: %s", heading, got[heading], text, fmt.Sprint(got))
		}
	}
}
