package indicator_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"zhucan/internal/indicator"
)

// drawSeries is a whole with parts in two partitions, as it was on some days: what changes, changes at random. The first parts of both
// may be the same people.
func drawSeries(t *rapid.T) (series [][]indicator.Cell) {
	number := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 9))
	var parts []int64
	for range rapid.IntRange(2, 4).Draw(t, "parts") {
		parts = append(parts, number.Draw(t, "part"))
	}
	first := rapid.Int64Range(0, 30).Draw(t, "first")
	same := rapid.Bool().Draw(t, "same")
	for range rapid.IntRange(2, 3).Draw(t, "tables") {
		table := []indicator.Cell{{Parent: -1}}
		for _, n := range parts {
			table = append(table, indicator.Cell{Count: [2]int64{n}})
			table[0].Count[0] += n
		}
		n := min(first, table[0].Count[0])
		if same {
			n = parts[0]
		}
		table = named(append(table, indicator.Cell{Partition: 1, Count: [2]int64{n}}, indicator.Cell{Partition: 1, Count: [2]int64{table[0].Count[0] - n}}))
		if same {
			table[len(parts)+1].Name = table[1].Name
		}
		series = append(series, table)
		for i := range parts {
			if rapid.IntRange(0, 2).Draw(t, "changes") == 0 {
				parts[i] = number.Draw(t, "part")
			}
		}
		first = max(0, first+rapid.Int64Range(-1, 1).Draw(t, "moves"))
	}
	return series
}

// drawPassage is a whole with villages on three days, between two of which one has ended: it has another code, or has gone into the
// first one; some of its people may not have been moved yet.
func drawPassage(t *rapid.T) (series [][]indicator.Cell) {
	number := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 9), rapid.Just(int64(12)))
	n := map[string]int64{"unplaced": rapid.SampledFrom([]int64{0, 0, 3, 8}).Draw(t, "unplaced")}
	villages := []string{"A", "B", "C", "D"}[:rapid.IntRange(3, 4).Draw(t, "villages")]
	for _, name := range villages {
		n[name] = number.Draw(t, name)
	}
	into := rapid.SampledFrom([]string{"A", "B"}).Draw(t, "into")
	ends := rapid.IntRange(1, 2).Draw(t, "ends")
	for day := range 3 {
		if day == ends {
			waits := min(n["B"], rapid.SampledFrom([]int64{0, 0, 2, 5}).Draw(t, "waits"))
			moved := n["B"] - waits
			n["unplaced"], n["B"] = n["unplaced"]+waits, 0
			n[into] += moved
		}
		table := []indicator.Cell{{Name: "whole", Parent: -1}}
		for _, name := range append(slices.Clone(villages), "unplaced") {
			c := indicator.Cell{Name: name, Count: [2]int64{n[name]}}
			if name == "B" && day < ends {
				c.Into, c.Else = []string{into}, "unplaced"
			}
			if name != "B" || day < ends || into == "B" {
				table = append(table, c)
				table[0].Count[0] += n[name]
			}
		}
		series = append(series, table)
		for _, name := range villages {
			if name != "B" && rapid.IntRange(0, 3).Draw(t, "changes") == 0 {
				n[name] = number.Draw(t, name)
			}
		}
	}
	return series
}

// most is the greatest number that is tried; not trying greater ones can only find less.
const most = 60

// find is where a table has a name, or -1.
func find(table []indicator.Cell, name string) int {
	return slices.IndexFunc(table, func(c indicator.Cell) bool { return c.Name == name })
}

// stays is the value that a cell has by those of the same name beside it, if it has one: that of the table before, where the number is
// the same, that of the same table, and nobody where the table before or behind has no row and there is nobody.
func stays(series [][]indicator.Cell, values [][]int64, i, k int) (value int64, does bool) {
	c := series[i][k]
	if same := find(series[i], c.Name); same < k {
		return values[i][same], true
	}
	for _, near := range []int{i - 1, i + 1} {
		if near < 0 || near == len(series) {
			continue
		}
		at := find(series[near], c.Name)
		if at < 0 && c.Count[0] == 0 {
			return 0, true
		}
		if at >= 0 && near < i && series[near][at].Count[0] == c.Count[0] {
			return values[near][at], true
		}
	}
	return 0, false
}

// passes reports whether values agree with where the people of cells are that have ended: if the numbers do, in the next one, or
// else there and where they wait.
func passes(old, now []indicator.Cell, before, after []int64) bool {
	for _, c := range old {
		if at := find(now, c.Name); c.Else == "" || at >= 0 && now[at].Else != "" {
			continue
		}
		for _, names := range [][]string{{c.Into[0], c.Name}, {c.Into[0], c.Name, c.Else}} {
			var numbers, tried int64
			for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
				if at := find(old, name); at >= 0 {
					numbers, tried = numbers+old[at].Count[0], tried+before[at]
				}
				if at := find(now, name); at >= 0 {
					numbers, tried = numbers-now[at].Count[0], tried-after[at]
				}
			}
			if numbers == 0 && tried != 0 {
				return false
			}
		}
	}
	return true
}

// possible tries every way to fill in what tables hide until in one of them a cell has SmallCell or more. A cell that has the same
// number in tables that follow each other has one number in them, and a number that is shown is that.
func possible(series [][]indicator.Cell, table, cell int) bool {
	values := make([][]int64, len(series))
	for i := range series {
		values[i] = make([]int64, len(series[i]))
	}
	var fill func(i, k int) bool
	fill = func(i, k int) bool {
		if k == len(series[i]) {
			if i > 0 && !passes(series[i-1], series[i], values[i-1], values[i]) {
				return false
			}
			i, k = i+1, 0
		}
		if i == len(series) {
			return true
		}
		from, to := int64(0), int64(most)
		if n := series[i][k].Count[0]; !series[i][k].Hidden {
			from, to = n, n
		}
		if n, does := stays(series, values, i, k); does {
			from, to = max(from, n), min(to, n)
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
		series := rapid.OneOf(rapid.Custom(drawSeries), rapid.Custom(drawPassage)).Draw(t, "series")
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
