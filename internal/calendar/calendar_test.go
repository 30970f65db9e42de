package calendar_test

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"zhucan/internal/calendar"
)

func drawDay(t *rapid.T, label string) time.Time {
	return time.Date(1900, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 73000).Draw(t, label))
}

func dateOf(day time.Time) calendar.Date { return calendar.MustDate(day.Format(time.DateOnly)) }

// TestAgainstTime holds every operation against the standard library's.
func TestAgainstTime(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		day, other, n := drawDay(t, "day"), drawDay(t, "other"), rapid.IntRange(-400, 400).Draw(t, "n")
		d, o := dateOf(day), dateOf(other)
		if got, want := d.Add(n).String(), day.AddDate(0, 0, n).Format(time.DateOnly); got != want {
			t.Errorf("%s plus %d days is %s, want %s", d, n, got, want)
		}
		if got, want := d.AddYears(n/20).String(), day.AddDate(n/20, 0, 0).Format(time.DateOnly); got != want {
			t.Errorf("%s plus years is %s, want %s", d, got, want)
		}
		if d.Sub(o) != int((day.Unix()-other.Unix())/86400) || d.Before(o) != day.Before(other) || d.After(o) != day.After(other) {
			t.Errorf("%s against %s", d, o)
		}
		m := d.Month()
		first := time.Date(day.Year(), day.Month(), 1, 0, 0, 0, 0, time.UTC)
		if m.String() != day.Format("2006-01") || m.First().String() != first.Format(time.DateOnly) || m.Last().String() != first.AddDate(0, 1, -1).Format(time.DateOnly) {
			t.Errorf("month of %s is %s, %s to %s", d, m, m.First(), m.Last())
		}
		if got, want := m.Add(n).String(), first.AddDate(0, n, 0).Format("2006-01"); got != want || m.Add(n).Sub(m) != n {
			t.Errorf("%s plus %d months is %s, want %s", m, n, got, want)
		}
		var back calendar.Date
		if err := back.Scan(day); err != nil || back != d {
			t.Errorf("%s scanned as %s, %v", d, back, err)
		}
		since := int32((day.Unix() - time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Unix()) / 86400)
		if back, err := calendar.FromDays(since); err != nil || back != d {
			t.Errorf("%s as %d days is %s, %v", d, since, back, err)
		}
	})
}

// TestFromDays: a day that nobody may enter is read nevertheless, and the infinities of PostgreSQL are refused.
func TestFromDays(t *testing.T) {
	t.Parallel()
	for _, at := range []struct {
		days int32
		want string
	}{{math.MinInt32, ""}, {math.MaxInt32, ""}, {-720628, "0026-12-27"}, {-73048, "1800-01-01"}, {73413, "2200-12-31"}, {73414, "2201-01-01"}} {
		if got, err := calendar.FromDays(at.days); (err == nil) != (at.want != "") || got.String() != at.want {
			t.Errorf("day %d is %q, %v, want %q", at.days, got, err, at.want)
		}
	}
}

// TestAge counts birthdays one by one.
func TestAge(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		birth := drawDay(t, "birth")
		on := birth.AddDate(0, 0, rapid.IntRange(0, 36000).Draw(t, "days"))
		want := 0
		for !birth.AddDate(want+1, 0, 0).After(on) {
			want++
		}
		if got := calendar.Age(dateOf(birth), dateOf(on)); got != want {
			t.Errorf("born %s, on %s: %d, want %d", dateOf(birth), dateOf(on), got, want)
		}
	})
}

func TestDatesThatDoNotExist(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"2023-02-29", "1900-02-29", "2023-13-01", "2023-00-10", "2023-04-31", "2023-4-1", "23-04-01", "", "2023-04-01 ", "9999-01-01"} {
		if d, err := calendar.ParseDate(text); err == nil {
			t.Errorf("%q taken as %s", text, d)
		}
	}
	midnight := time.Date(2026, 2, 28, 16, 0, 0, 0, time.UTC) // 1 March in Shanghai
	if got := calendar.DateOf(midnight).String(); got != "2026-03-01" {
		t.Errorf("midnight in Shanghai is %s", got)
	}
}

// TestWhatIsStoredIsRead: every day that an instant can have, and every day that follows from a day that somebody may enter, comes back as it was stored.
func TestWhatIsStoredIsRead(t *testing.T) {
	t.Parallel()
	last := calendar.MustDate("2200-12-31")
	for _, d := range []calendar.Date{calendar.DateOf(time.Date(26, 11, 27, 2, 0, 0, 0, time.UTC)), calendar.DateOf(time.Time{}), calendar.DateOf(time.Date(9000, 12, 31, 23, 0, 0, 0, time.UTC)),
		last.Add(1), last.AddYears(10), calendar.MustDate("1800-01-01").AddMonths(-12)} {
		value, err := d.Value()
		if err != nil {
			t.Fatal(err)
		}
		stored, err := time.Parse(time.DateOnly, value.(string))
		if err != nil {
			t.Fatal(err)
		}
		var back calendar.Date
		if err := back.Scan(stored); err != nil || back != d {
			t.Errorf("%s comes back as %s: %v", d, back, err)
		}
	}
}

func FuzzParseDate(f *testing.F) {
	f.Add("2024-02-29")
	f.Fuzz(func(t *testing.T, text string) {
		if d, err := calendar.ParseDate(text); err == nil && d.String() != text {
			t.Errorf("%q became %s", text, d)
		}
	})
}
