// Package area has the codes of administrative divisions: a code begins with the code of what it lies in.
package area

import (
	"fmt"
	"strings"

	"zhucan/internal/calendar"
)

// Code is the natural prefix code of a division: 2 digits a province, 4 a city, 6 a district, 9 a town, 12 a village.
// The empty Code is the whole country.
type Code string

// lengths of the codes from the root down.
var lengths = []int{2, 4, 6, 9, 12}

var levels = map[int]string{0: "country", 2: "province", 4: "city", 6: "district", 9: "town", 12: "village"}

// Parse reads a natural code or an official code of 12 digits padded with zeros, which it shortens: a real town or
// village code never ends in 000, a city or district never in 00.
func Parse(text string) (Code, error) {
	if strings.Trim(text, "0123456789") != "" {
		return "", fmt.Errorf("a division code has digits only")
	}
	if len(text) == 12 {
		text = shorten(text)
	}
	if _, ok := levels[len(text)]; !ok || text == "" || strings.HasPrefix(text, "00") {
		return "", fmt.Errorf("a division code has 2, 4, 6, 9 or 12 digits")
	}
	return Code(text), nil
}

func shorten(text string) string {
	for i := len(lengths) - 1; i > 0; i-- {
		from, to := lengths[i-1], lengths[i]
		if len(text) == to && strings.Trim(text[from:to], "0") == "" {
			text = text[:from]
		}
	}
	return text
}

// Level is country, province, city, district, town or village.
func (c Code) Level() string { return levels[len(c)] }

// Parent is the division that c lies in directly; empty above a province.
func (c Code) Parent() Code {
	for i := len(lengths) - 1; i > 0; i-- {
		if len(c) == lengths[i] {
			return c[:lengths[i-1]]
		}
	}
	return ""
}

// Contains reports whether o is c or lies below it.
func (c Code) Contains(o Code) bool { return strings.HasPrefix(string(o), string(c)) }

// Range bounds c and everything below it: lo <= code < hi under the C collation.
func (c Code) Range() (lo, hi string) {
	if c == "" {
		return "", ":"
	}
	last := len(c) - 1
	return string(c), string(c[:last]) + string(c[last]+1)
}

// District is the first six digits, or empty for what is above a district.
func (c Code) District() Code {
	if len(c) < 6 {
		return ""
	}
	return c[:6]
}

// AboveDistrict reports whether c is larger than a district: a city, a province or the country.
func (c Code) AboveDistrict() bool { return c.District() == "" }

// Division is one division in its time.
type Division struct {
	Code            Code
	Name            string
	UrbanRuralClass string // 111 to 220; empty when not known
	ValidFrom       calendar.Date
	ValidTo         calendar.Date // last day; zero: still is
	Successor       Code
}
