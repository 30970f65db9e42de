// Package demo makes a district to try the service on: accounts for every role and made-up people.
package demo

import (
	"sync"
	"time"
)

// Clock is a clock that may be set and ticks on from there.
type Clock struct {
	mu       sync.Mutex
	set, was time.Time // what it was set to, and when
	real     func() time.Time
}

// NewClock begins at the time of real.
func NewClock(real func() time.Time) *Clock {
	now := real()
	return &Clock{set: now, was: now, real: real}
}

// Now is the time of the demonstration.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.set.Add(c.real().Sub(c.was))
}

// Set moves the demonstration to an instant.
func (c *Clock) Set(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.was = c.real()
	c.set = now.In(c.was.Location())
}
