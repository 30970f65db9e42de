package indicator

import (
	"fmt"
	"maps"
	"slices"
)

// unknown is a number of a cell: the same one as long as it stays the same from a table to the next.
type unknown struct {
	name string
	n    int64
	run  int // counts through how often the number has changed
}

// attacker is a reader who compares tables in one part (0 covered, 1 gap). He knows that cells add up, what is shown, that most numbers
// stay the same from one table to the next, and that the people of a cell that has ended are in the cell that follows it. Which hidden
// numbers have stayed, and who has been moved, is not told; he is taken to guess right.
type attacker struct {
	unknowns []unknown
	hidden   []bool              // no table shows it
	sums     []map[int]int64     // each an equation over hidden unknowns, by their factors: a whole has -1, its parts have 1
	alike    []string            // of each unknown: in which sums it is with which factor
	absent   map[int]bool        // a table does not have it, and so tells that it is nobody
	cells    [][]int             // of each table: the unknown of each cell
	into     map[string][]string // where the people of cells are that have ended
}

// newAttacker reads tables in the order of their days.
func newAttacker(part int, tables [][]Cell) *attacker {
	a := &attacker{absent: map[int]bool{}, into: map[string][]string{}}
	last := map[string]int{} // the unknown of each name
	for i, table := range tables {
		before, has := maps.Clone(last), map[string]bool{}
		for _, c := range table {
			if has[c.Name] = true; len(c.Into) > 0 || c.Else != "" {
				a.into[c.Name] = append(slices.Clone(c.Into), c.Else)
			}
			if _, ok := last[c.Name]; !ok && i > 0 { // until now there was no row, and nobody
				last[c.Name] = a.number(unknown{name: c.Name}, false)
				a.absent[last[c.Name]] = true
			}
		}
		for name, v := range last {
			if !has[name] {
				last[name] = a.next(v, name, 0, false)
				a.absent[last[name]] = true
			}
		}
		var cells []int
		for _, c := range table {
			v, ok := last[c.Name]
			if !ok {
				v = a.number(unknown{name: c.Name, n: c.Count[part]}, c.Hidden)
			} else {
				v = a.next(v, c.Name, c.Count[part], c.Hidden)
			}
			last[c.Name], cells = v, append(cells, v)
		}
		a.cells = append(a.cells, cells)
		if i > 0 {
			a.goOn(tables[i-1], table, before, last)
		}
	}
	a.addUp(tables)
	return a
}

func (a *attacker) number(u unknown, hidden bool) int {
	a.unknowns, a.hidden = append(a.unknowns, u), append(a.hidden, hidden)
	return len(a.unknowns) - 1
}

// next is the unknown of a cell in the next table.
func (a *attacker) next(v int, name string, n int64, hidden bool) int {
	if u := a.unknowns[v]; u.n != n {
		return a.number(unknown{name, n, u.run + 1}, hidden)
	}
	a.hidden[v] = a.hidden[v] && hidden
	return v
}

// passage is from which cells people have gone and to which, between two tables.
type passage struct{ from, to []string }

// passages are where cells have gone that have ended since the table before: by the cell in which they go on, which may have had
// people of its own. Waiting is all of those of whom some may not have been moved yet, with where these are meanwhile.
func passages(old, now []Cell) (list []passage, waiting passage) {
	ahead := map[string]int{} // of each cell that is there, how often it goes on elsewhere, and one more
	for _, c := range now {
		ahead[c.Name] = 1 + len(c.Into)
	}
	at := map[string]int{}
	for _, c := range old {
		if len(c.Into) == 0 && c.Else == "" || ahead[c.Name] > len(c.Into) { // it has not ended
			continue
		}
		heir := c.Else
		if i := slices.IndexFunc(c.Into, func(name string) bool { return ahead[name] > 0 }); i >= 0 {
			heir = c.Into[i]
		}
		if _, ok := at[heir]; !ok {
			at[heir] = len(list)
			list = append(list, passage{[]string{heir}, []string{heir}})
		}
		p := &list[at[heir]]
		p.from = append(p.from, c.Name)
		if c.Else != "" {
			waiting.from, waiting.to = append(waiting.from, c.Name, heir, c.Else), append(waiting.to, heir, c.Else)
		}
	}
	return list, waiting
}

// goOn adds the sums of passages to which the numbers say that nobody else has come, and which nobody has left.
func (a *attacker) goOn(old, now []Cell, before, after map[string]int) {
	list, waiting := passages(old, now)
	for _, p := range append(list, waiting) {
		sum := map[int]int64{}
		for _, name := range p.from {
			if v, ok := before[name]; ok {
				sum[v] = 1
			}
		}
		to := map[int]bool{}
		for _, name := range p.to {
			if v, ok := after[name]; ok && !to[v] {
				to[v] = true
				sum[v]--
			}
		}
		var more int64
		for v, factor := range sum {
			more += factor * a.unknowns[v].n
		}
		if more == 0 {
			a.sums = append(a.sums, sum)
		}
	}
}

// heirs are a cell and those in which it goes on, by name.
func (a *attacker) heirs(name string) []string { return append([]string{name}, a.into[name]...) }

// addUp keeps each sum of the tables once, without what is known.
func (a *attacker) addUp(tables [][]Cell) {
	sums := a.sums
	a.sums = nil
	for i, table := range tables {
		of := map[[2]int]map[int]int64{}
		for k, c := range table {
			if c.Parent < 0 {
				continue
			}
			key := [2]int{c.Parent, c.Partition}
			if of[key] == nil {
				of[key] = map[int]int64{a.cells[i][c.Parent]: -1}
				sums = append(sums, of[key])
			}
			of[key][a.cells[i][k]] = 1
		}
	}
	a.alike = make([]string, len(a.unknowns))
	seen := map[string]bool{}
	for _, sum := range sums {
		for v := range sum {
			if !a.hidden[v] || sum[v] == 0 {
				delete(sum, v)
			}
		}
		key := fmt.Sprint(sum)
		if len(sum) == 0 || seen[key] {
			continue
		}
		seen[key] = true
		for v, factor := range sum {
			a.alike[v] += fmt.Sprint(len(a.sums), ":", factor, " ")
		}
		a.sums = append(a.sums, sum)
	}
}

// firstFound is the first small number that he finds, or -1. A number that was safe stays safe: hiding more tells less.
func (a *attacker) firstFound(safe map[unknown]bool) int {
	for v, u := range a.unknowns {
		if a.hidden[v] && small(u.n) && !safe[u] {
			if safe[u] = !a.finds(v); !safe[u] {
				return v
			}
		}
	}
	return -1
}

// find is a table and a cell of it that has an unknown.
func (a *attacker) find(v int) (table, cell int) {
	table = slices.IndexFunc(a.cells, func(list []int) bool { return slices.Contains(list, v) })
	return table, slices.Index(a.cells[table], v)
}

// finds reports whether it follows that a number is small: there is no way to fill in what is hidden in which all sums come out and the number
// is SmallCell or more.
func (a *attacker) finds(v int) bool {
	// unknowns that are alike in all sums can be exchanged for each other: only what they are together is known
	var together int64
	for w, u := range a.unknowns {
		if a.hidden[w] && a.alike[w] == a.alike[v] {
			together += u.n
		}
	}
	if together >= SmallCell || a.alike[v] == "" {
		return false
	}
	column := map[string]int{a.alike[v]: 0}
	values := []int64{together}
	var rows []map[int]int64
	for _, i := range a.connected(v) {
		row := map[int]int64{}
		for _, w := range slices.Sorted(maps.Keys(a.sums[i])) { // in order, so that the same tables hide the same
			j, ok := column[a.alike[w]]
			if !ok {
				j = len(column)
				column[a.alike[w]], values = j, append(values, 0)
			}
			row[j] = a.sums[i][w]
		}
		rows = append(rows, row)
	}
	for w, u := range a.unknowns {
		if j, ok := column[a.alike[w]]; ok && j > 0 && a.hidden[w] {
			values[j] += u.n
		}
	}
	return !reaches(rows, values, SmallCell)
}

// connected are the sums that have to do with an unknown, by way of others.
func (a *attacker) connected(v int) (list []int) {
	reached := map[int]bool{v: true}
	taken := make([]bool, len(a.sums))
	for again := true; again; {
		again = false
		for i, sum := range a.sums {
			if taken[i] || !touches(sum, reached) {
				continue
			}
			for w := range sum {
				reached[w] = true
			}
			taken[i], again, list = true, true, append(list, i)
		}
	}
	return list
}

func touches(sum map[int]int64, reached map[int]bool) bool {
	for w := range sum {
		if reached[w] {
			return true
		}
	}
	return false
}
