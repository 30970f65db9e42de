package auth

import "time"

// Attempts is the failed sign-ins of one bucket. A bucket is a user name together with the client's network, or a
// client's address; never a user name alone, or an attacker anywhere could lock its owner out for good.
type Attempts struct {
	Failures    int
	LastFailure time.Time
	WindowStart time.Time // of the hour in which failures are counted
}

const (
	freeFailures = 5
	hourFailures = 20
	window       = time.Hour
	longest      = 15 * time.Minute
)

// Wait is how long the next sign-in has to wait: nothing for the first five failures, then 1, 2, 4 … seconds, and a
// quarter of an hour after twenty within an hour. It passes by itself.
func (a Attempts) Wait(now time.Time) time.Duration {
	if a.Failures < freeFailures || now.Sub(a.WindowStart) >= window+longest {
		return 0
	}
	delay := longest
	if doublings := a.Failures - freeFailures; a.Failures < hourFailures && doublings < 10 {
		delay = min(time.Second<<doublings, longest)
	}
	return max(0, a.LastFailure.Add(delay).Sub(now))
}

// Failed is a after another failure.
func (a Attempts) Failed(now time.Time) Attempts {
	if a.Failures == 0 || now.Sub(a.WindowStart) >= window {
		a = Attempts{WindowStart: now}
	}
	a.Failures++
	a.LastFailure = now
	return a
}
