package auth

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func TestWait(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		failures int
		since    time.Duration // the last failure
		want     time.Duration
	}{
		{0, 0, 0}, {1, 0, 0}, {4, 0, 0},
		{5, 0, time.Second}, {6, 0, 2 * time.Second}, {7, 0, 4 * time.Second}, {10, 0, 32 * time.Second},
		{14, 0, 512 * time.Second}, {15, 0, 15 * time.Minute}, {19, 0, 15 * time.Minute},
		{20, 0, 15 * time.Minute}, {1_000_000_000, 0, 15 * time.Minute},
		{7, time.Second, 3 * time.Second}, {7, 4 * time.Second, 0}, {7, time.Minute, 0},
		{20, 14 * time.Minute, time.Minute}, {20, 15 * time.Minute, 0},
		{7, -time.Second, 4 * time.Second}, {20, -10 * time.Minute, 15 * time.Minute}, // another server's clock is ahead
		{20, -365 * 24 * time.Hour, 0}, // the clock was set back
	} {
		t.Run(fmt.Sprint(tt.failures, tt.since), func(t *testing.T) {
			t.Parallel()
			a := Attempts{Failures: tt.failures, LastFailure: noon.Add(-tt.since), WindowStart: noon.Add(-tt.since)}
			if diff := cmp.Diff(tt.want, a.Wait(noon)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Twenty guesses at once, before any wait could count, are followed by a quarter of an hour, even across the hour.
func TestTwentyAnHour(t *testing.T) {
	t.Parallel()
	a := Attempts{}
	for range 20 {
		a = a.Failed(noon)
	}
	if diff := cmp.Diff(Attempts{Failures: 20, LastFailure: noon, WindowStart: noon}, a); diff != "" {
		t.Error(diff)
	}
	late := Attempts{Failures: 19, LastFailure: noon, WindowStart: noon}.Failed(noon.Add(59 * time.Minute))
	for after, want := range map[time.Duration]time.Duration{0: 15 * time.Minute, 2 * time.Minute: 13 * time.Minute, 15 * time.Minute: 0} {
		if got := late.Wait(noon.Add(59*time.Minute + after)); got != want {
			t.Errorf("%v later: %v, want %v", after, got, want)
		}
	}
}

func TestFailuresAreForgotten(t *testing.T) {
	t.Parallel()
	old := Attempts{Failures: 20, LastFailure: noon, WindowStart: noon}
	for name, now := range map[string]time.Time{"an hour later": noon.Add(time.Hour), "the clock set back": noon.Add(-time.Hour)} {
		if diff := cmp.Diff(Attempts{Failures: 1, LastFailure: now, WindowStart: now}, old.Failed(now)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// Whatever a record holds, nobody waits longer than a quarter of an hour, and who waits as long as told may go on.
func TestNobodyIsLockedOut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ago := func(name string) time.Time {
			return noon.Add(-time.Duration(rapid.Int64Range(-int64(48*time.Hour), int64(48*time.Hour)).Draw(t, name)))
		}
		a := Attempts{Failures: rapid.IntRange(0, 1<<40).Draw(t, "failures"), LastFailure: ago("last"), WindowStart: ago("start")}
		if rapid.Bool().Draw(t, "one more") {
			a = a.Failed(noon)
		}
		wait := a.Wait(noon)
		if wait < 0 || wait > 15*time.Minute {
			t.Fatalf("%+v waits %v", a, wait)
		}
		if a.LastFailure.After(noon) {
			return // by a clock that is ahead; it is told again
		}
		if rest := a.Wait(noon.Add(wait)); rest != 0 {
			t.Fatalf("%+v waits %v, and then %v more", a, wait, rest)
		}
	})
}

// A guesser who never rests gets few guesses out of a bucket.
func TestGuessesADay(t *testing.T) {
	t.Parallel()
	guesses, a := 0, Attempts{}
	for now := noon; now.Before(noon.Add(24 * time.Hour)); guesses++ {
		a = a.Failed(now)
		now = now.Add(a.Wait(now))
	}
	if guesses > 480 {
		t.Errorf("%d guesses a day", guesses)
	}
}
