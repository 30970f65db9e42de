// Package workdays counts working days by the holidays and make-up working days that are ordered for each year. The
// orders are data: those of 2016 to 2026 come with the service.
package workdays

import (
	"bytes"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"

	"zhucan/internal/calendar"
)

//go:embed workdays.yaml
var builtin []byte

// Calendar says which days are worked.
type Calendar struct {
	off, on map[calendar.Date]bool
	orders  []Year // by year
}

// Builtin is the calendar that comes with the service.
var Builtin = sync.OnceValue(func() *Calendar {
	c, err := Read(builtin)
	if err != nil {
		panic(err) // the tests keep it readable
	}
	return c
})

// Year is what was ordered for a year.
type Year struct {
	Year     int      `yaml:"year"`
	Document string   `yaml:"document"`
	Holidays []string `yaml:"holidays"` // days, or from..to
	Working  []string `yaml:"working"`  // days of weekends that are worked
}

// WrongDay is a day of an order that cannot be meant.
type WrongDay struct {
	Of string // the list in which it stands: holidays, working
	N  int    // its place there, from 1
}

// Error is for logs and for who writes a calendar into the service.
func (w *WrongDay) Error() string {
	if w.Of == "working" {
		return fmt.Sprintf("item %d is no day of a weekend of the year that may be worked", w.N)
	}
	return fmt.Sprintf("item %d is no day of the year", w.N)
}

type document struct {
	Years []Year `yaml:"years"`
}

// Read reads a calendar, and refuses one that contradicts itself: a day outside its year, a working day that is no day
// of a weekend, a day both off and worked, a year twice.
func Read(text []byte) (*Calendar, error) {
	var doc document
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&doc); err != nil {
		return nil, fmt.Errorf("read a calendar: %w", err)
	}
	c := &Calendar{off: map[calendar.Date]bool{}, on: map[calendar.Date]bool{}}
	for _, y := range doc.Years {
		if c.Knows(y.Year) {
			return nil, fmt.Errorf("read a calendar: year %d stands twice", y.Year)
		}
		var err error
		if c, err = c.With(y); err != nil {
			return nil, fmt.Errorf("read a calendar: %w", err)
		}
	}
	return c, nil
}

// With is the calendar with a year as it is ordered, in the place of what was known of that year.
func (c *Calendar) With(y Year) (*Calendar, error) {
	if y.Document == "" {
		return nil, fmt.Errorf("year %d has no document", y.Year)
	}
	other := func(day calendar.Date, _ bool) bool { return day.Year() == y.Year }
	next := &Calendar{off: maps.Clone(c.off), on: maps.Clone(c.on)}
	maps.DeleteFunc(next.off, other)
	maps.DeleteFunc(next.on, other)
	if err := next.add(y.Year, y.Holidays, y.Working); err != nil {
		return nil, fmt.Errorf("year %d: %w", y.Year, err)
	}
	next.orders = append(slices.DeleteFunc(slices.Clone(c.orders), func(o Year) bool { return o.Year == y.Year }), y)
	slices.SortFunc(next.orders, func(a, b Year) int { return a.Year - b.Year })
	return next, nil
}

// Years are the orders that the calendar is made of, in their order.
func (c *Calendar) Years() []Year { return c.orders }

func (c *Calendar) add(year int, holidays, working []string) error {
	for i, text := range holidays {
		from, to, err := interval(text)
		if err != nil || from.Year() != year || to.Year() != year {
			return &WrongDay{"holidays", i + 1}
		}
		for d := from; !d.After(to); d = d.Add(1) {
			c.off[d] = true
		}
	}
	for i, text := range working {
		d, err := calendar.ParseDate(text)
		if err != nil || d.Year() != year || !weekend(d) || c.off[d] {
			return &WrongDay{"working", i + 1}
		}
		c.on[d] = true
	}
	return nil
}

func interval(text string) (from, to calendar.Date, err error) {
	first, last, isInterval := strings.Cut(text, "..")
	if !isInterval {
		last = first
	}
	if from, err = calendar.ParseDate(first); err == nil {
		to, err = calendar.ParseDate(last)
	}
	if err == nil && to.Before(from) {
		err = fmt.Errorf("%s is reversed", text)
	}
	return from, to, err
}

func weekend(d calendar.Date) bool {
	w := d.Weekday()
	return w == time.Saturday || w == time.Sunday
}

// Knows reports whether the holidays of a year are known.
func (c *Calendar) Knows(year int) bool {
	return slices.ContainsFunc(c.orders, func(o Year) bool { return o.Year == year })
}

// IsWorking reports whether a day is worked.
func (c *Calendar) IsWorking(d calendar.Date) bool { return c.on[d] || !c.off[d] && !weekend(d) }

// Add is the n-th working day after d; d itself for none.
func (c *Calendar) Add(d calendar.Date, n int) calendar.Date {
	for n > 0 {
		if d = d.Add(1); c.IsWorking(d) {
			n--
		}
	}
	return d
}

// Between is how many working days lie after a and up to b; negative when b is before a.
func (c *Calendar) Between(a, b calendar.Date) int {
	if b.Before(a) {
		return -c.Between(b, a)
	}
	n := 0
	for a.Before(b) {
		if a = a.Add(1); c.IsWorking(a) {
			n++
		}
	}
	return n
}

// PassedBy is the latest day after which more than n working days have passed on d: what has waited since then or longer, under
// a limit of n working days, is overdue.
func (c *Calendar) PassedBy(d calendar.Date, n int) calendar.Date {
	for n >= 0 {
		if c.IsWorking(d) {
			n--
		}
		d = d.Add(-1)
	}
	return d
}

// Numbers are, for each day from first to last, how many working days lie behind it since first: those between two days are
// the difference of their numbers.
func (c *Calendar) Numbers(first, last calendar.Date) []int32 {
	var numbers []int32
	n := int32(0)
	for d := first; !d.After(last); d = d.Add(1) {
		if c.IsWorking(d) {
			n++
		}
		numbers = append(numbers, n)
	}
	return numbers
}
