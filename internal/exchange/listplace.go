package exchange

import (
	"slices"
	"strings"

	"zhucan/internal/area"
	"zhucan/internal/idnum"
)

// committees are what a village's name may end with, and what may be left of it.
var committees = []struct{ ending, left string }{{"社区居民委员会", "社区"}, {"社区居委会", "社区"}, {"村民委员会", "村"}, {"村委会", "村"}, {"居民委员会", ""}, {"居委会", ""}}

// shortVillage is a village's name as people say it.
func shortVillage(name string) string {
	for _, c := range committees {
		if rest, ok := strings.CutSuffix(name, c.ending); ok && rest != "" {
			return rest + c.left
		}
	}
	return name
}

// village finds a village by its code, or by its name with the town's, in the cell or in a column of its own.
func (r *listReader) village(c *boundColumn, cell Cell) any {
	text := idnum.Normalize(cell.Text)
	if strings.Trim(text, "0123456789") == "" {
		code, err := area.Parse(text)
		if err != nil || !r.places.codes[code] || code.Level() != "village" {
			r.refuse(c, "AREA_UNKNOWN", "没有这个村居代码，请填12位区划代码或“镇街+村居”名称", "no village has this code; write its 12 digits, or town and name")
			return nil
		}
		return code
	}
	town := ""
	if i := slices.IndexFunc(r.columns, func(b boundColumn) bool { return b.Name == c.Town }); i >= 0 && len(r.columns[i].at) > 0 {
		town = idnum.Normalize(r.row.cell(r.columns[i].at[0].Index + 1).Text)
	}
	found, short := r.places.named(text, town)
	if len(found) == 1 && r.places.otherTown(found[0], town) {
		r.refuse(c, "AREA_OTHER_TOWN", "村居不属于同一行所写的镇街，请核对后改正其一", "the village does not lie in the town of this row; compare them and correct one")
		return nil
	}
	switch len(found) {
	case 0:
		r.refuse(c, "AREA_UNKNOWN", "没有这个村居，请填12位区划代码或“镇街+村居”名称", "there is no such village; write its 12 digits, or town and name")
		return nil
	case 1:
		if short {
			r.repaired(c, "PLACE_SHORT")
		}
		return found[0]
	}
	r.refuse(c, "AREA_AMBIGUOUS", "几个村居都叫这个名称，请加上镇街名称", "several villages have this name; add the town")
	return nil
}

// Village finds the one village of a name, in a town where that is given; or false, where there is none or several, or it lies in another town.
func (p *Places) Village(text, town string) (area.Code, bool) {
	if text = idnum.Normalize(text); text == "" {
		return "", false
	}
	if code, err := area.Parse(text); err == nil && p.codes[code] && code.Level() == "village" {
		return code, true
	}
	town = idnum.Normalize(town)
	found, _ := p.named(text, town)
	if len(found) != 1 || p.otherTown(found[0], town) {
		return "", false
	}
	return found[0], true
}

// otherTown reports whether a town is one of ours, and not that of a village. Lists write 金岭 for 金岭镇, and 金岭回族镇.
func (p *Places) otherTown(village area.Code, town string) bool {
	for _, name := range p.above {
		town = strings.TrimPrefix(town, name)
	}
	short := strings.TrimRight(strings.TrimSuffix(strings.TrimSuffix(town, "办事处"), "街道"), "镇乡")
	if len([]rune(short)) < 2 || strings.HasPrefix(p.towns[village.Parent()], short) {
		return false
	}
	for _, name := range p.towns {
		if strings.HasPrefix(name, short) {
			return true
		}
	}
	return false
}

// named are the villages with a name; short says that it is not the whole one. A town narrows them down, and what the
// towns lie in may stand before them.
func (p *Places) named(text, town string) (found []area.Code, short bool) {
	for _, name := range p.above {
		text, town = strings.TrimPrefix(text, name), strings.TrimPrefix(town, name)
	}
	for _, name := range []string{town + text, text} {
		if found = p.byName[name]; len(found) == 1 {
			return found, false
		}
	}
	for _, name := range []string{town + text, text} {
		if more := p.byShort[shortVillage(name)]; len(more) > 0 && len(found) == 0 || len(more) == 1 {
			found, short = more, true
		}
		if len(found) == 1 {
			return found, short
		}
	}
	return found, short
}
