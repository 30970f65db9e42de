package auth

import "time"

// Attempts is the failed sign-ins of one bucket. A bucket is a user name together with the client's network or with a
// browser that he has signed in with, or a client's address; never a user name alone. An attacker elsewhere would otherwise fail on purpose and lock the owner
// out for as long as he likes; so he slows down only his own network. The store keeps the counters; these functions
// decide.
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
// quarter of an hour after twenty within an hour. It passes by itself and is never longer than that quarter, even when
// the clock was set back; a failure that lies further ahead is none.
func (a Attempts) Wait(now time.Time) time.Duration {
	if a.Failures < freeFailures || now.Sub(a.WindowStart) >= window+longest || a.LastFailure.Sub(now) > longest {
		return 0
	}
	delay := longest
	if doublings := a.Failures - freeFailures; a.Failures < hourFailures && doublings < 10 {
		delay = min(time.Second<<doublings, longest)
	}
	return min(max(0, a.LastFailure.Add(delay).Sub(now)), delay)
}

// Failed is a after another failure. A success is the store's affair: it drops the record of the name with its network and keeps that of
// the address, or a guesser could start anew by signing in to an account of his own.
func (a Attempts) Failed(now time.Time) Attempts {
	if age := now.Sub(a.WindowStart); a.Failures == 0 || age >= window || age < -longest {
		a = Attempts{WindowStart: now}
	}
	a.Failures++
	a.LastFailure = now
	return a
}
