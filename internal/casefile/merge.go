package casefile

import (
	"cmp"
	"slices"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
)

// Joining is how the facts and cards of one file come to stand beside those of another. What is in none of the lists stays
// where it is.
type Joining struct {
	Facts []uuid.UUID    // facts of the other file that move
	Added []Circumstance // of facts that do not, the days of which the file itself says nothing
	Cards []uuid.UUID    // cards of the other file that move
	Cut   []Certificate  // cards of either with the last day that they have from now on
}

// Join takes in the file of the same person under another id. Of two facts that exclude each other the file's own counts; of
// two cards the one that was issued last, and the other was replaced the day before (一人一证; that the newest counts is our choice).
func (f File) Join(other File, newID func() uuid.UUID) Joining {
	var j Joining
	for _, c := range other.Circumstances {
		rest, whole := f.notSaid(c)
		if whole {
			j.Facts = append(j.Facts, c.ID)
			continue
		}
		for _, days := range rest {
			c.ID, c.PersonID, c.ValidFrom, c.ValidTo = newID(), f.Person.ID, days.From, days.To
			j.Added = append(j.Added, c)
		}
	}
	j.Cards, j.Cut = f.joinCards(other)
	return j
}

// notSaid is the days of a fact on which the file holds nothing that excludes it, and whether these are all.
func (f File) notSaid(c Circumstance) (rest []calendar.Interval, whole bool) {
	kind, _ := KindOf(c.Kind)
	rest, whole = []calendar.Interval{c.Interval()}, true
	if !c.SupersededAt.IsZero() {
		return rest, true
	}
	for _, own := range f.Circumstances {
		if own.SupersededAt.IsZero() && own.Kind == c.Kind && kind.ExclusiveKey(own.Value) == kind.ExclusiveKey(c.Value) && own.Interval().Overlaps(c.Interval()) {
			rest, whole = without(rest, own.Interval()), false
		}
	}
	return rest, whole
}

// without is the days of intervals that are not in another one.
func without(list []calendar.Interval, gone calendar.Interval) (rest []calendar.Interval) {
	for _, i := range list {
		if !i.Overlaps(gone) {
			rest = append(rest, i)
			continue
		}
		if i.From.Before(gone.From) {
			rest = append(rest, calendar.Interval{From: i.From, To: gone.From.Add(-1)})
		}
		if !gone.To.IsZero() && (i.To.IsZero() || i.To.After(gone.To)) {
			rest = append(rest, calendar.Interval{From: gone.To.Add(1), To: i.To})
		}
	}
	return rest
}

// joinCards lets each card end before the next one was issued. A card of the other file stays there that was cancelled as a
// duplicate, or was issued on the same day as one of this file.
func (f File) joinCards(other File) (move []uuid.UUID, cut []Certificate) {
	all := slices.Clone(f.Certificates)
	for _, c := range other.Certificates {
		if !other.isDuplicate(c) && !slices.ContainsFunc(f.Certificates, func(own Certificate) bool { return own.IssuedOn == c.IssuedOn }) {
			move, all = append(move, c.ID), append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b Certificate) int {
		return cmp.Or(a.IssuedOn.Compare(b.IssuedOn), slices.Compare(a.ID[:], b.ID[:]))
	})
	for i := range len(all) - 1 {
		if c, next := all[i], all[i+1]; c.HeldTo.IsZero() || !c.HeldTo.Before(next.IssuedOn) {
			c.HeldTo = next.IssuedOn.Add(-1)
			cut = append(cut, c)
		}
	}
	return move, cut
}

func (f File) isDuplicate(c Certificate) bool {
	return slices.ContainsFunc(f.Events, func(e CertificateEvent) bool { return e.CertificateID == c.ID && e.CancelReason == "DUPLICATE" })
}
