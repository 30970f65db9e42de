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

// riddle is what a reader has who holds tables against each other in one part: that cells add up, what is shown, and that most
// numbers stay the same from one table to the next. Which of the hidden ones have is not told; he is taken to guess right.
type riddle struct {
	unknowns []unknown
	hidden   []bool          // no table shows it
	sums     []map[int]int64 // factors of unknowns that are hidden; a whole has -1, its parts have 1
	alike    []string        // of each unknown: in which sums it is with which factor
	absent   map[int]bool    // a table does not have it, and so tells that it is nobody
	cells    [][]int         // of each table: the unknown of each cell
}

// newRiddle reads tables in the order of their days.
func newRiddle(part int, tables [][]Cell) *riddle {
	r := &riddle{absent: map[int]bool{}}
	last := map[string]int{} // the unknown of each name
	for i, table := range tables {
		has := map[string]bool{}
		for _, c := range table {
			has[c.Name] = true
			if _, ok := last[c.Name]; !ok && i > 0 { // until now there was no row, and nobody
				last[c.Name] = r.number(unknown{name: c.Name}, false)
				r.absent[last[c.Name]] = true
			}
		}
		for name, v := range last {
			if !has[name] {
				last[name] = r.next(v, name, 0, false)
				r.absent[last[name]] = true
			}
		}
		var cells []int
		for _, c := range table {
			v, ok := last[c.Name]
			if !ok {
				v = r.number(unknown{name: c.Name, n: c.Count[part]}, c.Hidden)
			} else {
				v = r.next(v, c.Name, c.Count[part], c.Hidden)
			}
			last[c.Name], cells = v, append(cells, v)
		}
		r.cells = append(r.cells, cells)
	}
	r.addUp(tables)
	return r
}

func (r *riddle) number(u unknown, hidden bool) int {
	r.unknowns, r.hidden = append(r.unknowns, u), append(r.hidden, hidden)
	return len(r.unknowns) - 1
}

// next is the unknown of a cell in the next table.
func (r *riddle) next(v int, name string, n int64, hidden bool) int {
	if u := r.unknowns[v]; u.n != n {
		return r.number(unknown{name, n, u.run + 1}, hidden)
	}
	r.hidden[v] = r.hidden[v] && hidden
	return v
}

// addUp keeps each sum of the tables once, without what is known.
func (r *riddle) addUp(tables [][]Cell) {
	var sums []map[int]int64
	for i, table := range tables {
		of := map[[2]int]map[int]int64{}
		for k, c := range table {
			if c.Parent < 0 {
				continue
			}
			key := [2]int{c.Parent, c.Partition}
			if of[key] == nil {
				of[key] = map[int]int64{r.cells[i][c.Parent]: -1}
				sums = append(sums, of[key])
			}
			of[key][r.cells[i][k]] = 1
		}
	}
	r.alike = make([]string, len(r.unknowns))
	seen := map[string]bool{}
	for _, sum := range sums {
		for v := range sum {
			if !r.hidden[v] {
				delete(sum, v)
			}
		}
		key := fmt.Sprint(sum)
		if len(sum) == 0 || seen[key] {
			continue
		}
		seen[key] = true
		for v, factor := range sum {
			r.alike[v] += fmt.Sprint(len(r.sums), ":", factor, " ")
		}
		r.sums = append(r.sums, sum)
	}
}

// told is a small number that follows from the tables, or -1. What was found safe before still is: hiding more tells less.
func (r *riddle) told(safe map[unknown]bool) int {
	for v, u := range r.unknowns {
		if r.hidden[v] && small(u.n) && !safe[u] {
			if safe[u] = r.open(v); !safe[u] {
				return v
			}
		}
	}
	return -1
}

// open reports whether there is another way to fill in what is hidden, in which all sums come out and a number is SmallCell or more.
func (r *riddle) open(v int) bool {
	// unknowns that are alike in all sums can be exchanged for each other: only what they are together is known
	var together int64
	for w, u := range r.unknowns {
		if r.hidden[w] && r.alike[w] == r.alike[v] {
			together += u.n
		}
	}
	if together >= SmallCell || r.alike[v] == "" {
		return true
	}
	column := map[string]int{r.alike[v]: 0}
	values := []int64{together}
	var rows []map[int]int64
	for _, i := range r.connected(v) {
		row := map[int]int64{}
		for _, w := range slices.Sorted(maps.Keys(r.sums[i])) { // in order, so that the same tables hide the same
			j, ok := column[r.alike[w]]
			if !ok {
				j = len(column)
				column[r.alike[w]], values = j, append(values, 0)
			}
			row[j] = r.sums[i][w]
		}
		rows = append(rows, row)
	}
	for w, u := range r.unknowns {
		if j, ok := column[r.alike[w]]; ok && j > 0 && r.hidden[w] {
			values[j] += u.n
		}
	}
	return reaches(rows, values, SmallCell)
}

// connected are the sums that have to do with an unknown, by way of others.
func (r *riddle) connected(v int) (list []int) {
	reached := map[int]bool{v: true}
	taken := make([]bool, len(r.sums))
	for again := true; again; {
		again = false
		for i, sum := range r.sums {
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
