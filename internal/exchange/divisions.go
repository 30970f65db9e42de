package exchange

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/fault"
	"zhucan/internal/names"
)

// DivisionRow is a division and the row of its file. Undated is one of which the file does not say since when it is there.
type DivisionRow struct {
	Row     int
	Undated bool
	area.Division
}

// divisionColumns are those that a file of divisions begins with; what further ones say is in divisionFile.more.
var divisionColumns = []string{"code", "name", "level", "parent_code"}

// UrbanRuralClasses are those of the statistical division of urban and rural places (统计用区划代码和城乡划分代码编制规则): 1 urban, 2 rural.
var UrbanRuralClasses = []string{"111", "112", "121", "122", "123", "210", "220"}

const longestPlace = 100 // characters; the longest of the country has 33

var errDivisionHeading = fault.New(fault.Invalid, "DIVISION_HEADING", "第1行：前四列应依次为code、name、level、parent_code", "row 1: the first columns are code, name, level and parent_code, in this order")

// ReadDivisions reads a division tree as a csv file, in one of the encodings of ReadText. Every division is valid from the given day on,
// unless the columns valid_from, valid_to (the last day) and successor_code say more: how a division was founded, or merged into another.
// It is read as a stream, since the country has two thirds of a million.
func ReadDivisions(data []byte, from calendar.Date) (rows []DivisionRow, refused []RowError, err error) {
	if isXLSX(data) {
		return nil, nil, placed(errType, "区划文件须为csv", "a file of divisions is a csv file")
	}
	text, err := ReadText(data)
	if err != nil {
		return nil, nil, err
	}
	in := csv.NewReader(strings.NewReader(text))
	in.Comma, in.FieldsPerRecord, in.ReuseRecord = rune(separator(text)), -1, true
	heading, err := in.Read()
	if err != nil || len(heading) < len(divisionColumns) || !slices.Equal(heading[:len(divisionColumns)], divisionColumns) {
		return nil, nil, errDivisionHeading
	}
	f := divisionFile{heading: slices.Clone(heading), from: from, earlier: map[area.Code][]DivisionRow{}}
	for {
		cells, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, f.broken(err)
		}
		f.row, _ = in.FieldPos(0)
		f.read(cells)
	}
	if len(f.rows)+len(f.refused) == 0 {
		return nil, nil, errEmpty
	}
	return f.rows, f.refused, nil
}

// divisionFile is a file of divisions as far as it is read.
type divisionFile struct {
	heading []string
	from    calendar.Date
	row     int
	rows    []DivisionRow
	earlier map[area.Code][]DivisionRow
	refused []RowError
}

func (f *divisionFile) broken(err error) error {
	var where *csv.ParseError
	row := f.row + 1
	if errors.As(err, &where) {
		row = where.StartLine
	}
	text := strconv.Itoa(row)
	return placed(errQuote, "第"+text+"行", "row "+text)
}

func (f *divisionFile) refuse(column, code, zh, en string) {
	f.refused = append(f.refused, RowError{Row: f.row, Column: column, Code: code, ZH: zh, EN: en})
}

// read takes a row, unless something is wrong with it.
func (f *divisionFile) read(cells []string) {
	before := len(f.refused)
	for i, cell := range cells {
		cells[i] = strings.TrimSpace(cell)
	}
	d := DivisionRow{Row: f.row, Undated: true, Division: area.Division{ValidFrom: f.from}}
	if len(cells) < len(divisionColumns) {
		f.refuse("", "DIVISION_CELLS", "少于四列", "there are fewer than four columns")
		return
	}
	var err error
	if d.Code, err = area.Parse(cells[0]); err != nil {
		f.refuse("code", "DIVISION_CODE", "代码应为2、4、6、9或12位数字", "a code has 2, 4, 6, 9 or 12 digits")
		return
	}
	if d.Name, err = names.Written(cells[1]); err != nil || d.Name == "" || utf8.RuneCountInString(d.Name) > longestPlace {
		f.refuse("name", "DIVISION_NAME", "名称为空、过长或含有看不见的字符", "the name is empty, too long, or has characters that nobody sees")
	}
	if level := d.Code.Level(); cells[2] != level {
		f.refuse("level", "DIVISION_LEVEL", "与代码不一致，应为"+level, "it does not agree with the code; it should be "+level)
	}
	if parent := string(d.Code.Parent()); cells[3] != parent {
		f.refuse("parent_code", "DIVISION_PARENT", "与代码不一致，应为"+parent, "it does not agree with the code; it should be "+parent)
	}
	for i := len(divisionColumns); i < min(len(f.heading), len(cells)); i++ {
		f.more(&d, f.heading[i], cells[i])
	}
	if !d.ValidTo.IsZero() && d.ValidTo.Before(d.ValidFrom) {
		f.refuse("valid_to", "DIVISION_DATES", "早于起始日期", "it is before the first day")
	}
	days := calendar.Interval{From: d.ValidFrom, To: d.ValidTo}
	for _, o := range f.earlier[d.Code] {
		if days.Overlaps(calendar.Interval{From: o.ValidFrom, To: o.ValidTo}) {
			row := strconv.Itoa(o.Row)
			f.refuse("code", "DIVISION_TWICE", "与第"+row+"行重复", "row "+row+" has it, too")
			break
		}
	}
	f.earlier[d.Code] = append(f.earlier[d.Code], d)
	if len(f.refused) == before {
		f.rows = append(f.rows, d)
	}
}

// more takes what one of the further columns says.
func (f *divisionFile) more(d *DivisionRow, column, cell string) {
	day := func() calendar.Date {
		on, err := calendar.ParseDate(cell)
		if err != nil {
			f.refuse(column, "NOT_A_DATE", "日期应写成2026-01-31的形式", "write the day as 2026-01-31")
		}
		return on
	}
	switch {
	case cell == "":
	case column == "urban_rural_class":
		if d.UrbanRuralClass = cell; !slices.Contains(UrbanRuralClasses, cell) {
			f.refuse(column, "URBAN_RURAL_CLASS", "应为"+strings.Join(UrbanRuralClasses, "、")+"之一", "it is one of "+strings.Join(UrbanRuralClasses, ", "))
		}
	case column == "valid_from":
		d.ValidFrom, d.Undated = day(), false
	case column == "valid_to":
		d.ValidTo = day()
	case column == "successor_code":
		var err error
		if d.Successor, err = area.Parse(cell); err != nil {
			f.refuse(column, "DIVISION_CODE", "代码应为2、4、6、9或12位数字", "a code has 2, 4, 6, 9 or 12 digits")
		}
	}
}
