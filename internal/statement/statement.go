// Package statement is what lists of other departments say of somebody, and what follows from all that was ever said. The facts
// that lists give are a pure function of their statements: in whatever order lists arrive, are taken back and arrive again, the
// same statements end in the same facts.
package statement

import (
	"cmp"
	"slices"

	"zhucan/internal/calendar"
)

// Says is what a statement says.
type Says string

// The statements. Holds: the fact holds from a day on, to another where one is given, and on the day of the list. Ended: it held
// on this day last. Absent: a list that names everybody did not name this one on its day.
const (
	Holds  Says = "holds"
	Ended  Says = "ended"
	Absent Says = "absent"
)

// Statement is what one row of a list says, or what its silence says.
type Statement struct {
	Says Says
	Sort string
	From calendar.Date // of Holds; its last day of Ended
	To   calendar.Date // of Holds, its last day where one is given
	AsOf calendar.Date // the day of the list
}

// Fact is what holds on some days.
type Fact struct {
	Sort string
	Days calendar.Interval
}

// turn is a day on which something begins to hold, or nothing any more.
type turn struct {
	on    calendar.Date
	sort  string
	holds bool
}

// turns are the days that a statement speaks of.
func (s Statement) turns() []turn {
	switch s.Says {
	case Ended:
		return []turn{{s.From.Add(1), "", false}}
	case Absent:
		return []turn{{s.AsOf, "", false}}
	}
	list := []turn{{s.From, s.Sort, true}}
	if !s.To.IsZero() {
		list = append(list, turn{s.To.Add(1), "", false})
	}
	if (calendar.Interval{From: s.From, To: s.To}).Contains(s.AsOf) {
		list = append(list, turn{s.AsOf, s.Sort, true})
	}
	return list
}

// Fold is the facts of one kind that all statements about somebody give. On each day holds what the latest turn until then says;
// of turns on one day that something holds counts more than that it does not, and a later list more than an earlier one.
func Fold(list []Statement) []Fact {
	type dated struct {
		turn
		asOf calendar.Date
	}
	var turns []dated
	for _, s := range list {
		for _, t := range s.turns() {
			turns = append(turns, dated{t, s.AsOf})
		}
	}
	slices.SortFunc(turns, func(a, b dated) int {
		return cmp.Or(a.on.Compare(b.on), compareBool(a.holds, b.holds), a.asOf.Compare(b.asOf), cmp.Compare(a.sort, b.sort))
	})
	var facts []Fact
	now := turn{}
	for i, t := range turns {
		if i+1 < len(turns) && turns[i+1].on == t.on || t.holds == now.holds && t.sort == now.sort {
			continue // a later word on the same day, or the same again
		}
		if now.holds {
			facts[len(facts)-1].Days.To = t.on.Add(-1)
		}
		if t.holds {
			facts = append(facts, Fact{Sort: t.sort, Days: calendar.Interval{From: t.on}})
		}
		now = t.turn
	}
	return facts
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}
