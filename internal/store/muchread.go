package store

import (
	"context"
	"encoding/binary"
	"sync"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/calendar"
)

// muchRead is how many persons an account is told of in a day before the auditor hears of it: a day's work at a counter is some hundreds. (choice)
const muchRead = 2000

// mostKept is of how many persons an account has been told is kept; whom it is told of beyond them counts each time.
const mostKept = 20_000

// noteLimit is how long a reader waits at most until it is written down that he reads much.
const noteLimit = 5 * time.Second

// tellings are of whom each account was told today, by this process and since it began.
type tellings struct {
	mu  sync.Mutex
	day calendar.Date
	of  map[uuid.UUID]*told
}

type told struct {
	persons map[uint64]struct{} // by the random part of their ids
	n       int
}

// add counts persons of whom the account was not told yet, and reports how many there are where that has just become much, or twice as many as when
// it last was.
func (t *tellings) add(day calendar.Date, account uuid.UUID, persons []uuid.UUID) (much int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.day != day {
		t.day, t.of = day, map[uuid.UUID]*told{}
	}
	of := t.of[account]
	if of == nil {
		of = &told{persons: map[uint64]struct{}{}}
		t.of[account] = of
	}
	before := of.n
	for _, id := range persons {
		key := binary.BigEndian.Uint64(id[8:])
		if _, again := of.persons[key]; again {
			continue
		}
		if of.n++; len(of.persons) < mostKept {
			of.persons[key] = struct{}{}
		}
	}
	mark := muchRead
	for mark <= before {
		mark *= 2
	}
	if of.n < mark {
		return 0
	}
	return of.n
}

// Told notes that somebody was told of persons: by lists, worklists, searches and files, in which numbers are masked. Nobody is kept from reading
// on, for who counts a district or pays it has to; but a stolen session that goes through the whole register is seen by the auditor on the same
// day. Who looks at the same persons again is told of nobody else. What takes persons out at once has entries of its own.
func (db *DB) Told(ctx context.Context, who access.Actor, persons []uuid.UUID) {
	if who.AccountID == uuid.Nil || len(persons) == 0 {
		return
	}
	much := db.tellings.add(calendar.DateOf(db.Now()), who.AccountID, persons)
	if much == 0 {
		return
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), noteLimit)
	defer done()
	db.Log.WarnContext(ctx, "an account reads of unusually many persons", "account", who.AccountID, "persons", much, "request_id", who.RequestID)
	err := db.transact(ctx, who, func(tx *Tx) error {
		return tx.sign(ctx, "persons.much_read", "done", uuid.Nil, map[string]any{"persons": much}, nil)
	})
	if err != nil {
		db.Log.ErrorContext(ctx, "unusual reading was not recorded", "err", err, "request_id", who.RequestID)
	}
}

// Asked notes that somebody was told of ID numbers whether they are in the register.
func (db *DB) Asked(ctx context.Context, who access.Actor, numbers []string) {
	db.Told(ctx, who, idsBy(numbers, func(number string) uuid.UUID { return uuid.NewSHA1(uuid.Nil, db.index(indexID, number)) }))
}

func idsBy[T any](list []T, id func(T) uuid.UUID) []uuid.UUID {
	ids := make([]uuid.UUID, len(list))
	for i, one := range list {
		ids[i] = id(one)
	}
	return ids
}
