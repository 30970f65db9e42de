package indicator

import "slices"

// SmallCell is the least number that a public table shows; 1 to SmallCell-1 persons or households are hidden, and 0 is
// shown (choice; domain of the plan: 1 to 4).
const SmallCell = 5

// Cell is one pair of numbers of a public table: the covered and the gap of an area or a group. A hidden cell shows neither of
// them, nor what is made from them. A public table is a tree: the whole, its towns with their villages, and beside the towns
// other partitions of the whole, such as the levels of disability.
type Cell struct {
	Parent    int // index of the cell that this one is part of, before it in the table; -1 for the whole
	Partition int // cells with the same parent and partition add up to the parent
	Count     [2]int64
	// Known is set where an earlier table has shown this very number: hiding it now would protect nothing.
	Known [2]bool
	// Hidden is the answer. Cells that are hidden from the start stay hidden: an earlier table hid them, and showing them now
	// would tell what it hid.
	Hidden bool
}

func (c *Cell) secret(part int) bool { return c.Hidden && !c.Known[part] }

func small(n int64) bool { return n > 0 && n < SmallCell }

// Suppress hides every small cell, and further cells until nobody who adds and subtracts what is shown can bound a small number
// inside the threshold. It reports false where that cannot be had, because too much has been shown before.
func Suppress(table []Cell) bool {
	t := newTree(table)
	for i := range table {
		if small(table[i].Count[0]) || small(table[i].Count[1]) {
			table[i].Hidden = true
		}
	}
	if !t.hideUntilSafe(func(blind, _ span) bool { return blind.hi < SmallCell }) {
		return false
	}
	// where all is hidden and small, who guesses that learns what he guessed; there is nothing left to hide
	t.hideUntilSafe(func(_, guessed span) bool { return guessed.lo == guessed.hi })
	return true
}

// hideUntilSafe hides cells one by one until no small number is told: by somebody who knows nothing of hidden cells but that
// they are not negative (blind), or who has guessed which of them are small.
func (t *tree) hideUntilSafe(told func(blind, guessed span) bool) bool {
	for part := range 2 {
		for again := true; again; {
			again = false
			blind, guessed := t.bounds(part, false), t.bounds(part, true)
			for i := range t.cells {
				if c := &t.cells[i]; c.secret(part) && small(c.Count[part]) && told(blind[i], guessed[i]) {
					if !t.relieve(i, part) {
						return false
					}
					again = true
					break
				}
			}
		}
	}
	return true
}

// tree is a table with the children of each cell by partition.
type tree struct {
	cells    []Cell
	children []map[int][]int
}

func newTree(table []Cell) *tree {
	t := &tree{cells: table, children: make([]map[int][]int, len(table))}
	for i, c := range table {
		if c.Parent < 0 {
			continue
		}
		if t.children[c.Parent] == nil {
			t.children[c.Parent] = map[int][]int{}
		}
		t.children[c.Parent][c.Partition] = append(t.children[c.Parent][c.Partition], i)
	}
	return t
}

// span is what a number may be; hi is many where nothing bounds it.
type span struct{ lo, hi int64 }

const many = int64(1) << 40 // of which a sum over a million cells still fits

func (s span) meet(o span) span { return span{max(s.lo, o.lo), min(s.hi, o.hi)} }

// bounds are what sums tell of each cell's covered (part 0) or gap (1): first from the leaves up, then from the whole down. A
// table without cycles has no tighter ones. Cells stand behind their parents.
func (t *tree) bounds(part int, guessed bool) []span {
	list := make([]span, len(t.cells))
	for i := len(t.cells) - 1; i >= 0; i-- {
		list[i] = t.cells[i].alone(part, guessed)
		for _, children := range t.children[i] {
			list[i] = list[i].meet(sum(list, children))
		}
	}
	for i := range t.cells {
		for _, children := range t.children[i] {
			all := sum(list, children)
			for _, c := range children {
				others := span{all.lo - list[c].lo, all.hi - list[c].hi}
				list[c] = list[c].meet(span{list[i].lo - others.hi, list[i].hi - others.lo})
			}
		}
	}
	return list
}

// alone is what is told of a cell without its neighbours.
func (c *Cell) alone(part int, guessed bool) span {
	n := c.Count[part]
	switch {
	case !c.secret(part):
		return span{n, n}
	case guessed && small(n):
		return span{1, SmallCell - 1}
	}
	return span{0, many}
}

// sum adds spans; open ends are counted in many.
func sum(list []span, of []int) (s span) {
	for _, i := range of {
		s.lo += list[i].lo
		s.hi += list[i].hi
	}
	return s
}

// relieve hides one more cell, so that a small number has something to hide behind: a part of a sibling that is hidden already, the
// sibling that costs least, or else the whole that the siblings add up to, or what else gives that whole away.
func (t *tree) relieve(cell, part int) bool {
	parent := t.cells[cell].Parent
	if parent < 0 {
		return t.hideBelow(cell, part, -1)
	}
	partition := t.cells[cell].Partition
	for _, sibling := range t.children[parent][partition] {
		if sibling != cell && t.cells[sibling].secret(part) && t.hideBelow(sibling, part, -1) {
			return true
		}
	}
	if t.hideOneOf(t.children[parent][partition], part) {
		return true
	}
	if t.may(parent, part) {
		t.hide(parent, part)
		return true
	}
	return t.hideBelow(parent, part, partition) || t.cells[parent].Parent >= 0 && t.relieve(parent, part)
}

// hideBelow hides one cell of a partition of a hidden whole, or of one of its hidden parts.
func (t *tree) hideBelow(cell, part, but int) bool {
	for partition := range partitions {
		children := t.children[cell][partition]
		if partition == but {
			continue
		}
		if t.blur(children, part) || t.hideOneOf(children, part) {
			return true
		}
		for _, c := range children {
			if t.cells[c].secret(part) && t.hideBelow(c, part, -1) {
				return true
			}
		}
	}
	return false
}

// hide hides a cell, and one cell of each partition that would still tell it.
func (t *tree) hide(cell, part int) {
	t.cells[cell].Hidden = true
	for partition := range partitions {
		t.blur(t.children[cell][partition], part)
	}
}

// blur hides one of the cells of a partition where none is hidden, an empty one where all others are known from elsewhere.
func (t *tree) blur(children []int, part int) bool {
	if slices.ContainsFunc(children, func(i int) bool { return t.cells[i].secret(part) }) {
		return false
	}
	if t.hideOneOf(children, part) {
		return true
	}
	i := slices.IndexFunc(children, func(i int) bool { return t.may(i, part) })
	if i >= 0 {
		t.hide(children[i], part)
	}
	return i >= 0
}

// may reports whether hiding a cell now would keep its number from the reader.
func (t *tree) may(cell, part int) bool { return !t.cells[cell].Hidden && !t.cells[cell].Known[part] }

// partitions bounds the numbers of partitions, so that they are walked in order.
const partitions = 16

// hideOneOf hides the cell that has enough to hide behind and shows the fewest persons; where none has enough, the one that
// has most.
func (t *tree) hideOneOf(children []int, part int) bool {
	var hidden int64
	for _, i := range children {
		if t.cells[i].secret(part) {
			hidden += t.cells[i].Count[part]
		}
	}
	best := -1
	better := func(a, b *Cell) bool {
		enoughA, enoughB := hidden+a.Count[part] >= SmallCell, hidden+b.Count[part] >= SmallCell
		if enoughA != enoughB {
			return enoughA
		}
		if !enoughA {
			return a.Count[part] > b.Count[part]
		}
		return a.Count[0]+a.Count[1] < b.Count[0]+b.Count[1]
	}
	for _, i := range children {
		if c := &t.cells[i]; t.may(i, part) && c.Count[part] > 0 && (best < 0 || better(c, &t.cells[best])) {
			best = i
		}
	}
	if best >= 0 {
		t.hide(best, part)
	}
	return best >= 0
}
