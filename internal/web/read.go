package web

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/width"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/exchange"
	"zhucan/internal/fault"
	"zhucan/internal/money"
)

// reader reads the fields of a form into values and notes what cannot be one: what the contract is for the JSON face. Whether
// values make sense is for the desk to say.
type reader struct {
	v        *visit
	problems []fault.Field
}

func (v *visit) reader() *reader { return &reader{v: v} }

// err is everything that could not be read.
func (r *reader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	return fault.InvalidFields(r.problems...)
}

func (r *reader) wrong(name, code, zh, en string) {
	r.problems = append(r.problems, fault.Field{Name: name, Code: code, ZH: zh, EN: en})
}

func (r *reader) missing(name string) {
	r.wrong(name, "REQUIRED", "请填写此项", "this has to be filled in")
}

// text is a text of at most so many characters; empty only where it need not be there.
func (r *reader) text(name string, most int, need bool) string {
	text := r.v.form.Get(name)
	switch {
	case text == "" && need:
		r.missing(name)
	case utf8.RuneCountInString(text) > most:
		r.wrong(name, "TOO_LONG", fmt.Sprintf("不能超过%d个字", most), fmt.Sprintf("at most %d characters", most))
	}
	return text
}

// choice is one of some codes, or empty where it need not be there.
func (r *reader) choice(name string, need bool, codes ...string) string {
	text := r.v.form.Get(name)
	switch {
	case text == "" && need:
		r.wrong(name, "REQUIRED", "请选择", "choose one")
	case text != "" && !slices.Contains(codes, text):
		r.wrong(name, "NOT_A_CHOICE", "请从选项中选择", "choose one of the list")
	}
	return text
}

// day is a day as people write one; zero only where it need not be there.
func (r *reader) day(name string, need bool) (d calendar.Date) {
	text := r.v.form.Get(name)
	if text == "" {
		if need {
			r.missing(name)
		}
		return d
	}
	d, ok := exchange.TypedDay(text)
	if !ok {
		r.wrong(name, "NOT_A_DATE", "日期应写成2023-03-28的形式", "write the day as 2023-03-28")
	}
	return d
}

// month is a month as people write one. It is always asked for.
func (r *reader) month(name string) (m calendar.Month) {
	text := r.v.form.Get(name)
	if text == "" {
		r.missing(name)
		return m
	}
	m, ok := exchange.TypedMonth(text)
	if !ok {
		r.wrong(name, "NOT_A_MONTH", "月份应写成2023-03的形式", "write the month as 2023-03")
	}
	return m
}

// place is a division code; empty only where it need not be there.
func (r *reader) place(name string, need bool) area.Code {
	text := r.v.form.Get(name)
	if text == "" {
		if need {
			r.missing(name)
		}
		return ""
	}
	code, err := area.Parse(typed(text))
	if err != nil {
		r.wrong(name, "PATTERN", "区划代码格式不正确", "not a division code")
	}
	return code
}

// number is a whole number of a choice, 0 where there is none.
func (r *reader) number(name string, need bool, from, to int) int {
	text := r.v.form.Get(name)
	if text == "" {
		if need {
			r.missing(name)
		}
		return 0
	}
	n, err := strconv.Atoi(typed(text))
	if err != nil || n < from || n > to {
		r.wrong(name, "OUT_OF_RANGE", fmt.Sprintf("应为%d至%d的整数", from, to), fmt.Sprintf("a whole number from %d to %d", from, to))
	}
	return n
}

// typedTime is a day and a time of it as people write them, or as a field for both sends them.
func typedTime(text string) (time.Time, bool) {
	if t, err := time.ParseInLocation(minutes, text, china); err == nil {
		return t, true
	}
	at := strings.LastIndexAny(text, "T ")
	day, ok := exchange.TypedDay(text[:max(at, 0)])
	clock, err := time.Parse("15:4", typed(text[at+1:]))
	y, m, d := day.YMD()
	return time.Date(y, m, d, clock.Hour(), clock.Minute(), 0, 0, china), ok && err == nil
}

// daysNotTaken says which days of an address are none, or lie behind the last that may be asked for, if there is one: what is shown is not of them.
func (v *visit) daysNotTaken(last calendar.Date, names ...string) (wrong []string) {
	for _, name := range names {
		text := v.query.Get(name)
		if day, ok := exchange.TypedDay(text); text != "" && (!ok || !last.IsZero() && day.After(last)) {
			wrong = append(wrong, v.t("day.not_taken", text))
		}
	}
	return wrong
}

// askedMonth is a field of an address for a month, with what it is where the address does not say or says none.
func (v *visit) askedMonth(name, label string, otherwise calendar.Month) (*Field, calendar.Month) {
	text := v.query.Get(name)
	m, ok := exchange.TypedMonth(text)
	if !ok {
		m = otherwise
	}
	f := &Field{Name: name, Label: v.t(label), Kind: "month", Value: m.String()}
	if text != "" && !ok {
		f.Error = v.t("month.not_taken", text)
	}
	return f, m
}

// typed is what somebody typed into a field of digits: an input method may have made them full-width.
func typed(text string) string { return strings.TrimSpace(width.Fold.String(text)) }

// fen reads an amount that people write in yuan.
func fen(yuan string) (int64, bool) {
	amount, ok := money.ParseYuan(typed(yuan))
	return int64(amount), ok
}
