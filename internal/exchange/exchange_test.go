package exchange_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/demo/divisions"
	"zhucan/internal/demo/population"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
)

var today = calendar.MustDate("2026-11-23")

func tree(t testing.TB) []area.Division {
	t.Helper()
	list := divisions.Tree()
	return list
}

func read(t testing.TB, data []byte) ([]exchange.RosterRow, []exchange.RowError) {
	t.Helper()
	table, err := exchange.ReadRoster(data)
	if err != nil {
		t.Fatal(err)
	}
	rows, refused, err := exchange.ParseRoster(table, exchange.NewPlaces(tree(t)), today)
	if err != nil {
		t.Fatal(err)
	}
	return rows, refused
}

// TestRoundTrip writes made-up people in every form and reads them back.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	people := population.Generate(7, 1000, tree(t), today)
	if diff := cmp.Diff(fmt.Sprint(people), fmt.Sprint(population.Generate(7, 1000, tree(t), today))); diff != "" {
		t.Error("the same seed made other people")
	}
	var xlsx, csv bytes.Buffer
	if err := exchange.WriteRoster(&xlsx, people); err != nil {
		t.Fatal(err)
	}
	if err := exchange.WriteRosterCSV(&csv, people); err != nil {
		t.Fatal(err)
	}
	gb, err := simplifiedchinese.GB18030.NewEncoder().Bytes(bytes.TrimPrefix(csv.Bytes(), []byte("\xEF\xBB\xBF")))
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"xlsx": xlsx.Bytes(), "csv": csv.Bytes(), "GB18030": gb} {
		rows, refused := read(t, file)
		if len(refused) > 0 {
			t.Errorf("%s: %d refused, first %+v", name, len(refused), refused[0])
		}
		if len(rows) != len(people) {
			t.Fatalf("%s: %d rows, want %d", name, len(rows), len(people))
		}
		for i := range rows {
			if rows[i].ID != people[i].ID || rows[i].Certificate != people[i].Certificate {
				t.Fatalf("%s row %d: another number", name, i+2)
			}
			if a, b := fmt.Sprintf("%+v", rows[i]), fmt.Sprintf("%+v", people[i]); a != b {
				t.Fatalf("%s row %d:\n%s\n%s", name, i+2, a, b)
			}
		}
	}
}

const heading = "姓名,性别,出生日期,身份证号,残疾证号,残疾类别,残疾等级,多重残疾明细,发证日期,有效期至,户籍村居,居住村居,户口性质,联系电话,监护人姓名,监护人关系,困难类别,困难类别起始日,生活补贴起始月,护理补贴起始月\n"

// good is a row that is taken; tests change one cell of it.
var good = []string{"金丝雀", "男", "1970-01-01", "379999197001010011", "37999919700101001142", "肢体", "二级", "", "2020-01-06", "2030-01-05", "370305001005", "", "农业",
	"19900001234", "", "", "低保", "2021-01-01", "2021-02", "2020-01"}

func TestCells(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		column int
		cell   string
		code   string // empty: taken
	}{
		{0, "", "NAME"}, {0, "张　三", ""}, {0, "\"张\n三\"", "NAME_CHARACTERS"}, {0, "张\u200b三", "NAME_CHARACTERS"}, {0, "379999197001010011", "NAME_NUMBER"}, {14, "李\u202e四", "NAME_CHARACTERS"}, {1, "女", "SEX_MISMATCH"}, {1, "x", "SEX"}, {1, "", ""}, {2, "1970-01-02", "BIRTH_MISMATCH"}, {2, "1970/1/1", ""}, {2, "19700101", ""}, {2, "1970年1月1日", ""},
		{2, "1970-02-30", "DATE"}, {2, "soon", "DATE"}, {3, "379999197001010012", "ID_CHECK"}, {3, "3.79999E+17", "ID_SCIENTIFIC"}, {3, "379999197001010000", "ID_ROUNDED"},
		{3, "３７９９９９１９７００１０１００１１", ""}, {3, " 379999197001010011 ", ""}, {3, "", ""}, {3, "379999198807170027", "SEX_MISMATCH"}, {4, "37999919700101001182", "CERT_CATEGORY"},
		{4, "37999919700101001146", "CERT_LEVEL"}, {4, "37999919700101001142B", ""}, {4, "37999919700101001142B0", "CERT_SUFFIX"}, {4, "", "NO_CERT"}, {5, "视力", "CERT_DIGITS_MISMATCH"}, {5, "4", ""},
		{5, "肢体残疾", ""}, {6, "3级", "CERT_DIGITS_MISMATCH"}, {6, "2", ""}, {7, "肢体二级", ""}, {7, "头痛", "COMPONENTS"}, {8, "", "REQUIRED"}, {8, "2031-01-01", "DATES_REVERSED"}, {8, "1899-12-31", "BEFORE_BIRTH"},
		{9, "", ""}, {9, "长期", ""}, {9, "2019-01-01", "DATES_REVERSED"}, {10, "", "REQUIRED"}, {10, "370305001999", "AREA_UNKNOWN"}, {10, "闻韶街道辛东社区居委会", ""}, {10, "辛东社区居委会", ""},
		{10, "乌有村", "AREA_UNKNOWN"}, {11, "370305111245", ""}, {12, "商品房", "HUKOU_TYPE"}, {12, "", ""}, {13, "12", "PHONE"}, {13, "1.99E+10", "ID_SCIENTIFIC"}, {13, "", ""},
		{16, "富裕", "HARDSHIP"}, {16, "无", ""}, {16, "低保、特困", ""}, {17, "", "HARDSHIP_FROM"}, {18, "2021年2月", ""}, {18, "202102", ""}, {18, "2021-13", "MONTH"}, {19, "x", "MONTH"},
	} {
		cells := append([]string{}, good...)
		cells[tt.column] = tt.cell
		rows, refused := read(t, []byte(heading+strings.Join(cells, ",")+"\n"))
		code := ""
		if len(refused) > 0 {
			code = refused[0].Code
			if refused[0].Row != 2 || refused[0].Column == "" {
				t.Errorf("column %d %q: refused at row %d column %q", tt.column+1, tt.cell, refused[0].Row, refused[0].Column)
			}
		}
		if code != tt.code || (tt.code == "") != (len(rows) == 1) {
			t.Errorf("column %d %q: %q, want %q", tt.column+1, tt.cell, code, tt.code)
		}
	}
	twice := heading + strings.Join(good, ",") + "\n" + strings.Join(good, ",") + "\n"
	if rows, refused := read(t, []byte(twice)); len(rows) != 1 || len(refused) != 1 || refused[0].Code != "DUPLICATE_IN_FILE" || refused[0].Row != 3 {
		t.Errorf("a person twice in a file: %d taken, %+v", len(rows), refused)
	}
	titled := "临淄区持证残疾人花名册\n\n" + heading + strings.Join(good, ",") + "\n,,,\n"
	if rows, _ := read(t, []byte(titled)); len(rows) != 1 || rows[0].Row != 4 {
		t.Errorf("below a title: %+v", rows)
	}
}

func workbook(t testing.TB, fill func(*excelize.File)) []byte {
	t.Helper()
	book := excelize.NewFile()
	for i, h := range strings.Split(strings.TrimSpace(heading), ",") {
		name, _ := excelize.CoordinatesToCellName(i+1, 1)
		if err := book.SetCellStr("Sheet1", name, h); err != nil {
			t.Fatal(err)
		}
		name, _ = excelize.CoordinatesToCellName(i+1, 2)
		if err := book.SetCellStr("Sheet1", name, good[i]); err != nil {
			t.Fatal(err)
		}
	}
	fill(book)
	var out bytes.Buffer
	if err := book.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestNumbersAndFormulas are the cells that a spreadsheet has spoiled.
func TestNumbersAndFormulas(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, code string
		fill       func(*excelize.File) error
	}{
		{"ID as a number", "ID_ROUNDED", func(f *excelize.File) error { return f.SetCellInt("Sheet1", "D2", 379999197001010000) }},
		{"ID as a float", "ID_ROUNDED", func(f *excelize.File) error { return f.SetCellFloat("Sheet1", "D2", 3.79999197001010011e17, -1, 64) }},
		{"formula", "CELL_FORMULA", func(f *excelize.File) error { return f.SetCellFormula("Sheet1", "A2", "=1+1") }},
		{"date as a serial number", "", func(f *excelize.File) error { return f.SetCellInt("Sheet1", "I2", 43836) }},
		{"telephone as a number", "", func(f *excelize.File) error { return f.SetCellInt("Sheet1", "N2", 19900001234) }},
	} {
		rows, refused := read(t, workbook(t, func(f *excelize.File) {
			if err := tt.fill(f); err != nil {
				t.Fatal(err)
			}
		}))
		code := ""
		if len(refused) > 0 {
			code = refused[0].Code
		}
		if code != tt.code || tt.code == "" && (len(rows) != 1 || rows[0].IssuedOn.String() != "2020-01-06") {
			t.Errorf("%s: %q %v, want %q", tt.name, code, rows, tt.code)
		}
	}
}

func archive(t testing.TB, members map[string]int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for name, size := range members {
		m, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Write(make([]byte, size)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestHostileFiles(t *testing.T) {
	t.Parallel()
	many := map[string]int{}
	for i := range 3000 {
		many[fmt.Sprint(i)] = 1
	}
	whole := workbook(t, func(*excelize.File) {})
	for name, tt := range map[string]struct {
		data []byte
		code string
	}{
		"nothing": {nil, "WORKBOOK_EMPTY"}, "blanks": {[]byte(" \n ,, \n"), "WORKBOOK_EMPTY"}, "NUL": {[]byte("a\x00b"), "WORKBOOK_TYPE"}, "picture": {[]byte("\x89PNG\r\n\x1a\n\x00"), "WORKBOOK_TYPE"},
		"bomb": {archive(t, map[string]int{"xl/worksheets/sheet1.xml": 40 << 20}), "WORKBOOK_TOO_LARGE"}, "many members": {archive(t, many), "WORKBOOK_TOO_LARGE"},
		"macro": {archive(t, map[string]int{"xl/vbaProject.bin": 1}), "WORKBOOK_TYPE"}, "external link": {archive(t, map[string]int{"xl/externalLinks/a.xml": 1}), "WORKBOOK_TYPE"},
		"embedded object": {archive(t, map[string]int{"xl/embeddings/a.bin": 1}), "WORKBOOK_TYPE"}, "empty archive": {archive(t, map[string]int{"a": 1}), "WORKBOOK_BROKEN"},
		"cut off": {whole[:len(whole)/2], "WORKBOOK_BROKEN"}, "many rows": {bytes.Repeat([]byte("a\n"), 20_001), "WORKBOOK_TOO_LARGE"}, "many columns": {bytes.Repeat([]byte("a,"), 300), "WORKBOOK_TOO_LARGE"},
	} {
		if _, err := exchange.ReadTable(tt.data); !fault.Is(err, tt.code) {
			t.Errorf("%s: %v, want %s", name, err, tt.code)
		}
	}
}

func FuzzReadRoster(f *testing.F) {
	f.Add([]byte(heading + strings.Join(good, ",")))
	f.Add(workbook(f, func(*excelize.File) {}))
	places := exchange.NewPlaces(tree(f))
	f.Fuzz(func(t *testing.T, data []byte) {
		table, err := exchange.ReadRoster(data)
		if err != nil {
			return
		}
		rows, _, err := exchange.ParseRoster(table, places, today)
		for _, r := range rows {
			if err != nil || r.Name == "" || r.Hukou == "" || r.ID.IsZero() {
				t.Errorf("taken although incomplete: row %d", r.Row)
			}
		}
	})
}
