// Package calendar has the days, months and intervals that benefit rules count in. Days are civil days in Shanghai;
// nothing here knows what time it is.
package calendar

import (
	"database/sql/driver"
	"fmt"
	"math"
	"time"
)

// Civil is the zone in which an instant becomes a day.
var Civil = time.FixedZone("Asia/Shanghai", 8*3600)

// Date is a civil day. The zero Date is no day.
type Date struct{ n int32 } // days since 1 January 1800, plus one

const (
	firstYear = 1800
	lastYear  = 2200
)

var (
	epoch     = time.Date(firstYear, 1, 1, 0, 0, 0, 0, time.UTC)
	since2000 = fromTime(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC))
)

// NewDate refuses days that do not exist and years outside 1800 to 2200.
func NewDate(year int, month time.Month, day int) (Date, error) {
	t := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	if y, m, d := t.Date(); y != year || m != month || d != day || year < firstYear || year > lastYear {
		return Date{}, fmt.Errorf("%04d-%02d-%02d is not a date", year, month, day)
	}
	return fromTime(t), nil
}

// fromTime counts seconds, since a Duration ends after 292 years.
func fromTime(t time.Time) Date { return Date{int32((t.Unix()-epoch.Unix())/86400) + 1} }

// FromDays is the day so many days after 1 January 2000, as PostgreSQL keeps it, whatever day that is, as Scan reads it. Its infinities are none.
func FromDays(days int32) (Date, error) {
	if days == math.MinInt32 || days > math.MaxInt32-since2000.n {
		return Date{}, fmt.Errorf("day %d of the millennium is not a date", days)
	}
	return Date{since2000.n + days}, nil
}

func (d Date) time() time.Time { return epoch.AddDate(0, 0, int(d.n)-1) }

// ParseDate reads 2006-01-02 and nothing else.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return Date{}, fmt.Errorf("not a date of the form 2006-01-02")
	}
	return NewDate(t.Year(), t.Month(), t.Day())
}

// MustDate is ParseDate for constants.
func MustDate(text string) Date {
	d, err := ParseDate(text)
	if err != nil {
		panic(err)
	}
	return d
}

// DateOf is the civil day of an instant.
func DateOf(t time.Time) Date {
	y, m, d := t.In(Civil).Date()
	return fromTime(time.Date(y, m, d, 0, 0, 0, 0, time.UTC))
}

// NewYear is the first day of a year.
func NewYear(year int) Date { return NewMonth(year, time.January).First() }

// IsZero reports whether d is no day.
func (d Date) IsZero() bool { return d.n == 0 }

// YMD is the year, month and day of the month.
func (d Date) YMD() (int, time.Month, int) { return d.time().Date() }

// Weekday is the day of the week.
func (d Date) Weekday() time.Weekday { return d.time().Weekday() }

// Year is the calendar year.
func (d Date) Year() int { return d.time().Year() }

// Add moves by days.
func (d Date) Add(days int) Date { return Date{d.n + int32(days)} }

// AddYears moves by years; from 29 February to a year without one gives 1 March.
func (d Date) AddYears(years int) Date { return fromTime(d.time().AddDate(years, 0, 0)) }

// AddMonths moves by months; a day that the month does not have runs over into the next.
func (d Date) AddMonths(months int) Date { return fromTime(d.time().AddDate(0, months, 0)) }

// Sub is the number of days from o to d.
func (d Date) Sub(o Date) int { return int(d.n - o.n) }

// Compare is negative, zero or positive as d is before, on or after o.
func (d Date) Compare(o Date) int { return int(d.n) - int(o.n) }

// Before reports whether d is earlier than o.
func (d Date) Before(o Date) bool { return d.n < o.n }

// After reports whether d is later than o.
func (d Date) After(o Date) bool { return d.n > o.n }

// Month is the month of d.
func (d Date) Month() Month {
	y, m, _ := d.YMD()
	return NewMonth(y, m)
}

// String is 2006-01-02, or empty for no day.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.time().Format(time.DateOnly)
}

// MarshalText writes String.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads ParseDate.
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDate(string(text))
	return err
}

// Value stores a day as a date and no day as null.
func (d Date) Value() (driver.Value, error) {
	if d.IsZero() {
		return nil, nil
	}
	return d.String(), nil
}

// Scan reads a date column, whatever day it holds: the years that NewDate bounds are those of what people enter, and days follow from those that lie
// beyond them. A row that could not be read would take with it every list on which it stands.
func (d *Date) Scan(src any) (err error) {
	switch v := src.(type) {
	case nil:
		*d = Date{}
	case time.Time:
		y, m, day := v.Date()
		*d = fromTime(time.Date(y, m, day, 0, 0, 0, 0, time.UTC))
	case string:
		*d, err = ParseDate(v)
	case []byte:
		*d, err = ParseDate(string(v))
	default:
		err = fmt.Errorf("calendar: cannot read %T as a date", src)
	}
	return err
}

// Age is the completed years (周岁) of somebody born on birth. Born on 29 February, one is a year older on 1 March
// of a year without that day (choice).
func Age(birth, on Date) int {
	by, bm, bd := birth.YMD()
	y, m, d := on.YMD()
	age := y - by
	if m < bm || m == bm && d < bd {
		age--
	}
	return age
}
