package casework

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
)

// TestBaton: no two have the baton at once, everybody gets it, and who no longer waits has not got it.
func TestBaton(t *testing.T) {
	t.Parallel()
	batons := make(baton, 1)
	var inside, most, served atomic.Int32
	var work sync.WaitGroup
	for range 50 {
		work.Go(func() {
			done, err := batons.take(context.Background())
			if err != nil {
				t.Error(err)
				return
			}
			defer done()
			if n := inside.Add(1); n > most.Load() {
				most.Store(n)
			}
			served.Add(1)
			inside.Add(-1)
		})
	}
	work.Wait()
	if most.Load() != 1 || served.Load() != 50 {
		t.Errorf("%d at once, %d in all", most.Load(), served.Load())
	}
	done, err := batons.take(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	gone, leave := context.WithCancel(context.Background())
	leave()
	if _, err := batons.take(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("it was given to somebody who has gone: %v", err)
	}
	done()
	if done, err = batons.take(context.Background()); err != nil {
		t.Fatal(err)
	}
	done()
}
