package exchange

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"zhucan/internal/calendar"
	"zhucan/internal/idnum"
	"zhucan/internal/money"
)

// excelEpoch is day 0 of a spreadsheet's serial dates.
var excelEpoch = calendar.MustDate("1899-12-30")

// Serial dates begin here after the day that never was, 29 February 1900 (ECMA-376 part 1, 18.17.4.1), and end before
// they could be taken for a year and month like 202303.
const (
	firstSerial = 61
	pastSerial  = 80_000
)

var (
	dayForm     = regexp.MustCompile(`^(\d{4})(?:[-/.]|年)(\d{1,2})(?:[-/.]|月)(\d{1,2})(?:[日号]|(?:日|T)\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?$`)
	timeOfDay   = regexp.MustCompile(`[\p{Z}\s]+\d{1,2}[:：]\d{2}(?:[:：]\d{2}(?:\.\d+)?)?[\p{Z}\s]*$`)
	compactDay  = regexp.MustCompile(`^(\d{4})(\d{2})(\d{2})$`)
	monthForm   = regexp.MustCompile(`^(\d{4})(?:(?:[-/.]|年)(\d{1,2})|(\d{2}))月?(?:份)?$`)
	dottedMonth = regexp.MustCompile(`^(\d{4})\.(\d+)$`)
	shortMonth  = regexp.MustCompile(`^(\d{4})\d$`)
	yearForm    = regexp.MustCompile(`^(\d{4})(?:年|年度|学年|学年度|\.(?:0?[1-9]|1[0-2]))?$`) // of 2023.1 the year is sure
	yearSpan    = regexp.MustCompile(`^(\d{4})(?:年)?[-/~—–至]{1,2}(\d{4})(?:年|学年|学年度|年度)?$`)
	decimalForm = regexp.MustCompile(`^(\d{1,12})(?:\.(\d+))?$`)
	parted      = regexp.MustCompile(`([0-9０-９])[\p{Z}\s]+([0-9０-９])`)
)

// apart is what somebody wrote, normalized, where a blank between two digits stays as a separator: without it 2026-3-2 1 would be the 21st
// and 2026 1 2 December.
func apart(written string) string {
	for parted.MatchString(written) {
		written = parted.ReplaceAllString(written, "$1-$2")
	}
	return idnum.Normalize(written)
}

// readDay reads a day in any spelling that says which it is: 2023-3-28, 2023/03/28, 2023.3.28, 2023年3月28日, 20230328,
// with a time behind it, or a serial date of a spreadsheet, which in a csv file is five digits. Of 2023112 nobody can
// say whether it is November or January. The time goes before the blanks do: without them 2023/3/2 18:30 would be the 21st.
func readDay(c Cell, shift int) (calendar.Date, bool) {
	if d, ok := serialDay(c, shift); ok {
		return d, true
	}
	return TypedDay(timeOfDay.ReplaceAllString(c.Text, ""))
}

// TypedDay reads a day as people write one: in a spelling of readDay, but without a time, and not as a serial date.
func TypedDay(typed string) (calendar.Date, bool) {
	m := dayForm.FindStringSubmatch(apart(typed))
	if m == nil {
		m = compactDay.FindStringSubmatch(idnum.Normalize(typed))
	}
	if m == nil {
		return calendar.Date{}, false
	}
	d, err := calendar.NewDate(number(m[1]), time.Month(number(m[2])), number(m[3]))
	return d, err == nil
}

func number(digits string) int {
	n, _ := strconv.Atoi(digits)
	return n
}

func serialDay(c Cell, shift int) (calendar.Date, bool) {
	if strings.ContainsAny(c.Text, "eE") {
		return calendar.Date{}, false
	}
	whole, part, _ := strings.Cut(c.Text, ".")
	n, err := strconv.Atoi(whole)
	if err != nil || c.Kind == Text && (len(whole) != 5 || part != "") || strings.HasPrefix(whole, "+") {
		return calendar.Date{}, false
	}
	if c.Kind == Number && plausible(n) { // rather a year
		return calendar.Date{}, false
	}
	if n += shift; n < firstSerial || n >= pastSerial {
		return calendar.Date{}, false
	}
	return excelEpoch.Add(n), true
}

// readMonth reads 2023-03, 2023/3, 2023年3月, 202303, or a day, whose month it is: a spreadsheet makes a day of 2023-03.
func readMonth(c Cell, shift int) (calendar.Month, bool) {
	if doubtfulMonth(c) {
		return calendar.Month{}, false
	}
	if c.Kind == Text || len(idnum.Normalize(c.Text)) == len("202303") {
		if m, ok := TypedMonth(c.Text); ok {
			return m, true
		}
	}
	if d, ok := readDay(c, shift); ok {
		return d.Month(), true
	}
	return calendar.Month{}, false
}

// TypedMonth reads a month as people write one: 2023-03, 2023/3, 2023.3, 2023年3月, 202303. Of 20231 nobody can say whether a digit is missing.
func TypedMonth(typed string) (calendar.Month, bool) {
	m := monthForm.FindStringSubmatch(apart(typed))
	if m == nil {
		return calendar.Month{}, false
	}
	year, month := number(m[1]), number(m[2]+m[3])
	if !plausible(year) || month < 1 || month > 12 {
		return calendar.Month{}, false
	}
	return calendar.NewMonth(year, time.Month(month)), true
}

// doubtfulMonth reports whether a cell is a year and month of which a spreadsheet may have taken the last zero. It keeps 2023.10
// as the number 2023.1, writes that into a csv file, and leaves it so where the cell is made text later: 2023.1 is January or
// October, and nine months of a benefit lie between. No number with a point is taken; of texts 2023.01, 2023.2 and 2023.10 are.
// So is 20231, which may be a month that lacks a digit or a serial day of 1955, unless the spreadsheet shows it as a day.
func doubtfulMonth(c Cell) bool {
	text := idnum.Normalize(c.Text)
	if m := shortMonth.FindStringSubmatch(text); m != nil && c.Kind != Dated && plausible(number(m[1])) {
		return true
	}
	m := dottedMonth.FindStringSubmatch(text)
	return m != nil && plausible(number(m[1])) && (c.Kind != Text || m[2] == "1")
}

// doubtfulMonthTexts say why such a month is not taken.
var doubtfulMonthTexts = [2]string{"分不清是哪个月：2023.1可能是1月或10月（表格软件会把2023.10变成2023.1），20231可能少写了一位；请写成2023-10这样",
	"nobody can say which month this is: 2023.1 may be January or October, as a spreadsheet makes it of 2023.10, and 20231 may lack a digit; write it like 2023-10"}

func plausible(year int) bool { return year >= 1900 && year <= 2200 }

// readYear reads 2023, 2023年, a school year 2023-2024, which is that of its first half, or a day, whose year it is.
func readYear(c Cell, shift int) (int, bool) {
	text := idnum.Normalize(c.Text)
	if m := yearForm.FindStringSubmatch(text); m != nil && plausible(number(m[1])) {
		return number(m[1]), true
	}
	if m := yearSpan.FindStringSubmatch(text); m != nil && number(m[2]) == number(m[1])+1 && plausible(number(m[1])) {
		return number(m[1]), true
	}
	if month, ok := readMonth(c, shift); ok {
		return month.First().Year(), true
	}
	return 0, false
}

// readYuan reads an amount in yuan exactly. Only in a number cell may there be more than two decimals, as far as they are
// the noise of a computation: 785.1 comes as 785.10000000000002.
func readYuan(c Cell) (money.Fen, bool) {
	text := strings.TrimSuffix(idnum.Normalize(c.Text), "元")
	if c.Kind == Text {
		return money.ParseYuan(text)
	}
	m := decimalForm.FindStringSubmatch(text)
	if m == nil {
		return 0, false
	}
	whole, _ := strconv.ParseInt(m[1], 10, 64)
	part := m[2] + "00"
	fen := int64(number(part[:2]))
	switch noise := part[2:]; {
	case strings.Trim(noise, "0") == "", strings.HasPrefix(noise, "000000"):
	case strings.HasPrefix(noise, "999999"):
		fen++
	default:
		return 0, false
	}
	return money.Fen(whole*100 + fen), true
}
