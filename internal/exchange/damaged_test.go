package exchange_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"zhucan/internal/exchange"
	"zhucan/internal/fault"
)

// odd is a file that somebody may send, and what has to come of it: either the file is refused whole, or so many rows are
// read and these are refused.
type odd struct {
	name    string
	data    []byte
	code    string // of the file
	place   string // what its message names
	rows    int
	refused string // row, column and code of each
	notes   string // codes
}

// largest is what is allocated at the most for one file, also for one made to cost much.
const largest = 64 << 20

// slack widens the bound where the tests themselves take more.
var slack = uint64(1)

// read reads a file and holds it against what is expected, and memory against its bound.
func (o odd) read(t *testing.T, places *exchange.Places) {
	t.Helper()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	list, err := exchange.ReadList(kindOf(t, "deaths"), o.data, nil, places, today)
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > largest*slack {
		t.Errorf("%s: %d MiB", o.name, allocated>>20)
	}
	if err != nil {
		f, ok := fault.Of(err)
		if !ok || f.Code != o.code || !strings.Contains(f.ZH, o.place) || f.EN == "" || f.Err != nil {
			t.Errorf("%s: %v (%+v), want %s naming %q", o.name, err, f, o.code, o.place)
		}
		return
	}
	var refused, notes []string
	for _, e := range list.Refused {
		refused = append(refused, fmt.Sprintf("%d %s %s", e.Row, strings.Fields(e.Column + " -")[0], e.Code))
	}
	for _, n := range list.Notes {
		notes = append(notes, n.Code)
	}
	got := fmt.Sprintf("%d [%s] [%s]", len(list.Rows), strings.Join(refused, "; "), strings.Join(notes, " "))
	if want := fmt.Sprintf("%d [%s] [%s]", o.rows, o.refused, o.notes); got != want || o.code != "" {
		t.Errorf("%s: read %s, want %s %s", o.name, got, want, o.code)
	}
}

// TestDamagedFiles measures memory, so that it must not run beside others: it is not parallel.
func TestDamagedFiles(t *testing.T) {
	places := exchange.NewPlaces(tree(t))
	var all []odd
	for _, files := range []func(*testing.T) []odd{cutFiles, hostileFiles, wrongBytes, oddTexts, oddXML, oddLayouts, oddCells, largeFiles} {
		all = append(all, files(t)...)
	}
	if len(all) < 60 {
		t.Errorf("%d files", len(all))
	}
	seen := map[string]bool{}
	for _, o := range all {
		if seen[o.name] {
			t.Errorf("two files are called %s", o.name)
		}
		seen[o.name] = true
		o.read(t, places)
	}
}

func cutFiles(t *testing.T) []odd {
	whole := pack(t, rawParts(deathsXML(same)))
	csv := deathsCSV(2)
	cutPart := func(name string, at float64) []byte {
		return rezip(t, deathsBook(t, 2, nothing), func(member string, content []byte) []byte {
			if member == name {
				return content[:int(float64(len(content))*at)]
			}
			return content
		})
	}
	return []odd{
		{name: "nothing", data: nil, code: "WORKBOOK_EMPTY"}, {name: "cut after ten bytes", data: whole[:10], code: "WORKBOOK_BROKEN", place: "截断"}, {name: "cut in the middle", data: whole[:len(whole)/2], code: "WORKBOOK_BROKEN", place: "截断"},
		{name: "without its last ten bytes", data: whole[:len(whole)-10], code: "WORKBOOK_BROKEN", place: "截断"}, {name: "without its last byte", data: whole[:len(whole)-1], code: "WORKBOOK_BROKEN", place: "截断"},
		{name: "without its first byte", data: whole[1:], code: "WORKBOOK_TYPE"}, {name: "csv cut in a row", data: []byte(csv[:len(csv)-12]), rows: 1, refused: "3 C REQUIRED; 3 - CUT_OFF"},
		{name: "csv cut in a character", data: []byte(csv[:len(csv)-32]), code: "WORKBOOK_BROKEN", place: "截断"}, {name: "csv without its last line end", data: []byte(csv[:len(csv)-1]), rows: 2},
		{name: "sheet cut in the last row", data: pack(t, rawParts(deathsXML(func(s string) string { return s[:strings.LastIndex(s, "2023")] }))), code: "WORKBOOK_BROKEN", place: "第3行"},
		{name: "sheet cut after the last row", data: pack(t, rawParts(deathsXML(func(s string) string { return s[:strings.LastIndex(s, "</sheetData>")] }))), code: "WORKBOOK_BROKEN", place: "第3行"},
		{name: "sheet cut after the rows", data: pack(t, rawParts(deathsXML(func(s string) string { return s[:strings.LastIndex(s, "</worksheet>")] }))), code: "WORKBOOK_BROKEN", place: "表1"},
		{name: "texts cut", data: cutPart("xl/sharedStrings.xml", 0.5), code: "WORKBOOK_BROKEN", place: "文本表"}, {name: "directory cut", data: cutPart("xl/workbook.xml", 0.5), code: "WORKBOOK_BROKEN", place: "目录"},
		{name: "styles cut", data: cutPart("xl/styles.xml", 0.9), code: "WORKBOOK_BROKEN", place: "样式"}, {name: "relations cut", data: cutPart("xl/_rels/workbook.xml.rels", 0.3), code: "WORKBOOK_BROKEN", place: "目录"},
		{name: "texts gone", data: rezip(t, deathsBook(t, 2, nothing), without("xl/sharedStrings.xml")), code: "WORKBOOK_BROKEN", place: "第1行"}, {name: "sheet gone", data: rezip(t, deathsBook(t, 2, nothing), without("xl/worksheets/sheet1.xml")), code: "WORKBOOK_BROKEN", place: "Sheet1"},
		{name: "relations gone", data: rezip(t, deathsBook(t, 2, nothing), without("xl/_rels/workbook.xml.rels")), code: "WORKBOOK_BROKEN", place: "目录"}, {name: "directory gone", data: rezip(t, deathsBook(t, 2, nothing), without("xl/workbook.xml")), code: "WORKBOOK_BROKEN", place: "不是xlsx"},
	}
}

func without(gone string) func(string, []byte) []byte {
	return func(name string, content []byte) []byte {
		if name == gone {
			return nil
		}
		return content
	}
}

func hostileFiles(t *testing.T) []odd {
	good := rawParts(deathsXML(same))
	whole := pack(t, good)
	many := append([]part{}, good...)
	for i := range 2_500 {
		many = append(many, part{fmt.Sprintf("xl/media/%d", i), "x"})
	}
	again := rawParts(make([]string, 200)...) // two hundred sheets, all of them the same part
	for i := range again {
		if strings.HasPrefix(again[i].name, "xl/worksheets/") {
			again[i] = part{fmt.Sprintf("docProps/%d", i), ""}
		}
		if strings.HasSuffix(again[i].name, "workbook.xml.rels") {
			for n := range 200 {
				again[i].content = strings.Replace(again[i].content, fmt.Sprintf("sheet%d.xml", n+1), "one.xml", 1)
			}
		}
	}
	again = append(again, part{"xl/worksheets/one.xml", `<worksheet ` + mainSpace + `><sheetData>` + strings.Repeat(" ", 1<<20-200) + `</sheetData></worksheet>`})
	lying := bytes.Replace(append([]byte{}, whole...), []byte("PK\x01\x02"), []byte("PK\x01\x02"), 1)
	dtd := `<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>`
	return []odd{
		{name: "bomb", data: pack(t, with(good, "xl/worksheets/sheet1.xml", strings.Repeat("\x00", 20<<20))), code: "WORKBOOK_TOO_LARGE"},
		{name: "bomb of blanks in a sheet", data: pack(t, rawParts(deathsXML(replacing("<sheetData>", "<sheetData>"+strings.Repeat(" ", 20<<20))))), code: "WORKBOOK_TOO_LARGE"},
		{name: "bomb beside the sheet", data: pack(t, with(good, "xl/media/image1.png", strings.Repeat("\x00", 20<<20))), code: "WORKBOOK_TOO_LARGE"},
		{name: "many members", data: pack(t, many), code: "WORKBOOK_TOO_LARGE"}, {name: "one part as two hundred sheets", data: pack(t, again), code: "WORKBOOK_BROKEN", place: "目录"},
		{name: "a part that is longer than it says", data: understated(lying, "xl/worksheets/sheet1.xml"), code: "WORKBOOK_BROKEN", place: "表1"},
		{name: "two members of one name", data: pack(t, append(good, part{"XL/worksheets/Sheet1.xml", deathsXML(same)})), code: "WORKBOOK_BROKEN", place: "重名"},
		{name: "encrypted member", data: flagged(whole), code: "WORKBOOK_BROKEN"},
		{name: "macros", data: pack(t, with(good, "xl/vbaProject.bin", "x")), code: "WORKBOOK_TYPE"}, {name: "old macros", data: pack(t, with(good, "xl/macrosheets/sheet1.xml", "x")), code: "WORKBOOK_TYPE"},
		{name: "external links", data: pack(t, with(good, "xl/externalLinks/externalLink1.xml", "x")), code: "WORKBOOK_TYPE"}, {name: "embedded objects", data: pack(t, with(good, "xl/embeddings/oleObject1.bin", "x")), code: "WORKBOOK_TYPE"},
		{name: "controls", data: pack(t, with(good, "xl/activeX/activeX1.xml", "x")), code: "WORKBOOK_TYPE"}, {name: "macros by another spelling", data: pack(t, with(good, `XL\VBAPROJECT.BIN`, "x")), code: "WORKBOOK_TYPE"},
		{name: "entities in the sheet", data: pack(t, rawParts(deathsXML(func(s string) string { return dtd + s }))), code: "WORKBOOK_TYPE"}, {name: "entities in the directory", data: pack(t, with(good, "xl/workbook.xml", dtd+good[len(good)-2].content)), code: "WORKBOOK_TYPE"},
		{name: "entity that is not declared", data: pack(t, rawParts(deathsXML(replacing("2023", "&b;")))), code: "WORKBOOK_BROKEN", place: "第2行"},
		{name: "old workbook", data: []byte("\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 x"), code: "WORKBOOK_TYPE", place: "旧版xls"}, {name: "web page", data: []byte("<html><table><tr><td>姓名</td></tr></table></html>"), code: "WORKBOOK_TYPE", place: "网页"},
		{name: "picture", data: []byte("\x89PNG\r\n\x1a\n\x00\x00"), code: "WORKBOOK_TYPE"}, {name: "document", data: pack(t, []part{{"[Content_Types].xml", "<Types/>"}, {"word/document.xml", "<w/>"}}), code: "WORKBOOK_BROKEN", place: "不是xlsx"},
		{name: "other text", data: []byte(`{"name": "金丝雀", "died": true}`), code: "HEADING_NOT_FOUND", place: "前15行"},
	}
}
