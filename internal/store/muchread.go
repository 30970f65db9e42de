package store

import (
	"context"
	"sync"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
)

// muchRead is how many persons an account is told of in a day before the auditor hears of it: a day's work at a counter is some hundreds. (choice)
const muchRead = 2000

// tellings count of how many persons each account was told today, by this process and since it began.
type tellings struct {
	mu     sync.Mutex
	day    calendar.Date
	counts map[uuid.UUID]int
}

// add counts further persons, and reports how many there are where that has just become much, or twice as many as when it last was.
func (t *tellings) add(day calendar.Date, account uuid.UUID, n int) (much int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.day != day {
		t.day, t.counts = day, map[uuid.UUID]int{}
	}
	before := t.counts[account]
	t.counts[account] = before + n
	mark := muchRead
	for mark <= before {
		mark *= 2
	}
	if before+n < mark {
		return 0
	}
	return before + n
}

// Told notes that somebody was told of persons: by lists, worklists, searches and files, in which numbers are masked, and by the numbers that a
// program asks about. Nobody is kept from reading on, for who counts a district or pays it has to; but a stolen session that goes
// through the whole register is seen by the auditor on the same day. What takes persons out at once has entries of its own.
func (db *DB) Told(ctx context.Context, who access.Actor, persons int) {
	if who.AccountID == uuid.Nil {
		return
	}
	much := db.tellings.add(calendar.DateOf(db.Now()), who.AccountID, persons)
	if much == 0 {
		return
	}
	ctx = context.WithoutCancel(ctx)
	db.Log.WarnContext(ctx, "an account reads of unusually many persons", "account", who.AccountID, "persons", much, "request_id", who.RequestID)
	err := db.transact(ctx, who, func(tx *Tx) error {
		return tx.sign(ctx, "persons.much_read", "done", uuid.Nil, map[string]any{"persons": much}, nil)
	})
	if err != nil {
		db.Log.ErrorContext(ctx, "unusual reading was not recorded", "err", err, "request_id", who.RequestID)
	}
}
