package calendar

import (
	"database/sql/driver"
	"fmt"
	"time"
)

// Month is a calendar month. The zero Month is no month.
type Month struct{ n int32 } // months since January 1800, plus one

// NewMonth is a month of a year.
func NewMonth(year int, month time.Month) Month {
	return Month{int32((year-firstYear)*12+int(month)-1) + 1}
}

// ParseMonth reads 2006-01 and nothing else.
func ParseMonth(text string) (Month, error) {
	t, err := time.Parse("2006-01", text)
	if err != nil || t.Year() < firstYear || t.Year() > lastYear {
		return Month{}, fmt.Errorf("not a month of the form 2006-01")
	}
	return NewMonth(t.Year(), t.Month()), nil
}

// MustMonth is ParseMonth for constants.
func MustMonth(text string) Month {
	m, err := ParseMonth(text)
	if err != nil {
		panic(err)
	}
	return m
}

// IsZero reports whether m is no month.
func (m Month) IsZero() bool { return m.n == 0 }

// First is the first day of m.
func (m Month) First() Date {
	n := int(m.n) - 1
	return fromTime(time.Date(firstYear+n/12, time.Month(n%12+1), 1, 0, 0, 0, 0, time.UTC))
}

// Last is the last day of m.
func (m Month) Last() Date { return m.Add(1).First().Add(-1) }

// Add moves by months.
func (m Month) Add(months int) Month { return Month{m.n + int32(months)} }

// Sub is the number of months from o to m.
func (m Month) Sub(o Month) int { return int(m.n - o.n) }

// Compare is negative, zero or positive as m is before, equal to or after o.
func (m Month) Compare(o Month) int { return int(m.n) - int(o.n) }

// Before reports whether m is earlier than o.
func (m Month) Before(o Month) bool { return m.n < o.n }

// After reports whether m is later than o.
func (m Month) After(o Month) bool { return m.n > o.n }

// String is 2006-01, or empty for no month.
func (m Month) String() string {
	if m.IsZero() {
		return ""
	}
	return m.First().String()[:7]
}

// MarshalText writes String.
func (m Month) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads ParseMonth.
func (m *Month) UnmarshalText(text []byte) (err error) {
	*m, err = ParseMonth(string(text))
	return err
}

// Value stores a month as the date of its first day and no month as null.
func (m Month) Value() (driver.Value, error) {
	if m.IsZero() {
		return nil, nil
	}
	return m.First().String(), nil
}

// Scan reads a date column.
func (m *Month) Scan(src any) error {
	var d Date
	if err := d.Scan(src); err != nil {
		return err
	}
	*m = Month{}
	if !d.IsZero() {
		*m = d.Month()
	}
	return nil
}

// Interval is a stretch of days. Both ends belong to it; a zero To leaves it open.
type Interval struct {
	From Date `yaml:"from"`
	To   Date `yaml:"to"`
}

// Contains reports whether d lies in i.
func (i Interval) Contains(d Date) bool {
	return !d.Before(i.From) && (i.To.IsZero() || !d.After(i.To))
}

// Overlaps reports whether i and o have a day in common.
func (i Interval) Overlaps(o Interval) bool {
	return (i.To.IsZero() || !i.To.Before(o.From)) && (o.To.IsZero() || !o.To.Before(i.From))
}

// String is from..to.
func (i Interval) String() string { return i.From.String() + ".." + i.To.String() }
