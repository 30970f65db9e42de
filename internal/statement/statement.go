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
	Sort string        // of Holds, empty: of whichever is known; of Ended and Absent, of which sort alone; empty: of any
	From calendar.Date // of Holds; its last day of Ended
	To   calendar.Date // of Holds, its last day where one is given: of this sort alone
	AsOf calendar.Date // the day of the list
}

// CameAfter reports whether what a statement tells has begun or ended between a day and that of the list.
func (s Statement) CameAfter(day calendar.Date) bool {
	last := s.To
	if s.Says == Ended {
		last = s.From
	}
	begun := s.Says == Holds && s.From.After(day) && !s.From.After(s.AsOf)
	return begun || !last.IsZero() && !last.Before(day) && last.Before(s.AsOf)
}

// Fact is what holds on some days.
type Fact struct {
	Sort string
	Days calendar.Interval
}

// turn is a day on which something begins to hold, or nothing any more: of a sort only, where one is given.
type turn struct {
	on    calendar.Date
	sort  string
	holds bool
	asOf  calendar.Date
}

// turns are the days that a statement speaks of, beside all others.
func (s Statement) turns(all []Statement) []turn {
	switch {
	case s.Says == Ended:
		return []turn{{s.From.Add(1), s.Sort, false, s.AsOf}}
	case s.Says == Absent:
		return []turn{{s.AsOf, s.Sort, false, s.AsOf}}
	case !s.To.IsZero() && s.To.Before(s.From):
		return nil
	}
	list := []turn{{s.From, s.Sort, true, s.AsOf}}
	if !s.To.IsZero() && !s.prolonged(all) {
		list = append(list, turn{s.To.Add(1), s.Sort, false, s.AsOf})
	}
	if (calendar.Interval{From: s.From, To: s.To}).Contains(s.AsOf) {
		list = append(list, turn{s.AsOf, s.Sort, true, s.AsOf})
	}
	return list
}

// prolonged reports whether a last day that still lay ahead on the day of the list was no end after all: a later list says that the same
// went on beyond it. What had ended by then has ended, and begins anew.
func (s Statement) prolonged(all []Statement) bool {
	return s.From.Before(s.AsOf) && !s.AsOf.After(s.To) && slices.ContainsFunc(all, func(o Statement) bool {
		return o.Says == Holds && (o.Sort == s.Sort || o.Sort == "" || s.Sort == "") && o.AsOf.After(s.AsOf) && !o.From.After(s.To) && (o.To.IsZero() || o.To.After(s.To))
	})
}

// Fold is the facts of one kind that all statements about somebody give. What holds on a day follows from the turns up to it; of turns on
// one day, one that says that something holds counts more than one that says it does not, and a later list more than an earlier one. A
// sort that nobody has said is empty.
func Fold(list []Statement) (facts []Fact) {
	var turns []turn
	for _, s := range list {
		turns = append(turns, s.turns(list)...)
	}
	slices.SortFunc(turns, func(a, b turn) int {
		return cmp.Or(a.on.Compare(b.on), compareBool(a.holds, b.holds), a.asOf.Compare(b.asOf), cmp.Compare(a.sort, b.sort))
	})
	now := turn{}
	for i, t := range turns {
		next := now
		open := len(facts) > 0 && facts[len(facts)-1].Days.To.IsZero()
		switch {
		case t.holds && t.sort == "" && now.holds:
			next = turn{t.on, now.sort, true, t.asOf}
		case t.holds && t.sort == "" && open: // what ended on the day goes on after all
			next = turn{t.on, facts[len(facts)-1].Sort, true, t.asOf}
		case t.holds || t.sort == "" || t.sort == now.sort || now.sort == "":
			next = t
		}
		if now = next; i+1 < len(turns) && turns[i+1].on == t.on {
			continue // there is more to be said of the day
		}
		if open && now.holds && facts[len(facts)-1].Sort == now.sort {
			continue // the same goes on
		}
		if open {
			facts[len(facts)-1].Days.To = t.on.Add(-1)
		}
		if now.holds {
			facts = append(facts, Fact{Sort: now.sort, Days: calendar.Interval{From: t.on}})
		}
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
