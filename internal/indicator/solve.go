package indicator

import (
	"math"
	"slices"
)

// reaches reports whether the first of several numbers can be goal or more, where none is negative and each row of factors gives the same
// sum as with the values. A search in fractions proposes a solution, which is checked in whole numbers: yes is certain, no may be said too
// often. The search aims somewhat above the goal, where there are fewer halves and thirds; where they remain, they are made whole one
// after the other.
func reaches(rows []map[int]int64, values []int64, goal int64) bool {
	for _, far := range []int64{goal, goal + 1, 2 * (goal + 1)} {
		found, ok := newSimplex(rows, values, far).solve()
		if !ok && far == goal {
			return false
		}
		if !ok {
			break // so far it cannot be
		}
		if other := whole(found[:len(values)]); other[0] >= goal && fits(rows, values, other) {
			return true
		}
	}
	attempts := mostAttempts
	return reachesWith(nil, rows, values, goal, &attempts)
}

// mostAttempts bounds how often numbers are searched with some of them bounded: two were enough for what was met.
const mostAttempts = 60

// held bounds a number from below (orMore) or above by a whole one.
type held struct {
	number int
	to     int64
	orMore bool
}

// reachesWith is reaches with some numbers bounded; the one furthest from a whole number is held below it, and else above.
func reachesWith(bounds []held, rows []map[int]int64, values []int64, goal int64, attempts *int) bool {
	if *attempts == 0 {
		return false
	}
	*attempts--
	found, ok := newSimplex(rows, values, goal, bounds...).solve()
	if !ok {
		return false
	}
	found = found[:len(values)]
	if other := whole(found); other[0] >= goal && fits(rows, values, other) {
		return true
	}
	furthest, far := -1, 1e-6
	for j, x := range found {
		if d := math.Abs(x - math.Round(x)); d > far {
			furthest, far = j, d
		}
	}
	if furthest < 0 {
		return false
	}
	below := held{number: furthest, to: int64(math.Floor(found[furthest]))}
	above := held{number: furthest, to: below.to + 1, orMore: true}
	return reachesWith(append(slices.Clone(bounds), below), rows, values, goal, attempts) ||
		reachesWith(append(slices.Clone(bounds), above), rows, values, goal, attempts)
}

func whole(found []float64) []int64 {
	other := make([]int64, len(found))
	for j, x := range found {
		other[j] = int64(math.Round(x))
	}
	return other
}

// fits reports whether other numbers give the same sums as the values.
func fits(rows []map[int]int64, values, other []int64) bool {
	for _, n := range other {
		if n < 0 {
			return false
		}
	}
	for _, row := range rows {
		var difference int64
		for j, factor := range row {
			difference += factor * (other[j] - values[j])
		}
		if difference != 0 {
			return false
		}
	}
	return true
}

// simplex is rows that are solved for a column each, and below them what they lack: the first phase of the simplex method.
type simplex struct {
	rows  [][]float64 // the right side stands last
	basis []int
	width int
}

const (
	nearly   = 1e-9 // and less is nothing
	patience = 20   // pivots for each row, after which a search is given up
)

func newSimplex(rows []map[int]int64, values []int64, goal int64, bounds ...held) *simplex {
	above := len(values) // the column of what the first number has above the goal
	s := &simplex{width: above + 1 + len(bounds)}
	add := func(row map[int]int64, right int64) {
		line := make([]float64, s.width+1)
		sign := 1.0
		if right < 0 {
			sign = -1
		}
		for j, factor := range row {
			line[j] = sign * float64(factor)
		}
		line[s.width] = sign * float64(right)
		s.rows, s.basis = append(s.rows, line), append(s.basis, -1) // nothing solves this row yet
	}
	for _, row := range rows {
		var right int64
		for j, factor := range row {
			right += factor * values[j]
		}
		add(row, right)
	}
	add(map[int]int64{0: 1, above: -1}, goal)
	for i, h := range bounds {
		apart := map[bool]int64{false: 1, true: -1}[h.orMore] // how far the number is from there has a column of its own
		add(map[int]int64{h.number: 1, above + 1 + i: apart}, h.to)
	}
	lack := make([]float64, s.width+1)
	for _, row := range s.rows {
		for j, x := range row {
			lack[j] += x
		}
	}
	s.rows = append(s.rows, lack)
	return s
}

// solve finds numbers that are not negative and fit all rows.
func (s *simplex) solve() (found []float64, ok bool) {
	lack := s.rows[len(s.basis)]
	for range patience * len(s.rows) {
		column := s.entering(lack)
		if column < 0 {
			break
		}
		row := s.leaving(column)
		if row < 0 {
			return nil, false
		}
		s.pivot(row, column)
	}
	if lack[s.width] > 1000*nearly {
		return nil, false
	}
	found = make([]float64, s.width)
	for i, j := range s.basis {
		if j >= 0 {
			found[j] = s.rows[i][s.width]
		}
	}
	return found, true
}

// entering is the column that does most about what the rows lack.
func (s *simplex) entering(lack []float64) int {
	best, most := -1, nearly
	for j, x := range lack[:s.width] {
		if x > most {
			best, most = j, x
		}
	}
	return best
}

// leaving is the row that bounds a column first.
func (s *simplex) leaving(column int) int {
	found, least := -1, math.Inf(1)
	for i := range s.basis {
		if x := s.rows[i][column]; x > nearly {
			if ratio := s.rows[i][s.width] / x; ratio < least-nearly || ratio < least+nearly && s.basis[i] < 0 {
				found, least = i, min(ratio, least)
			}
		}
	}
	return found
}

// pivot solves a row for a column.
func (s *simplex) pivot(i, column int) {
	pivot := s.rows[i]
	by := pivot[column]
	for j := range pivot {
		pivot[j] /= by
	}
	for k, row := range s.rows {
		if factor := row[column]; k != i && factor != 0 {
			for j, x := range pivot {
				if x != 0 {
					row[j] -= factor * x
				}
			}
			row[column] = 0
		}
	}
	s.basis[i] = column
}
