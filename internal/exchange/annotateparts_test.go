package exchange_test

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"zhucan/internal/exchange"
)

// members are the parts of a workbook and their bytes.
func members(t testing.TB, data []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	parts := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := parts[f.Name]; twice {
			t.Errorf("two parts are called %s", f.Name)
		}
		parts[f.Name] = string(content)
	}
	return parts
}

// wellFormed reads XML as strictly as the standard library does.
func wellFormed(content string) error {
	d := xml.NewDecoder(strings.NewReader(content))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// TestAnnotateKeepsBytes compares the parts of workbooks of several makers before and after. What is added is worked out
// again here from the words of the standard: counts, relations and types have to fit.
func TestAnnotateKeepsBytes(t *testing.T) {
	t.Parallel()
	x := func(s string) string {
		return strings.NewReplacer("</", "</x:", "<", "<x:", "xmlns=", "xmlns:x=").Replace(s)
	}
	for name, data := range map[string][]byte{
		"the library's": sent(t), "without styles": pack(t, rawParts(deathsXML(replacing("2023-03-28", "x")))), "without fills": pack(t, with(rawParts(deathsXML(replacing("2023-03-28", "x"))), "xl/styles.xml", `<styleSheet `+mainSpace+`><cellXfs><xf numFmtId="0"/></cellXfs></styleSheet>`)),
		"with prefixes": pack(t, with(rawParts(x(deathsXML(replacing("2023-03-28", "x")))), "xl/styles.xml", x(`<styleSheet `+mainSpace+`><fills count="1"><fill/></fills><cellXfs count="1"><xf fillId="0"><alignment wrapText="1"/></xf></cellXfs></styleSheet>`))),
		"with tables below": pack(t, rawParts(deathsXML(func(s string) string {
			return strings.Replace(replacing("2023-03-28", "x")(s), "</worksheet>", `<!-- a > b --><tableParts count="0"/></worksheet>`, 1)
		}))),
	} {
		list := readBytes(t, "deaths", data)
		out, err := exchange.Annotate(data, list, list.Refused, false)
		if err != nil || len(list.Refused) == 0 {
			t.Errorf("%s: %d refused, %v", name, len(list.Refused), err)
			continue
		}
		before, after := members(t, data), members(t, out)
		for part, content := range after {
			if err := wellFormed(content); err != nil {
				t.Errorf("%s: %s: %v", name, part, err)
			}
			was, had := before[part]
			switch part {
			case "[Content_Types].xml", "xl/styles.xml", "xl/worksheets/sheet1.xml", "xl/worksheets/_rels/sheet1.xml.rels", "xl/comments1.xml", "xl/drawings/vmlDrawing1.vml":
			default:
				if !had || was != content {
					t.Errorf("%s: %s is another", name, part)
				}
			}
		}
		for part := range before {
			if _, has := after[part]; !has {
				t.Errorf("%s: %s is gone", name, part)
			}
		}
		fits(t, name, after)
	}
}

// fits holds the new parts against each other.
func fits(t *testing.T, name string, parts map[string]string) {
	t.Helper()
	sheet, rels, types := parts["xl/worksheets/sheet1.xml"], parts["xl/worksheets/_rels/sheet1.xml.rels"], parts["[Content_Types].xml"]
	comments, boxes, styles := parts["xl/comments1.xml"], parts["xl/drawings/vmlDrawing1.vml"], parts["xl/styles.xml"]
	if strings.Count(sheet, "legacyDrawing ") != 1 || strings.Contains(sheet, "tableParts") && strings.Index(sheet, "legacyDrawing ") > strings.Index(sheet, "tableParts") {
		t.Errorf("%s: the sheet has its boxes not once, or in a wrong place", name)
	}
	if strings.Count(rels, "relationships/comments\"") != 1 || strings.Count(rels, "vmlDrawing\"") != 1 || !strings.Contains(strings.ToLower(types), `extension="vml"`) || strings.Count(types, "/xl/comments1.xml") != 1 {
		t.Errorf("%s: relations or types do not fit:\n%s\n%s", name, rels, types)
	}
	if n := strings.Count(comments, "comment ref="); n != strings.Count(boxes, "ObjectType=\"Note\"") || n < 2 {
		t.Errorf("%s: %d comments and %d boxes", name, n, strings.Count(boxes, "ObjectType=\"Note\""))
	}
	if styles == "" {
		return
	}
	var s struct {
		Fills struct {
			Count int `xml:"count,attr"`
			Fill  []struct {
				Pattern struct {
					Type  string `xml:"patternType,attr"`
					Color struct {
						RGB string `xml:"rgb,attr"`
					} `xml:"fgColor"`
				} `xml:"patternFill"`
			} `xml:"fill"`
		} `xml:"fills"`
		Forms struct {
			Count int `xml:"count,attr"`
			Xf    []struct {
				Fill int `xml:"fillId,attr"`
			} `xml:"xf"`
		} `xml:"cellXfs"`
	}
	if err := xml.Unmarshal([]byte(styles), &s); err != nil {
		t.Fatal(err)
	}
	last := len(s.Fills.Fill) - 1
	half := len(s.Forms.Xf) / 2
	if s.Fills.Count != last+1 || s.Fills.Fill[last].Pattern.Color.RGB != "FFFFC7CE" || s.Forms.Count != 0 && s.Forms.Count != 2*half {
		t.Errorf("%s: fills %+v, %d formats of %d", name, s.Fills, len(s.Forms.Xf), s.Forms.Count)
	}
	for i, xf := range s.Forms.Xf {
		if (i >= half) != (xf.Fill == last) {
			t.Errorf("%s: format %d has fill %d of %d", name, i, xf.Fill, last)
		}
	}
}

// TestAnnotateMissingCell colours cells that are not there, in the format in which something would be written into them.
func TestAnnotateMissingCell(t *testing.T) {
	t.Parallel()
	data := deathsBook(t, 3, func(f *excelize.File) {
		text, _ := f.NewStyle(&excelize.Style{NumFmt: 49})
		f.SetColStyle("Sheet1", "B", text)
		set(f, "Sheet1", map[string]any{"B3": nil, "C4": nil, "A2": nil})
	})
	data = rezip(t, data, func(name string, content []byte) []byte {
		if name != "xl/worksheets/sheet1.xml" {
			return content
		}
		for _, cell := range []string{`<c r="B3" s="1"></c>`, `<c r="C4"></c>`, `<c r="A2"></c>`} {
			content = bytes.Replace(content, []byte(cell), nil, 1)
		}
		if bytes.Contains(content, []byte(`"B3"`)) || bytes.Contains(content, []byte(`"C4"`)) || bytes.Contains(content, []byte(`"A2"`)) {
			t.Fatalf("the cells are still there: %s", content)
		}
		return content
	})
	list := readBytes(t, "deaths", data)
	out, err := exchange.Annotate(data, list, list.Refused, false)
	if err != nil {
		t.Fatal(err)
	}
	book := open(t, out)
	for cell, format := range map[string]int{"A2": 0, "B3": 49, "C4": 0} {
		id, _ := book.GetCellStyle("Sheet1", cell)
		style, _ := book.GetStyle(id)
		if style.NumFmt != format || len(style.Fill.Color) != 1 || commentsOf(t, book)[cell] != "该列必填，请补上" {
			t.Errorf("%s: format %d, fill %v, comment %q", cell, style.NumFmt, style.Fill.Color, commentsOf(t, book)[cell])
		}
	}
	if again := readBytes(t, "deaths", out); fmt.Sprint(again.Refused) != fmt.Sprint(list.Refused) {
		t.Errorf("read again: %+v", again.Refused)
	}
}

// TestAnnotateAgain sends a file back that came back with one of two mistakes corrected: our comments are those of now.
func TestAnnotateAgain(t *testing.T) {
	t.Parallel()
	data := sent(t)
	list := readBytes(t, "deaths", data)
	once, err := exchange.Annotate(data, list, list.Refused, false)
	if err != nil {
		t.Fatal(err)
	}
	book := open(t, once)
	set(book, "Sheet1", map[string]any{"C4": "2023-01-01"})
	var saved bytes.Buffer
	if err := book.Write(&saved); err != nil {
		t.Fatal(err)
	}
	again := readBytes(t, "deaths", saved.Bytes())
	twice, err := exchange.Annotate(saved.Bytes(), again, again.Refused, false)
	if err != nil {
		t.Fatal(err)
	}
	comments := commentsOf(t, open(t, twice))
	for cell, want := range map[string]string{"A2": "共2行、3处需要修改，已着色并加批注。", "C4": "此处已改正。", "B6": "该列必填，请补上"} {
		if comments[cell] != want {
			t.Errorf("%s: %q, want %q", cell, comments[cell], want)
		}
	}
}

// TestAnnotateAgainBoxes annotates a workbook that came back with our boxes in it, and with another mistake: no two boxes have
// one number.
func TestAnnotateAgainBoxes(t *testing.T) {
	t.Parallel()
	data := deathsBook(t, 3, func(f *excelize.File) { set(f, "Sheet1", map[string]any{"C3": "x"}) })
	list := readBytes(t, "deaths", data)
	for _, later := range [][]exchange.RowError{list.Refused, {{Row: 2, Column: "死亡日期", ZH: "请核对"}, {Row: 4, Column: "死亡日期", ZH: "请核对"}}, {{Row: 4, Column: "姓名", ZH: "请核对"}}} {
		var err error
		if data, err = exchange.Annotate(data, list, later, false); err != nil {
			t.Fatal(err)
		}
	}
	boxes := members(t, data)["xl/drawings/vmlDrawing1.vml"]
	seen := map[string]bool{}
	for _, id := range regexp.MustCompile(`<v:shape id="([^"]*)"`).FindAllStringSubmatch(boxes, -1) {
		if seen[id[1]] {
			t.Errorf("two boxes are called %s", id[1])
		}
		seen[id[1]] = true
	}
	if len(seen) != 5 || len(commentsOf(t, open(t, data))) != 5 {
		t.Errorf("%d boxes and %d comments, want 5", len(seen), len(commentsOf(t, open(t, data))))
	}
}
