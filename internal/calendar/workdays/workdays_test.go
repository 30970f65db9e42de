package workdays

import (
	"testing"

	"pgregory.net/rapid"

	"zhucan/internal/calendar"
)

func TestBuiltin(t *testing.T) {
	t.Parallel()
	c := Builtin()
	for day, want := range map[string]bool{
		"2023-01-28": true, "2023-01-27": false, "2023-04-23": true, "2023-04-22": false, "2023-05-06": true, "2023-10-06": false, // make-up days of 2023
		"2020-02-01": false, "2020-02-03": true, "2019-05-05": true, "2019-05-02": false, "2018-12-29": true, "2018-12-31": false,
		"2026-11-23": true, "2026-11-22": false, "2026-02-23": false, "2026-02-28": true,
		"2031-10-01": true, "2031-10-04": false, // a year that is not known has weekends only
	} {
		if c.IsWorking(calendar.MustDate(day)) != want {
			t.Errorf("%s is worked: %v, want %v", day, !want, want)
		}
	}
	// how many days each year are worked, counted by hand from the notices
	for year, want := range map[string]int{"2016": 250, "2017": 249, "2019": 250, "2021": 250, "2022": 249, "2023": 249, "2024": 251, "2025": 248, "2026": 248} {
		if got := c.Between(calendar.MustDate(year+"-01-01").Add(-1), calendar.MustDate(year+"-12-31")); got != want {
			t.Errorf("%s has %d working days, want %d", year, got, want)
		}
	}
}

// TestFridayBeforeMakeUpSaturday is T29: the limit ends on the Saturday that is worked.
func TestFridayBeforeMakeUpSaturday(t *testing.T) {
	t.Parallel()
	if got := Builtin().Add(calendar.MustDate("2023-05-05"), 1); got.String() != "2023-05-06" {
		t.Errorf("one working day after Friday 5 May 2023 is %s", got)
	}
	if got := Builtin().Add(calendar.MustDate("2023-04-28"), 1); got.String() != "2023-05-04" {
		t.Errorf("one working day after 28 April 2023 is %s", got)
	}
}

func TestAddAndBetweenAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := Builtin()
		day := calendar.MustDate("2015-12-01").Add(rapid.IntRange(0, 4200).Draw(t, "day"))
		n := rapid.IntRange(1, 60).Draw(t, "working days")
		got := c.Add(day, n)
		if !c.IsWorking(got) || c.Between(day, got) != n || c.Between(got, day) != -n {
			t.Fatalf("%d after %s is %s, %d between", n, day, got, c.Between(day, got))
		}
	})
}

func TestRead(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"unknown member":       "years: [{year: 2030, document: x, holiday: []}]",
		"outside its year":     `years: [{year: 2030, document: x, holidays: ["2029-12-31"]}]`,
		"reversed":             `years: [{year: 2030, document: x, holidays: ["2030-02-02..2030-02-01"]}]`,
		"no such day":          `years: [{year: 2030, document: x, holidays: ["2030-02-30"]}]`,
		"worked on a weekday":  `years: [{year: 2030, document: x, working: ["2030-01-02"]}]`,
		"both off and worked":  `years: [{year: 2030, document: x, holidays: ["2030-01-05"], working: ["2030-01-05"]}]`,
		"a year twice":         "years: [{year: 2030, document: x}, {year: 2030, document: y}]",
		"without its document": "years: [{year: 2030}]",
	} {
		if _, err := Read([]byte(text)); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(builtin)
	f.Fuzz(func(t *testing.T, text []byte) {
		if c, err := Read(text); err == nil {
			c.Between(calendar.MustDate("2030-01-01"), calendar.MustDate("2030-02-01"))
		}
	})
}

// TestPassedBy agrees with the clock: overdue is what has waited since the day or longer, and nothing later.
func TestPassedBy(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := Builtin()
		today := calendar.MustDate("2015-12-01").Add(rapid.IntRange(0, 4200).Draw(t, "day"))
		n := rapid.IntRange(0, 40).Draw(t, "limit")
		since := c.PassedBy(today, n)
		for d := since.Add(-3); !d.After(today); d = d.Add(1) {
			if overdue := c.Between(today, c.Add(d, n)) < 0; overdue != !d.After(since) {
				t.Fatalf("%s after %s under %d: overdue %v, PassedBy says %s", today, d, n, overdue, since)
			}
		}
	})
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	c, first := Builtin(), calendar.MustDate("2022-12-25")
	numbers := c.Numbers(first, first.Add(400))
	for i := range 400 {
		for _, j := range []int{i, i / 2, 0} {
			if got, want := int(numbers[i]-numbers[j]), c.Between(first.Add(j), first.Add(i)); got != want {
				t.Fatalf("from %s to %s: %d, want %d", first.Add(j), first.Add(i), got, want)
			}
		}
	}
}
