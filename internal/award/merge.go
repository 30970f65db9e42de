package award

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
)

// Merged is the reason of an end where another award of the same person, from a second file, goes on in its place.
const Merged = "MERGED"

// Joining is how the awards of two files of one person come to stand beside each other, so that each month is owed by one of
// them and every month that was owed by either is.
type Joining struct {
	Move []uuid.UUID // of the other file, to the one that stays
	Back []uuid.UUID // of the file that stays, to the other one: covered by an award that comes
	Cut  []Award     // that end before another one begins
}

// lasting is an award with whose it is and how long it pays.
type lasting struct {
	Award
	own  bool
	last calendar.Month // zero: it goes on
}

// Join orders the awards of the file that stays and of the other one. lastDue is the last month that an award owes, and false where it
// owes every month from now on; an award that no officer has ended may owe nothing any more. Of two that overlap, the one that owes longer
// counts; the other ends before it begins, or is put away where it began no earlier.
func Join(own, other []Award, lastDue func(Award) (calendar.Month, bool)) Joining {
	var j Joining
	byProgramme := map[string][]lasting{}
	add := func(list []Award, own bool) {
		for _, a := range list {
			if a.Void {
				continue // owes nothing, wherever it stands
			}
			l := lasting{Award: a, own: own}
			if last, ends := lastDue(a); ends {
				l.last = last
			}
			byProgramme[a.Programme] = append(byProgramme[a.Programme], l)
		}
	}
	add(own, true)
	add(other, false)
	for _, list := range byProgramme {
		j.order(list)
	}
	return j
}

func (j *Joining) order(list []lasting) {
	slices.SortStableFunc(list, func(a, b lasting) int { return a.StartMonth.Compare(b.StartMonth) }) // the file's own first
	var kept []lasting
	for _, a := range list {
		if n := len(kept); n > 0 && overlap(kept[n-1].Award, a.Award) {
			before := &kept[n-1]
			switch {
			case before.longer(a):
				j.putAway(a)
				continue
			case before.StartMonth == a.StartMonth:
				j.putAway(*before)
				kept = kept[:n-1]
			default:
				before.EndMonth, before.EndReason = a.StartMonth.Add(-1), Merged
				j.Cut = append(j.Cut, before.Award)
			}
		}
		kept = append(kept, a)
	}
	for _, a := range kept {
		if !a.own {
			j.Move = append(j.Move, a.ID)
		}
	}
	slices.SortFunc(j.Move, func(a, b uuid.UUID) int { return cmp.Compare(a.String(), b.String()) })
}

// putAway leaves an award of the other file there, and sends one of the file's own to it.
func (j *Joining) putAway(a lasting) {
	if a.own {
		j.Back = append(j.Back, a.ID)
	}
}

// longer reports whether a pays at least as long as b.
func (a lasting) longer(b lasting) bool {
	return a.last.IsZero() || !b.last.IsZero() && !a.last.Before(b.last)
}

func overlap(earlier, later Award) bool {
	return earlier.EndMonth.IsZero() || !earlier.EndMonth.Before(later.StartMonth)
}
