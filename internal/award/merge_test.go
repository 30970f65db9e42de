package award_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/uuid"

	"zhucan/internal/award"
	"zhucan/internal/calendar"
)

// TestJoinedAwardsOweEachMonthOnce: of any two files, every month that was owed by either is owed by one award of the file that stays,
// and no month by two.
func TestJoinedAwardsOweEachMonthOnce(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(3, 4))
	first := calendar.MustMonth("2020-01")
	const horizon = 40
	var overlapped, exchanged int
	for range 20_000 {
		last := map[uuid.UUID]calendar.Month{}
		own, other := randomAwards(random, first, last), randomAwards(random, first, last)
		lastDue := func(a award.Award) (calendar.Month, bool) { m := last[a.ID]; return m, !m.IsZero() }
		j := award.Join(own, other, lastDue)
		overlapped, exchanged = overlapped+len(j.Cut), exchanged+len(j.Back)
		var stays []award.Award
		for _, a := range own {
			if !slices.Contains(j.Back, a.ID) {
				stays = append(stays, a)
			}
		}
		for _, a := range other {
			if slices.Contains(j.Move, a.ID) {
				stays = append(stays, a)
			}
		}
		for i := range stays {
			for _, c := range j.Cut {
				if c.ID == stays[i].ID {
					stays[i] = c
				}
			}
		}
		for m := range horizon {
			month := first.Add(m)
			was, standing, owes := false, 0, 0
			for _, a := range append(slices.Clone(own), other...) {
				was = was || owed(a, last, month)
			}
			for _, a := range stays {
				if !month.Before(a.StartMonth) && (a.EndMonth.IsZero() || !month.After(a.EndMonth)) {
					standing++
				}
				if owed(a, last, month) {
					owes++
				}
			}
			if standing > 1 || (owes == 1) != was {
				t.Fatalf("%s: %d awards stand, %d owe, was owed %v\nown %v\nother %v\n%+v", month, standing, owes, was, shown(own, last), shown(other, last), j)
			}
		}
	}
	if overlapped < 1000 || exchanged < 1000 {
		t.Errorf("%d cut, %d exchanged: the files show little", overlapped, exchanged)
	}
}

func owed(a award.Award, last map[uuid.UUID]calendar.Month, m calendar.Month) bool {
	end := last[a.ID]
	return !m.Before(a.StartMonth) && (a.EndMonth.IsZero() || !m.After(a.EndMonth)) && (end.IsZero() || !m.After(end))
}

// randomAwards are up to three awards that do not overlap, some ended, some open though they owe nothing any more.
func randomAwards(random *rand.Rand, from calendar.Month, last map[uuid.UUID]calendar.Month) (list []award.Award) {
	for range random.IntN(4) {
		a := award.Award{ID: uuid.New(), Programme: "nursing_subsidy", StartMonth: from.Add(random.IntN(12))}
		long := random.IntN(10)
		switch random.IntN(4) {
		case 0: // open, and owes on
			return append(list, a)
		case 1: // open, and owes no more
			last[a.ID] = a.StartMonth.Add(long - 1)
			return append(list, a)
		}
		a.EndMonth = a.StartMonth.Add(long)
		last[a.ID] = a.EndMonth.Add(-random.IntN(long + 2))
		list, from = append(list, a), a.EndMonth.Add(1)
	}
	return list
}

func shown(list []award.Award, last map[uuid.UUID]calendar.Month) (texts []string) {
	for _, a := range list {
		texts = append(texts, fmt.Sprintf("%s %s..%s owes to %s", a.ID.String()[:4], a.StartMonth, a.EndMonth, last[a.ID]))
	}
	return texts
}
