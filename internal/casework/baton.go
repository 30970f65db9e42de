package casework

import "context"

// baton is a lock that one holds at a time, and whose waiting ends with the context.
type baton chan struct{}

// take waits for the baton until ctx ends; done gives it back.
func (b baton) take(ctx context.Context) (done func(), err error) {
	select {
	case b <- struct{}{}:
		return func() { <-b }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
