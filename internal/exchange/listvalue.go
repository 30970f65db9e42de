package exchange

import (
	"fmt"
	"log/slog"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/idnum"
	"zhucan/internal/money"
)

// Value is what a cell says, checked. Two values can be compared. It prints its type only: nobody wants lists in logs.
type Value struct{ is any }

// The texts of a value, by what they are.
type (
	plainText string
	nameText  string
	codeText  string
	phoneText string
	bankText  string
	year      int
)

// IsZero reports whether the cell was blank or the column not there.
func (v Value) IsZero() bool { return v.is == nil }

func (v Value) String() string       { return fmt.Sprintf("%T", v.is) }
func (v Value) GoString() string     { return v.String() }
func (v Value) LogValue() slog.Value { return slog.StringValue(v.String()) }

// MarshalText gives what String gives.
func (v Value) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// ListRow is one row of a list, checked.
type ListRow struct {
	Row    int // as the sheet counts, from 1
	Values map[string]Value
}

// Has reports whether the row says something in a column.
func (r ListRow) Has(column string) bool { return !r.Values[column].IsZero() }

// Text is a text, name, telephone number, account or the code of a choice.
func (r ListRow) Text(column string) string {
	switch v := r.Values[column].is.(type) {
	case plainText:
		return string(v)
	case nameText:
		return string(v)
	case codeText:
		return string(v)
	case phoneText:
		return string(v)
	case bankText:
		return string(v)
	}
	return ""
}

// ID is an ID number. Where a list knows people by their certificates, it is the one in the certificate.
func (r ListRow) ID(column string) idnum.Resident {
	id, _ := r.Values[column].is.(idnum.Resident)
	return id
}

// Certificate is a certificate number.
func (r ListRow) Certificate(column string) idnum.Certificate {
	card, _ := r.Values[column].is.(idnum.Certificate)
	return card
}

// Date is a day.
func (r ListRow) Date(column string) calendar.Date {
	d, _ := r.Values[column].is.(calendar.Date)
	return d
}

// Month is a month.
func (r ListRow) Month(column string) calendar.Month {
	m, _ := r.Values[column].is.(calendar.Month)
	return m
}

// Year is a year, or 0.
func (r ListRow) Year(column string) int {
	y, _ := r.Values[column].is.(year)
	return int(y)
}

// Fen is an amount; Has tells zero from nothing.
func (r ListRow) Fen(column string) money.Fen {
	f, _ := r.Values[column].is.(money.Fen)
	return f
}

// Area is a village.
func (r ListRow) Area(column string) area.Code {
	code, _ := r.Values[column].is.(area.Code)
	return code
}
