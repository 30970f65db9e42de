package area

import (
	"slices"

	"zhucan/internal/calendar"
)

// Succession says where divisions go on when their codes end.
type Succession struct {
	periods  map[Code][]Division // in the order of their days
	founders map[period]int      // how many others each new one follows
}

// period names a division in its time: a code may come back for another one.
type period struct {
	code Code
	from calendar.Date
}

// NewSuccession reads all divisions of an area in all their times.
func NewSuccession(list []Division) Succession {
	s := Succession{periods: map[Code][]Division{}, founders: map[period]int{}}
	for _, d := range list {
		s.periods[d.Code] = append(s.periods[d.Code], d)
	}
	for _, periods := range s.periods {
		slices.SortFunc(periods, func(a, b Division) int { return a.ValidFrom.Compare(b.ValidFrom) })
	}
	for _, d := range list {
		if next, ok := s.after(d); ok && next.ValidFrom.After(d.ValidTo) {
			s.founders[period{next.Code, next.ValidFrom}]++
		}
	}
	return s
}

// Last is the code that a division of a day has in the end, as long as it is followed by a new one that follows nothing else. Into are
// the codes in which it goes on after that day, one after another: where it is not the same any more, together with others.
func (s Succession) Last(code Code, on calendar.Date) (last Code, into []Code, ended bool) {
	d, ok := s.begun(code, on)
	if !ok {
		return code, nil, false
	}
	end := s.alone(d)
	if end.Code != d.Code {
		into = append(into, end.Code)
	}
	for next, ok := s.after(end); ok; next, ok = s.after(next) {
		next = s.alone(next)
		into = append(into, next.Code)
	}
	return end.Code, into, !d.ValidTo.IsZero()
}

// alone is what a division has become without any other.
func (s Succession) alone(d Division) Division {
	next, ok := s.after(d)
	for ok && next.ValidFrom.After(d.ValidTo) && s.founders[period{next.Code, next.ValidFrom}] == 1 {
		d = next
		next, ok = s.after(d)
	}
	return d
}

// begun is the last division of a code that has begun by a day. A day behind its end was asked about before the end was entered.
func (s Succession) begun(code Code, on calendar.Date) (d Division, ok bool) {
	for _, p := range s.periods[code] {
		if !p.ValidFrom.After(on) {
			d, ok = p, true
		}
	}
	return d, ok
}

// after is the first division of the successor's code that goes on after the end of one.
func (s Succession) after(d Division) (Division, bool) {
	if d.ValidTo.IsZero() {
		return Division{}, false
	}
	for _, p := range s.periods[d.Successor] {
		if p.ValidTo.IsZero() || p.ValidTo.After(d.ValidTo) {
			return p, true
		}
	}
	return Division{}, false
}
