package indicator

import (
	"testing"

	"pgregory.net/rapid"
)

// TestReachesWhatIs: what the numbers are they can be, also where the search in fractions proposes halves at each distance.
func TestReachesWhatIs(t *testing.T) {
	t.Parallel()
	halves := []map[int]int64{{0: 1, 2: 1, 4: 1, 5: 1}, {2: 1, 3: 1}, {0: 1, 1: 1, 3: 1}}
	if !reaches(halves, []int64{3, 3, 2, 0, 1, 1}, 1) {
		t.Error("3 is not thought to reach 1")
	}
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Int64Range(0, 12), 2, 9).Draw(t, "values")
		rows := make([]map[int]int64, rapid.IntRange(1, 7).Draw(t, "rows"))
		for i := range rows {
			rows[i] = map[int]int64{}
			for j := range values {
				if rapid.Bool().Draw(t, "in") {
					rows[i][j] = 1
				}
			}
		}
		if goal := rapid.Int64Range(0, values[0]).Draw(t, "goal"); !reaches(rows, values, goal) {
			t.Fatalf("%v of %v is not thought to reach %d", rows, values, goal)
		}
	})
}
