package store

import (
	"errors"
	"iter"
	"testing"
)

// countingUp yields the numbers below n, then an error if there is one. released tells that it has ended.
func countingUp(n int, failure error, released *bool) iter.Seq2[int, error] {
	return func(yield func(int, error) bool) {
		defer func() { *released = true }()
		for i := range n {
			if !yield(i, nil) {
				return
			}
		}
		if failure != nil {
			yield(0, failure)
		}
	}
}

// TestAhead: what is read ahead comes in order and whole, with its error behind it, and nothing is held by who stops early.
func TestAhead(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, rows := range []int{0, 1, aheadAtOnce - 1, aheadAtOnce, aheadAtOnce + 1, 10*aheadAtOnce + 7} {
		for _, failure := range []error{nil, broken} {
			for _, stop := range []int{1, aheadAtOnce, 3*aheadAtOnce + 5, 1 << 30} {
				released, got := false, 0
				var failed error
				for row, err := range ahead(countingUp(rows, failure, &released), 2*aheadAtOnce) {
					if err != nil {
						failed = err
						break
					}
					if row != got {
						t.Fatalf("row %d comes as number %d", row, got)
					}
					if got++; got == stop {
						break
					}
				}
				want := min(rows, stop)
				if got != want || !released {
					t.Errorf("%d rows, stopped at %d: got %d, released %t", rows, stop, got, released)
				}
				if tells := failure != nil && stop > rows; tells != errors.Is(failed, broken) {
					t.Errorf("%d rows, stopped at %d: %v", rows, stop, failed)
				}
			}
		}
	}
}

// TestAheadPanics: a panic of the reading is the writer's, who is recovered; by itself it would end the program.
func TestAheadPanics(t *testing.T) {
	t.Parallel()
	defer func() {
		if p := recover(); p != "lost" {
			t.Errorf("recovered %v", p)
		}
	}()
	for range ahead(func(yield func(int, error) bool) {
		yield(1, nil)
		panic("lost")
	}, 1) {
	}
	t.Error("nothing panicked")
}
