package indicator

import "slices"

// SmallCell is the least number that a public table shows; 1 to SmallCell-1 persons or households are hidden, and 0 is
// shown (choice).
const SmallCell = 5

// Cell is one pair of numbers of a public table: the covered and the gap of an area or a group. A hidden cell shows neither of
// them, nor what is made from them. A public table is a tree: the whole, its towns with their villages, and beside the towns
// other partitions of the whole, such as the levels of disability.
type Cell struct {
	Name      string // of the area or group, the same in every table; two cells of one name are the same people, and so the same numbers
	Parent    int    // index of the cell that this one is part of, before it in the table; -1 for the whole
	Partition int    // cells with the same parent and partition add up to the parent
	Count     [2]int64
	Hidden    bool
	Into      []string // where its people are once it has ended: in the first of these cells that is there
	Else      string   // and where those are who have not been moved to it yet
}

func small(n int64) bool { return n > 0 && n < SmallCell }

// Suppress decides what one of several tables, which stand in the order of their days, hides: every small cell and what another table hides
// (primary suppression), and further cells until no small number of any of them can be bounded inside the threshold (complementary
// suppression), neither by adding and subtracting what the table shows nor by holding it against the others, each or all together.
//
// It reports false where that cannot be had, because too much has been shown before. What the others tell without this one is lost, and
// stops nothing. Whatever another table hides has to be in this one, unless everybody knows why it is not.
func Suppress(series [][]Cell, now int) bool {
	t := newTree(series, now)
	hidden := map[string]bool{}
	for _, table := range series {
		for _, c := range table {
			hidden[c.Name] = hidden[c.Name] || c.Hidden
		}
	}
	for i, c := range t.cells { // what was hidden once stays hidden: to show it would tell what it was
		t.cells[i].Hidden = hidden[c.Name] || small(c.Count[0]) || small(c.Count[1])
	}
	for part := range 2 {
		t.learn(newAttacker(part, series), part, series)
	}
	lost := func(cell, part int) bool { return t.lost(t.cells, cell, part) }
	if !t.hideUntilSafe(func(blind, _ span) bool { return blind.hi < SmallCell }, lost) {
		return false
	}
	// where all is hidden and small, who guesses that learns what he guessed; there is nothing left to hide
	t.hideUntilSafe(func(_, guessed span) bool { return guessed.lo == guessed.hi }, func(int, int) bool { return false })
	if len(t.named) < len(t.cells) && !t.holdAgainst(series[now]) { // who stands in two partitions joins their sums
		return false
	}
	for i := range series {
		if i != now && !t.holdAgainst(series[min(i, now)], series[max(i, now)]) {
			return false
		}
	}
	return len(series) <= 2 || t.holdAgainst(series...)
}

// holdAgainst hides further cells until no small number follows from several tables together, of which this is one.
func (t *tree) holdAgainst(tables ...[]Cell) bool {
	for part := range 2 {
		safe := map[unknown]bool{}
		for {
			a := newAttacker(part, tables)
			if len(tables) > 1 { // a table alone is as safe as the others let it be
				t.learn(a, part, tables)
			}
			told := a.firstFound(safe)
			if told < 0 {
				break
			}
			if i, k := a.find(told); t.lost(tables[i], k, part) {
				safe[a.unknowns[told]] = true
				continue
			}
			if !t.protectOneOf(a.heirs(a.unknowns[told].name), part) && !t.hideAny(part) {
				return false
			}
		}
	}
	return true
}

// lost reports whether a number of a table follows from the other tables alone, so that hiding more in this one cannot protect it.
func (t *tree) lost(table []Cell, cell, part int) bool {
	all := newAttacker(part, t.series)
	number := all.cells[slices.IndexFunc(t.series, func(o []Cell) bool { return &o[0] == &table[0] })][cell]
	var others [][]Cell
	var cells [][]int
	for i, other := range t.series {
		if &other[0] != &t.cells[0] {
			others, cells = append(others, other), append(cells, all.cells[i])
		}
	}
	alone := newAttacker(part, others)
	for i, list := range cells {
		if k := slices.Index(list, number); k >= 0 && alone.finds(alone.cells[i][k]) {
			return true
		}
	}
	return false
}

// protectOneOf hides one of some cells by name, or one more cell that one of them can hide behind.
func (t *tree) protectOneOf(names []string, part int) bool {
	for _, does := range []func(cell, part int) bool{t.hideIf, t.hideComplement} {
		for _, name := range names {
			if slices.ContainsFunc(t.named[name], func(i int) bool { return does(i, part) }) {
				return true
			}
		}
	}
	return false
}

func (t *tree) hideIf(cell, part int) bool {
	can := t.canHide(cell, part)
	if can {
		t.hide(cell, part)
	}
	return can
}

// learn notes which numbers other tables show: hiding them protects nothing.
func (t *tree) learn(a *attacker, part int, tables [][]Cell) {
	elsewhere := map[int]bool{}
	var own []int
	for i, table := range tables {
		if &table[0] == &t.cells[0] {
			own = a.cells[i]
			continue
		}
		for k, c := range table {
			if !c.Hidden {
				elsewhere[a.cells[i][k]] = true
			}
		}
	}
	for i, v := range own {
		t.known[i][part] = elsewhere[v] || a.unknowns[v].n == 0 && a.absent[v]
	}
}

// hideUntilSafe hides cells one by one until no small number can be worked out: neither by a reader who only knows that hidden cells are
// not negative (blind), nor by one who has guessed which of them are small (guessed). A number that lost says is known anyway is given up.
// It reports false where neither helps.
func (t *tree) hideUntilSafe(told func(blind, guessed span) bool, lost func(cell, part int) bool) bool {
	for part := range 2 {
		for {
			i, found := t.firstTold(part, told)
			if !found {
				break
			}
			if t.hideComplement(i, part) {
				continue
			}
			if !lost(i, part) {
				return false
			}
			t.known[i][part] = true
		}
	}
	return true
}

// firstTold is the first cell whose small number can be worked out although it is hidden.
func (t *tree) firstTold(part int, told func(blind, guessed span) bool) (cell int, found bool) {
	blind, guessed := t.bounds(part, false), t.bounds(part, true)
	for i := range t.cells {
		if t.secret(i, part) && small(t.cells[i].Count[part]) && told(blind[i], guessed[i]) {
			return i, true
		}
	}
	return 0, false
}

// tree is a table with the children of each cell by partition.
type tree struct {
	cells    []Cell
	series   [][]Cell
	children []map[int][]int
	named    map[string][]int
	known    [][2]bool // another table shows this very number
}

func newTree(series [][]Cell, now int) *tree {
	table := series[now]
	t := &tree{cells: table, series: series, children: make([]map[int][]int, len(table)), named: map[string][]int{}, known: make([][2]bool, len(table))}
	for i, c := range table {
		t.named[c.Name] = append(t.named[c.Name], i)
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

func (t *tree) secret(cell, part int) bool { return t.cells[cell].Hidden && !t.known[cell][part] }

// span is what a number may be for all that a reader knows (its feasibility interval); hi is many where nothing bounds it.
type span struct{ lo, hi int64 }

const many = int64(1) << 40 // of which a sum over a million cells still fits

func (s span) meet(o span) span { return span{max(s.lo, o.lo), min(s.hi, o.hi)} }

// bounds are what sums tell of each cell's covered (part 0) or gap (1): first from the leaves up, then from the whole down. A
// table without cycles has no tighter ones, as long as no name stands twice in it. Cells stand behind their parents.
func (t *tree) bounds(part int, guessed bool) []span {
	list := make([]span, len(t.cells))
	for i := len(t.cells) - 1; i >= 0; i-- {
		list[i] = t.alone(i, part, guessed)
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
func (t *tree) alone(cell, part int, guessed bool) span {
	n := t.cells[cell].Count[part]
	switch {
	case !t.secret(cell, part):
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

// hideComplement hides one more cell, so that a small number has something to hide behind: what tells a sibling that is hidden already, the
// sibling that costs least, or else the whole that the siblings add up to, or what else gives that whole away.
func (t *tree) hideComplement(cell, part int) bool {
	parent := t.cells[cell].Parent
	if parent < 0 {
		return t.hideBelow(cell, part, -1)
	}
	partition := t.cells[cell].Partition
	for _, sibling := range t.children[parent][partition] {
		if sibling != cell && t.secret(sibling, part) && (t.hideBelow(sibling, part, -1) || t.coverOthers(sibling, part)) {
			return true
		}
	}
	if t.hideOneOf(t.children[parent][partition], part) {
		return true
	}
	return t.hideIf(parent, part) || t.hideBelow(parent, part, partition) || t.cells[parent].Parent >= 0 && t.hideComplement(parent, part)
}

// hideAny hides one cell that is not known from elsewhere, an empty one if there is one: nobody then knows that it is still empty. Where
// everything that has changed is hidden, a table tells nothing new.
func (t *tree) hideAny(part int) bool {
	for _, empty := range []bool{true, false} {
		for i, c := range t.cells {
			if t.canHide(i, part) && empty == (c.Count[part] == 0) {
				t.hide(i, part)
				return true
			}
		}
	}
	return false
}

// hideBelow hides one cell of a partition of a hidden whole, or of one of its hidden parts.
func (t *tree) hideBelow(cell, part, but int) bool {
	for partition := range partitions {
		children := t.children[cell][partition]
		if partition == but {
			continue
		}
		if t.hideOneIfNone(children, part) || t.hideOneOf(children, part) {
			return true
		}
		for _, c := range children {
			if t.secret(c, part) && t.hideBelow(c, part, -1) {
				return true
			}
		}
	}
	return false
}

// hide hides a cell and all others of its name, and one cell of each partition that would still tell them.
func (t *tree) hide(cell, part int) {
	for _, i := range t.named[t.cells[cell].Name] {
		if t.cells[i].Hidden {
			continue
		}
		t.cells[i].Hidden = true
		for partition := range partitions {
			t.hideOneIfNone(t.children[i][partition], part)
		}
	}
	t.coverOthers(cell, part)
}

// coverOthers hides a sibling of another hidden cell of the same name that the whole and its other siblings tell.
func (t *tree) coverOthers(cell, part int) bool {
	return slices.ContainsFunc(t.named[t.cells[cell].Name], func(other int) bool {
		parent := t.cells[other].Parent
		if other == cell || parent < 0 || t.secret(parent, part) {
			return false
		}
		siblings := t.children[parent][t.cells[other].Partition]
		alone := !slices.ContainsFunc(siblings, func(i int) bool { return i != other && t.secret(i, part) })
		return alone && t.hideOneOf(siblings, part)
	})
}

// hideOneIfNone hides one of the cells of a partition where none is hidden, an empty one where all others are known from elsewhere.
func (t *tree) hideOneIfNone(children []int, part int) bool {
	if slices.ContainsFunc(children, func(i int) bool { return t.secret(i, part) }) {
		return false
	}
	if t.hideOneOf(children, part) {
		return true
	}
	i := slices.IndexFunc(children, func(i int) bool { return t.canHide(i, part) })
	if i >= 0 {
		t.hide(children[i], part)
	}
	return i >= 0
}

// canHide reports whether hiding a cell now would keep its number from the reader.
func (t *tree) canHide(cell, part int) bool { return !t.cells[cell].Hidden && !t.known[cell][part] }

// partitions bounds the numbers of partitions, so that they are walked in order.
const partitions = 16

// hideOneOf hides the cell that has enough to hide behind and shows the fewest persons, if it can be one whose people stand in no other
// partition too; where none has enough, the one that has most.
func (t *tree) hideOneOf(children []int, part int) bool {
	var hidden int64
	for _, i := range children {
		if t.secret(i, part) {
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
		if onceA, onceB := len(t.named[a.Name]) == 1, len(t.named[b.Name]) == 1; onceA != onceB {
			return onceA
		}
		return a.Count[0]+a.Count[1] < b.Count[0]+b.Count[1]
	}
	for _, i := range children {
		if c := &t.cells[i]; t.canHide(i, part) && c.Count[part] > 0 && (best < 0 || better(c, &t.cells[best])) {
			best = i
		}
	}
	if best >= 0 {
		t.hide(best, part)
	}
	return best >= 0
}
