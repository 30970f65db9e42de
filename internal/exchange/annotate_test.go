package exchange_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"zhucan/internal/exchange"
)

// sent is a sender's workbook with all sorts of things in it, and three wrong rows.
func sent(t testing.TB) []byte {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	day, _ := book.NewStyle(&excelize.Style{NumFmt: 14})
	bold, _ := book.NewStyle(&excelize.Style{Font: &excelize.Font{Bold: true, Color: "0000FF"}, NumFmt: 49, Border: []excelize.Border{{Type: "left", Style: 1, Color: "000000"}}})
	set(book, "Sheet1", map[string]any{"A1": "死亡名单", "A2": "姓名", "B2": "身份证号", "C2": "死亡日期", "D2": "年龄", "E2": "编号",
		"A3": "金丝雀", "B3": canaryID(1), "C3": 45013, "D3": nil, "E3": 12345.5,
		"A4": "金丝雀", "B4": "379999197001010012", "C4": "去年", "D4": 7, "E4": "00123",
		"A5": "=HYPERLINK(1)", "B5": canaryID(2), "C5": 45014, "E5": "=1+1",
		"A6": "金丝雀", "B6": "", "C6": 46350})
	book.SetCellFormula("Sheet1", "D3", "=1+1")
	book.SetCellStyle("Sheet1", "C3", "C6", day)
	book.SetCellStyle("Sheet1", "B4", "B4", bold)
	book.MergeCell("Sheet1", "A1", "E1")
	book.SetColVisible("Sheet1", "E", false)
	book.SetColWidth("Sheet1", "B", "B", 33)
	book.AddComment("Sheet1", excelize.Comment{Cell: "B4", Author: "某人", Text: "这个号对吗"})
	book.NewSheet("别的")
	set(book, "别的", map[string]any{"A1": "留着"})
	var out bytes.Buffer
	if err := book.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func readBytes(t testing.TB, kind string, data []byte) *exchange.List {
	t.Helper()
	list, err := exchange.ReadList(kindOf(t, kind), data, nil, exchange.NewPlaces(tree(t)), today)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func open(t testing.TB, data []byte) *excelize.File {
	t.Helper()
	book, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { book.Close() })
	return book
}

// TestAnnotate looks at every cell of a workbook that comes back.
func TestAnnotate(t *testing.T) {
	t.Parallel()
	data := sent(t)
	list := readBytes(t, "deaths", data)
	var refused []string
	for _, e := range list.Refused {
		refused = append(refused, fmt.Sprint(e.Row, e.Column, e.Code))
	}
	if got := strings.Join(refused, " "); got != "4B 身份证号ID_CHECK 4C 死亡日期DATE 6C 死亡日期IN_FUTURE 6B 身份证号REQUIRED" {
		t.Fatalf("refused %s", got)
	}
	later := append(list.Refused, exchange.RowError{Row: 5, Code: "NOT_FOUND", ZH: "在册人员中没有此人", EN: "nobody in the register"}, exchange.RowError{Row: 5, Column: "死亡日期", Code: "X", ZH: "与在册日期不同", EN: "another day in the register"})
	out, err := exchange.Annotate(data, list, later, false)
	if err != nil {
		t.Fatal(err)
	}
	before, after := open(t, data), open(t, out)
	wrong := map[string]bool{"B4": true, "C4": true, "B6": true, "C6": true, "A5": true, "C5": true}
	for _, sheet := range []string{"Sheet1", "别的"} {
		for row := 1; row <= 8; row++ {
			for column := 1; column <= 6; column++ {
				name, _ := excelize.CoordinatesToCellName(column, row)
				compareCell(t, before, after, sheet, name, wrong[name] && sheet == "Sheet1")
			}
		}
	}
	merged, _ := after.GetMergeCells("Sheet1")
	visible, _ := after.GetColVisible("Sheet1", "E")
	width, _ := after.GetColWidth("Sheet1", "B")
	if len(merged) != 1 || visible || width != 33 {
		t.Errorf("merged %v, column E shown %v, column B %v wide", merged, visible, width)
	}
	for cell, want := range map[string]string{"A2": "共3行、6处需要修改，已着色并加批注。", "B4": "这个号对吗\n身份证号校验码不正确，请核对证件后改正", "A5": "在册人员中没有此人", "C5": "与在册日期不同", "B6": "该列必填，请补上"} {
		if got := commentsOf(t, after)[cell]; got != want {
			t.Errorf("comment of %s: %q, want %q", cell, got, want)
		}
	}
	again := readBytes(t, "deaths", out)
	if !reflect.DeepEqual(list, again) {
		t.Errorf("read again, the list is another: %+v", again)
	}
	english, err := exchange.Annotate(data, list, later, true)
	if err != nil || !strings.HasPrefix(commentsOf(t, open(t, english))["A2"], "3 rows and 6 cells") {
		t.Errorf("in English: %v", err)
	}
	if _, err := exchange.Annotate([]byte("a,b\n1,2\n"), list, later, false); err == nil {
		t.Error("another file was annotated")
	}
}

func commentsOf(t testing.TB, book *excelize.File) map[string]string {
	t.Helper()
	comments, err := book.GetComments("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, c := range comments {
		for _, run := range c.Paragraph {
			c.Text += run.Text
		}
		texts[c.Cell] = c.Text
	}
	return texts
}

// compareCell wants a cell to be as it was; of a wrong one the fill is another.
func compareCell(t *testing.T, before, after *excelize.File, sheet, name string, wrong bool) {
	t.Helper()
	was, _ := before.GetCellValue(sheet, name)
	is, _ := after.GetCellValue(sheet, name)
	wasKind, _ := before.GetCellType(sheet, name)
	isKind, _ := after.GetCellType(sheet, name)
	wasFormula, _ := before.GetCellFormula(sheet, name)
	isFormula, _ := after.GetCellFormula(sheet, name)
	if was != is || wasKind != isKind || wasFormula != isFormula {
		t.Errorf("%s %s: %q %v %q, was %q %v %q", sheet, name, is, isKind, isFormula, was, wasKind, wasFormula)
	}
	wasID, _ := before.GetCellStyle(sheet, name)
	isID, _ := after.GetCellStyle(sheet, name)
	wasStyle, _ := before.GetStyle(wasID)
	isStyle, _ := after.GetStyle(isID)
	if coloured := len(isStyle.Fill.Color) == 1 && isStyle.Fill.Color[0] == "FFC7CE"; coloured != wrong {
		t.Errorf("%s %s: coloured %v", sheet, name, coloured)
	}
	isStyle.Fill, wasStyle.Fill = excelize.Fill{}, excelize.Fill{}
	if !reflect.DeepEqual(wasStyle, isStyle) {
		t.Errorf("%s %s: style %+v, was %+v", sheet, name, isStyle, wasStyle)
	}
}

// TestAnnotateCSV makes a workbook of a csv file, with the same cells in the same rows.
func TestAnnotateCSV(t *testing.T) {
	t.Parallel()
	data := []byte("姓名,身份证号,死亡日期,备注\n\n金丝雀," + canaryID(1) + ",2023-03-28,=1+1\n金丝雀,379999197001010012,20230328,@x\n")
	list := readBytes(t, "deaths", data)
	out, err := exchange.Annotate(data, list, list.Refused, false)
	if err != nil {
		t.Fatal(err)
	}
	book := open(t, out)
	for cell, want := range map[string]string{"A1": "姓名", "A2": "", "B3": canaryID(1), "D3": "'=1+1", "B4": "379999197001010012", "C4": "20230328", "D4": "'@x"} {
		got, _ := book.GetCellValue("Sheet1", cell)
		kind, _ := book.GetCellType("Sheet1", cell)
		if formula, _ := book.GetCellFormula("Sheet1", cell); got != want || formula != "" || got != "" && kind != excelize.CellTypeInlineString && kind != excelize.CellTypeSharedString {
			t.Errorf("%s is %q (%v), want the text %q", cell, got, kind, want)
		}
	}
	again := readBytes(t, "deaths", out)
	again.Sheet = ""
	if !reflect.DeepEqual(list, again) {
		t.Errorf("read again, the list is another: %+v", again)
	}
}

// TestManyRefusals colours and comments all of very many.
func TestManyRefusals(t *testing.T) {
	t.Parallel()
	data := []byte(deathsHead + "\n" + strings.Repeat("金丝雀,x,2023-03-28\n", 2_500))
	list := readBytes(t, "deaths", data)
	out, err := exchange.Annotate(data, list, list.Refused, false)
	if err != nil {
		t.Fatal(err)
	}
	book := open(t, out)
	id, _ := book.GetCellStyle("Sheet1", "B2501")
	style, _ := book.GetStyle(id)
	if comments := commentsOf(t, book); len(comments) != 2_501 || len(style.Fill.Color) != 1 || comments["A1"] != "共2500行、2500处需要修改，已着色并加批注。" {
		t.Errorf("%d comments, the last row has %v, the heading %q", len(comments), style.Fill.Color, comments["A1"])
	}
}

// TestOnlyRefused sends the refused rows back in the form in which they came, corrects one, and reads the file again.
func TestOnlyRefused(t *testing.T) {
	t.Parallel()
	data := sent(t)
	list := readBytes(t, "deaths", data)
	refused := append(list.Refused, exchange.RowError{Row: 5, Column: "name", Code: "X", ZH: "姓名不符", EN: "another name"})
	out, err := exchange.OnlyRefused(data, list, refused, false)
	if err != nil {
		t.Fatal(err)
	}
	book := open(t, out)
	rows, _ := book.GetRows("Sheet1")
	want := [][]string{{"姓名", "身份证号", "死亡日期", "年龄", "编号", "需要修改"}, {"金丝雀", "379999197001010012", "去年", "7", "00123", "B 身份证号: 身份证号校验码不正确，请核对证件后改正；C 死亡日期: 日期无法识别或不存在，请写成2023-03-28这样"},
		{"'=HYPERLINK(1)", canaryID(2), "2023-03-29", "", "'=1+1", "name: 姓名不符"}, {"金丝雀", "", "2026-11-24", "", "", "C 死亡日期: 日期晚于今天，请核对；B 身份证号: 该列必填，请补上"}}
	if fmt.Sprintf("%q", rows) != fmt.Sprintf("%q", want) {
		t.Errorf("rows\n%q\nwant\n%q", rows, want)
	}
	again := readBytes(t, "deaths", out)
	if len(again.Rows) != 1 || len(again.Refused) != 4 || again.Rows[0].Date("died_on").String() != "2023-03-29" || again.Rows[0].Text("name") != "=HYPERLINK(1)" {
		t.Errorf("read again: %d rows, refused %+v", len(again.Rows), again.Refused)
	}
	twice, err := exchange.OnlyRefused(out, again, again.Refused, true)
	if err != nil {
		t.Fatal(err)
	}
	if rows, _ := open(t, twice).GetRows("Sheet1"); len(rows) != 3 || len(rows[0]) != 6 || rows[0][5] != "needs correction" {
		t.Errorf("sent again: %q", rows)
	}
}

// TestOnlyRefused1904 sends the refused rows of a workbook that counts days from 1904 back: they are the same days.
func TestOnlyRefused1904(t *testing.T) {
	t.Parallel()
	for _, from1904 := range []bool{true, false} {
		data := deathsBook(t, 3, func(f *excelize.File) {
			f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &from1904})
			day, _ := f.NewStyle(&excelize.Style{NumFmt: 14})
			serial := map[bool]int{true: 43551, false: 45013}[from1904]
			set(f, "Sheet1", map[string]any{"C2": serial, "C3": serial, "C4": fmt.Sprint(serial), "D1": "年龄", "D2": 71})
			f.SetCellStyle("Sheet1", "C3", "C3", day)
		})
		list := readBytes(t, "deaths", data)
		refused := []exchange.RowError{{Row: 2, Code: "X"}, {Row: 3, Code: "X"}, {Row: 4, Code: "X"}}
		out, err := exchange.OnlyRefused(data, list, refused, false)
		if err != nil {
			t.Fatal(err)
		}
		again := readBytes(t, "deaths", out)
		if len(again.Rows) != 3 {
			t.Fatalf("from 1904 %v: read again: %+v", from1904, again.Refused)
		}
		for i, row := range again.Rows {
			if d := row.Date("died_on"); d.String() != "2023-03-28" || d != list.Rows[i].Date("died_on") {
				t.Errorf("from 1904 %v, row %d: %v", from1904, row.Row, d)
			}
		}
		if got, _ := open(t, out).GetCellValue("Sheet1", "D2"); got != "71" {
			t.Errorf("another number: %s", got)
		}
	}
}

// TestOnlyRefusedCSV gives a workbook for csv, too: a spreadsheet rounds the numbers of a csv file. It is guarded against formulas.
func TestOnlyRefusedCSV(t *testing.T) {
	t.Parallel()
	data := gbk("名单\n姓名,身份证号,死亡日期,备注\n金丝雀," + canaryID(1) + ",2023-03-28,\n金丝雀,1,2023-03-28,\"=1+1,\n二行\"\n")
	list := readBytes(t, "deaths", data)
	out, err := exchange.OnlyRefused(data, list, list.Refused, true)
	if err != nil {
		t.Fatalf("%q %v", out, err)
	}
	rows, err := open(t, out).GetRows("Sheet1")
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"姓名", "身份证号", "死亡日期", "备注", "needs correction"}, {"金丝雀", "1", "2023-03-28", "'=1+1,\n二行", "B 身份证号: an ID number has 18 characters; compare the document and correct it"}}
	if !reflect.DeepEqual(rows, want) {
		t.Errorf("rows %q, want %q", rows, want)
	}
}
