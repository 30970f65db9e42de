package indicator_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"zhucan/internal/indicator"
)

// drawTable is a whole with towns, their villages, and other partitions of it, all sums right.
func drawTable(t *rapid.T, most int64) []indicator.Cell {
	number := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 6), rapid.Int64Range(0, most))
	table := []indicator.Cell{{Parent: -1}}
	add := func(parent, partition int, n [2]int64) int {
		table = append(table, indicator.Cell{Parent: parent, Partition: partition, Count: n})
		return len(table) - 1
	}
	for range rapid.IntRange(1, 3).Draw(t, "towns") {
		town := add(0, 0, [2]int64{})
		for range rapid.IntRange(0, 3).Draw(t, "villages") {
			n := [2]int64{number.Draw(t, "covered"), number.Draw(t, "gap")}
			add(town, 0, n)
			for part := range n {
				table[town].Count[part] += n[part]
				table[0].Count[part] += n[part]
			}
		}
	}
	for partition := 1; partition <= rapid.IntRange(0, 2).Draw(t, "partitions"); partition++ {
		left := table[0].Count
		for range rapid.IntRange(1, 3).Draw(t, "groups") {
			add(0, partition, drawPart(t, &left))
		}
		for part, n := range left {
			table[len(table)-1].Count[part] += n
		}
	}
	return named(table)
}

// drawPart takes some away from what is left.
func drawPart(t *rapid.T, left *[2]int64) (n [2]int64) {
	for part := range n {
		n[part] = rapid.Int64Range(0, left[part]).Draw(t, "part")
		left[part] -= n[part]
	}
	return n
}

// drawTwice is a whole in two partitions, which have one group in common.
func drawTwice(t *rapid.T) []indicator.Cell {
	number := rapid.Int64Range(0, 6)
	same := [2]int64{number.Draw(t, "covered"), number.Draw(t, "gap")}
	table := []indicator.Cell{{Parent: -1, Count: same}, {Count: same}}
	for range rapid.IntRange(1, 2).Draw(t, "groups") {
		n := [2]int64{number.Draw(t, "covered"), number.Draw(t, "gap")}
		table = append(table, indicator.Cell{Count: n})
		table[0].Count[0], table[0].Count[1] = table[0].Count[0]+n[0], table[0].Count[1]+n[1]
	}
	left := [2]int64{table[0].Count[0] - same[0], table[0].Count[1] - same[1]}
	for range rapid.IntRange(0, 1).Draw(t, "others") {
		table = append(table, indicator.Cell{Partition: 1, Count: drawPart(t, &left)})
	}
	table = named(append(table, indicator.Cell{Partition: 1, Count: left}, indicator.Cell{Partition: 1, Count: same}))
	table[len(table)-1].Name = table[1].Name
	return table
}

// spans tries every way to fill in the hidden cells, and returns the least and the greatest value of each. Numbers above most are
// not tried, which can only make the intervals smaller.
func spans(table []indicator.Cell, part int, most int64) (lo, hi []int64) {
	lo, hi = make([]int64, len(table)), make([]int64, len(table))
	for i := range lo {
		lo[i], hi[i] = 1<<40, -1
	}
	value := make([]int64, len(table))
	known := func(i int) bool { return !table[i].Hidden }
	// a parent's number is tried before its children's; when the last child of a partition is set, the sum has to fit
	var fill func(i int)
	fill = func(i int) {
		if i == len(table) {
			for k, v := range value {
				lo[k], hi[k] = min(lo[k], v), max(hi[k], v)
			}
			return
		}
		from, to := int64(0), most
		if known(i) {
			from, to = table[i].Count[part], table[i].Count[part]
		}
		if p := table[i].Parent; p >= 0 {
			left, last := value[p], true
			for k := range table {
				if k != i && table[k].Parent == p && table[k].Partition == table[i].Partition {
					if k < i {
						left -= value[k]
					} else {
						last = false
					}
				}
			}
			to = min(to, left)
			if last {
				from = max(from, left)
			}
		}
		for k := range i { // the same people
			if table[k].Name == table[i].Name {
				from, to = max(from, value[k]), min(to, value[k])
			}
		}
		for v := from; v <= to; v++ {
			value[i] = v
			fill(i + 1)
		}
	}
	fill(0)
	return lo, hi
}

// TestNoHiddenNumberCanBeBounded holds what is shown against somebody who tries every table that fits it.
func TestNoHiddenNumberCanBeBounded(t *testing.T) {
	t.Parallel()
	few := rapid.Custom(func(t *rapid.T) []indicator.Cell { return drawTable(t, 9) }).Filter(func(table []indicator.Cell) bool {
		return len(table) <= 9 && table[0].Count[0] <= 24 && table[0].Count[1] <= 24 // otherwise there are too many tables to try
	})
	rapid.Check(t, func(t *rapid.T) {
		table := rapid.OneOf(few, rapid.Custom(drawTwice)).Draw(t, "table")
		if !indicator.Suppress([][]indicator.Cell{table}, 0) {
			t.Fatal("a first table cannot be published")
		}
		for part := range 2 {
			lo, hi := spans(table, part, 40)
			for i, c := range table {
				n := c.Count[part]
				switch small := n > 0 && n < indicator.SmallCell; {
				case small && !c.Hidden:
					t.Fatalf("cell %d shows %d", i, n)
				case slices.ContainsFunc(table, func(o indicator.Cell) bool { return o.Name == c.Name && o.Hidden != c.Hidden }):
					t.Fatalf("cell %d is hidden in one place only: %+v", i, table)
				case small && hi[i] < indicator.SmallCell:
					t.Fatalf("cell %d has %d and can only be %d to %d: %+v", i, n, lo[i], hi[i], table)
				}
			}
		}
	})
}

// TestHidesInsideWhatIsHidden: a town that is hidden for the sake of another is told by its villages unless one of them is hidden too,
// and then neither a third town nor the whole has to be.
func TestHidesInsideWhatIsHidden(t *testing.T) {
	t.Parallel()
	table := []indicator.Cell{{Parent: -1, Count: [2]int64{4000, 93}},
		{Count: [2]int64{100, 3}}, {Parent: 1, Count: [2]int64{100, 3}},
		{Count: [2]int64{900, 30}}, {Parent: 3, Count: [2]int64{400, 10}}, {Parent: 3, Count: [2]int64{500, 20}},
		{Count: [2]int64{3000, 60}}, {Parent: 6, Count: [2]int64{1000, 25}}, {Parent: 6, Count: [2]int64{2000, 35}},
		{Partition: 1, Count: [2]int64{1500, 50}}, {Partition: 1, Count: [2]int64{2500, 43}}}
	table = named(table)
	if !indicator.Suppress([][]indicator.Cell{table}, 0) {
		t.Fatal("it cannot be published")
	}
	for i, c := range table {
		if want := i >= 1 && i <= 4; c.Hidden != want {
			t.Errorf("cell %d with %v is hidden: %v, want %v", i, c.Count, c.Hidden, want)
		}
	}
}

// named gives each cell of a table the name of its place.
func named(table []indicator.Cell) []indicator.Cell {
	for i := range table {
		table[i].Name = string(rune('A' + i))
	}
	return table
}

// TestWhatWasShownOrHiddenBefore: a number that stayed the same and was shown protects nobody; one that was hidden stays hidden.
func TestWhatWasShownOrHiddenBefore(t *testing.T) {
	t.Parallel()
	// a whole with three parts in the gap; the covered are many everywhere
	table := func(gaps ...int64) []indicator.Cell {
		list := []indicator.Cell{{Parent: -1}}
		for _, gap := range gaps {
			list = append(list, indicator.Cell{Count: [2]int64{100, gap}})
			list[0].Count[0], list[0].Count[1] = list[0].Count[0]+100, list[0].Count[1]+gap
		}
		return named(list)
	}
	hidden := func(list []indicator.Cell) (text string) {
		for _, c := range list {
			if c.Hidden {
				text += c.Name
			}
		}
		return text
	}
	for _, tt := range []struct {
		before, now []int64
		want        string // what is hidden now
	}{
		{nil, []int64{3, 12, 25}, "BC"},                 // the small one and the smallest beside it
		{[]int64{8, 12, 25}, []int64{3, 12, 30}, "BD"},  // the whole stayed, B was shown with 12 and protects nobody
		{[]int64{8, 12, 25}, []int64{3, 12, 25}, "AB"},  // all the others were shown with the same numbers: the whole has to go
		{[]int64{3, 12, 25}, []int64{9, 12, 25}, "BC"},  // what was hidden stays hidden
		{[]int64{3, 12, 25}, []int64{3, 12, 4}, "ABCD"}, // B and C are known to be 15, so D needs somebody else
	} {
		now := table(tt.now...)
		series := [][]indicator.Cell{now}
		if tt.before != nil {
			series = [][]indicator.Cell{table(tt.before...), now}
			if !indicator.Suppress(series[:1], 0) {
				t.Fatalf("%v cannot be published", tt.before)
			}
		}
		if safe := indicator.Suppress(series, len(series)-1); !safe || hidden(now) != tt.want {
			t.Errorf("%v after %v hides %s (%v), want %s", tt.now, tt.before, hidden(now), safe, tt.want)
		}
	}
}

// TestWhatIsLostStopsNothing: a table was published in which a group of 3 can be computed, because the same people are hidden in one
// partition and stand in the clear in the other. The next one hides what it can, whether the 3 are still there or not.
func TestWhatIsLostStopsNothing(t *testing.T) {
	t.Parallel()
	table := func(none, first, second int64) []indicator.Cell {
		list := []indicator.Cell{{Name: "whole", Parent: -1}, {Name: "none"}, {Name: "category 4"}, {Name: "none", Partition: 1},
			{Name: "level 1", Partition: 1}, {Name: "level 2", Partition: 1}}
		for i, n := range []int64{none + first + second, none, first + second, none, first, second} {
			list[i].Count[1] = n
		}
		return list
	}
	for _, tt := range []struct {
		none, first, second int64
		want                string // what is hidden
	}{{6, 3, 20, "none none level 1 "}, {6, 3, 21, "none none level 1 level 2 "}, {7, 4, 20, "none category 4 none level 1 "}} {
		before, now := table(6, 3, 20), table(tt.none, tt.first, tt.second)
		before[3].Hidden, before[4].Hidden = true, true
		safe := indicator.Suppress([][]indicator.Cell{before, now}, 1)
		hidden := ""
		for _, c := range now {
			if c.Hidden {
				hidden += c.Name + " "
			}
		}
		if !safe || hidden != tt.want {
			t.Errorf("%+v: hides %s(%v)", tt, hidden, safe)
		}
	}
}

func BenchmarkSuppressDistrict(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		table := []indicator.Cell{{Parent: -1}}
		for town := range 12 {
			table = append(table, indicator.Cell{Parent: 0})
			at := len(table) - 1
			for village := range 39 {
				n := [2]int64{int64((town*7 + village*3) % 23), int64((town + village) % 4)}
				table = append(table, indicator.Cell{Parent: at, Count: n})
				for part := range n {
					table[at].Count[part] += n[part]
					table[0].Count[part] += n[part]
				}
			}
		}
		table = named(table)
		b.StartTimer()
		indicator.Suppress([][]indicator.Cell{table}, 0)
	}
}
