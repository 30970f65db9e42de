package exchange_test

import (
	"strings"
	"testing"

	"zhucan/internal/exchange"
)

// monthCells are ways to write a month, as text and as a number cell, and the month that is taken; empty: refused.
var monthCells = []struct{ cell, asText, asNumber string }{
	{"2023.1", "", ""}, {"2023.10", "2023-10", ""}, {"2023.11", "2023-11", ""}, {"2023.12", "2023-12", ""}, {"2023.2", "2023-02", ""}, {"2023.9", "2023-09", ""},
	{"2023.01", "2023-01", ""}, {"2023.13", "", ""}, {"2023.0", "", ""}, {"202310", "2023-10", "2023-10"}, {"202301", "2023-01", "2023-01"}, {"202313", "", ""},
	{"2023.0999999999999", "", ""}, {"20231", "", ""}, {"20261", "", ""}, {"19001", "", ""}, {"45017", "2023-04", "2023-04"},
}

// monthTexts cannot be numbers.
var monthTexts = map[string]string{"2023-1": "2023-01", "2023/10": "2023-10", "2023年1月": "2023-01", "2023.1月": "2023-01", "２０２３．１": "", "2023.10.1": "2023-10", " 2023.1 ": ""}

// numberCell is the XML of a number, digit by digit as it is kept.
func numberCell(ref, digits string) string { return `<c r="` + ref + `"><v>` + digits + `</v></c>` }

// TestMonthsOfRosters: what a spreadsheet may have made of October is not read as January.
func TestMonthsOfRosters(t *testing.T) {
	t.Parallel()
	check := func(form, cell, want string, data []byte) {
		t.Helper()
		got := ""
		rows, refused := read(t, data)
		if len(rows) == 1 {
			got = rows[0].NursingFrom.String()
		}
		if got != want || want == "" && (len(refused) != 1 || refused[0].Code != "MONTH" || refused[0].Column != "护理补贴起始月") {
			t.Errorf("%s %q: %q, %+v, want %q", form, cell, got, refused, want)
		}
	}
	book := func(cell string, number bool) []byte {
		texts := append(append([]string{}, good[:19]...), cell)
		row := textCells(2, texts...)
		if number {
			row = textCells(2, texts[:19]...) + numberCell("T2", cell)
		}
		return pack(t, rawParts(sheetXML(textCells(1, strings.Split(strings.TrimSpace(heading), ",")...), row)))
	}
	for _, m := range monthCells {
		check("csv", m.cell, m.asText, []byte(heading+strings.Join(good[:19], ",")+","+m.cell+"\n"))
		check("text", m.cell, m.asText, book(m.cell, false))
		check("number", m.cell, m.asNumber, book(m.cell, true))
	}
	for cell, want := range monthTexts {
		check("csv", cell, want, []byte(heading+strings.Join(good[:19], ",")+","+cell+"\n"))
		check("text", cell, want, book(cell, false))
	}
	_, refused := read(t, book("2023.1", true))
	if len(refused) != 1 || !strings.Contains(refused[0].ZH, "10月") || !strings.Contains(refused[0].EN, "October") {
		t.Errorf("the reason is not told: %+v", refused)
	}
}

// TestMonthsOfLists reads months where a list wants one, and where it takes one for a first or last day. There the year alone
// must not be taken instead.
func TestMonthsOfLists(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ kind, sort, word, head, column, day string }{
		{"pension", "险种", "居民养老", "领取待遇开始年月", "drawing_since", ""}, {"school", "就学状态", "在校", "入学日期", "from", "-01"},
	} {
		read := func(form, cell, want string, data []byte) {
			t.Helper()
			if want != "" {
				want += c.day
			}
			checkMonth(t, c.column, c.kind+" "+form+" "+cell, want, readBytes(t, c.kind, data))
		}
		for _, m := range monthCells {
			head, row := textCells(1, "姓名", "身份证号", c.sort, c.head), textCells(2, "金丝雀", canaryID(1), c.word)
			read("csv", m.cell, m.asText, []byte("姓名,身份证号,"+c.sort+","+c.head+"\n金丝雀,"+canaryID(1)+","+c.word+","+m.cell+"\n"))
			read("number", m.cell, m.asNumber, pack(t, rawParts(sheetXML(head, row+numberCell("D2", m.cell)))))
		}
	}
}

func checkMonth(t *testing.T, column, form, want string, list *exchange.List) {
	t.Helper()
	got := ""
	if len(list.Rows) == 1 {
		got = shown(list.Rows[0], column)
	}
	if got != want || want == "" && (len(list.Refused) != 1 || list.Refused[0].Code != "MONTH" && list.Refused[0].Code != "DATE") {
		t.Errorf("%s: %q, %+v, want %q", form, got, list.Refused, want)
	}
}

// TestYearsWithMonths: the year of 2023.1 is sure.
func TestYearsWithMonths(t *testing.T) {
	t.Parallel()
	for _, cell := range []string{"2023.1", "2023.10", "2023.11", "2023.9", "2023"} {
		for form, data := range map[string][]byte{"csv": []byte("姓名,身份证号,就学状态,学年\n金丝雀," + canaryID(1) + ",在校," + cell + "\n"),
			"number": pack(t, rawParts(sheetXML(textCells(1, "姓名", "身份证号", "就学状态", "学年"), textCells(2, "金丝雀", canaryID(1), "在校")+numberCell("D2", cell))))} {
			if list := readBytes(t, "school", data); len(list.Rows) != 1 || shown(list.Rows[0], "school_year") != "2023" {
				t.Errorf("%s %s: %+v", form, cell, list.Refused)
			}
		}
	}
}

// TestDaysOfTheFifties: a day that a spreadsheet shows as one is no month that lacks a digit, although its number looks like it.
func TestDaysOfTheFifties(t *testing.T) {
	t.Parallel()
	parts := rawParts(sheetXML(textCells(1, "姓名", "身份证号", "就学状态", "入学日期"), textCells(2, "金丝雀", canaryID(1), "在校")+`<c r="D2" s="1"><v>20231</v></c>`))
	parts = with(parts, "xl/styles.xml", `<styleSheet `+mainSpace+`><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>`)
	checkMonth(t, "from", "a day", "1955-05-22", readBytes(t, "school", pack(t, parts)))
}
