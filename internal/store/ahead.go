package store

import "iter"

// aheadAtOnce is how many rows are handed over at a time: one by one it would take longer than to write them.
const aheadAtOnce = 128

// ahead reads rows in the background, up to room rows ahead of their user: so a file takes as long as the slower of the two, and not as
// long as both. A user who stops early waits until the reading has ended and given its connection back. A panic in the reading is raised
// in the user.
func ahead[T any](rows iter.Seq2[T, error], room int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		parts, enough := make(chan aheadPart[T], room/aheadAtOnce+1), make(chan struct{})
		go readAhead(rows, parts, enough)
		defer func() {
			close(enough)
			for range parts { // until it is closed
			}
		}()
		for part := range parts {
			if part.panicked != nil {
				panic(part.panicked)
			}
			for _, row := range part.rows {
				if !yield(row, nil) {
					return
				}
			}
			if part.err != nil {
				var none T
				yield(none, part.err)
				return
			}
		}
	}
}

// aheadPart is some rows, and why there are no more where the reading failed.
type aheadPart[T any] struct {
	rows     []T
	err      error
	panicked any
}

func readAhead[T any](rows iter.Seq2[T, error], parts chan<- aheadPart[T], enough <-chan struct{}) {
	defer close(parts)
	var part aheadPart[T]
	give := func() bool {
		select {
		case parts <- part:
			part.rows = nil
			return true
		case <-enough:
			return false
		}
	}
	defer func() {
		if part.panicked = recover(); part.panicked != nil {
			give()
		}
	}()
	for row, err := range rows {
		if part.err = err; err != nil {
			break
		}
		if part.rows = append(part.rows, row); len(part.rows) == aheadAtOnce && !give() {
			return
		}
	}
	give()
}
