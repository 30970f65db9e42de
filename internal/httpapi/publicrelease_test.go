package httpapi_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"zhucan/internal/area"
	"zhucan/internal/calendar"
	"zhucan/internal/casework"
)

// coverage is the indicator that the tests look at most: of the nursing subsidy.
const coverage = "nursing_subsidy_coverage"

// dimensions are the breakdowns of a public release.
var dimensions = []string{"tree", "category", "level", "sex", "age_band", "hardship", "registered_poor", "hukou_type", "multi_disabled"}

// published is a public release as everybody gets it, and beside it what offices know of the same moment.
type published struct {
	id            string
	public, truth sheet
}

// publish seals a public release of a day.
func (s *service) publish(day string) published {
	s.t.Helper()
	return s.readPublished(s.sealed(map[string]any{"as_of": day, "public": true}).text("id"))
}

func (s *service) readPublished(id string) published {
	s.t.Helper()
	about := s.do("stats", "GET", "/indicator-releases/"+id, nil).want(200)
	p := published{id: id, public: readSheet(s.t, s.file("liaison.a", id, "csv"))}
	var counted []sheet
	for _, by := range dimensions {
		q := "/indicators/values?format=csv&by=" + by + "&as_of=" + about.text("as_of") + "&known_at=" + about.text("known_at")
		counted = append(counted, readSheet(s.t, s.do("stats", "GET", q, nil).want(200).body))
	}
	p.truth = joined(counted)
	return p
}

// wantSound wants a public table to show nothing but 0 and what is 5 or more, to be true where it shows something, and to have no
// group of nobody.
func (p published) wantSound(t *testing.T) {
	t.Helper()
	for _, f := range p.public.rows {
		if f.unit != "人" && f.unit != "户" {
			continue
		}
		if f.hidden {
			continue
		}
		for _, n := range []int64{f.n[0], f.n[1], f.n[0] + f.n[1]} {
			if n < 0 || n > 0 && n < threshold {
				t.Errorf("%v shows %v", f.cell, f.n)
			}
		}
		for part, n := range f.n {
			if want := p.truth.number(f.cell, part); n != want {
				t.Errorf("%v shows %v, which is not true: %d", f.cell, f.n, want)
			}
		}
		if f.by != "tree" && f.n == [2]int64{} {
			t.Errorf("%v is a group of nobody", f.cell)
		}
	}
}

// count is how many rows there are of a kind, how many have anybody, how many a small number, and how many are hidden.
type count struct{ rows, peopled, small, hidden int }

// counts are by level: the district, towns, villages, groups.
func (p published) counts(indicators ...string) map[string]count {
	list := map[string]count{}
	for _, f := range p.public.rows {
		if !slices.Contains(indicators, f.indicator) {
			continue
		}
		level := "group"
		if f.by == "tree" && f.group == "" {
			level = map[int]string{6: "district", 9: "town", 12: "village"}[len(f.area)]
		}
		c := list[level]
		c.rows++
		if f.hidden {
			c.hidden++
		}
		n := [2]int64{p.truth.number(f.cell, 0), p.truth.number(f.cell, 1)}
		if n != [2]int64{} {
			c.peopled++
		}
		if n[0] > 0 && n[0] < threshold || n[1] > 0 && n[1] < threshold {
			c.small++
		}
		list[level] = c
	}
	return list
}

// plain is somebody of whom only the village and whether the subsidy is received matter: all others are in the same groups.
func plain(village string, receives bool) resident {
	return resident{village: village, level: 1, category: 4, born: 1960, nursing: receives}
}

// children are on the register without a card, so many in a village; a third of them are insured, and some are at school.
func (d *district) children(village string, n int) {
	d.s.t.Helper()
	for i := range n {
		d.next++
		child, err := d.s.desk.CreatePerson(d.s.t.Context(), systemActor, casework.NewPerson{Name: fmt.Sprint("金丝雀童", d.next), BirthDate: calendar.MustDate(fmt.Sprintf("%d-01-02", 2010+i%8)),
			Diagnosis: "听力障碍", Sex: []string{"male", "female"}[i%2], Hukou: area.Code(village), HukouType: "agricultural", BirthCertificate: fmt.Sprintf("B37%07d", d.next)})
		if err != nil {
			d.s.t.Fatal(err)
		}
		id := child.File.Person.ID.String()
		if i%3 == 1 {
			d.s.fact(id, "insurance_medical", "resident", "2022-01-01", "")
		}
		if i%4 == 1 {
			d.s.fact(id, "school", "regular", "2022-01-01", "")
		}
	}
}

// village has so many who receive and so many who do not.
type village struct{ covered, gap int }

// settle brings villages of towns, one list a town.
func (d *district) settle(towns ...[]village) {
	d.s.t.Helper()
	settled := villages(d.s.t)
	var list []resident
	for i, town := range slices.Sorted(maps.Keys(settled))[:len(towns)] {
		for k, v := range towns[i] {
			d.add(&list, v.covered, plain(settled[town][k], true))
			d.add(&list, v.gap, plain(settled[town][k], false))
		}
	}
	d.bring(list)
}

// TestPublicReleaseOfNastyDistricts has the rows that are hidden counted by hand: no fewer, and no more, than it takes.
func TestPublicReleaseOfNastyDistricts(t *testing.T) {
	t.Parallel()
	rest := []village{{20, 0}, {30, 0}}
	alone := make([][]village, 12)
	for i := range alone {
		alone[i] = []village{{10 + i, 1 + i%4}}
	}
	// in each dimension there is one group, which is the whole over again
	const groups = 7
	for _, tt := range []struct {
		name  string
		towns [][]village
		want  count // of the nursing subsidy
	}{
		{"nobody", nil, count{}},
		{"everybody receives", [][]village{{{5, 0}, {9, 0}}, {{12, 0}, {0, 0}}}, count{}},
		{"nobody receives", [][]village{{{0, 5}, {0, 9}}, {{0, 12}}}, count{}},
		{"a gap of 1 in all", [][]village{{{9, 1}, {8, 0}}, rest}, count{small: 3 + groups, hidden: 3 + groups}},
		{"a gap of 2 in all", [][]village{{{9, 2}, {8, 0}}, rest}, count{small: 3 + groups, hidden: 3 + groups}},
		{"a gap of 3 in two towns", [][]village{{{9, 1}, {8, 0}}, {{9, 2}}, rest}, count{small: 5 + groups, hidden: 5 + groups}},
		{"a gap of 4 in two villages", [][]village{{{9, 1}, {8, 3}, {7, 0}}, rest}, count{small: 4 + groups, hidden: 4 + groups}},
		{"a gap of 5 in all", [][]village{{{9, 5}, {8, 0}}, rest}, count{}},
		{"a gap of 5 in two villages", [][]village{{{9, 1}, {8, 4}, {7, 0}}, rest}, count{small: 2, hidden: 2}},
		// the small village, its town, and of another town the smallest village: the towns together are known
		{"one small gap among large ones", [][]village{{{50, 3}}, {{50, 10}, {50, 20}}, {{50, 25}, {50, 35}}}, count{small: 2, hidden: 4}},
		// each town is its village, and 30 are together in all: all are hidden, and the whole can be shown
		{"one village a town", alone, count{small: 24, hidden: 24}},
		{"one town only", [][]village{{{3, 0}, {20, 6}, {40, 9}, {2, 3}}}, count{small: 2, hidden: 3}},
		// the covered of the town are 3, and the gap of the other town is hidden with them
		{"one person of few", [][]village{{{1, 0}}}, count{small: 3 + groups, hidden: 3 + groups}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := start(t)
			d := &district{s: s}
			if tt.towns != nil {
				d.settle(tt.towns...)
				d.children(villageA, 5)
			}
			p := s.publish("2023-03-28")
			p.wantSound(t)
			wantNothingTold(t, []published{p})
			got := count{}
			for _, c := range p.counts(coverage) {
				got.small, got.hidden = got.small+c.small, got.hidden+c.hidden
			}
			if got != tt.want {
				t.Errorf("%d rows have small numbers and %d are hidden, want %d and %d", got.small, got.hidden, tt.want.small, tt.want.hidden)
				for _, f := range p.public.rows {
					if f.indicator == coverage && f.hidden {
						t.Log(f.cell, p.truth.at[f.cell].n)
					}
				}
			}
		})
	}
}
