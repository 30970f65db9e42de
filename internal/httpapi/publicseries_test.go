package httpapi_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestPublicReleasesWithstandAttack publishes random districts again and again: a day, the same day after corrections, the next month
// after small changes, and an earlier day at last. Readers hold all of them against each other.
func TestPublicReleasesWithstandAttack(t *testing.T) {
	t.Parallel()
	for seed, people := range []int{300, 700, 1500} {
		t.Run(fmt.Sprint(people), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(uint64(seed), 379999))
			s := start(t)
			d := &district{s: s}
			list := d.populate(random, people)
			d.bring(list)
			for i, n := range []int{2 + 2*seed, 7, 1} {
				d.children(list[i*len(list)/3].village, n)
			}
			if seed == 0 {
				ids := d.some("medical_enrolment", "gap", 60)
				d.house(ids[:25], villageA, func(i int) bool { return i != 7 && i != 8 })
				d.house(ids[25:30], villageB, func(i int) bool { return i > 0 })
				for _, id := range ids[10:60] {
					s.fact(id, "insurance_medical", "resident", "2022-01-01", "")
				}
			}
			first := s.publish("2023-03-28")
			list = d.change(random, list, "2023-03-20")
			d.children(list[0].village, seed)
			corrected := s.publish("2023-03-28")
			s.at("2023-04-28")
			d.change(random, list, "2023-04-20")
			next := s.publish("2023-04-28")
			earlier := s.publish("2023-02-28")
			series := []published{earlier, first, corrected, next}
			for _, p := range series {
				p.wantSound(t)
			}
			wantNothingTold(t, series)
			for i, p := range []published{first, corrected, next, earlier} {
				small, hidden := 0, 0
				for _, level := range []string{"district", "town", "village", "group"} {
					c := p.counts(p.public.counted()...)[level]
					small, hidden = small+c.small, hidden+c.hidden
					t.Logf("release %d, %s: %d rows, %d with people, %d with small numbers, %d hidden", i+1, level, c.rows, c.peopled, c.small, c.hidden)
				}
				if most := small + small/4 + 10*i; hidden > most {
					t.Errorf("release %d hides %d rows, of which %d have small numbers; no more than %d are expected to be", i+1, hidden, small, most)
				}
			}
		})
	}
}

// TestWhatIsToldBetweenPublicReleases are series in which each table alone tells nothing.
func TestWhatIsToldBetweenPublicReleases(t *testing.T) {
	t.Parallel()
	settled := villages(t)[townA]
	gap := func(list *[]resident, d *district, at, n int, kind resident) {
		kind.village, kind.category, kind.born, kind.level = settled[at], 4, 1960, max(kind.level, 1)
		d.add(list, n, kind)
	}
	for _, tt := range []struct {
		name string
		run  func(d *district) []published // in the order of their days
	}{
		// 3 and 12 are known to be 15, so they cannot hide a third village that comes down to 4
		{"a third village", func(d *district) []published {
			var list []resident
			for at, n := range []int{3, 12, 20} {
				gap(&list, d, at, n, resident{})
			}
			d.bring(list)
			first := d.s.publish("2023-03-28")
			for i := 15; i < 31; i++ {
				list[i].nursing = true
			}
			d.bring(list)
			return []published{first, d.s.publish("2023-03-28")}
		}},
		// the same, told by a day before that is published after
		{"an earlier day", func(d *district) []published {
			var list []resident
			for at, n := range []int{3, 12, 4} {
				gap(&list, d, at, n, resident{})
			}
			gap(&list, d, 2, 16, resident{card: "2023-03-10"})
			d.bring(list)
			later := d.s.publish("2023-03-28")
			return []published{d.s.publish("2023-02-28"), later}
		}},
		// 3 and 30 are hidden; when the 3 are gone, so is their row, and the 30 are the whole
		{"a group that is gone", func(d *district) []published {
			var list []resident
			gap(&list, d, 0, 3, resident{level: 2})
			gap(&list, d, 0, 15, resident{})
			gap(&list, d, 1, 15, resident{})
			d.bring(list)
			first := d.s.publish("2023-03-28")
			d.s.at("2023-04-28")
			for _, id := range d.level2() {
				d.s.fact(id, "death", true, "2023-04-10", "")
			}
			return []published{first, d.s.publish("2023-04-28")}
		}},
		// B and C are known to be 9, so B is no more than 9; then A, B and C are 20, so A and C are 11 at least; and when in the end
		// B is empty and all are 15 with a fourth, the fourth would be 4 at most. No two of the tables tell that
		{"three in a row", func(d *district) []published {
			var list []resident
			for at, n := range []int{8, 7, 2, 12, 40} {
				gap(&list, d, at, n, resident{})
			}
			receive := func(from, n int) {
				for i := range n {
					list[from+i].nursing = true
				}
			}
			d.bring(list)
			series := []published{d.s.publish("2023-03-28")}
			receive(0, 5)
			gap(&list, d, 2, 8, resident{})
			d.bring(list)
			series = append(series, d.s.publish("2023-03-28"))
			receive(8, 7)
			receive(17, 10)
			d.bring(list)
			return append(series, d.s.publish("2023-03-28"))
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := &district{s: start(t)}
			d.children(villageA, 4)
			series := tt.run(d)
			for _, p := range series {
				p.wantSound(t)
			}
			wantNothingTold(t, series)
		})
	}
}
