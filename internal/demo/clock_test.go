package demo_test

import (
	"testing"
	"time"

	"zhucan/internal/demo"
)

// TestClockGoesWhereItIsSet: also to an instant that is further away than a duration reaches, some 292 years.
func TestClockGoesWhereItIsSet(t *testing.T) {
	t.Parallel()
	real := time.Date(2026, 11, 28, 9, 0, 0, 0, time.UTC)
	clock := demo.NewClock(func() time.Time { return real })
	if got := clock.Now(); !got.Equal(real) {
		t.Fatalf("it begins at %s", got)
	}
	for _, at := range []string{"2023-03-28T10:00:00+08:00", "1016-02-29T00:00:00Z", "9998-12-31T23:59:59Z", "2027-01-01T00:00:00+08:00"} {
		want, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		clock.Set(want)
		real = real.Add(time.Minute)
		if got := clock.Now(); !got.Equal(want.Add(time.Minute)) || got.Location() != time.UTC {
			t.Errorf("a minute after it was set to %s it is %s", at, got)
		}
	}
}
