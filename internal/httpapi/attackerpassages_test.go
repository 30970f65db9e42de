package httpapi_test

import "maps"

// codes are what everybody knows of villages whose codes have ended: which other code each has now, or into which village it has gone.
type codes struct{ renamed, merged map[string]string }

// same is the cell that everybody knows to be the same people: whoever has no level of disability has no category, and a village under
// a new code is the village that it was.
func (s sheet) same(c cell) cell {
	switch {
	case c.by == "level" && c.group == "0":
		c.by = "category"
	case c.by == "tree" && c.group == "" && s.codes.renamed[c.area] != "":
		c.area = s.codes.renamed[c.area]
	}
	return c
}

// passages are from which cells people have gone to which others between two tables: from villages that have ended, by that in which
// they go on, and from all of these, where some may not have been moved yet.
func passages(indicator string, old, now sheet) (list [][2]map[cell]bool) {
	all := [2]map[cell]bool{{}, {}}
	by := map[string]int{}
	for _, ended := range []map[string]string{old.codes.renamed, old.codes.merged} {
		for code, heir := range ended {
			gone, goesOn := cell{indicator, "tree", code, ""}, old.same(cell{indicator, "tree", heir, ""})
			if old.at[gone] == nil || now.at[gone] != nil {
				continue
			}
			if _, ok := by[heir]; !ok {
				by[heir] = len(list)
				list = append(list, [2]map[cell]bool{{goesOn: true}, {goesOn: true}})
			}
			unplaced := cell{indicator, "tree", "370305", "unplaced"}
			for _, p := range [][2]map[cell]bool{list[by[heir]], all} {
				p[0][old.same(gone)], p[0][goesOn], p[1][goesOn] = true, true, true
			}
			all[0][unplaced], all[1][unplaced] = true, true
		}
	}
	return append(list, all)
}

// pass adds that the cells from which people have gone were as many as those to which they have, if it is so.
func (s *system) pass(p [2]map[cell]bool, everywhere map[cell]bool, truly []map[cell]int64, unknown func(side int, c cell) int) {
	var more int64
	e := equation{}
	for side, cells := range p {
		for c := range cells {
			if everywhere[c] {
				factor := int64(1 - 2*side)
				e[unknown(side, c)] += factor
				more += factor * truly[side][c]
			}
		}
	}
	maps.DeleteFunc(e, func(_ int, factor int64) bool { return factor == 0 })
	if more == 0 && len(e) > 0 {
		s.equations = append(s.equations, e)
	}
}
