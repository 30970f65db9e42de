package casefile_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
)

// TestJoinedFactsByDay: on each day the joined file says what the file that stays said, and where it said nothing what the other did.
func TestJoinedFactsByDay(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(5, 6))
	first, days := calendar.MustDate("2020-01-01"), 60
	var added int
	for range 5000 {
		own, other := randomFacts(random, first), randomFacts(random, first)
		j := own.Join(other, uuid.New)
		added += len(j.Added)
		joined := own
		joined.Circumstances = append(slices.Clone(own.Circumstances), j.Added...)
		for _, c := range other.Circumstances {
			if slices.Contains(j.Facts, c.ID) {
				joined.Circumstances = append(joined.Circumstances, c)
			}
		}
		for d := range days {
			day := first.Add(d)
			for _, kind := range []string{"dibao", "tekun"} {
				want := sortOn(own, kind, day)
				if len(want) == 0 {
					want = sortOn(other, kind, day)
				}
				if got := sortOn(joined, kind, day); !slices.Equal(got, want) {
					t.Fatalf("%s %s: %v, want %v\nown %+v\nother %+v", kind, day, got, want, own.Circumstances, other.Circumstances)
				}
			}
		}
	}
	if added < 1000 {
		t.Errorf("%d pieces: the files show little", added)
	}
}

func sortOn(f casefile.File, kind string, day calendar.Date) (sorts []string) {
	for _, c := range f.Circumstances {
		if c.Kind == kind && c.SupersededAt.IsZero() && c.Interval().Contains(day) {
			sorts = append(sorts, c.Value.Sort)
		}
	}
	return sorts
}

func randomFacts(random *rand.Rand, first calendar.Date) casefile.File {
	f := casefile.File{Person: casefile.Person{ID: uuid.New()}}
	for _, kind := range []string{"dibao", "tekun"} {
		from := first.Add(random.IntN(20))
		for range random.IntN(4) {
			c := casefile.Circumstance{ID: uuid.New(), PersonID: f.Person.ID, Kind: kind, ValidFrom: from, ValidTo: from.Add(random.IntN(15)),
				Value: casefile.Value{Answer: casefile.Yes, Sort: []string{"household", "single"}[random.IntN(2)]}}
			from = c.ValidTo.Add(1 + random.IntN(10))
			f.Circumstances = append(f.Circumstances, c)
		}
		if n := len(f.Circumstances); n > 0 && random.IntN(3) == 0 && f.Circumstances[n-1].Kind == kind {
			f.Circumstances[n-1].ValidTo = calendar.Date{}
		}
	}
	return f
}

// TestJoinedCards: one card a day, the one issued last; of two of one day the file's own; a duplicate that was cancelled as such stays out.
func TestJoinedCards(t *testing.T) {
	t.Parallel()
	card := func(issued, held string) casefile.Certificate {
		c := casefile.Certificate{ID: uuid.New(), IssuedOn: calendar.MustDate(issued)}
		if held != "" {
			c.HeldTo = calendar.MustDate(held)
		}
		return c
	}
	own := casefile.File{Certificates: []casefile.Certificate{card("2012-01-01", "2018-05-31"), card("2018-06-01", "")}}
	twin, early, late := card("2018-06-01", ""), card("2010-03-03", "2014-01-01"), card("2021-02-03", "")
	wrong := card("2022-01-01", "")
	other := casefile.File{Certificates: []casefile.Certificate{early, twin, late, wrong}, Events: []casefile.CertificateEvent{{CertificateID: wrong.ID, Event: "CANCEL", CancelReason: "DUPLICATE"}}}
	j := own.Join(other, uuid.New)
	if len(j.Cards) != 2 || !slices.Contains(j.Cards, early.ID) || !slices.Contains(j.Cards, late.ID) {
		t.Errorf("moved: %v", j.Cards)
	}
	ends := map[uuid.UUID]string{}
	for _, c := range j.Cut {
		ends[c.ID] = c.HeldTo.String()
	}
	if len(ends) != 2 || ends[early.ID] != "2011-12-31" || ends[own.Certificates[1].ID] != "2021-02-02" {
		t.Errorf("cut: %v", ends)
	}
}
