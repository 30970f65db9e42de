package indicator_test

import (
	"testing"

	"pgregory.net/rapid"

	"zhucan/internal/indicator"
)

// drawSeries is a whole with parts in two partitions, as it was on some days: what changes, changes at random.
func drawSeries(t *rapid.T) (series [][]indicator.Cell) {
	number := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 9))
	var parts []int64
	for range rapid.IntRange(2, 4).Draw(t, "parts") {
		parts = append(parts, number.Draw(t, "part"))
	}
	first := rapid.Int64Range(0, 30).Draw(t, "first")
	for range rapid.IntRange(2, 3).Draw(t, "tables") {
		table := []indicator.Cell{{Parent: -1}}
		for _, n := range parts {
			table = append(table, indicator.Cell{Count: [2]int64{n}})
			table[0].Count[0] += n
		}
		n := min(first, table[0].Count[0])
		table = append(table, indicator.Cell{Partition: 1, Count: [2]int64{n}}, indicator.Cell{Partition: 1, Count: [2]int64{table[0].Count[0] - n}})
		series = append(series, named(table))
		for i := range parts {
			if rapid.IntRange(0, 2).Draw(t, "changes") == 0 {
				parts[i] = number.Draw(t, "part")
			}
		}
		first = max(0, first+rapid.Int64Range(-1, 1).Draw(t, "moves"))
	}
	return series
}

// most is the greatest number that is tried; not trying greater ones can only find less.
const most = 34

// possible tries every way to fill in what tables hide until in one of them a cell has SmallCell or more. A cell that has the same
// number in tables that follow each other has one number in them, and a number that is shown is that.
func possible(series [][]indicator.Cell, table, cell int) bool {
	values := make([][]int64, len(series))
	for i := range series {
		values[i] = make([]int64, len(series[i]))
	}
	var fill func(i, k int) bool
	fill = func(i, k int) bool {
		if k == len(series[0]) {
			i, k = i+1, 0
		}
		if i == len(series) {
			return true
		}
		from, to := int64(0), int64(most)
		if n := series[i][k].Count[0]; !series[i][k].Hidden {
			from, to = n, n
		}
		if i > 0 && series[i-1][k].Count[0] == series[i][k].Count[0] {
			from, to = max(from, values[i-1][k]), min(to, values[i-1][k])
		}
		if i == table && k == cell {
			from = max(from, indicator.SmallCell)
		}
		if k > 0 {
			left := values[i][0]
			for m := 1; m < k; m++ {
				if series[i][m].Partition == series[i][k].Partition {
					left -= values[i][m]
				}
			}
			to = min(to, left)
			if k+1 == len(series[i]) || series[i][k+1].Partition != series[i][k].Partition { // the last has what is left
				from = max(from, left)
			}
		}
		for v := from; v <= to; v++ {
			if values[i][k] = v; fill(i, k+1) {
				return true
			}
		}
		return false
	}
	return fill(0, 0)
}

// TestNoSeriesTells holds tables that were published one after another against somebody who tries every way to fill them in.
func TestNoSeriesTells(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		series := drawSeries(t)
		order := rapid.Permutation([]int{0, 1, 2}[:len(series)]).Draw(t, "order") // in which they are published
		var known [][]indicator.Cell
		for n := range order {
			known = nil
			at := 0
			for i, table := range series {
				for _, published := range order[:n+1] {
					if i == published {
						if i == order[n] {
							at = len(known)
						}
						known = append(known, table)
					}
				}
			}
			if indicator.Suppress(known, at) {
				continue
			}
			if at+1 == len(known) {
				t.Fatalf("table %d cannot be published: %+v", order[n], series)
			}
			return // between two days it may be that all has been shown already
		}
		for i, table := range known {
			for k, c := range table {
				if n := c.Count[0]; n > 0 && n < indicator.SmallCell && (!c.Hidden || !possible(known, i, k)) {
					t.Fatalf("table %d: cell %d has %d, which is told: %+v", i, k, n, known)
				}
			}
		}
	})
}
