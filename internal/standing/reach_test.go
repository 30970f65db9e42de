package standing_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"zhucan/internal/calendar"
	"zhucan/internal/casefile"
	"zhucan/internal/ledger"
	"zhucan/internal/policy"
	"zhucan/internal/standing"
)

// TestReachOfPlaces: where somebody lives, or is managed, every standing tells or asks.
func TestReachOfPlaces(t *testing.T) {
	t.Parallel()
	pack := policy.MustLoadBuiltin()
	for _, kind := range casefile.Kinds {
		if reach := pack.Reach(kind.Name); kind.Place && (!reach.All || !reach.Pays) {
			t.Errorf("%s reaches only %+v", kind.Name, reach)
		}
	}
}

// TestReach records one more fact of any kind: nothing outside its reach changes, and inside it a reading of the reach alone says what
// the whole reading says.
func TestReach(t *testing.T) {
	t.Parallel()
	pack := policy.MustLoadBuiltin()
	kinds := slices.DeleteFunc(slices.Clone(casefile.Kinds), func(k casefile.Kind) bool { return k.Place }) // places reach everything
	rapid.Check(t, func(t *rapid.T) {
		drawn := wider(t)
		kind := rapid.SampledFrom(kinds).Draw(t, "kind")
		reach := pack.Reach(kind.Name)
		before := read(t, drawn, pack)
		drawn.file.Circumstances = slices.Clone(drawn.file.Circumstances)
		from := firstDay.Add(rapid.IntRange(0, daysDrawn).Draw(t, "from"))
		addFact(&drawn.file, kind.Name, fmt.Sprintf("%q", rapid.SampledFrom(kind.Sorts).Draw(t, "sort")), from, rapid.SampledFrom([]calendar.Date{{}, from.Add(400)}).Draw(t, "to"))
		after := read(t, drawn, pack)
		whole := after.Standings(policy.Everything)
		outside := func(i standing.Interval) bool { return !reach.Standing(i.Indicator) }
		inside := func(i standing.Interval) bool { return reach.Standing(i.Indicator) }
		if was, is := only(before.Standings(policy.Everything), outside), only(whole, outside); !slices.Equal(was, is) {
			t.Errorf("%s is not said to reach these standings: before %v, after %v", kind.Name, was, is)
		}
		if some, all := after.Standings(reach), only(whole, inside); !slices.Equal(some, all) {
			t.Errorf("read alone %v, in the whole %v", some, all)
		}
		if !reach.Pays && !slices.Equal(ledger.Dues(before), ledger.Dues(after)) {
			t.Errorf("%s is not said to reach what is owed", kind.Name)
		}
	})
}

func read(t *rapid.T, o oracle, pack *policy.Pack) *standing.Reading {
	r, err := standing.Read(o.file, o.awards, pack)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func only(timeline []standing.Interval, keep func(standing.Interval) bool) (list []standing.Interval) {
	for _, i := range timeline {
		if keep(i) {
			list = append(list, i)
		}
	}
	return list
}
