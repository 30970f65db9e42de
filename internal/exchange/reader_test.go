package exchange_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"zhucan/internal/exchange"
	"zhucan/internal/fault"
)

// rezip is a workbook with its members changed; nil leaves one out.
func rezip(t testing.TB, data []byte, change func(name string, content []byte) []byte) []byte {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range in.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if content = change(f.Name, content); content == nil {
			continue
		}
		m, err := w.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Write(content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestNothingIsHalfRead has files of which the first rows could be read without an error.
func TestNothingIsHalfRead(t *testing.T) {
	t.Parallel()
	three := workbook(t, func(f *excelize.File) {
		for row := 3; row <= 4; row++ {
			for i, text := range good {
				name, _ := excelize.CoordinatesToCellName(i+1, row)
				f.SetCellStr("Sheet1", name, text)
			}
		}
	})
	cut := rezip(t, three, func(name string, content []byte) []byte {
		if strings.HasSuffix(name, "sheet1.xml") {
			return content[:bytes.Index(content, []byte(`r="A4"`))]
		}
		return content
	})
	row := strings.Join(good, ",")
	for name, tt := range map[string]struct {
		data  []byte
		code  string
		place string
	}{
		"a sheet that breaks off":      {cut, "WORKBOOK_BROKEN", "第4行"},
		"a quote that is not closed":   {[]byte(heading + row + "\n" + row + `,"` + "\n" + row + "\n"), "CSV_QUOTE", "第3行"},
		"a quote that closes later":    {[]byte(heading + `"` + row + "\n" + row + "\n" + row + `,"` + "\n"), "CSV_QUOTE", "第2行"},
		"a csv cut within a character": {[]byte(heading + row)[:len(heading)+4], "WORKBOOK_BROKEN", "截断"},
	} {
		_, err := exchange.ReadTable(tt.data)
		if f, ok := fault.Of(err); !ok || f.Code != tt.code || !strings.Contains(f.ZH, tt.place) {
			t.Errorf("%s: %v, want %s at %s", name, err, tt.code, tt.place)
		}
	}
}

// TestDates1904 has one day in each of the two date systems.
func TestDates1904(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		from1904 bool
		serial   int
	}{{false, 43836}, {true, 43836 - 1462}} {
		rows, refused := read(t, workbook(t, func(f *excelize.File) {
			f.SetWorkbookProps(&excelize.WorkbookPropsOptions{Date1904: &tt.from1904})
			f.SetCellInt("Sheet1", "I2", int64(tt.serial))
		}))
		if len(rows) != 1 || rows[0].IssuedOn.String() != "2020-01-06" {
			t.Errorf("1904 %v: %v %v, want 2020-01-06", tt.from1904, rows, refused)
		}
	}
}

// TestDaysOfWhichNobodyCanTell are digits that two days are written with.
func TestDaysOfWhichNobodyCanTell(t *testing.T) {
	t.Parallel()
	for text, taken := range map[string]bool{"20200106": true, "2020112": false, "2020年1月6日": true, "2020-1-6 0:00:00": true, "06/01/2020": false, "20-1-6": false} {
		cells := append([]string{}, good...)
		cells[8] = text
		rows, _ := read(t, fmt.Append([]byte(heading), strings.Join(cells, ",")))
		if (len(rows) == 1) != taken {
			t.Errorf("%s: %d rows, want taken %v", text, len(rows), taken)
		}
	}
}

// TestFormatsOfDays: a format says whether a number is shown as a day, also one that says for which country, or how exactly the
// seconds are shown.
func TestFormatsOfDays(t *testing.T) {
	t.Parallel()
	for format, day := range map[string]bool{
		`yyyy-mm-dd`: true, `[$-804]yyyy"年"m"月"d"日";@`: true, `[$-F800]dddd\,\ mmmm\ dd\,\ yyyy`: true, `[$-409]d\-mmm\-yy;@`: true, `[DBNum1][$-804]yyyy"年"m"月";@`: true,
		`[$-x-sysdate]dddd, mmmm dd, yyyy`: true, `yyyy/m/d h:mm:ss.000`: true, `[$-804]e"年"`: true, `yyyy年m月d日`: true, `[Red]yyyy/m/d`: true,
		`0.00`: false, `#,##0`: false, `[$-804]General`: false, `"day "0`: false, `[$¥-804]#,##0.00`: false, `0.00E+00`: false, `@`: false, `# ??/??`: false, `[Red]0;[Blue]\d0`: false,
		`h:mm:ss.0`: false, `[h]:mm`: false, `0"年"`: false, `[<=9999999]###\-####;\(###\)\ ###\-####`: false, `0年`: false, `d0`: false,
	} {
		data := deathsBook(t, 2, func(f *excelize.File) {
			set(f, "Sheet1", map[string]any{"D1": "死亡原因", "D2": 45013})
			style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
			if err != nil {
				t.Fatal(err)
			}
			f.SetCellStyle("Sheet1", "D2", "D2", style)
		})
		list := readBytes(t, "deaths", data)
		if dated := len(list.Refused) == 1 && list.Refused[0].Code == "CELL_DATE"; dated != day || !day && len(list.Refused) > 0 {
			t.Errorf("%s: %+v", format, list.Refused)
		}
	}
}
