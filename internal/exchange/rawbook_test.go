package exchange_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"zhucan/internal/idnum"
)

// canaryID is the n-th made-up ID number.
func canaryID(n int) string {
	body := fmt.Sprintf("379999%04d%02d%02d%03d", 1950+n/1000%60, 1+n/28%12, 1+n%28, n/336%1000)
	check, _ := idnum.CheckCharacter(body)
	return body + string(check)
}

// deathsHead and deathsRow are a list of deaths, by which odd files are tried.
const deathsHead = "姓名,身份证号,死亡日期"

func deathsRow(n int) []string { return []string{"金丝雀", canaryID(n), "2023-03-28"} }

// deathsCSV is a good list of so many rows.
func deathsCSV(rows int) string {
	var b strings.Builder
	b.WriteString(deathsHead + "\n")
	for n := range rows {
		b.WriteString(strings.Join(deathsRow(n), ",") + "\n")
	}
	return b.String()
}

const (
	mainSpace = `xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"`
	relSpace  = `xmlns="http://schemas.openxmlformats.org/package/2006/relationships"`
	officeRel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
)

// part is a member of a workbook.
type part struct{ name, content string }

// rawParts are the parts of a workbook with these sheets, written without a library so that they can be wrong.
func rawParts(sheets ...string) []part {
	var list, rels strings.Builder
	parts := []part{{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>`},
		{"_rels/.rels", `<Relationships ` + relSpace + `><Relationship Id="r" Type="` + officeRel + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`}}
	for i, xml := range sheets {
		fmt.Fprintf(&list, `<sheet name="表%d" sheetId="%d" r:id="r%d"/>`, i+1, i+1, i+1)
		fmt.Fprintf(&rels, `<Relationship Id="r%d" Type="%s/worksheet" Target="worksheets/sheet%d.xml"/>`, i+1, officeRel, i+1)
		parts = append(parts, part{fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1), xml})
	}
	return append(parts, part{"xl/workbook.xml", `<?xml version="1.0" encoding="UTF-8"?><workbook ` + mainSpace + ` xmlns:r="` + officeRel + `"><sheets>` + list.String() + `</sheets></workbook>`},
		part{"xl/_rels/workbook.xml.rels", `<Relationships ` + relSpace + `>` + rels.String() + `</Relationships>`})
}

// with is a list of parts with one changed or added.
func with(parts []part, name, content string) []part {
	out := append([]part{}, parts...)
	for i := range out {
		if out[i].name == name {
			out[i].content = content
			return out
		}
	}
	return append(out, part{name, content})
}

func pack(t testing.TB, parts []part) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, p := range parts {
		m, err := w.Create(p.name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Write([]byte(p.content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// sheetXML is a sheet with these rows, each the XML of its cells.
func sheetXML(rows ...string) string {
	var b strings.Builder
	b.WriteString(`<worksheet ` + mainSpace + `><sheetData>`)
	for i, cells := range rows {
		fmt.Fprintf(&b, `<row r="%d">%s</row>`, i+1, cells)
	}
	return b.String() + `</sheetData></worksheet>`
}

// textCells are cells with texts in them.
func textCells(row int, texts ...string) string {
	var b strings.Builder
	for i, text := range texts {
		name, _ := excelize.CoordinatesToCellName(i+1, row)
		fmt.Fprintf(&b, `<c r="%s" t="inlineStr"><is><t>%s</t></is></c>`, name, text)
	}
	return b.String()
}

// deathsXML is a list of deaths of two rows; change sees the XML of the sheet.
func deathsXML(change func(string) string) string {
	return change(sheetXML(textCells(1, strings.Split(deathsHead, ",")...), textCells(2, deathsRow(0)...), textCells(3, deathsRow(1)...)))
}

func same(s string) string { return s }

func replacing(old, new string) func(string) string {
	return func(s string) string {
		if !strings.Contains(s, old) {
			panic("nothing to change: " + old)
		}
		return strings.Replace(s, old, new, 1)
	}
}

// deathsBook is a list of deaths written by the library; fill changes it.
func deathsBook(t testing.TB, rows int, fill func(*excelize.File)) []byte {
	t.Helper()
	book := excelize.NewFile()
	defer book.Close()
	write := func(row int, texts []string) {
		for i, text := range texts {
			name, _ := excelize.CoordinatesToCellName(i+1, row)
			if err := book.SetCellStr("Sheet1", name, text); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(1, strings.Split(deathsHead, ","))
	for n := range rows {
		write(n+2, deathsRow(n))
	}
	fill(book)
	var out bytes.Buffer
	if err := book.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
