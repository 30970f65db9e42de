package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/standing"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

// tallyWorld is a register of some persons whose standings are anything.
type tallyWorld struct {
	*rand.Rand
	t       *testing.T
	db      *store.DB
	persons []uuid.UUID
}

var (
	tallyVillages = []area.Code{"370305001001", "370305001002", "370305111245", "370399001001"} // the last of no tree
	tallyKeys     = []string{"device_fitting", "rehab_coverage"}
)

func newTallyWorld(t *testing.T, seed uint64) *tallyWorld {
	t.Helper()
	w := &tallyWorld{Rand: rand.New(rand.NewPCG(seed, 25)), t: t, db: testdb.New(t).Open(t, clock)}
	tree := []area.Division{{Code: "370305", Name: "区", ValidFrom: calendar.MustDate("1950-01-01")}}
	for _, code := range []area.Code{"370305001", "370305111"} {
		tree = append(tree, area.Division{Code: code, Name: "镇", ValidFrom: calendar.MustDate("1950-01-01")})
	}
	for i, code := range tallyVillages[:3] { // villages that come to be while standings are there
		tree = append(tree, area.Division{Code: code, Name: "村", ValidFrom: calendar.MustDate("1950-01-01").Add(i * 24000), UrbanRuralClass: []string{"", "111", "220"}[i]})
	}
	if err := w.db.Write(t.Context(), access.SystemActor(), "test.tree", func(tx *store.Tx) error {
		_, _, err := tx.InsertDivisions(t.Context(), tree, nil)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	for range 12 {
		w.persons = append(w.persons, putPerson(t, w.db, tallyVillages[w.IntN(3)]))
	}
	return w
}

// timeline is some intervals of somebody, one behind the other, from long before the first tick to long after the last.
func (w *tallyWorld) timeline(person uuid.UUID) (list []standing.Interval) {
	for _, key := range tallyKeys {
		day := calendar.MustDate("2012-01-01").Add(w.IntN(3000))
		for range w.IntN(5) {
			i := standing.Interval{PersonID: person, Indicator: key, Days: calendar.Interval{From: day}, Status: standing.Status(1 + w.IntN(4)), Area: tallyVillages[w.IntN(len(tallyVillages))], Category: 1 + w.IntN(7)}
			if i.Status == standing.Gap && w.IntN(3) == 0 {
				i.Reason = "WAIVED"
			}
			if w.IntN(4) > 0 {
				i.Days.To = day.Add(w.IntN(2500))
				day = i.Days.To.Add(1 + w.IntN(2)*w.IntN(100))
			}
			if list = append(list, i); i.Days.To.IsZero() {
				break
			}
		}
	}
	return list
}

func (w *tallyWorld) change(ctx context.Context, persons ...uuid.UUID) error {
	var list []standing.Interval
	for _, person := range persons {
		list = append(list, w.timeline(person)...)
	}
	return w.db.Write(ctx, access.SystemActor(), "test.standings", func(tx *store.Tx) error {
		_, err := tx.ReplaceDerived(ctx, persons, store.Reached{All: true, Dues: true}, list, nil)
		return err
	})
}

// counts asks for the same twice: from what is kept, and, as known at an instant to come, from everybody's standings.
func (w *tallyWorld) counts(who access.Actor, in area.Code, by store.Dimension, on calendar.Date) (kept, recounted []store.GroupCount) {
	w.t.Helper()
	q := store.CountOf{Persons: tallyKeys, Moment: store.Moment{On: on}, Area: in, By: by}
	kept, err := w.db.Counts(w.t.Context(), who, q)
	if err != nil {
		w.t.Fatal(err)
	}
	q.KnownAt = clock().Add(24 * time.Hour)
	if recounted, err = w.db.Counts(w.t.Context(), who, q); err != nil {
		w.t.Fatal(err)
	}
	return kept, recounted
}

// TestTalliesAreRecounts changes standings, and folds what has moved and lets quarters begin now and then: on every day, in every
// area and by every dimension that is kept, the answer is that of a recount.
func TestTalliesAreRecounts(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			w := newTallyWorld(t, seed)
			today, seen := calendar.DateOf(clock()), 0
			for range 20 {
				persons := w.persons[:1+w.IntN(len(w.persons))]
				if err := w.change(t.Context(), persons...); err != nil {
					t.Fatal(err)
				}
				if w.IntN(3) > 0 {
					today = today.Add(w.IntN(200))
					if err := w.db.FoldTallies(t.Context(), today); err != nil {
						t.Fatal(err)
					}
				}
				if n, err := w.db.DifferingTallies(t.Context()); err != nil || n != 0 {
					t.Fatalf("%d tallies differ (%v)", n, err)
				}
				for range 4 {
					on := calendar.MustDate("2010-01-01").Add(w.IntN(34000)) // beyond the last tick
					if w.IntN(3) == 0 {
						on = calendar.NewMonth(on.Year(), time.Month(1+3*w.IntN(4))).First().Add(w.IntN(3) - 1) // about a tick
					}
					for _, by := range []store.Dimension{store.ByNone, store.ByTown, store.ByVillage, store.ByTree, store.ByUrbanRural} {
						for _, who := range []access.Actor{access.SystemActor(), {Role: access.Statistician, Area: "370305001"}} {
							kept, recounted := w.counts(who, "370305", by, on)
							if diff := cmp.Diff(recounted, kept); diff != "" {
								t.Fatalf("by %s on %s (-recounted +kept): %s", by, on, diff)
							}
							seen += len(kept)
						}
					}
					w.checkAbove(on)
				}
			}
			if seen < 500 {
				t.Errorf("only %d counts were compared", seen)
			}
		})
	}
}

// checkAbove compares the counts of areas above districts, which come from the districts'. Who stands in no village is told by the
// district itself.
func (w *tallyWorld) checkAbove(on calendar.Date) {
	w.t.Helper()
	for _, in := range []area.Code{"3703", "37", ""} {
		kept, recounted := w.counts(access.SystemActor(), in, store.ByNone, on)
		for i := range recounted {
			recounted[i].Unplaced = 0
		}
		if diff := cmp.Diff(recounted, kept); diff != "" {
			w.t.Fatalf("of %q on %s (-recounted +kept): %s", in, on, diff)
		}
	}
}

// TestTalliesWhileChanging lets several write and several fold at once. In each snapshot what is kept is what a recount says.
func TestTalliesWhileChanging(t *testing.T) {
	t.Parallel()
	w := newTallyWorld(t, 7)
	ctx := t.Context()
	var work sync.WaitGroup
	for n, person := range w.persons[:6] {
		mine := &tallyWorld{Rand: rand.New(rand.NewPCG(7, uint64(n))), t: t, db: w.db}
		work.Go(func() {
			for range 15 {
				if err := mine.change(ctx, person); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for n := range 2 {
		work.Go(func() {
			for i := range 25 {
				if err := w.db.FoldTallies(ctx, calendar.DateOf(clock()).Add(40*i)); err != nil {
					t.Error(err)
				}
				if differing, err := w.db.DifferingTallies(ctx); err != nil || differing != 0 {
					t.Errorf("folder %d: %d tallies differ (%v)", n, differing, err)
				}
			}
		})
	}
	work.Wait()
	kept, recounted := w.counts(access.SystemActor(), "370305", store.ByTree, calendar.DateOf(clock()))
	if diff := cmp.Diff(recounted, kept); diff != "" || len(kept) == 0 {
		t.Errorf("in the end (-recounted +kept): %s", diff)
	}
}

// TestTalliesAreFoundWrong changes what is kept behind the service's back: it is found, and made again.
func TestTalliesAreFoundWrong(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	w := &tallyWorld{Rand: rand.New(rand.NewPCG(3, 3)), t: t, db: d.Open(t, clock)}
	ctx, today := t.Context(), calendar.DateOf(clock())
	person := putPerson(t, w.db, tallyVillages[0])
	fresh := []standing.Interval{{PersonID: person, Indicator: tallyKeys[0], Days: calendar.Interval{From: calendar.MustDate("2020-02-03")}, Status: standing.Covered, Area: tallyVillages[0]}}
	if err := w.db.Write(ctx, access.SystemActor(), "test.standings", func(tx *store.Tx) error {
		_, err := tx.ReplaceDerived(ctx, []uuid.UUID{person}, store.Reached{All: true, Dues: true}, fresh, nil)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	owner := as(t, d.OwnerURL)
	for _, tt := range []struct {
		wrong     string
		differing int // a village of which more is kept is one, and its district, which is no longer their sum, another
	}{
		{"INSERT INTO tally_moves VALUES ('rehab_coverage', '370305001001', '2024-01-01', NULL, 1, 0, 0, 0, 0)", 1},
		{"UPDATE tallies SET covered = covered + 1 WHERE day > tick", 2},
		{"UPDATE tallies SET gap = gap + 1 WHERE day = tick AND tick = '2024-01-01'", 2},
		{"DELETE FROM tallies WHERE day = tick AND tick = '2025-01-01'", 2},
		{"UPDATE district_tallies SET extra = extra + 1 WHERE day = tick AND tick = '2023-01-01'", 1},
	} {
		if err := w.db.FoldTallies(ctx, today); err != nil {
			t.Fatal(err)
		}
		if n, err := w.db.DifferingTallies(ctx); err != nil || n != 0 {
			t.Fatalf("before: %d tallies differ (%v)", n, err)
		}
		if tag, err := owner.Exec(ctx, tt.wrong); err != nil || tag.RowsAffected() == 0 {
			t.Fatalf("%s: %v, %v", tt.wrong, tag, err)
		}
		if n, err := w.db.DifferingTallies(ctx); err != nil || n != tt.differing {
			t.Errorf("after %s: %d tallies differ (%v), want %d", tt.wrong, n, err, tt.differing)
		}
		if err := w.db.RebuildTallies(ctx, today); err != nil {
			t.Fatal(err)
		}
		if n, err := w.db.DifferingTallies(ctx); err != nil || n != 0 {
			t.Errorf("after a rebuild %d tallies differ (%v)", n, err)
		}
	}
}
