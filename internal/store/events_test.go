package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"zhucan/internal/access"
	"zhucan/internal/area"
	"zhucan/internal/store"
	"zhucan/internal/store/testdb"
)

// emit writes n events in one transaction that then stays open for a while.
func emit(t *testing.T, db *store.DB, at area.Code, n int, open time.Duration) (ids []uuid.UUID) {
	t.Helper()
	err := db.Write(t.Context(), access.SystemActor(), "test.emit", func(tx *store.Tx) error {
		for range n {
			subject := uuid.Must(uuid.NewV7())
			ids = append(ids, subject)
			tx.Emit(store.Event{Type: "test.changed", Subject: subject, Area: at, Data: map[string]any{"kind": "x"}})
		}
		time.Sleep(open)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	return ids
}

// TestFollowersMissNothing lets writers commit in another order than they began in, while readers follow at their heels: each
// reads every event once, those of one transaction together and in order, and the numbers have no gap.
func TestFollowersMissNothing(t *testing.T) {
	t.Parallel()
	db := testdb.New(t).Open(t, clock)
	const writers, rounds, readers = 5, 30, 2
	var mu sync.Mutex
	var groups [][]uuid.UUID
	var writing, reading sync.WaitGroup
	for w := range writers {
		random := rand.New(rand.NewPCG(uint64(w), 7))
		writing.Go(func() {
			for range rounds {
				ids := emit(t, db, "370305", 1+random.IntN(4), time.Duration(random.IntN(12))*time.Millisecond)
				mu.Lock()
				groups = append(groups, ids)
				mu.Unlock()
			}
		})
	}
	done := make(chan struct{})
	seen := make([][]store.Event, readers)
	for r := range readers {
		reading.Go(func() {
			last := int64(0)
			for ended := false; ; {
				list, horizon, err := db.Events(t.Context(), officer("370305"), store.EventFilter{After: last, Area: "370305", Limit: 7})
				if err != nil {
					t.Error(err)
					return
				}
				seen[r] = append(seen[r], list...)
				if last = max(last, horizon); len(list) > 0 && (len(list) == 7 || list[len(list)-1].Seq > last) {
					last = list[len(list)-1].Seq
				}
				if ended && len(list) == 0 {
					return
				}
				select {
				case <-done:
					ended = true
				default:
				}
			}
		})
	}
	writing.Wait()
	close(done)
	reading.Wait()
	want := map[uuid.UUID][]uuid.UUID{} // a transaction's events by the first of them
	total := 0
	for _, ids := range groups {
		want[ids[0]] = ids
		total += len(ids)
	}
	for r, list := range seen {
		if len(list) != total {
			t.Errorf("reader %d saw %d events of %d", r, len(list), total)
		}
		for i := 0; i < len(list); {
			ids, ok := want[list[i].Subject]
			if !ok {
				t.Fatalf("reader %d: event %d is not the first of a transaction", r, list[i].Seq)
			}
			for k, id := range ids {
				if i+k >= len(list) || list[i+k].Subject != id || list[i+k].Seq != int64(i+k+1) {
					t.Fatalf("reader %d: a transaction is torn at number %d", r, i+k+1)
				}
			}
			i += len(ids)
		}
	}
}

// TestLateCommitIsRead is the plain case of it: what began first commits last, and the reader who was there in between sees it.
func TestLateCommitIsRead(t *testing.T) {
	t.Parallel()
	db := testdb.New(t).Open(t, clock)
	begun, finish, finished := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(finished)
		err := db.Write(context.WithoutCancel(t.Context()), access.SystemActor(), "test.slow", func(tx *store.Tx) error {
			tx.Emit(store.Event{Type: "slow", Subject: uuid.Must(uuid.NewV7()), Area: "370305"})
			close(begun)
			<-finish
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	}()
	<-begun
	emit(t, db, "370305", 1, 0)
	first, horizon, err := db.Events(t.Context(), officer("370305"), store.EventFilter{Area: "370305", Limit: 10})
	if err != nil || len(first) != 1 || horizon != 1 {
		t.Fatalf("in between: %v, horizon %d, %v", first, horizon, err)
	}
	close(finish)
	<-finished
	next, _, err := db.Events(t.Context(), officer("370305"), store.EventFilter{After: horizon, Area: "370305", Limit: 10})
	if err != nil || len(next) != 1 || next[0].Type != "slow" || next[0].Seq != 2 {
		t.Errorf("afterwards: %v, %v; want the slow one as number 2", next, err)
	}
}

// TestEventsKeepToTheirPlaces looks as others would: by area, without a signature, and after a failure.
func TestEventsKeepToTheirPlaces(t *testing.T) {
	t.Parallel()
	d := testdb.New(t)
	db := d.Open(t, clock)
	emit(t, db, "370305001005", 1, 0)
	emit(t, db, "370305111245", 1, 0)
	err := db.Write(t.Context(), access.SystemActor(), "test.fails", func(tx *store.Tx) error {
		tx.Emit(store.Event{Type: "never", Subject: uuid.Must(uuid.NewV7()), Area: "370305"})
		return fmt.Errorf("broken off")
	})
	if err == nil {
		t.Error("the broken write was done")
	}
	for _, tt := range []struct {
		name string
		who  access.Actor
		want int
	}{{"district", officer("370305"), 2}, {"town", officer("370305001"), 1}, {"neighbour", officer("370304"), 0},
		{"administrator", access.Actor{Role: access.Administrator, Area: "370305"}, 0}} {
		list, horizon, err := db.Events(t.Context(), tt.who, store.EventFilter{Area: "37", Limit: 10})
		if err != nil || len(list) != tt.want || horizon != 2 {
			t.Errorf("%s sees %d events up to %d (%v), want %d up to 2", tt.name, len(list), horizon, err, tt.want)
		}
	}
	conn := as(t, d.URL)
	for _, forbidden := range []string{
		"INSERT INTO events (id, type, subject_id, area_code, occurred_at, data) VALUES (gen_random_uuid(), 'x', gen_random_uuid(), '37', now(), '{}')", // nobody signed
		"INSERT INTO events (id, seq, type, subject_id, area_code, occurred_at, data) VALUES (gen_random_uuid(), 99, 'x', gen_random_uuid(), '37', now(), '{}')",
		"UPDATE events SET type = 'x'", "DELETE FROM events", "UPDATE webhooks SET url = 'x'", "UPDATE webhooks SET secret = ''", "DELETE FROM webhooks",
		"UPDATE exports SET rows = 0", "DELETE FROM exports",
	} {
		if _, err := conn.Exec(t.Context(), forbidden); err == nil || !strings.Contains(err.Error(), "permission denied") && !strings.Contains(err.Error(), "null value") &&
			!strings.Contains(err.Error(), "unsigned") {
			t.Errorf("the service's role may: %s (%v)", forbidden, err)
		}
	}
}
