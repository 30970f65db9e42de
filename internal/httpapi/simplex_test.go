package httpapi_test

import (
	"fmt"
	"maps"
	"math/big"
	"slices"
	"testing"
)

// programme is a linear programme in rational numbers, solved by the simplex method with Bland's rule, which always ends.
type programme struct {
	t       *testing.T
	columns []int        // the class of each column
	at      map[int]int  // and the other way round
	rows    [][]*big.Rat // the last column is the right side
	basis   []int        // the column that is solved for in each row
}

func newProgramme(t *testing.T, equations []equation, class map[int]int) (p *programme, possible bool) {
	p = &programme{t: t, at: map[int]int{}}
	for _, e := range equations {
		for v := range e {
			if v == constant {
				continue
			}
			if _, ok := p.at[class[v]]; !ok {
				p.at[class[v]] = len(p.columns)
				p.columns = append(p.columns, class[v])
			}
		}
	}
	width := len(p.columns) + len(equations) // with one artificial column an equation
	for i, e := range equations {
		row := make([]*big.Rat, width+1)
		for j := range row {
			row[j] = new(big.Rat)
		}
		sign := int64(1)
		if e[constant] < 0 {
			sign = -1
		}
		for v, factor := range e {
			if v == constant {
				row[width].SetInt64(sign * factor)
			} else {
				row[p.at[class[v]]].SetInt64(sign * factor)
			}
		}
		row[len(p.columns)+i].SetInt64(1)
		p.rows, p.basis = append(p.rows, row), append(p.basis, len(p.columns)+i)
	}
	return p, p.begin(width)
}

// begin finds a first solution, if there is one, and leaves the artificial columns behind.
func (p *programme) begin(width int) bool {
	cost := make([]*big.Rat, width)
	for j := range cost {
		cost[j] = new(big.Rat)
		for _, row := range p.rows {
			if j < len(p.columns) {
				cost[j].Add(cost[j], row[j])
			}
		}
	}
	if !p.climb(cost, len(p.columns)) {
		p.t.Fatal("a sum of numbers that are not negative has no least value")
	}
	for i := 0; i < len(p.rows); {
		if p.basis[i] < len(p.columns) {
			i++
			continue
		}
		if p.rows[i][width].Sign() != 0 {
			return false
		}
		if j := slices.IndexFunc(p.rows[i][:len(p.columns)], func(x *big.Rat) bool { return x.Sign() != 0 }); j >= 0 {
			p.pivot(i, j, cost)
			i++
			continue
		}
		p.rows, p.basis = slices.Delete(p.rows, i, i+1), slices.Delete(p.basis, i, i+1) // it follows from others
	}
	for i, row := range p.rows {
		p.rows[i] = append(row[:len(p.columns):len(p.columns)], row[width])
	}
	return true
}

// extreme is the greatest value of a class in whole numbers, or for sign -1 the least. Where the best in fractions is none, it looks
// below and above a fraction.
func extreme(t *testing.T, equations []equation, class map[int]int, of int, sign int64, depth int) (value int64, possible bool) {
	p, possible := newProgramme(t, equations, class)
	if !possible {
		return 0, false
	}
	bound, column, fraction := p.optimum(of, sign)
	if column < 0 {
		return bound, true
	}
	if depth > 60 {
		t.Fatal("no whole numbers are found")
	}
	below := new(big.Int).Quo(fraction.Num(), fraction.Denom()).Int64()
	found := false
	for i, slack := range []int64{-1, 1} { // above, below
		more := equation{-2 - 2*depth: 1, -3 - 2*depth: slack, constant: below + int64(1-i)}
		classes := maps.Clone(class)
		classes[-2-2*depth], classes[-3-2*depth] = p.columns[column], 1<<20+depth
		n, ok := extreme(t, append(slices.Clone(equations), more), classes, of, sign, depth+1)
		if ok && (!found || sign*n > sign*value) {
			value, found = n, true
		}
		if found && value == bound {
			break
		}
	}
	return value, found
}

// optimum is the greatest value of a class in fractions, or for sign -1 the least, towards the nearest whole number that is not
// better, and a column that is a fraction there, if there is one.
func (p *programme) optimum(class int, sign int64) (bound int64, column int, fraction *big.Rat) {
	of := p.at[class]
	cost := make([]*big.Rat, len(p.columns))
	for j := range cost {
		cost[j] = new(big.Rat)
	}
	cost[of].SetInt64(sign)
	if i := slices.Index(p.basis, of); i >= 0 {
		for j := range cost {
			cost[j].Sub(cost[j], new(big.Rat).Mul(big.NewRat(sign, 1), p.rows[i][j]))
		}
	}
	if !p.climb(cost, len(p.columns)) {
		return endless, -1, nil // a whole multiple of the way up can be added to whole numbers as often as one likes
	}
	value := new(big.Rat)
	column = -1
	for i, row := range p.rows {
		right := row[len(row)-1]
		if !right.IsInt() && column < 0 {
			column, fraction = p.basis[i], right
		}
		if p.basis[i] == of {
			value = right
		}
	}
	if value.IsInt() || sign > 0 {
		return new(big.Int).Quo(value.Num(), value.Denom()).Int64(), column, fraction
	}
	return new(big.Int).Quo(value.Num(), value.Denom()).Int64() + 1, column, fraction
}

// climb raises the sum that cost stands for as far as it goes, and reports whether it ends. Only the first columns may enter.
func (p *programme) climb(cost []*big.Rat, columns int) bool {
	for {
		enter := slices.IndexFunc(cost[:columns], func(c *big.Rat) bool { return c.Sign() > 0 })
		if enter < 0 {
			return true
		}
		leave := -1
		var least *big.Rat
		for i, row := range p.rows {
			if row[enter].Sign() <= 0 {
				continue
			}
			ratio := new(big.Rat).Quo(row[len(row)-1], row[enter])
			if leave < 0 || ratio.Cmp(least) < 0 || ratio.Cmp(least) == 0 && p.basis[i] < p.basis[leave] {
				leave, least = i, ratio
			}
		}
		if leave < 0 {
			return false
		}
		p.pivot(leave, enter, cost)
	}
}

// pivot solves row i for column j.
func (p *programme) pivot(i, j int, cost []*big.Rat) {
	by := new(big.Rat).Inv(p.rows[i][j])
	for k := range p.rows[i] {
		p.rows[i][k].Mul(p.rows[i][k], by)
	}
	clear := func(row []*big.Rat) {
		if row[j].Sign() == 0 {
			return
		}
		factor := new(big.Rat).Set(row[j])
		for k := range row {
			if p.rows[i][k].Sign() != 0 {
				row[k].Sub(row[k], new(big.Rat).Mul(factor, p.rows[i][k]))
			}
		}
	}
	for k, row := range p.rows {
		if k != i {
			clear(row)
		}
	}
	clear(cost)
	p.basis[i] = j
}

// TestAttackerFindsWhatIsTold has the attacker solve riddles whose answers were found by hand.
func TestAttackerFindsWhatIsTold(t *testing.T) {
	t.Parallel()
	// a district with towns A, B, C and the two sexes
	table := func(numbers ...int64) published {
		return tableOf([]cell{{"x", "tree", "370305", ""}, {"x", "tree", "370305001", ""}, {"x", "tree", "370305002", ""}, {"x", "tree", "370305003", ""},
			{"x", "sex", "370305", "male"}, {"x", "sex", "370305", "female"}}, numbers...)
	}
	for _, tt := range []struct {
		name   string
		series []published
		want   map[int][]span // by the table the hidden numbers in the order of their rows
	}{
		{"alone", []published{table(40, -3, 12, 25, 20, 20)}, map[int][]span{0: {{3, 3}}}},
		{"two", []published{table(40, -3, -12, 25, 20, 20)}, map[int][]span{0: {{0, 15}, {0, 15}}}},
		{"the whole is told by the sexes", []published{table(-40, -3, 12, 25, 20, 20)}, map[int][]span{0: {{40, 40}, {3, 3}}}},
		{"the whole is not told", []published{table(-40, -3, 12, 25, 20, -20)}, map[int][]span{0: {{37, endless}, {0, endless}, {17, endless}}}},
		{"what is shown before", []published{table(45, 8, 12, 25, 20, 25), table(40, -3, -12, 25, 20, 20)}, map[int][]span{1: {{3, 3}, {12, 12}}}},
		{"what is shown after", []published{table(40, -3, -12, 25, 20, 20), table(46, 9, 12, 25, 23, 23)}, map[int][]span{0: {{3, 3}, {12, 12}}}},
		{"a sum of two", []published{table(40, -3, -12, 25, 20, 20), table(19, -3, -12, -4, 9, 10)},
			map[int][]span{0: {{0, 15}, {0, 15}}, 1: {{0, 15}, {0, 15}, {4, 4}}}},
	} {
		wantFound(t, tt.name, tt.series, tt.want)
	}
}

// tableOf has a number in each cell: a negative one is hidden, and its amount is the truth.
func tableOf(cells []cell, numbers ...int64) (p published) {
	for i, n := range numbers {
		p.truth.rows = append(p.truth.rows, figure{cell: cells[i], n: [2]int64{max(n, -n)}})
		p.public.rows = append(p.public.rows, figure{cell: cells[i], hidden: n < 0, n: [2]int64{max(n, 0)}})
	}
	p.public, p.truth = p.public.indexed(), p.truth.indexed()
	return p
}

// wantFound wants the attacker to find this of the hidden numbers of each table, in the order of their rows.
func wantFound(t *testing.T, name string, series []published, want map[int][]span) {
	t.Helper()
	var tables, truths []sheet
	for _, p := range series {
		tables, truths = append(tables, p.public), append(truths, p.truth)
	}
	found := attack(t, "x", 0, tables, truths)
	got := map[int][]span{}
	for i, p := range series {
		for _, f := range p.public.rows {
			if f.hidden {
				got[i] = append(got[i], found[secret{i, f.cell, 0}])
			}
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: %v, want %v", name, got, want)
	}
}

// TestAttackerKnowsWhoIsTheSame: who has no card has no level and no category; and B is b now, or has gone into A.
func TestAttackerKnowsWhoIsTheSame(t *testing.T) {
	t.Parallel()
	groups := []cell{{"x", "tree", "370305", ""}, {"x", "category", "370305", "0"}, {"x", "category", "370305", "4"}, {"x", "level", "370305", "0"},
		{"x", "level", "370305", "1"}, {"x", "level", "370305", "2"}}
	wantFound(t, "in the clear elsewhere", []published{tableOf(groups, 40, 18, 22, -18, -3, 19)}, map[int][]span{0: {{18, 18}, {3, 3}}})
	wantFound(t, "hidden twice", []published{tableOf(groups, 40, -18, -22, -18, -3, 19)}, map[int][]span{0: {{0, 21}, {19, 40}, {0, 21}, {0, 21}}})
	before := []cell{{"x", "tree", "370305", ""}, {"x", "tree", "370305001", ""}, {"x", "tree", "370305003", ""}, {"x", "tree", "370305002", ""}}
	renamed := append(slices.Clone(before[:3]), cell{"x", "tree", "370305009", ""}, cell{"x", "tree", "370305", "unplaced"})
	for _, tt := range []struct {
		name  string
		codes codes
		first []int64 // of all, A, C, B
		cells []cell
		then  []int64
		want  map[int][]span
	}{
		{"another code", codes{renamed: map[string]string{"370305002": "370305009"}}, []int64{45, 8, 25, 12}, renamed, []int64{45, -3, 30, -12}, map[int][]span{1: {{3, 3}, {12, 12}}}},
		{"strangers", codes{}, []int64{45, 8, 25, 12}, renamed, []int64{45, -3, 30, -12}, map[int][]span{1: {{0, 15}, {0, 15}}}},
		{"some are not moved", codes{renamed: map[string]string{"370305002": "370305009"}}, []int64{45, 8, 25, 12}, renamed, []int64{45, -3, 30, -7, -5},
			map[int][]span{1: {{3, 3}, {0, 12}, {0, 12}}}},
		{"a merger", codes{merged: map[string]string{"370305002": "370305001"}}, []int64{19, 9, -7, -3}, before[:3], []int64{19, 12, -7}, map[int][]span{0: {{7, 7}, {3, 3}}, 1: {{7, 7}}}},
	} {
		series := []published{tableOf(before, tt.first...), tableOf(tt.cells, tt.then...)}
		for i := range series {
			series[i].public.codes = tt.codes
		}
		wantFound(t, tt.name, series, tt.want)
	}
}

// TestWholeNumbersAreFound: three numbers of which each two are 5 together would be halves; with a fourth for the third pair they are not.
func TestWholeNumbersAreFound(t *testing.T) {
	t.Parallel()
	class := map[int]int{0: 0, 1: 1, 2: 2, 3: 3}
	odd := []equation{{0: 1, 1: 1, constant: 5}, {1: 1, 2: 1, constant: 5}, {0: 1, 2: 1, constant: 5}}
	if n, possible := extreme(t, odd, class, 0, 1, 0); possible {
		t.Errorf("a half is taken for the whole number %d", n)
	}
	odd[2][3] = 1
	for sign, want := range map[int64]int64{1: 2, -1: 0} { // x + z is 2x, or less by the fourth
		if n, _ := extreme(t, odd, class, 0, sign, 0); n != want {
			t.Errorf("the extreme is %d, want %d", n, want)
		}
	}
}
