package casework_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
	"zhucan/internal/fault"
	"zhucan/internal/indicator"
	"zhucan/internal/standing"
	"zhucan/internal/store"
)

// The days that are asked about: before, while and after the register is kept.
var askedDays = []calendar.Date{calendar.MustDate("2020-12-31"), calendar.MustDate("2023-12-31"), calendar.MustDate("2025-02-28")}

var parts = []part{covered, gap, excluded, extra}

// told is what the service said at an instant, by day and indicator; nothing where nobody asked.
type told struct {
	known time.Time
	said  map[calendar.Date]map[string]view
}

// view is all that the service says of an indicator on a day: the counts of every place, and who is behind each part.
type view struct {
	tree  map[string]indicator.Count
	names map[part][]string
}

// TestRecount lives some years of a small district, entered late, out of order and wrongly, and recounts every indicator, variant
// and benefit from the rows of the facts: for days past and to come, as known at several instants. What the service says of an
// earlier instant has to be what it said then.
func TestRecount(t *testing.T) {
	t.Parallel()
	for i := range *recounts {
		seed := uint64(20240601 + i)
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, seed)
			history := w.years()
			t.Logf("%d persons, %d households; happened %v, refused %v", len(w.persons), len(w.households), w.done, w.refused)
			w.wantMuchHappened()
			for _, then := range history {
				w.recountAt(then)
			}
		})
	}
}

// years lives the register, and asks it everything now and then.
func (w *world) years() (history []told) {
	for range 45 {
		w.live("enter", w.enter)
	}
	for range 16 {
		w.live("settle", w.settle)
	}
	happenings := w.happenings()
	rounds := []string{"2021-09-15", "2022-06-20", "2022-12-28", "2023-12-29"}
	for round, from := range rounds {
		w.on(calendar.MustDate(from))
		for n := range 170 {
			if n == 85 {
				history = append(history, told{known: w.clock()})
			}
			h := pick(w, happenings...)
			w.live(h.name, h.do)
			if n%40 == 7 { // what moves later lies beside what is kept
				w.live("fold", func() error { return w.desk.DB.FoldTallies(w.t.Context(), calendar.DateOf(w.clock())) })
			}
		}
		if round == len(rounds)-1 {
			w.live("merge", w.merge)
		}
		then := told{known: w.clock(), said: map[calendar.Date]map[string]view{}}
		for _, day := range askedDays {
			then.said[day] = w.ask(store.Moment{On: day})
		}
		history = append(history, then)
	}
	return history
}

// merge ends a village that was merged into its neighbour, and moves some of its people.
func (w *world) merge() error {
	village := worldTree[slices.IndexFunc(worldTree, func(d area.Division) bool { return d.Code == mergedVillage })]
	village.ValidFrom, village.ValidTo, village.Successor = calendar.MustDate("2016-01-01"), mergedOn, intoVillage
	if _, err := w.desk.ImportDivisions(w.t.Context(), access.SystemActor(), []area.Division{village}); err != nil {
		return err
	}
	to := area.Code(intoVillage)
	for i, id := range w.persons {
		d, err := w.desk.Person(w.t.Context(), w.sender, id)
		if err != nil {
			return err
		}
		if p := d.File.Person; p.Managing == mergedVillage && i%2 == 0 {
			_, err := w.desk.UpdatePerson(w.t.Context(), w.sender, id, p.Version, casework.PersonPatch{Managing: &to, EffectiveOn: mergedOn.Add(1)})
			if _, refused := fault.Of(err); err != nil && !refused { // who came here later has no place to be moved from on that day
				return err
			}
		}
	}
	return nil
}

func (w *world) wantMuchHappened() {
	w.t.Helper()
	for name, n := range map[string]int{"enter": 40, "learn": 80, "amend": 12, "card": 8, "first card": 2, "move": 15, "grant": 4, "award": 4, "answer": 25, "serve": 15,
		"settle": 8, "join": 5, "leave": 4, "house": 15, "rehouse": 5, "retrofit": 2, "figure": 10, "inspect": 10, "merge": 1} {
		if w.done[name] < n {
			w.t.Errorf("%s happened %d times, want %d; the history shows little", name, w.done[name], n)
		}
	}
}

// ask is what the service says of a moment, by indicator.
func (w *world) ask(at store.Moment) map[string]view {
	w.t.Helper()
	said := map[string]view{}
	for _, key := range slices.Concat(w.keys[false], w.keys[true]) {
		v := view{tree: w.values(key, district, store.ByTree, at), names: map[part][]string{}}
		for _, p := range parts {
			v.names[p] = w.names(key, p, at)
		}
		said[key] = v
	}
	return said
}

// names lists who is behind one part of a number, page by page, in order. Nobody may be there twice.
func (w *world) names(key string, p part, at store.Moment) (list []string) {
	w.t.Helper()
	q := store.NamesOf{Indicator: key, Area: district, Moment: at, Part: standing.Status(p), Limit: 7}
	for {
		page, err := w.desk.Names(w.t.Context(), w.sender, q)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, n := range page.Names {
			list = append(list, fmt.Sprint(n.ID, " ", n.Area, " ", n.Category, n.Level, " ", n.Reason))
			q.After = store.Cursor{Area: n.Area, ID: n.ID}
		}
		if len(page.Names) == q.Limit {
			continue
		}
		if int64(len(list)) != page.Total || page.Elsewhere != 0 {
			w.t.Errorf("%s, part %d: %d names for %d, %d elsewhere", key, p, len(list), page.Total, page.Elsewhere)
		}
		slices.Sort(list)
		return list
	}
}

// recountAt compares what the service says of an instant with what it said then, and with the rows of that instant.
func (w *world) recountAt(then told) {
	w.t.Helper()
	r := w.asKnown(w.owner(), then.known)
	days := askedDays
	if then.said == nil {
		days = []calendar.Date{calendar.NewYear(2018).Add(w.random.IntN(2800))}
	}
	for _, day := range days {
		at := moment{store.Moment{On: day, KnownAt: then.known}}
		recounted, good := map[string][]found{}, true
		asked := w.ask(at.Moment)
		for _, key := range slices.Concat(w.keys[false], w.keys[true]) { // in order, so that a seed is the same test again
			now := asked[key]
			if was := then.said[day]; was != nil && !reflect.DeepEqual(now, was[key]) {
				w.t.Errorf("%s %s:\nnow  %v\nthen %v", at, key, now, was[key])
			}
			recounted[key] = r.recount(key, slices.Contains(w.keys[true], key), day)
			good = w.wantTree(at, r, key, now.tree, recounted[key]) && w.wantNames(at, key, now.names, recounted[key]) && good
		}
		w.wantOutside(r, at)
		if good {
			w.wantGroups(at, recounted)
		}
	}
}

// wantTree compares the levels of the tree with each other and with the recount.
func (w *world) wantTree(at moment, r *register, key string, tree map[string]indicator.Count, list []found) bool {
	w.t.Helper()
	placed := func(f found) bool { _, there := r.village(f.area, at.On); return there }
	want := map[string]indicator.Count{}
	for _, d := range r.tree {
		if between(at.On, d.From, d.To) {
			want[d.Code] = count(list, d.Code, placed)
		}
	}
	if lost := count(list, district, func(f found) bool { return !placed(f) }); lost != (indicator.Count{}) {
		want[district+" unplaced"], want[district] = lost, want[district].Add(lost)
	}
	if !maps.Equal(tree, want) {
		w.t.Errorf("%s %s:\n%v\nrecounted\n%v", at, key, tree, want)
		return false
	}
	if w.chance(30) { // the same counts are compared by every dimension below
		w.wantLevels(at, key, tree, list)
	}
	return true
}

// wantLevels compares what is said of towns, of villages and of an area alone with the tree.
func (w *world) wantLevels(at moment, key string, tree map[string]indicator.Count, list []found) {
	w.t.Helper()
	for _, level := range []store.Dimension{store.ByTown, store.ByVillage} {
		sum := indicator.Count{}
		for name, c := range w.values(key, district, level, at.Moment) {
			if c != tree[name] {
				w.t.Errorf("%s %s by %s: %s has %+v, in the tree %+v", at, key, level, name, c, tree[name])
			}
			sum = sum.Add(c)
		}
		if sum != tree[district] {
			w.t.Errorf("%s %s by %s: the sum is %+v, the district has %+v", at, key, level, sum, tree[district])
		}
	}
	one := worldTree[w.random.IntN(len(worldTree))].Code
	w.wantTrend(at, key, one)
	if alone, c := w.values(key, one, store.ByNone, at.Moment)[string(one)], count(list, string(one), nil); alone != c {
		w.t.Errorf("%s %s in %s alone: %+v, recounted %+v", at, key, one, alone, c)
	}
}

// wantTrend compares the points of a trend with the days by themselves.
func (w *world) wantTrend(at moment, key string, in area.Code) {
	w.t.Helper()
	list, _, err := w.desk.Trend(w.t.Context(), w.maker, key, in, at.On.Month().Add(-2), at.On.Month(), at.KnownAt)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range list {
		day, _, err := w.desk.Values(w.t.Context(), w.maker, casework.ValuesOf{Area: in, Moment: store.Moment{On: p.On, KnownAt: at.KnownAt}, By: store.ByNone, Indicator: key})
		if err != nil || len(day) != 1 || !reflect.DeepEqual(day[0], p.Value) {
			w.t.Errorf("%s %s in %s: the trend says %+v of %s, the day itself %+v (%v)", at, key, in, p.Value, p.On, day, err)
		}
	}
}

// wantNames compares the lists with the recount: each is of the very persons of its part, where they were, and of nobody twice.
func (w *world) wantNames(at moment, key string, names map[part][]string, list []found) bool {
	w.t.Helper()
	seen := map[string]bool{}
	for _, p := range parts {
		var want, got []string
		for _, f := range list {
			if f.part == p {
				want = append(want, fmt.Sprint(f.id, " ", f.area))
			}
		}
		for _, line := range names[p] {
			words := strings.Fields(line)
			if got = append(got, words[0]+" "+words[1]); seen[words[0]] {
				w.t.Errorf("%s %s: %s is listed twice", at, key, words[0])
			}
			seen[words[0]] = true
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			w.t.Errorf("%s %s, part %d: listed %v\nrecounted %v", at, key, p, got, want)
			return false
		}
	}
	return true
}
