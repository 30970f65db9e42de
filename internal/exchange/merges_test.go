package exchange

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// linear looks for the merged block of a cell in all of them.
func linear(merges []span, row, column int) span {
	for _, m := range merges {
		if row >= m.fromRow && row <= m.toRow && column >= m.fromColumn && column <= m.toColumn {
			return m
		}
	}
	return span{row, column, row, column}
}

// TestCovering compares the blocks of all cells with those that a look at every block finds.
func TestCovering(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		var merges []span
		for range random.IntN(30) {
			row, column := 1+random.IntN(20), 1+random.IntN(8)
			m := span{row, column, row + random.IntN(8), column + random.IntN(4)}
			if !slices.ContainsFunc(merges, func(o span) bool {
				return m.fromRow <= o.toRow && o.fromRow <= m.toRow && m.fromColumn <= o.toColumn && o.fromColumn <= m.toColumn
			}) {
				merges = append(merges, m)
			}
		}
		s := &sheet{merges: slices.Clone(merges)}
		for row := 1; row < 30; row++ {
			for column := 1; column < 14; column++ {
				if got, want := s.covering(row, column), linear(merges, row, column); got != want {
					t.Fatalf("row %d, column %d: %v, want %v of %v", row, column, got, want, merges)
				}
			}
		}
	}
	overlapping := &sheet{merges: []span{{2, 1, 9, 1}, {1, 1, 4, 2}, {6, 1, 7, 1}, {1, 1, 1, 1}}}
	for row := 1; row < 12; row++ {
		if m := overlapping.covering(row, 1); row < m.fromRow || row > m.toRow {
			t.Errorf("row %d has the block %v", row, m)
		}
	}
}

// TestManyMergedCells asks for every cell of a sheet with as many merged blocks as rows, and one over all: a look at every block
// each time would take some ten seconds.
func TestManyMergedCells(t *testing.T) {
	t.Parallel()
	s := &sheet{merges: []span{{1, 3, maxListRows, 3}}}
	for row := 1; row < maxListRows; row++ {
		s.merges = append(s.merges, span{row, 1, row, 2})
	}
	began := time.Now()
	for row := 1; row < maxListRows; row++ {
		for column := 1; column <= 4; column++ {
			if from := s.covering(row, column).fromColumn; column != 2 && from != column || column == 2 && from != 1 {
				t.Fatalf("row %d, column %d: a block from column %d", row, column, from)
			}
		}
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("%d rows took %v", maxListRows, took)
	}
}
