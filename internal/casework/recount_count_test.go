package casework_test

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"zhucan/internal/calendar"
	"zhucan/internal/indicator"
	"zhucan/internal/store"
)

// found is one subject's place in a number, with what numbers are broken down by.
type found struct {
	id     uuid.UUID
	area   string
	part   part
	waived bool
	groups map[store.Dimension][]string
}

// recount places everybody with an indicator on a day.
func (r *register) recount(key string, households bool, day calendar.Date) (list []found) {
	if households {
		for _, h := range r.households {
			if p := h.stands(key, day); p != outside {
				at := h.place(day)
				list = append(list, found{id: h.ID, area: at, part: p, groups: r.groupsOfHome(h, at, day)})
			}
		}
		return list
	}
	for _, m := range r.persons {
		if p, why := m.stands(key, day); p != outside {
			at := m.sort("managing_area", day)
			list = append(list, found{id: m.ID, area: at, part: p, waived: why == "WAIVED", groups: r.groupsOfMan(m, at, day)})
		}
	}
	return list
}

// count adds up what is in an area.
func count(list []found, in string, only func(found) bool) (c indicator.Count) {
	for _, f := range list {
		if len(f.area) < len(in) || f.area[:len(in)] != in || only != nil && !only(f) {
			continue
		}
		switch f.part {
		case covered:
			c.Covered++
		case gap:
			c.Gap++
		case excluded:
			c.Excluded++
		case extra:
			c.Extra++
		}
		if f.waived {
			c.Waived++
		}
	}
	return c
}

// village is the village of the tree of a day that has a code, if there is one.
func (r *register) village(code string, day calendar.Date) (rawDivision, bool) {
	for _, d := range r.tree {
		if d.Code == code && d.Level == "village" && between(day, d.From, d.To) {
			return d, true
		}
	}
	return rawDivision{}, false
}

// places are the groups of the dimensions that follow the tree.
func (r *register) places(at string, day calendar.Date) map[store.Dimension][]string {
	v, there := r.village(at, day)
	groups := map[store.Dimension][]string{store.ByNone: {""}, store.ByTown: {"unplaced"}, store.ByVillage: {"unplaced"}, store.ByTree: {"unplaced"}, store.ByUrbanRural: {"unknown"}}
	if there {
		groups[store.ByTown], groups[store.ByVillage], groups[store.ByTree] = []string{at[:9]}, []string{at}, []string{at}
	}
	if there && v.Class != "" {
		groups[store.ByUrbanRural] = []string{map[byte]string{'1': "urban", '2': "rural"}[v.Class[0]]}
	}
	return groups
}

func choose(yes bool, one, other string) []string {
	if yes {
		return []string{one}
	}
	return []string{other}
}

func or(text, other string) []string { return choose(text != "", text, other) }

func (r *register) groupsOfMan(m *man, at string, day calendar.Date) map[store.Dimension][]string {
	groups := r.places(at, day)
	c, _ := m.card(day)
	groups[store.ByCategory], groups[store.ByLevel] = []string{strconv.Itoa(c.Category)}, []string{strconv.Itoa(c.Level)}
	groups[store.BySeverity] = choose(m.severe(day), "severe", "other")
	groups[store.BySex], groups[store.ByHukouType] = or(m.Sex, "unknown"), or(m.HukouType, "unknown")
	groups[store.ByComponent] = []string{"0"}
	if k := m.categories(day); len(k) > 0 {
		groups[store.ByComponent] = nil
		for _, one := range k {
			groups[store.ByComponent] = append(groups[store.ByComponent], strconv.Itoa(one))
		}
	}
	age := m.age(day)
	groups[store.ByAgeBand] = []string{"unknown"}
	for _, band := range []struct {
		name   string
		lo, hi int
	}{{"0-6", 0, 6}, {"7-17", 7, 17}, {"18-59", 18, 59}, {"60+", 60, 200}} {
		if age >= band.lo && age <= band.hi {
			groups[store.ByAgeBand] = []string{band.name}
		}
	}
	for _, group := range [][]any{{"0-9", 0, 9}, {"6-14", 6, 14}, {"16-59", 16, 59}} {
		if age >= group[1].(int) && age <= group[2].(int) {
			groups[store.ByAgeGroup] = append(groups[store.ByAgeGroup], group[0].(string))
		}
	}
	groups[store.ByHardship] = []string{"none"}
	for _, kind := range []string{"dibao_edge", "tekun", "dibao"} {
		if m.has(kind, day) {
			groups[store.ByHardship] = []string{kind}
		}
	}
	listed := m.poorList(day)
	groups[store.ByRegisteredPoor] = choose(listed != "" && listed != "removed", "registered", "other")
	groups[store.ByHolders] = []string{"not_applicable"}
	return groups
}

func (r *register) groupsOfHome(h *home, at string, day calendar.Date) map[store.Dimension][]string {
	groups := r.places(at, day)
	holders, _, _ := h.lives(day)
	groups[store.ByHolders] = choose(holders > 1, "several", "one")
	for _, by := range dimensions {
		if groups[by] == nil {
			groups[by] = []string{"not_applicable"}
		}
	}
	return groups
}

// dimensions are all of them; the overlapping ones do not add up.
var dimensions = []store.Dimension{store.ByNone, store.ByTown, store.ByVillage, store.ByTree, store.ByCategory, store.ByComponent, store.ByLevel, store.BySeverity,
	store.BySex, store.ByAgeBand, store.ByAgeGroup, store.ByUrbanRural, store.ByHardship, store.ByRegisteredPoor, store.ByHukouType, store.ByHolders}

var overlapping = []store.Dimension{store.ByComponent, store.ByAgeGroup}

// wantGroups compares the answers by every dimension with the recount, and their sums with the whole.
func (w *world) wantGroups(at moment, recounted map[string][]found) {
	w.t.Helper()
	for _, by := range dimensions {
		asked := store.CountOf{Persons: w.keys[false], Households: w.keys[true], Moment: at.Moment, Area: district, By: by}
		rows, err := w.desk.DB.Counts(w.t.Context(), w.maker, asked)
		if err != nil {
			w.t.Fatal(err)
		}
		got, sums := map[string]indicator.Count{}, map[string]indicator.Count{}
		for _, row := range rows {
			got[row.Indicator+" "+row.Group] = row.Count
			sums[row.Indicator] = sums[row.Indicator].Add(row.Count)
		}
		want := map[string]indicator.Count{}
		for key, list := range recounted {
			for _, f := range list {
				for _, group := range f.groups[by] {
					name := key + " " + group
					want[name] = want[name].Add(count([]found{f}, district, nil))
				}
			}
			if total := count(list, district, nil); sums[key] != total && !slices.Contains(overlapping, by) {
				w.t.Errorf("%s %s by %s: the groups add up to %+v, the whole is %+v", at, key, by, sums[key], total)
			}
		}
		for name := range want {
			if want[name] != got[name] {
				w.t.Errorf("%s by %s, %s: %+v, recounted %+v", at, by, name, got[name], want[name])
			}
		}
		for name := range got {
			if _, counted := want[name]; !counted && got[name] != (indicator.Count{}) {
				w.t.Errorf("%s by %s, %s: %+v, recounted nobody", at, by, name, got[name])
			}
		}
	}
}

// moment is a day as known at an instant, in words.
type moment struct{ store.Moment }

func (m moment) String() string {
	return fmt.Sprintf("%s as known at %s:", m.On, m.KnownAt.Format("2006-01-02T15:04:05.999999Z07:00"))
}
