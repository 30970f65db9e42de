package httpapi_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// threshold is the least number of persons or households that may be known of a published cell other than 0 (the plan's 1 to 4).
const threshold = 5

// cell names a row across tables.
type cell struct{ indicator, by, area, group string }

// figure is one row of a published table as a reader sees it.
type figure struct {
	cell
	unit   string
	hidden bool
	n      [2]int64 // covered and gap
	line   []string
}

// sheet is one published table: nothing but what its csv says.
type sheet struct {
	columns map[string]int
	rows    []figure
	at      map[cell]*figure
	of      map[string][]*figure // by indicator
	codes   codes
}

// readSheet reads the csv of a release.
func readSheet(t *testing.T, file []byte) sheet {
	t.Helper()
	lines, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(file, []byte("\uFEFF")))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	s := sheet{columns: map[string]int{}}
	for i, name := range lines[0] {
		s.columns[name] = i
	}
	for _, line := range lines[1:] {
		f := figure{line: line}
		text := func(name string) string { return s.text(f, name) }
		if text("indicator") == "" { // an explanation
			continue
		}
		f.cell, f.unit, f.hidden = cell{text("indicator"), text("by"), text("area_code"), text("group")}, text("unit"), text("numerator") == "<5"
		if !f.hidden && text("numerator") != "" {
			f.n[0] = whole(t, text("numerator"))
			f.n[1] = whole(t, text("denominator")) - f.n[0]
		}
		s.rows = append(s.rows, f)
	}
	return s.indexed()
}

// text is what a row has in a column.
func (s sheet) text(f figure, column string) string { return f.line[s.columns[column]] }

func (s sheet) indexed() sheet {
	s.at, s.of = map[cell]*figure{}, map[string][]*figure{}
	for i := range s.rows {
		f := &s.rows[i]
		s.at[f.cell], s.of[f.indicator] = f, append(s.of[f.indicator], f)
	}
	return s
}

func whole(t *testing.T, text string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// joined is several tables of different breakdowns as one.
func joined(list []sheet) (all sheet) {
	for _, one := range list {
		all.rows = append(all.rows, one.rows...)
	}
	return all.indexed()
}

// counted are the indicators of persons and households.
func (s sheet) counted() (list []string) {
	for indicator, rows := range s.of {
		if rows[0].unit == "人" || rows[0].unit == "户" {
			list = append(list, indicator)
		}
	}
	slices.Sort(list)
	return list
}

// number is what a row says in one part; without a row there is nobody.
func (s sheet) number(c cell, part int) int64 {
	if f := s.at[c]; f != nil {
		return f.n[part]
	}
	return 0
}

// sums are what everybody knows to add up: a whole and its parts, by the division tree and by each other dimension.
func (s sheet) sums(indicator string) map[cell][][]cell {
	of := map[cell]map[string][]cell{}
	add := func(whole, part cell) {
		if of[whole] == nil {
			of[whole] = map[string][]cell{}
		}
		of[whole][part.by] = append(of[whole][part.by], part)
	}
	const district = "370305"
	for _, f := range s.of[indicator] {
		switch {
		case f.cell == cell{indicator, "tree", district, ""}:
		case f.by == "tree" && f.group == "" && len(f.area) == len(villageA):
			add(cell{indicator, "tree", f.area[:len(townA)], ""}, f.cell)
		default: // a town, who is in no village, a group
			add(cell{indicator, "tree", district, ""}, f.cell)
		}
	}
	list := map[cell][][]cell{}
	for whole, partitions := range of {
		for _, parts := range partitions {
			list[whole] = append(list[whole], parts)
		}
	}
	return list
}

// secret is a number that a table does not show.
type secret struct {
	table int
	cell
	part int
}

// span is what a number may be, by all that was published; most is endless where nothing bounds it.
type span struct{ least, most int64 }

const endless = int64(1) << 62

// attack works out what the hidden numbers of an indicator in one part may be, by all tables together, which stand in the order of
// their days. Numbers are whole and not negative. Where truths are given, the attacker also takes every cell for unchanged that
// really had the same number in two tables that follow each other, and everybody of a village that has ended to be where it goes on or
// where who has not been moved yet is, if the numbers say so: guessing right must tell no more than knowing.
func attack(t *testing.T, indicator string, part int, tables, truths []sheet) map[secret]span {
	t.Helper()
	type stretch struct { // of a cell: the table since which it has its number
		cell
		since int
	}
	names, known := map[stretch]int{}, map[int]int64{}
	truly := make([]map[cell]int64, len(truths))
	for i, truth := range truths {
		truly[i] = map[cell]int64{}
		for _, f := range truth.of[indicator] {
			truly[i][tables[i].same(f.cell)] = f.n[part]
		}
	}
	unknown := func(table int, c cell) int {
		c = tables[table].same(c)
		since := table
		for truths != nil && since > 0 && truly[since-1][c] == truly[table][c] {
			since--
		}
		name := stretch{c, since}
		if _, ok := names[name]; !ok {
			names[name] = len(names)
		}
		return names[name]
	}
	s := &system{t: t}
	secrets, everywhere := map[secret]int{}, map[cell]bool{}
	for _, table := range tables {
		for _, f := range table.of[indicator] {
			everywhere[table.same(f.cell)] = true
		}
	}
	for i, table := range tables {
		there := map[cell]bool{}
		for _, f := range table.of[indicator] {
			there[table.same(f.cell)] = true
			if f.hidden {
				secrets[secret{i, f.cell, part}] = unknown(i, f.cell)
			} else {
				known[unknown(i, f.cell)] = f.n[part]
			}
		}
		for c := range everywhere {
			if !there[c] { // a group without a row has nobody
				known[unknown(i, c)] = 0
			}
		}
		for whole, partitions := range table.sums(indicator) {
			for _, parts := range partitions {
				e := equation{unknown(i, whole): -1}
				for _, p := range parts {
					e[unknown(i, p)] = 1
				}
				s.equations = append(s.equations, e)
			}
		}
		if i > 0 && truths != nil {
			for _, p := range passages(indicator, tables[i-1], table) {
				s.pass(p, everywhere, truly[i-1:], func(side int, c cell) int { return unknown(i-1+side, c) })
			}
		}
	}
	spans := s.solve(len(names), known)
	found := map[secret]span{}
	for one, v := range secrets {
		found[one] = spans[v]
	}
	return found
}

// equation has a factor for each unknown; together they are the number at the key constant.
type equation map[int]int64

const constant = -1

// system is a set of equations over numbers that are not negative.
type system struct {
	t         *testing.T
	equations []equation
}

// solve answers what each unknown may be.
func (s *system) solve(unknowns int, known map[int]int64) []span {
	spans := make([]span, unknowns)
	for v := range spans {
		spans[v] = span{0, endless}
	}
	for v, n := range known {
		spans[v] = span{n, n}
	}
	open := s.open(known)
	// unknowns that stand in the same equations with the same factors are known by their sum only
	alike := map[string][]int{}
	for v := range unknowns {
		var key strings.Builder
		for i, e := range open {
			if e[v] != 0 {
				fmt.Fprint(&key, i, ":", e[v], ",")
			}
		}
		if _, isKnown := known[v]; !isKnown && key.Len() > 0 {
			alike[key.String()] = append(alike[key.String()], v)
		}
	}
	var classes [][]int
	class := map[int]int{}
	for _, members := range alike {
		for _, v := range members {
			class[v] = len(classes)
		}
		classes = append(classes, members)
	}
	for _, component := range components(open, class) {
		within := map[int]bool{}
		for _, e := range component {
			for v := range e {
				if v != constant {
					within[class[v]] = true
				}
			}
		}
		for c := range within {
			for _, v := range classes[c] {
				spans[v] = s.bounds(component, class, c)
				if len(classes[c]) > 1 {
					spans[v].least = 0
				}
			}
		}
	}
	return spans
}

func (s *system) bounds(component []equation, class map[int]int, c int) span {
	least, possible := extreme(s.t, component, class, c, -1, 0)
	most, _ := extreme(s.t, component, class, c, 1, 0)
	if !possible {
		s.t.Fatal("what was published contradicts itself")
	}
	return span{least, most}
}

// open are the equations without what is known, each once.
func (s *system) open(known map[int]int64) (list []equation) {
	seen := map[string]bool{}
	for _, e := range s.equations {
		left := equation{}
		for v, factor := range e {
			if n, ok := known[v]; ok {
				left[constant] -= factor * n
			} else {
				left[v] += factor
			}
		}
		if len(left) == 1 && left[constant] != 0 {
			s.t.Fatalf("what was published does not add up: %v", e)
		}
		key := fmt.Sprint(left) // in the order of the keys
		if len(left) > 1 || left[constant] == 0 && len(left) == 1 {
			if !seen[key] {
				seen[key] = true
				list = append(list, left)
			}
		}
	}
	return slices.DeleteFunc(list, func(e equation) bool { _, c := e[constant]; return len(e) == 1 && c })
}

// components are the groups of equations that have unknowns in common, over classes.
func components(list []equation, class map[int]int) [][]equation {
	group := make([]int, len(list))
	owner := map[int]int{} // the first equation of a class
	var root func(i int) int
	root = func(i int) int {
		if group[i] != i {
			group[i] = root(group[i])
		}
		return group[i]
	}
	for i, e := range list {
		group[i] = i
		for v := range e {
			if v == constant {
				continue
			}
			if first, ok := owner[class[v]]; ok {
				group[root(i)] = root(first)
			} else {
				owner[class[v]] = i
			}
		}
	}
	byRoot := map[int][]equation{}
	for i, e := range list {
		byRoot[root(i)] = append(byRoot[root(i)], e)
	}
	var out [][]equation
	for i := range list {
		if len(byRoot[i]) > 0 {
			out = append(out, byRoot[i])
		}
	}
	return out
}

// wantNothingTold lets readers loose on published tables, which stand in the order of their days with what is true beside them: one
// for each table alone, one for each two of them, and one for all together. No number of 1 to 4 that is hidden may be known to
// be below 5, and what is thought possible has to be true.
func wantNothingTold(t *testing.T, series []published) {
	t.Helper()
	var readers [][]int
	var everything []int
	for i := range series {
		readers, everything = append(readers, []int{i}), append(everything, i)
		for k := range i {
			readers = append(readers, []int{k, i})
		}
	}
	if len(series) > 2 {
		readers = append(readers, everything)
	}
	for _, reader := range readers {
		var seen, facts []sheet
		for _, i := range reader {
			seen, facts = append(seen, series[i].public), append(facts, series[i].truth)
		}
		for _, indicator := range series[0].public.counted() {
			for part := range 2 {
				for one, may := range attack(t, indicator, part, seen, facts) {
					n := facts[one.table].number(one.cell, part)
					if n < may.least || n > may.most {
						t.Fatalf("tables %v: %v is %d and is thought to be %v: the attacker is wrong", reader, one, n, may)
					}
					if n > 0 && n < threshold && may.most < threshold {
						t.Errorf("tables %v: %v is %d and can only be %v", reader, one, n, may)
					}
				}
			}
		}
	}
}
