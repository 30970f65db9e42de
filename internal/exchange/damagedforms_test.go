package exchange_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
)

func nothing(*excelize.File) {}

// understated is an archive of which one member says that it is shorter than it is.
func understated(data []byte, member string) []byte {
	at := bytes.LastIndex(data, []byte(member)) - 46 // the entry of the directory
	binary.LittleEndian.PutUint32(data[at+24:], 300)
	return data
}

// flagged is an archive whose members say that they are encrypted, and have nonsense in them.
func flagged(data []byte) []byte {
	out := append([]byte{}, data...)
	z, err := zip.NewReader(bytes.NewReader(out), int64(len(out)))
	if err != nil {
		panic(err)
	}
	for _, f := range z.File {
		from, err := f.DataOffset()
		if err != nil {
			panic(err)
		}
		for i := range out[from : from+int64(f.CompressedSize64)] {
			out[from+int64(i)] ^= 0xA5
		}
	}
	return out
}

func gbk(text string) []byte {
	b, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(text))
	if err != nil {
		panic(err)
	}
	return b
}

func utf16Bytes(order binary.AppendByteOrder, text string) (out []byte) {
	for _, u := range utf16.Encode([]rune(text)) {
		out = order.AppendUint16(out, u)
	}
	return out
}

func wrongBytes(t *testing.T) []odd {
	csv := deathsCSV(2)
	book := pack(t, rawParts(deathsXML(same)))
	flipped := append([]byte{}, book...)
	flipped[bytes.Index(flipped, []byte("sheet1.xml"))+40] ^= 0x10
	return []odd{
		{name: "one bit of the sheet is wrong", data: flipped, code: "WORKBOOK_BROKEN"}, {name: "GBK", data: gbk(csv), rows: 2}, {name: "GBK with the mark of UTF-8", data: append([]byte("\uFEFF"), gbk(csv)...), rows: 2},
		{name: "GB18030 with its mark and a rare character", data: gbk("\uFEFF" + strings.Replace(csv, "金丝雀", "金丝雀𠮷", 1)), rows: 2}, {name: "UTF-8 with mark", data: []byte("\uFEFF" + csv), rows: 2},
		{name: "UTF-16 small end first", data: append([]byte{0xFF, 0xFE}, utf16Bytes(binary.LittleEndian, csv)...), rows: 2}, {name: "UTF-16 big end first", data: append([]byte{0xFE, 0xFF}, utf16Bytes(binary.BigEndian, csv)...), rows: 2},
		{name: "UTF-16 without mark", data: utf16Bytes(binary.LittleEndian, csv), code: "WORKBOOK_TYPE"}, {name: "UTF-16 with half a character", data: append(append([]byte{0xFF, 0xFE}, utf16Bytes(binary.LittleEndian, csv)...), 'x'), code: "WORKBOOK_TYPE"},
		{name: "NUL in a csv file", data: []byte(strings.Replace(csv, "2023", "20\x0023", 1)), code: "WORKBOOK_TYPE"}, {name: "neither UTF-8 nor GBK", data: []byte(csv + "\xFF\xFF\xFF,"), code: "WORKBOOK_TYPE"},
		{name: "NUL in a cell", data: pack(t, rawParts(deathsXML(replacing("2023", "20&#0;23")))), code: "WORKBOOK_BROKEN", place: "第2行"}, {name: "control character in a cell", data: pack(t, rawParts(deathsXML(replacing("2023", "20\x0123")))), code: "WORKBOOK_BROKEN", place: "第2行"},
		{name: "GBK in a cell", data: pack(t, rawParts(deathsXML(replacing("2023", string(gbk("金")))))), code: "WORKBOOK_BROKEN", place: "第2行"},
		{name: "sheet declared as GBK", data: pack(t, rawParts(deathsXML(func(s string) string { return `<?xml version="1.0" encoding="GBK"?>` + s }))), code: "WORKBOOK_BROKEN", place: "表1"},
		{name: "replacement character in a cell", data: pack(t, rawParts(deathsXML(replacing("金丝雀", "金丝\uFFFD")))), rows: 1, refused: "2 A BAD_CHARACTER"},
	}
}

func oddTexts(*testing.T) []odd {
	csv := deathsCSV(3)
	lines := strings.Split(csv, "\n")
	return []odd{
		{name: "blanks", data: []byte(" \n ,, \n"), code: "WORKBOOK_EMPTY"}, {name: "heading alone", data: []byte(deathsHead + "\n"), code: "WORKBOOK_EMPTY"},
		{name: "quote that is not closed", data: []byte(strings.Replace(csv, lines[2], `"`+lines[2], 1)), code: "CSV_QUOTE", place: "第3行"}, {name: "quote closed within a cell", data: []byte(strings.Replace(csv, lines[2], `"金丝"雀,x`, 1)), code: "CSV_QUOTE", place: "第3行"},
		{name: "quote that swallows a row", data: []byte(lines[0] + "\n\"" + lines[1] + "\n" + lines[2] + ",\"\n" + lines[3]), code: "CSV_QUOTE", place: "第2行"}, {name: "quote within a word", data: []byte(strings.Replace(csv, "金丝雀", `金丝雀"小"`, 1)), rows: 3},
		{name: "mixed line ends", data: []byte(lines[0] + "\r\n" + lines[1] + "\r" + lines[2] + "\n" + lines[3]), rows: 3}, {name: "line ends of old", data: []byte(strings.ReplaceAll(csv, "\n", "\r")), rows: 3},
		{name: "semicolons", data: []byte(strings.ReplaceAll(csv, ",", ";")), rows: 3}, {name: "tabs", data: []byte(strings.ReplaceAll(csv, ",", "\t")), rows: 3}, {name: "a separator by name", data: []byte("sep=;\r\n" + strings.ReplaceAll(csv, ",", ";")), rows: 3},
		{name: "lines in a cell", data: []byte(deathsHead + ",地址\n金丝雀," + canaryID(0) + ",2023-03-28,\"东街\n1号\"\n金丝雀,x,2023-03-28,\n"), rows: 1, refused: "3 B ID_LENGTH"},
		{name: "commas behind", data: []byte(strings.ReplaceAll(csv, "\n", strings.Repeat(",", 400)+"\n")), rows: 3}, {name: "blank lines", data: []byte(strings.ReplaceAll(csv, "\n", "\n\n,,\n")), rows: 3},
		{name: "300 columns in a csv file", data: []byte(strings.Replace(csv, "\n", strings.Repeat(",x", 300)+"\n", 1)), code: "WORKBOOK_TOO_LARGE", place: "256列"},
		{name: "another list", data: []byte("姓名,身份证号,火化日期\n金丝雀," + canaryID(0) + ",2023-03-28\n"), code: "HEADING_MISSING", place: "火化日期"}, {name: "no heading", data: []byte(strings.Join(lines[1:], "\n")), code: "HEADING_NOT_FOUND", place: "前15行"},
	}
}

func oddXML(t *testing.T) []odd {
	book := func(change func(string) string) []byte { return pack(t, rawParts(deathsXML(change))) }
	shared := with(rawParts(deathsXML(replacing(`t="inlineStr"><is><t>2023-03-28</t></is>`, `t="s"><v>0</v>`))), "xl/sharedStrings.xml",
		`<sst `+mainSpace+`><si><r><t>2023</t></r><rPh sb="0" eb="1"><t>ignored</t></rPh><r><t>-03-28</t></r></si></sst>`)
	return []odd{
		{name: "text in pieces with readings", data: pack(t, shared), rows: 2}, {name: "no such text", data: pack(t, with(shared, "xl/sharedStrings.xml", `<sst `+mainSpace+`/>`)), code: "WORKBOOK_BROKEN", place: "第2行"},
		{name: "text before the first", data: book(replacing(`t="inlineStr"><is><t>2023-03-28</t></is>`, `t="s"><v>-1</v>`)), code: "WORKBOOK_BROKEN", place: "第2行"},
		{name: "row beyond the last", data: book(replacing(`<row r="3">`, `<row r="1048577">`)), code: "WORKBOOK_BROKEN", place: "第2行"}, {name: "row of many digits", data: book(replacing(`<row r="3">`, `<row r="99999999999999999999">`)), code: "WORKBOOK_BROKEN", place: "第2行"},
		{name: "row before the first", data: book(replacing(`<row r="3">`, `<row r="-3">`)), code: "WORKBOOK_BROKEN", place: "第2行"}, {name: "the last row", data: book(func(s string) string {
			return strings.NewReplacer(`r="3"`, `r="1048576"`, `A3`, `A1048576`, `B3`, `B1048576`, `C3`, `C1048576`).Replace(s)
		}), rows: 2},
		{name: "row twice", data: book(replacing(`<row r="3">`, `<row r="2">`)), code: "WORKBOOK_BROKEN", place: "第2行"}, {name: "cell twice", data: book(replacing(`r="B3"`, `r="A3"`)), code: "WORKBOOK_BROKEN", place: "第3行"},
		{name: "cell of another row", data: book(replacing(`r="B3"`, `r="B7"`)), code: "WORKBOOK_BROKEN", place: "第3行"}, {name: "cell beyond the last column", data: book(replacing(`r="C3"`, `r="XFE3"`)), code: "WORKBOOK_BROKEN", place: "第3行"},
		{name: "cell of unknown type", data: book(replacing(`t="inlineStr"`, `t="x"`)), code: "WORKBOOK_BROKEN", place: "第1行"}, {name: "number that is none", data: book(replacing(`t="inlineStr"><is><t>2023-03-28</t></is>`, `t="n"><v>soon</v>`)), code: "WORKBOOK_BROKEN", place: "第2行"},
		{name: "tags that do not match", data: book(replacing(`</is></c>`, `</c></is>`)), code: "WORKBOOK_BROKEN", place: "第1行"}, {name: "two roots", data: book(func(s string) string { return s + s }), code: "WORKBOOK_BROKEN", place: "第3行"},
		{name: "rows twice", data: book(replacing("</sheetData>", "</sheetData><sheetData></sheetData>")), code: "WORKBOOK_BROKEN", place: "第3行"}, {name: "text behind the root", data: book(func(s string) string { return s + "x" }), code: "WORKBOOK_BROKEN", place: "第3行"},
		{name: "comments, instructions and CDATA", data: book(replacing(`<t>2023-03-28</t>`, `<!-- a > b --><t><?x y?><![CDATA[2023-03]]>-28</t>`)), rows: 2}, {name: "prefixes", data: book(func(s string) string {
			return strings.NewReplacer("</", "</x:", "<", "<x:", "xmlns=", "xmlns:x=").Replace(s)
		}), rows: 2},
		{name: "without numbers of rows and cells", data: book(func(s string) string { return reference.ReplaceAllString(s, "") }), rows: 2}, {name: "escaped characters", data: book(replacing("金丝雀", "金丝雀_x000D_&#x5c0f;")), rows: 2},
		{name: "deep nesting", data: book(replacing("<sheetData>", strings.Repeat("<a>", 100)+strings.Repeat("</a>", 100)+"<sheetData>")), code: "WORKBOOK_BROKEN", place: "表1"}, {name: "a cell of three million characters", data: book(replacing("金丝雀", longText())), code: "WORKBOOK_BROKEN", place: "第2行"},
		{name: "attribute without quotes", data: book(replacing(`<row r="2">`, `<row r=2>`)), code: "WORKBOOK_BROKEN", place: "第1行"}, {name: "a sign in an attribute", data: book(replacing(`<row r="2">`, `<row r="2" note="a > b">`)), rows: 2},
		{name: "blocks over everything", data: book(replacing("</sheetData>", `</sheetData><mergeCells><mergeCell ref="A5:XFD1048576"/></mergeCells>`)), rows: 2}, {name: "block upside down", data: book(replacing("</sheetData>", `</sheetData><mergeCells><mergeCell ref="B3:A1"/></mergeCells>`)), code: "WORKBOOK_BROKEN", place: "表1"},
	}
}

// longText has too many different characters to be a bomb.
func longText() string {
	var b strings.Builder
	for i := range 600_000 {
		fmt.Fprintf(&b, "%05x", i*7919%1_048_576)
	}
	return b.String()
}
