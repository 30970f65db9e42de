package exchange_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

var reference = regexp.MustCompile(` r="[A-Z]*\d+"`)

// set writes cells as the library does.
func set(f *excelize.File, sheet string, cells map[string]any) {
	for name, value := range cells {
		if err := f.SetCellValue(sheet, name, value); err != nil {
			panic(err)
		}
	}
}

func oddLayouts(t *testing.T) []odd {
	book := func(rows int, fill func(*excelize.File)) []byte { return deathsBook(t, rows, fill) }
	csv := func(above int) []byte { return []byte(strings.Repeat("说明\n", above) + deathsCSV(2)) }
	return []odd{
		{name: "hidden column", data: book(2, func(f *excelize.File) { f.SetColVisible("Sheet1", "B", false) }), rows: 2, notes: "COLUMN_HIDDEN"},
		{name: "hidden rows", data: book(3, func(f *excelize.File) { f.SetRowVisible("Sheet1", 3, false); f.SetRowVisible("Sheet1", 4, false) }), rows: 3, notes: "ROWS_HIDDEN"},
		{name: "titles above", data: csv(3), rows: 2}, {name: "heading in row 15", data: csv(14), rows: 2}, {name: "heading in row 16", data: csv(15), code: "HEADING_NOT_FOUND", place: "前15行"},
		{name: "heading and title again", data: []byte("死亡名单\n" + deathsCSV(2) + "死亡名单\n" + deathsCSV(2)), rows: 4, notes: "ROWS_HEADING"},
		{name: "totals and signatures", data: []byte(deathsCSV(2) + "小计,2,\n" + "金丝雀," + canaryID(7) + ",2023-01-01\n合计,3,\n制表人：金丝雀,,2023-04-01\n备注：无,,\n"), rows: 3, notes: "ROWS_TOTAL"},
		{name: "somebody whose name begins like a total", data: []byte(deathsHead + "\n合计金丝雀," + canaryID(1) + ",2023-01-01\n"), rows: 1},
		{name: "numbers down the margin", data: []byte("序号," + deathsHead + "\n1,金丝雀," + canaryID(1) + ",2023-01-01\n2,,,\n3,,,\n"), rows: 1, notes: "HEADING_UNKNOWN ROWS_BLANK"},
		{name: "headings with brackets and signs", data: []byte("*姓 名:,【身份证号】（18位）,死亡日期(年月日)\n金丝雀," + canaryID(1) + ",2023-01-01\n"), rows: 1}, {name: "heading of which a part is known", data: []byte("姓名（曾用名）,身份证号,死亡日期\n金丝雀," + canaryID(1) + ",2023-01-01\n"), rows: 1, notes: "HEADING_GUESSED"},
		{name: "heading twice, alike", data: []byte(deathsHead + ",死亡时间\n金丝雀," + canaryID(1) + ",2023-01-01,\n金丝雀," + canaryID(2) + ",2023-01-01,2023-01-01\n"), rows: 2},
		{name: "heading twice, unlike", data: []byte(deathsHead + ",死亡日期\n金丝雀," + canaryID(1) + ",2023-01-01,2023-01-02\n金丝雀," + canaryID(2) + ",2023-01-01,\n"), rows: 1, refused: "2 D DOUBLE_COLUMN"},
		{name: "headings of two rows", data: book(0, func(f *excelize.File) {
			set(f, "Sheet1", map[string]any{"A1": "序号", "B1": "人员信息", "D1": "死亡信息", "A2": "", "B2": "姓名", "C2": "身份证号", "D2": "日期", "E2": "原因", "A3": 1, "B3": "金丝雀", "C3": canaryID(1), "D3": "2023-01-01"})
			f.MergeCell("Sheet1", "A1", "A2")
			f.MergeCell("Sheet1", "B1", "C1")
			f.MergeCell("Sheet1", "D1", "E1")
			set(f, "Sheet1", map[string]any{"C1": nil})
		}), rows: 1, notes: "HEADING_UNKNOWN"},
		{name: "the head of a household is somebody else", data: book(0, func(f *excelize.File) {
			set(f, "Sheet1", map[string]any{"A1": "户主信息", "B1": nil, "C1": "本人信息", "E1": "死亡日期", "A2": "姓名", "B2": "身份证号", "C2": "姓名", "D2": "身份证号",
				"A3": "金丝雀甲", "B3": canaryID(1), "C3": "金丝雀", "D3": canaryID(2), "E3": "2023-01-01"})
			f.MergeCell("Sheet1", "A1", "B1")
			f.MergeCell("Sheet1", "C1", "D1")
			f.MergeCell("Sheet1", "E1", "E2")
		}), rows: 1, notes: "HEADING_UNKNOWN HEADING_UNKNOWN"},
		{name: "merged cells", data: book(3, func(f *excelize.File) {
			set(f, "Sheet1", map[string]any{"C3": nil, "C4": nil})
			f.MergeCell("Sheet1", "C2", "C4")
		}), rows: 3},
		{name: "merged title", data: book(0, func(f *excelize.File) {
			set(f, "Sheet1", map[string]any{"A1": "死亡名单", "B1": nil, "C1": nil, "A3": "姓名", "B3": "身份证号", "C3": "死亡日期", "A4": "金丝雀", "B4": canaryID(1), "C4": "2023-01-01"})
			f.MergeCell("Sheet1", "A1", "C2")
		}), rows: 1},
		{name: "another sheet first", data: book(2, func(f *excelize.File) {
			f.NewSheet("说明")
			f.MoveSheet("说明", "Sheet1")
			set(f, "说明", map[string]any{"A1": "请按本表填写", "A2": "姓名"})
		}), rows: 2, notes: "SHEETS_OTHER"},
		{name: "two sheets alike", data: book(2, func(f *excelize.File) {
			f.NewSheet("二")
			set(f, "二", map[string]any{"A1": "姓名", "B1": "身份证号", "C1": "死亡日期", "A2": "金丝雀", "B2": canaryID(5), "C2": "2023-01-01"})
		}), code: "SHEETS_ALIKE", place: "二"},
		{name: "the same heading with nobody below", data: book(2, func(f *excelize.File) {
			f.NewSheet("空表")
			set(f, "空表", map[string]any{"A1": "姓名", "B1": "身份证号", "C1": "死亡日期"})
		}), rows: 2, notes: "SHEETS_OTHER"},
		{name: "hidden sheet beside", data: book(2, func(f *excelize.File) {
			f.NewSheet("藏")
			set(f, "藏", map[string]any{"A1": "x"})
			f.SetSheetVisible("藏", false)
		}), rows: 2, notes: "SHEETS_HIDDEN"},
		{name: "hidden sheet alone", data: rezip(t, book(2, nothing), func(name string, content []byte) []byte {
			if name == "xl/workbook.xml" {
				return []byte(strings.Replace(string(content), `<sheet `, `<sheet state="veryHidden" `, 1))
			}
			return content
		}), code: "WORKBOOK_EMPTY"},
		{name: "no cells", data: pack(t, rawParts(sheetXML())), code: "WORKBOOK_EMPTY"}, {name: "chart as a sheet", data: pack(t, with(rawParts(deathsXML(same), "<chartsheet/>"), "xl/_rels/workbook.xml.rels",
			`<Relationships `+relSpace+`><Relationship Id="r1" Type="`+officeRel+`/worksheet" Target="/xl/worksheets/sheet1.xml"/><Relationship Id="r2" Type="`+officeRel+`/chartsheet" Target="worksheets/sheet2.xml"/></Relationships>`)), rows: 2},
		{name: "two of one name", data: []byte(deathsHead + "\n" + strings.Repeat("金丝雀,"+canaryID(1)+",2023-01-01\n", 2)), rows: 2},
	}
}

func oddCells(t *testing.T) []odd {
	day := func(f *excelize.File) int {
		id, err := f.NewStyle(&excelize.Style{NumFmt: 14})
		if err != nil {
			t.Fatal(err)
		}
		return id
	}
	book := func(cells map[string]any) []byte {
		return deathsBook(t, 2, func(f *excelize.File) { set(f, "Sheet1", cells) })
	}
	number := func(raw string) []byte {
		return pack(t, rawParts(deathsXML(replacing(`t="inlineStr"><is><t>`+canaryID(0)+`</t></is>`, `><v>`+raw+`</v>`))))
	}
	yes := true
	return []odd{
		{name: "number in scientific notation", data: number("3.79999195001010E+17"), rows: 1, refused: "2 B ID_SCIENTIFIC"}, {name: "number rounded", data: number("379999195001010000"), rows: 1, refused: "2 B ID_ROUNDED"},
		{name: "number of eighteen digits", data: number("379999197001010011"), rows: 1, refused: "2 B CELL_NUMBER"}, {name: "number of fifteen digits", data: number("379999750510007"), rows: 2}, {name: "text in scientific notation", data: book(map[string]any{"B2": "3.79999E+17"}), rows: 1, refused: "2 B ID_SCIENTIFIC"},
		{name: "number for a name", data: book(map[string]any{"A2": 12}), rows: 1, refused: "2 A NAME"}, {name: "day as a number", data: book(map[string]any{"C2": 45013, "C3": 45013.75}), rows: 2}, {name: "year as a number", data: book(map[string]any{"C2": 2023}), rows: 1, refused: "2 C DATE"},
		{name: "digits of a day as a number", data: book(map[string]any{"C2": 20230328}), rows: 2}, {name: "day with a format", data: deathsBook(t, 2, func(f *excelize.File) {
			set(f, "Sheet1", map[string]any{"C2": 45013})
			f.SetCellStyle("Sheet1", "C2", "C2", day(f))
		}), rows: 2},
		{name: "day that is far", data: book(map[string]any{"C2": 99999}), rows: 1, refused: "2 C DATE"}, {name: "the day that never was", data: book(map[string]any{"C2": 60}), rows: 1, refused: "2 C DATE"},
		{name: "system of 1904", data: deathsBook(t, 2, func(f *excelize.File) {
			f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &yes})
			set(f, "Sheet1", map[string]any{"C2": 46348 - 1462, "C3": 46350 - 1462}) // today is 2026-11-23, 46349
		}), rows: 1, refused: "3 C IN_FUTURE"},
		{name: "number of a person made a day", data: deathsBook(t, 2, func(f *excelize.File) {
			set(f, "Sheet1", map[string]any{"B2": 45013})
			f.SetCellStyle("Sheet1", "B2", "B2", day(f))
		}), rows: 1, refused: "2 B CELL_DATE"},
		{name: "formula", data: deathsBook(t, 2, func(f *excelize.File) { f.SetCellFormula("Sheet1", "B2", `"379999"&A2`) }), rows: 1, refused: "2 B CELL_FORMULA"},
		{name: "formula beside", data: deathsBook(t, 2, func(f *excelize.File) {
			set(f, "Sheet1", map[string]any{"E1": "年龄"})
			f.SetCellFormula("Sheet1", "E2", "=1+1")
		}), rows: 2, notes: "HEADING_UNKNOWN"},
		{name: "error of a formula", data: pack(t, rawParts(deathsXML(replacing(`t="inlineStr"><is><t>2023-03-28</t></is>`, `t="e"><f>1/0</f><v>#DIV/0!</v>`)))), rows: 1, refused: "2 C CELL_ERROR"},
		{name: "day by ISO 8601", data: pack(t, rawParts(deathsXML(replacing(`t="inlineStr"><is><t>2023-03-28</t></is>`, `t="d"><v>2023-03-28T00:00:00Z</v>`)))), rows: 2},
		{name: "truth for a name", data: pack(t, rawParts(deathsXML(replacing(`t="inlineStr"><is><t>2023-03-28</t></is>`, `t="b"><v>1</v>`)))), rows: 1, refused: "2 C DATE"},
		{name: "blank type with text", data: pack(t, rawParts(deathsXML(replacing(`t="inlineStr"><is><t>2023-03-28</t></is>`, `><v>2023年3月28日</v>`)))), rows: 2}, {name: "every row wrong", data: []byte(deathsHead + "\n,,\nx,y,z\n"), refused: "3 B ID_LENGTH; 3 C DATE"},
	}
}

func largeFiles(t *testing.T) []odd {
	blanks := deathsXML(func(s string) string {
		var b strings.Builder
		for n := 4; n <= 100_003; n++ {
			fmt.Fprintf(&b, `<row r="%d"><c r="A%d" s="0"/><c r="B%d" s="0"/></row>`, n, n, n)
		}
		return replacing("</sheetData>", b.String()+"</sheetData>")(s)
	})
	many := func(rows int) string {
		lines := make([]string, rows+1)
		lines[0] = textCells(1, strings.Split(deathsHead, ",")...)
		for n := 1; n <= rows; n++ {
			lines[n] = textCells(n+1, deathsRow(n)...)
		}
		return sheetXML(lines...)
	}
	wide := func(cell string) string {
		var b strings.Builder
		for column := 4; column <= 300; column++ {
			name, _ := excelize.CoordinatesToCellName(column, 2)
			fmt.Fprintf(&b, cell, name)
		}
		return deathsXML(replacing(`<row r="2">`+textCells(2, deathsRow(0)...), `<row r="2">`+textCells(2, deathsRow(0)...)+b.String()))
	}
	return []odd{
		{name: "100,000 blank rows", data: pack(t, rawParts(blanks)), rows: 2}, {name: "100,000 blank lines", data: []byte(deathsCSV(2) + strings.Repeat(",,,,\n", 100_000)), rows: 2},
		{name: "25,000 rows", data: pack(t, rawParts(many(25_000))), rows: 25_000}, {name: "25,000 lines", data: []byte(deathsCSV(25_000)), rows: 25_000},
		{name: "60,001 rows", data: pack(t, rawParts(many(60_000))), code: "WORKBOOK_TOO_LARGE", place: "60000行"}, {name: "60,001 lines", data: []byte(deathsCSV(60_000)), code: "WORKBOOK_TOO_LARGE", place: "60000行"},
		{name: "300 columns", data: pack(t, rawParts(wide(`<c r="%s" t="inlineStr"><is><t>x</t></is></c>`))), code: "WORKBOOK_TOO_LARGE", place: "256列"}, {name: "300 columns, blank", data: pack(t, rawParts(wide(`<c r="%s" s="0"/>`))), rows: 2},
	}
}
