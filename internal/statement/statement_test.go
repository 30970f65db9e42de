package statement_test

import (
	stdcmp "cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"zhucan/internal/calendar"
	"zhucan/internal/statement"
)

var sameDay = cmp.Comparer(func(a, b calendar.Date) bool { return a == b })

func day(text string) calendar.Date {
	if text == "" {
		return calendar.Date{}
	}
	return calendar.MustDate(text)
}

func holds(sort, from, to, asOf string) statement.Statement {
	return statement.Statement{Says: statement.Holds, Sort: sort, From: day(from), To: day(to), AsOf: day(asOf)}
}

func absent(asOf string) statement.Statement {
	return statement.Statement{Says: statement.Absent, AsOf: day(asOf)}
}

func ended(on, asOf string) statement.Statement {
	return statement.Statement{Says: statement.Ended, From: day(on), AsOf: day(asOf)}
}

func fact(sort, from, to string) statement.Fact {
	return statement.Fact{Sort: sort, Days: calendar.Interval{From: day(from), To: day(to)}}
}

func TestFold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		said []statement.Statement
		want []statement.Fact
	}{
		{"nothing", nil, nil},
		{"on a list", []statement.Statement{holds("household", "2023-01-01", "", "2023-03-01")}, []statement.Fact{fact("household", "2023-01-01", "")}},
		{"gone from the next", []statement.Statement{holds("household", "2023-01-01", "", "2023-03-01"), absent("2023-05-01")}, []statement.Fact{fact("household", "2023-01-01", "2023-04-30")}},
		{"and back, with the first day of old", []statement.Statement{holds("household", "2023-01-01", "", "2023-03-01"), absent("2023-05-01"), holds("household", "2023-01-01", "", "2023-07-01")},
			[]statement.Fact{fact("household", "2023-01-01", "2023-04-30"), fact("household", "2023-07-01", "")}},
		{"ended before it began to be known", []statement.Statement{ended("2023-04-10", "2023-05-01"), holds("household", "2023-01-01", "", "2023-03-01")}, []statement.Fact{fact("household", "2023-01-01", "2023-04-10")}},
		{"another sort from a day on", []statement.Statement{holds("household", "2023-01-01", "", "2023-03-01"), holds("single", "2023-06-01", "", "2023-07-01")},
			[]statement.Fact{fact("household", "2023-01-01", "2023-05-31"), fact("single", "2023-06-01", "")}},
		{"a year of insurance after another", []statement.Statement{holds("resident", "2022-01-01", "2022-12-31", "2022-06-30"), holds("resident", "2023-01-01", "2023-12-31", "2023-06-30")},
			[]statement.Fact{fact("resident", "2022-01-01", "2023-12-31")}},
		{"absent where never named", []statement.Statement{absent("2023-05-01")}, nil},
		{"absent from a list of others", []statement.Statement{holds("orphan", "2023-01-01", "", "2023-03-01"), {Says: statement.Absent, Sort: "defacto", AsOf: day("2023-05-01")}}, []statement.Fact{fact("orphan", "2023-01-01", "")}},
		{"named and not named on one day", []statement.Statement{absent("2023-05-01"), holds("household", "2023-05-01", "", "2023-05-01")}, []statement.Fact{fact("household", "2023-05-01", "")}},
		{"for another year, said late", []statement.Statement{holds("household", "2022-07-01", "2023-06-30", "2022-08-01"), holds("household", "2022-07-01", "2024-06-30", "2023-09-01")},
			[]statement.Fact{fact("household", "2022-07-01", "2024-06-30")}},
		{"for another year, and not named between", []statement.Statement{holds("household", "2022-07-01", "2023-06-30", "2022-08-01"), absent("2023-07-15"), holds("household", "2022-07-01", "", "2023-09-01")},
			[]statement.Fact{fact("household", "2022-07-01", "2023-07-14"), fact("household", "2023-09-01", "")}},
		{"ended, and begun anew with the first day of old", []statement.Statement{holds("household", "2022-07-01", "2023-06-30", "2023-08-01"), holds("household", "2022-07-01", "", "2023-10-01")},
			[]statement.Fact{fact("household", "2022-07-01", "2023-06-30"), fact("household", "2023-10-01", "")}},
		{"recorded by hand with an end", []statement.Statement{holds("household", "2022-07-01", "2023-06-30", "2022-07-01"), holds("household", "2022-07-01", "", "2023-10-01")},
			[]statement.Fact{fact("household", "2022-07-01", "2023-06-30"), fact("household", "2023-10-01", "")}},
		{"another sort goes on when one ends", []statement.Statement{holds("resident", "2020-01-01", "2023-03-31", "2023-05-01"), holds("employee", "2023-02-01", "", "2023-03-15")},
			[]statement.Fact{fact("resident", "2020-01-01", "2023-01-31"), fact("employee", "2023-02-01", "")}},
		{"of a sort that not every list says", []statement.Statement{holds("single", "2022-01-01", "", "2023-02-01"), holds("", "2022-01-01", "", "2023-03-01")}, []statement.Fact{fact("single", "2022-01-01", "")}},
		{"left out and named again on one day", []statement.Statement{holds("single", "2022-01-01", "", "2023-02-01"), {Says: statement.Absent, AsOf: day("2023-03-01")}, holds("", "2022-01-01", "", "2023-03-01")}, []statement.Fact{fact("single", "2022-01-01", "")}},
		{"of no sort from the day after", []statement.Statement{holds("single", "2022-01-01", "2022-12-31", "2022-02-01"), holds("", "2023-01-01", "", "2023-02-01")}, []statement.Fact{fact("single", "2022-01-01", "")}},
		{"of no sort, and gone", []statement.Statement{holds("", "2022-01-01", "", "2023-02-01"), {Says: statement.Absent, Sort: "single", AsOf: day("2023-03-01")}}, []statement.Fact{fact("", "2022-01-01", "2023-02-28")}},
		{"over before it began", []statement.Statement{holds("household", "2023-03-01", "2023-01-31", "2023-03-01")}, nil},
	} {
		if diff := cmp.Diff(tt.want, statement.Fold(tt.said), sameDay); diff != "" {
			t.Errorf("%s: %s", tt.name, diff)
		}
	}
}

// TestFoldIsWhatEachDaySays: in any order, and equal to asking day by day.
func TestFoldIsWhatEachDaySays(t *testing.T) {
	t.Parallel()
	first := calendar.MustDate("2023-01-01")
	rapid.Check(t, func(t *rapid.T) {
		on := func(label string) calendar.Date { return first.Add(rapid.IntRange(0, 30).Draw(t, label)) }
		var said []statement.Statement
		for range rapid.IntRange(0, 6).Draw(t, "statements") {
			s := statement.Statement{Says: rapid.SampledFrom([]statement.Says{statement.Holds, statement.Ended, statement.Absent}).Draw(t, "says"), AsOf: on("as of")}
			switch s.Says {
			case statement.Holds:
				s.Sort, s.From = rapid.SampledFrom([]string{"a", "b", ""}).Draw(t, "sort"), on("from")
				if rapid.Bool().Draw(t, "closed") {
					s.To = s.From.Add(rapid.IntRange(0, 12).Draw(t, "days"))
				}
			case statement.Ended:
				s.From = on("ended")
			}
			if s.Says != statement.Holds {
				s.Sort = rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "of sort")
			}
			said = append(said, s)
		}
		facts := statement.Fold(said)
		shuffled := append([]statement.Statement{}, said...)
		rand.New(rand.NewPCG(1, uint64(len(said)))).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if diff := cmp.Diff(facts, statement.Fold(shuffled), sameDay); diff != "" {
			t.Fatalf("another order gives other facts: %s", diff)
		}
		for d := first.Add(-1); d.Before(first.Add(50)); d = d.Add(1) {
			got := "none"
			for _, f := range facts {
				if f.Days.Contains(d) {
					got = "sort " + f.Sort
				}
			}
			if want := saidOf(said, d); got != want {
				t.Fatalf("on %s %q, want %q of %+v", d, got, want, said)
			}
		}
	})
}

// saidOf goes through the days until one, and lets each say what it says: first what stops, then what begins, by the day of its list.
func saidOf(said []statement.Statement, on calendar.Date) string {
	sort, holding := "", false
	for d := calendar.MustDate("2022-12-01"); !d.After(on); d = d.Add(1) {
		var ends, begins []statement.Statement
		for _, s := range said {
			lasts := s.Says == statement.Holds && s.From.Before(s.AsOf) && !s.AsOf.After(s.To) && slices.ContainsFunc(said, func(o statement.Statement) bool {
				same := o.Sort == s.Sort || o.Sort == "" || s.Sort == ""
				return o.Says == statement.Holds && same && o.AsOf.After(s.AsOf) && !o.From.After(s.To) && (o.To.IsZero() || o.To.After(s.To))
			})
			if s.Says == statement.Ended && s.From.Add(1) == d || s.Says == statement.Absent && s.AsOf == d || s.Says == statement.Holds && !s.To.IsZero() && !lasts && s.To.Add(1) == d {
				ends = append(ends, s)
			}
			if s.Says == statement.Holds && (s.From == d || s.AsOf == d && !s.From.After(d) && (s.To.IsZero() || !s.To.Before(d))) {
				begins = append(begins, s)
			}
		}
		before := sort // of nothing: empty
		for _, s := range ends {
			if s.Sort == "" || s.Sort == sort || sort == "" {
				sort, holding = "", false
			}
		}
		slices.SortFunc(begins, func(a, b statement.Statement) int {
			return stdcmp.Or(a.AsOf.Compare(b.AsOf), strings.Compare(a.Sort, b.Sort))
		})
		for _, s := range begins {
			if s.Sort != "" || !holding {
				sort = stdcmp.Or(s.Sort, before)
			}
			holding = true
		}
	}
	if !holding {
		return "none"
	}
	return "sort " + sort
}
